//! SETBIT, GETBIT.

use super::offset::bit_offset;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Str};
use crate::types::bits;

pub static SETBIT: Spec = Spec::write("setbit", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM)
    .acl(Acl::BITMAP)
    .group(Group::Bitmap)
    .since("2.2.0")
    .summary("Sets or clears a bit of the string at a key, filling with zeros up to it.")
    .syntax("key offset value:integer")
    .run(setbit);

fn setbit(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let offset = bit_offset(ctx, args.get(2), None)?;
    let on = match args.int(3) {
        Ok(0) => false,
        Ok(1) => true,
        _ => return Err(Error::NotIntegerNamed("bit")),
    };
    let mut edit = ctx.keys.edit::<Str>(args.key(1))?;
    let new = !edit.exists();
    // Zeroed memory is had at once, however much it is.
    let string = edit.or_make(|| Str(vec![0; (offset / 8) as usize + 1]));
    let replaced = bits::set(&mut string.0, offset, on);
    edit.done(u64::from(new || replaced.changed), EventClass::STRING, "setbit");
    ctx.reply.int(i64::from(replaced.old));
    done()
}

pub static GETBIT: Spec = Spec::read("getbit", 3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::FAST)
    .acl(Acl::BITMAP)
    .group(Group::Bitmap)
    .since("2.2.0")
    .summary("Tells a bit of the string at a key; past its end all are clear.")
    .syntax("key offset")
    .run(|ctx, args| {
        let offset = bit_offset(ctx, args.get(2), None)?;
        let string = ctx.keys.read_str(args.key(1))?;
        let bit = string.is_some_and(|view| bits::get(view.bytes(&mut itoa::Buffer::new()), offset));
        ctx.reply.int(i64::from(bit));
        done()
    });
