//! ZDIFF and ZDIFFSTORE: the members of the first sorted set that no other one has.

use super::algebra::{Operation, read_spec, store_spec};
use super::gather::{Gathered, Members};
use super::operands::Request;
use crate::engine::Spec;
use crate::keyspace::Keys;

const COMPLEXITY: &str = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is \
                          the size of the first set, and K is the size of the result set.";

const DIFFERENCE: Operation = Operation { weights: false, members: rest };

pub static ZDIFF: Spec = read_spec("zdiff")
    .complexity(COMPLEXITY)
    .summary("Lists the members of the first sorted set that no other one has.")
    .syntax("numkeys key [key ...] [WITHSCORES]")
    .run(|ctx, args| DIFFERENCE.answer(ctx, args, "zdiff"));

pub static ZDIFFSTORE: Spec = store_spec("zdiffstore")
    .since("6.2.0")
    .complexity(COMPLEXITY)
    .summary("Stores the members of the first sorted set that no other one has.")
    .syntax("destination numkeys key [key ...]")
    .run(|ctx, args| DIFFERENCE.store(ctx, args, "zdiffstore"));

/// The members that only the first operand has.
fn rest<'a>(request: &Request<'_>, keys: &'a Keys<'_>) -> Members<'a> {
    let operands = request.operands(keys);
    let Some(((first, _), others)) = operands.split_first() else { return Members::new() };
    let mut members = Members::new();
    let work: usize = others.iter().map(|(other, _)| other.len()).sum();
    if work < first.len() {
        // What is to be left out is the less: it is looked up in one place instead of in each operand.
        let mut gone = Gathered::with_capacity(work, keys.space.hasher);
        for (other, _) in others {
            other.walk(|member, _| {
                gone.add(member, 0.0, |score| score);
                true
            });
        }
        first.walk(|member, score| {
            if !gone.contains(member) {
                members.push((member, score));
            }
            true
        });
    } else {
        first.walk(|member, score| {
            if others.iter().all(|(other, _)| other.score(member).is_none()) {
                members.push((member, score));
            }
            true
        });
    }
    members
}
