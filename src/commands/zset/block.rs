//! Popping members, and waiting for them: BZPOPMIN, BZPOPMAX, BZMPOP.

use super::pop::{End, MPOP_COMPLEXITY, POPPED, Shape, end_at, pop, pop_first};
use crate::engine::flow::{BlockOn, BlockReason};
use crate::engine::pops::Pops;
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeySpec, Spec, done};
use crate::keyspace::Key;
use crate::resp::reply::Reply;

const KEYS: &[KeySpec] = &[KeySpec::range(1, -2, 1, POPPED)];
const COMPLEXITY: &str = "O(log(N)) with N being the number of elements in the sorted set.";
const HISTORY: &[(&str, &str)] = &[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")];

const fn pop_spec(name: &'static str) -> Spec {
    Spec::write(name, -3)
        .keys(KEYS)
        .flags(Flags::FAST.with(Flags::BLOCKING))
        .acl(Acl::SORTEDSET)
        .group(Group::SortedSet)
        .since("5.0.0")
        .complexity(COMPLEXITY)
        .syntax("key [key ...] timeout:double")
        .history(HISTORY)
}

pub static BZPOPMIN: Spec = pop_spec("bzpopmin")
    .summary(
        "Pops the member with the lowest score from the first sorted set that is there, or waits for one.",
    )
    .run(|ctx, args| bzpop(ctx, args, End::Min));

pub static BZPOPMAX: Spec = pop_spec("bzpopmax")
    .summary(
        "Pops the member with the highest score from the first sorted set that is there, or waits for one.",
    )
    .run(|ctx, args| bzpop(ctx, args, End::Max));

pub static BZMPOP: Spec = Spec::write("bzmpop", -5)
    .keys(&[KeySpec::counted(2, POPPED)])
    .flags(Flags::BLOCKING.with(Flags::MOVABLE_KEYS))
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("7.0.0")
    .complexity(MPOP_COMPLEXITY)
    .summary("Pops members from the first of several sorted sets that is there, or waits for one.")
    .syntax("timeout:double numkeys key [key ...] <MIN | MAX> [COUNT count]")
    .run(bzmpop);

fn bzpop(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CmdResult {
    let last = args.len() - 1;
    let deadline = args.deadline(last, ctx.env.now_ms)?;
    let keys = args.rest(1).get(..last - 1).unwrap_or_default();
    for key in keys {
        if pop(ctx, Key::new(key), end, 1, Shape::FlatWithKey)? > 0 {
            ctx.keys.log_instead(&[end.logged(), key]);
            return done();
        }
    }
    BlockOn::keys(keys, deadline, BlockReason::ZSet).wait(ctx, Reply::null_array)
}

fn bzmpop(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let wanted = Pops::parse(args, 2, end_at)?;
    let deadline = args.deadline(1, ctx.env.now_ms)?;
    if pop_first(ctx, &wanted)? {
        return done();
    }
    BlockOn::keys(wanted.keys, deadline, BlockReason::ZSet).wait(ctx, Reply::null_array)
}
