//! GET, SET.

use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, StrView, Ttl};

pub static GET: Spec = Spec::read("get", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::FAST)
    .acl(Acl::STRING)
    .group(Group::String)
    .summary("Reads the string at a key.")
    .syntax("key")
    .run(get);

fn get(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    match ctx.keys.read_str(args.key(1))? {
        Some(StrView::Bytes(bytes)) => ctx.reply.bulk(bytes),
        Some(StrView::Int(n)) => ctx.reply.bulk_int(n),
        None => ctx.reply.null(),
    }
    done()
}

pub static SET: Spec = Spec::write("set", -3)
    .keys(&[KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM)
    .acl(Acl::STRING)
    .group(Group::String)
    .summary("Sets a key to a string.")
    .syntax("key value")
    .run(set);

fn set(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    ctx.keys.set_str(args.key(1), args.get(2), Ttl::Clear);
    ctx.keys.dirty(1);
    ctx.keys.notify(EventClass::STRING, "set", args.get(1));
    ctx.reply.ok();
    done()
}
