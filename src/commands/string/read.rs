//! GET, GETDEL, GETEX, GETRANGE, SUBSTR, STRLEN.

use super::options::{For, Options};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Key, Kind, StrView};

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];

pub static GET: Spec = Spec::read("get", 2)
    .keys(READ)
    .flags(Flags::FAST)
    .acl(Acl::STRING)
    .group(Group::String)
    .summary("Reads the string at a key.")
    .syntax("key")
    .run(|ctx, args| {
        reply_str(ctx, args.key(1))?;
        done()
    });

/// Answers with the string at a key, or with a null.
pub fn reply_str(ctx: &mut Ctx<'_>, key: Key<'_>) -> Result<(), Error> {
    let Some(view) = ctx.keys.read(key) else {
        ctx.reply.null();
        return Ok(());
    };
    if view.kind() != Kind::String {
        return Err(Error::WrongType);
    }
    match (view.shared_str(), view.str()) {
        (Some(bytes), _) => ctx.reply.bulk_shared(bytes),
        (None, StrView::Bytes(bytes)) => ctx.reply.bulk(bytes),
        (None, StrView::Int(n)) => ctx.reply.bulk_int(n),
    }
    Ok(())
}

pub static GETDEL: Spec = Spec::write("getdel", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE))])
    .flags(Flags::FAST)
    .acl(Acl::STRING)
    .group(Group::String)
    .since("6.2.0")
    .summary("Reads the string at a key and deletes the key.")
    .syntax("key")
    .run(|ctx, args| {
        let key = args.key(1);
        reply_str(ctx, key)?;
        if ctx.keys.delete(key) {
            ctx.keys.log_instead(&[b"UNLINK", key.bytes]);
            ctx.keys.notify(EventClass::GENERIC, "del", key.bytes);
            ctx.keys.dirty(1);
        }
        done()
    });

pub static GETEX: Spec = Spec::write("getex", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))
        .notes("RW and UPDATE because it changes the TTL")])
    .flags(Flags::FAST)
    .acl(Acl::STRING)
    .group(Group::String)
    .since("6.2.0")
    .summary("Reads the string at a key and changes how long the key lives.")
    .syntax(
        "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST]",
    )
    .run(getex);

fn getex(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let options = Options::parse(args, 2, For::GetEx)?;
    let key = args.key(1);
    if ctx.keys.read_str(key)?.is_none() {
        ctx.reply.null();
        return done();
    }
    let deadline = options.expiry.map(|expiry| expiry.deadline_ms(ctx, args, 1, "getex")).transpose()?;
    if let Some(view) = ctx.keys.look_str(key)? {
        ctx.reply.bulk(view.bytes(&mut itoa::Buffer::new()));
    }
    match deadline {
        Some(ms) if ctx.keys.is_past(ms) => {
            ctx.keys.delete_expired(key);
        }
        Some(ms) => {
            ctx.keys.set_expiry(key, ms);
            let mut digits = itoa::Buffer::new();
            ctx.keys.log_instead(&[b"PEXPIREAT", key.bytes, digits.format(ms).as_bytes()]);
            ctx.keys.notify(EventClass::GENERIC, "expire", key.bytes);
            ctx.keys.dirty(1);
        }
        None if options.persist && ctx.keys.persist(key) => {
            ctx.keys.log_instead(&[b"PERSIST", key.bytes]);
            ctx.keys.notify(EventClass::GENERIC, "persist", key.bytes);
            ctx.keys.dirty(1);
        }
        None => {}
    }
    done()
}

const fn range_spec(name: &'static str) -> Spec {
    Spec::read(name, 4)
        .keys(READ)
        .acl(Acl::STRING)
        .group(Group::String)
        .complexity("O(N) where N is the length of the returned string: O(1) for short ones.")
        .summary("Reads a part of the string at a key.")
        .syntax("key start end")
}

pub static GETRANGE: Spec = range_spec("getrange").since("2.4.0").run(getrange);

pub static SUBSTR: Spec = range_spec("substr").deprecated("2.0.0", "`GETRANGE`").run(getrange);

/// The part of `len` bytes that two inclusive positions mean, negative ones counted from the end.
fn part(start: i64, end: i64, len: usize) -> std::ops::Range<usize> {
    if start < 0 && end < 0 && start > end {
        return 0..0;
    }
    let len = len as i64;
    let absolute = |at: i64| if at < 0 { at.saturating_add(len).max(0) } else { at };
    let (start, end) = (absolute(start), absolute(end).min(len - 1));
    if start > end { 0..0 } else { start as usize..end as usize + 1 }
}

fn getrange(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (start, end) = (args.int(2)?, args.int(3)?);
    match ctx.keys.read_str(args.key(1))? {
        None => ctx.reply.bulk(b""),
        Some(view) => {
            let mut digits = itoa::Buffer::new();
            let bytes = view.bytes(&mut digits);
            ctx.reply.bulk(&bytes[part(start, end, bytes.len())]);
        }
    }
    done()
}

pub static STRLEN: Spec = Spec::read("strlen", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO)])
    .flags(Flags::FAST)
    .acl(Acl::STRING)
    .group(Group::String)
    .since("2.2.0")
    .summary("Tells the length of the string at a key.")
    .syntax("key")
    .run(|ctx, args| {
        let len = ctx.keys.read_str(args.key(1))?.map_or(0, |view| view.byte_len());
        ctx.reply.int(len as i64);
        done()
    });

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_are_clipped_to_the_string() {
        assert_eq!(part(0, -1, 5), 0..5);
        assert_eq!(part(-3, -1, 5), 2..5);
        assert_eq!(part(-1, -3, 5), 0..0);
        assert_eq!(part(3, 100, 5), 3..5);
        assert_eq!(part(5, 5, 5), 0..0);
        assert_eq!(part(0, 0, 0), 0..0);
        assert_eq!(part(i64::MIN, i64::MAX, 5), 0..5);
    }
}
