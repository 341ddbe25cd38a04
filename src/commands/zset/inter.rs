//! ZINTER, ZINTERSTORE and ZINTERCARD: the members that several sorted sets have in common.

use super::gather::{Members, collect, reply_members};
use super::limits::zset_limits;
use super::operands::{Request, Takes, number};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Keys};
use crate::types::packed::Value;

const COMPLEXITY: &str = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number \
                          of input sorted sets and M being the number of elements in the resulting sorted set.";

pub static ZINTER: Spec = Spec::read("zinter", -3)
    .keys(&[KeySpec::counted(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::MOVABLE_KEYS)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("6.2.0")
    .complexity(COMPLEXITY)
    .summary("Lists the members that several sorted sets have in common, their scores put together.")
    .syntax(
        "numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] \
         [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
    )
    .run(zinter);

pub static ZINTERSTORE: Spec = Spec::write("zinterstore", -4)
    .keys(&[
        KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::counted(2, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS))
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("2.0.0")
    .complexity(COMPLEXITY)
    .summary("Stores the members that several sorted sets have in common, their scores put together.")
    .syntax(
        "destination numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] \
         [AGGREGATE <SUM | MIN | MAX>]",
    )
    .run(zinterstore);

pub static ZINTERCARD: Spec = Spec::read("zintercard", -3)
    .keys(&[KeySpec::counted(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::MOVABLE_KEYS)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("7.0.0")
    .complexity(
        "O(N*K) worst case with N being the smallest input sorted set, K being the number of input sorted sets.",
    )
    .summary("Counts the members that several sorted sets have in common, up to a limit.")
    .syntax("numkeys key [key ...] [LIMIT limit]")
    .run(zintercard);

/// Tells `f` the common members, as long as it says to go on.
fn common<'a>(request: &Request<'_>, keys: &'a Keys<'_>, mut f: impl FnMut(Value<'a>, f64) -> bool) {
    let mut operands = request.operands(keys);
    operands.sort_by_key(|(operand, _)| operand.len());
    let Some(((smallest, weight), others)) = operands.split_first() else { return };
    let aggregate = request.options.aggregate;
    smallest.walk(|member, score| {
        let first = number(weight * score);
        let joined = others
            .iter()
            .try_fold(first, |sum, (other, weight)| Some(aggregate.join(sum, other.score(member)? * weight)));
        joined.is_none_or(|score| f(member, score))
    });
}

fn members<'a>(request: &Request<'_>, keys: &'a Keys<'_>) -> Members<'a> {
    let mut members = Members::new();
    common(request, keys, |member, score| {
        members.push((member, score));
        true
    });
    members
}

fn zinter(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let takes = Takes { weights: true, scores: true, limit: false };
    let request = Request::read(ctx, args, 1, takes, "zinter")?;
    reply_members(&mut ctx.reply, members(&request, &ctx.keys), request.options.with_scores);
    done()
}

fn zinterstore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let takes = Takes { weights: true, scores: false, limit: false };
    let request = Request::read(ctx, args, 2, takes, "zinterstore")?;
    let outcome = collect(members(&request, &ctx.keys), &zset_limits(ctx));
    let len = outcome.len();
    ctx.keys.store(args.key(1), outcome, 1, EventClass::ZSET, "zinterstore");
    ctx.reply.int(len as i64);
    done()
}

fn zintercard(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let takes = Takes { weights: false, scores: false, limit: true };
    let request = Request::read(ctx, args, 1, takes, "zintercard")?;
    let limit = request.options.limit;
    let mut count = 0;
    common(&request, &ctx.keys, |_, _| {
        count += 1;
        count != limit
    });
    ctx.reply.int(count as i64);
    done()
}
