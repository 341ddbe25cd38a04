//! RENAME, RENAMENX.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;

const SOURCE: KeySpec = KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE));

pub static RENAME: Spec = Spec::write("rename", 3)
    .keys(&[SOURCE, KeySpec::at(2, KeyFlags::OW.with(KeyFlags::UPDATE))])
    .acl(Acl::KEYSPACE)
    .summary("Gives a key another name, in place of whatever had that name.")
    .syntax("key newkey")
    .run(|ctx, args| rename(ctx, args, false));

pub static RENAMENX: Spec = Spec::write("renamenx", 3)
    .keys(&[SOURCE, KeySpec::at(2, KeyFlags::OW.with(KeyFlags::INSERT))])
    .flags(Flags::FAST)
    .acl(Acl::KEYSPACE)
    .summary("Gives a key another name, unless that name is taken.")
    .syntax("key newkey")
    .history(&[(
        "3.2.0",
        "The command no longer returns an error when source and destination names are the same.",
    )])
    .run(|ctx, args| rename(ctx, args, true));

fn rename(ctx: &mut Ctx<'_>, args: &Args<'_>, only_new: bool) -> CmdResult {
    let (from, to) = (args.get(1), args.get(2));
    if !ctx.keys.exists(args.key(1)) {
        return Err(Error::NoSuchKey);
    }
    let taken = from == to || ctx.keys.exists(to);
    if only_new && taken {
        ctx.reply.int(0);
        return done();
    }
    if from != to {
        if taken {
            ctx.keys.delete(to);
        }
        ctx.keys.rename(from, to);
        ctx.keys.notify(EventClass::GENERIC, "rename_from", from);
        ctx.keys.notify(EventClass::GENERIC, "rename_to", to);
        ctx.keys.dirty(1);
    }
    if only_new {
        ctx.reply.int(1)
    } else {
        ctx.reply.ok()
    }
    done()
}
