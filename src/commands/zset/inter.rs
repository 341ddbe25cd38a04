//! ZINTER, ZINTERSTORE and ZINTERCARD: the members that several sorted sets have in common.

use super::algebra::{Operation, WEIGHED, WEIGHED_STORE, read_spec, store_spec};
use super::gather::Members;
use super::operands::{Request, Takes, number};
use crate::engine::{Args, CmdResult, Ctx, Spec, done};
use crate::keyspace::Keys;
use crate::types::packed::Value;

const COMPLEXITY: &str = "O(N*K)+O(M*log(M)) worst case with N being the smallest input sorted set, K being the number \
                          of input sorted sets and M being the number of elements in the resulting sorted set.";

const INTERSECTION: Operation = Operation { weights: true, members };

pub static ZINTER: Spec = read_spec("zinter")
    .complexity(COMPLEXITY)
    .summary("Lists the members that several sorted sets have in common, their scores put together.")
    .syntax(WEIGHED)
    .run(|ctx, args| INTERSECTION.answer(ctx, args, "zinter"));

pub static ZINTERSTORE: Spec = store_spec("zinterstore")
    .since("2.0.0")
    .complexity(COMPLEXITY)
    .summary("Stores the members that several sorted sets have in common, their scores put together.")
    .syntax(WEIGHED_STORE)
    .run(|ctx, args| INTERSECTION.store(ctx, args, "zinterstore"));

pub static ZINTERCARD: Spec = read_spec("zintercard")
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
