//! ZUNION and ZUNIONSTORE: the members of several sorted sets, each once.

use super::algebra::{Operation, WEIGHED, WEIGHED_STORE, read_spec, store_spec};
use super::gather::{Gathered, Members};
use super::operands::{Request, number};
use crate::engine::Spec;
use crate::keyspace::Keys;

const UNION: Operation = Operation { weights: true, members: all };

pub static ZUNION: Spec = read_spec("zunion")
    .complexity(
        "O(N)+O(M*log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of \
         elements in the resulting sorted set.",
    )
    .summary("Lists the members of several sorted sets, their scores put together.")
    .syntax(WEIGHED)
    .run(|ctx, args| UNION.answer(ctx, args, "zunion"));

pub static ZUNIONSTORE: Spec = store_spec("zunionstore")
    .since("2.0.0")
    .complexity(
        "O(N)+O(M log(M)) with N being the sum of the sizes of the input sorted sets, and M being the number of \
         elements in the resulting sorted set.",
    )
    .summary("Stores the members of several sorted sets, their scores put together.")
    .syntax(WEIGHED_STORE)
    .run(|ctx, args| UNION.store(ctx, args, "zunionstore"));

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
