//! ZUNION and ZUNIONSTORE: the members of several sorted sets, each once.

use super::gather::{Gathered, Members, collect, reply_members};
use super::limits::zset_limits;
use super::operands::{Request, Takes, number};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Keys};

pub static ZUNION: Spec = Spec::read("zunion", -3)
    .keys(&[KeySpec::counted(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::MOVABLE_KEYS)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("6.2.0")
    .complexity(
        "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of \
         elements in the resulting sorted set.",
    )
    .summary("Lists the members of several sorted sets, their scores put together.")
    .syntax(
        "numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] \
         [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]",
    )
    .run(zunion);

pub static ZUNIONSTORE: Spec = Spec::write("zunionstore", -4)
    .keys(&[
        KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::counted(2, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS))
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("2.0.0")
    .complexity(
        "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of \
         elements in the resulting sorted set.",
    )
    .summary("Stores the members of several sorted sets, their scores put together.")
    .syntax("destination numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] \
         [AGGREGATE <SUM | MIN | MAX>]")
    .run(zunionstore);

fn all<'a>(request: &Request<'_>, keys: &'a Keys<'_>) -> Members<'a> {
    let mut operands = request.operands(keys);
    // COMPAT: sums of scores depend on the order in which they are added.
    operands.sort_by_key(|(operand, _)| operand.len());
    let largest = operands.last().map_or(0, |(operand, _)| operand.len());
    let mut gathered = Gathered::with_capacity(largest, keys.space.hasher);
    let aggregate = request.options.aggregate;
    for (operand, weight) in operands {
        operand.walk(|member, score| {
            let score = number(weight * score);
            gathered.add(member, score, |before| aggregate.join(before, score));
            true
        });
    }
    gathered.into_members()
}

fn zunion(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let takes = Takes { weights: true, scores: true, limit: false };
    let request = Request::read(ctx, args, 1, takes, "zunion")?;
    reply_members(&mut ctx.reply, all(&request, &ctx.keys), request.options.with_scores);
    done()
}

fn zunionstore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let takes = Takes { weights: true, scores: false, limit: false };
    let request = Request::read(ctx, args, 2, takes, "zunionstore")?;
    let outcome = collect(all(&request, &ctx.keys), &zset_limits(ctx));
    let len = outcome.len();
    ctx.keys.store(args.key(1), outcome, 1, EventClass::ZSET, "zunionstore");
    ctx.reply.int(len as i64);
    done()
}
