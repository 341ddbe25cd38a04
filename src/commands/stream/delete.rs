//! XDEL: takes entries out by their identifiers.

use super::ids;
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::stream::Stream;

pub static XDEL: Spec = Spec::write("xdel", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))])
    .flags(Flags::FAST)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity("O(1) for each single item to delete in the stream, regardless of the stream size.")
    .summary("Deletes entries from a stream and counts them.")
    .syntax("key id [id ...]")
    .run(xdel);

fn xdel(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let mut edit = ctx.keys.edit::<Stream>(args.key(1))?;
    let Some(stream) = edit.value() else {
        edit.unchanged();
        ctx.reply.int(0);
        return done();
    };
    // All of them are read first: a wrong one leaves the stream as it is.
    let deleted = stream.entries.delete(ids::rest(args, 2)?);
    edit.done(deleted, EventClass::STREAM, "xdel");
    ctx.reply.int(deleted as i64);
    done()
}
