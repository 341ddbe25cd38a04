//! XACK: entries of a group that were dealt with.

use super::group_edit::with_group;
use super::ids;
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};

pub static XACK: Spec = Spec::write("xack", -4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::FAST)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity("O(1) for each message ID processed.")
    .summary("Acknowledges entries that were delivered to a group, and counts those that were pending.")
    .syntax("key group id [id ...]")
    .run(xack);

fn xack(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let acked = with_group(&mut ctx.keys, args.key(1), args.get(2), |_, group| {
        // All of them are read first: a wrong one leaves everything pending.
        Ok(ids::rest(args, 3)?.into_iter().filter(|id| group.ack(*id)).count())
    })?;
    let acked = acked.unwrap_or(0);
    ctx.keys.dirty(acked as u64);
    ctx.reply.int(acked as i64);
    done()
}
