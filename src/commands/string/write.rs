//! APPEND, SETRANGE.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Str, Ttl};

pub static APPEND: Spec = Spec::write("append", 3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::INSERT))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::STRING)
    .group(Group::String)
    .since("2.0.0")
    .complexity("O(1). The amortized time complexity is O(1) assuming the appended value is small.")
    .summary("Appends to the string at a key, or makes it.")
    .syntax("key value")
    .run(append);

/// A string may not grow beyond `proto-max-bulk-len`.
fn check_length(ctx: &Ctx<'_>, length: u64, more: u64) -> Result<(), Error> {
    match length.checked_add(more) {
        Some(total) if total <= ctx.env.config.proto_max_bulk_len => Ok(()),
        _ => Err(Error::StringTooLong),
    }
}

fn append(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (key, more) = (args.key(1), args.get(2));
    let length = match ctx.keys.look_str(key)?.map(|view| view.byte_len()) {
        None => {
            ctx.keys.set_str(key, more, Ttl::Clear);
            ctx.keys.dirty(1);
            ctx.keys.notify(EventClass::STRING, "append", key.bytes);
            more.len()
        }
        Some(length) => {
            check_length(ctx, length as u64, more.len() as u64)?;
            let mut edit = ctx.keys.edit::<Str>(key)?;
            edit.or_default().0.extend_from_slice(more);
            edit.done(1, EventClass::STRING, "append");
            length + more.len()
        }
    };
    ctx.reply.int(length as i64);
    done()
}

pub static SETRANGE: Spec = Spec::write("setrange", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM)
    .acl(Acl::STRING)
    .group(Group::String)
    .since("2.2.0")
    .complexity(
        "O(1), not counting the time taken to copy the new string in place. \
         Usually, this string is very small so the amortized complexity is O(1). Otherwise, \
         complexity is O(M) with M being the length of the value argument.",
    )
    .summary("Overwrites a part of the string at a key, filling with zero bytes up to it.")
    .syntax("key offset value")
    .run(setrange);

fn setrange(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (key, part) = (args.key(1), args.get(3));
    let offset = u64::try_from(args.int(2)?).map_err(|_| Error::Plain("offset is out of range"))?;
    let length = ctx.keys.look_str(key)?.map_or(0, |view| view.byte_len());
    if part.is_empty() {
        ctx.reply.int(length as i64);
        return done();
    }
    check_length(ctx, offset, part.len() as u64)?;
    let (from, to) = (offset as usize, offset as usize + part.len());
    let mut edit = ctx.keys.edit::<Str>(key)?;
    let bytes = &mut edit.or_default().0;
    if bytes.len() < to {
        bytes.resize(to, 0);
    }
    bytes[from..to].copy_from_slice(part);
    edit.done(1, EventClass::STRING, "setrange");
    ctx.reply.int(length.max(to) as i64);
    done()
}
