//! SDIFF, SDIFFSTORE.

use super::limits::set_limits;
use super::several::{Sets, Sources, answer, read_spec, store, store_spec};
use crate::engine::{Args, CmdResult, Ctx, Spec, done};
use crate::types::packed::{Value, has_twice};
use crate::types::set::{Set, SetLimits, SetRef};

const COMPLEXITY: &str = "O(N) where N is the total number of elements in all given sets.";

pub static SDIFF: Spec = read_spec("sdiff")
    .complexity(COMPLEXITY)
    .summary("Lists the members of the first set that are in none of the others.")
    .run(sdiff);

pub static SDIFFSTORE: Spec = store_spec("sdiffstore")
    .complexity(COMPLEXITY)
    .summary("Stores the members of the first set that are in none of the others.")
    .run(sdiffstore);

/// Tells `f` the members of the first set that no other has. Either each is looked up in all the others, the largest
/// first, or, where that is more work, in a set of all their members.
fn difference(sets: Sets<'_>, limits: &SetLimits, mut f: impl FnMut(Value<'_>)) {
    let mut sets = sets.into_iter();
    let Some(first) = sets.next().flatten() else { return };
    let mut others: Vec<SetRef<'_>> = sets.flatten().collect();
    let gathering: usize = others.iter().map(|set| set.len()).sum();
    if first.len().saturating_mul(others.len() + 1) / 2 > first.len() + gathering {
        let mut gathered = Set::default();
        gathered.to_table(limits);
        for member in others.iter().flat_map(|set| set.iter()) {
            gathered.insert_value(member, limits);
        }
        first.iter().filter(|member| !gathered.as_ref().contains_value(*member)).for_each(f);
        return;
    }
    others.sort_by_key(|set| std::cmp::Reverse(set.len()));
    for member in first.iter() {
        if !others.iter().any(|set| set.contains_value(member)) {
            f(member);
        }
    }
}

/// Each member once, if the set was restored from a payload that has some twice, which nobody looked for.
fn without_twins(set: SetRef<'_>, limits: &SetLimits) -> Option<Set> {
    let SetRef::Packed(lp) = set else { return None };
    has_twice(lp, 1).then(|| {
        let mut once = Set::default();
        for member in set.iter() {
            once.insert_value(member, limits);
        }
        once
    })
}

fn sdiff(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = set_limits(ctx);
    let sources = Sources::read(ctx, args.rest(1))?;
    let Ctx { keys, reply, .. } = ctx;
    let once;
    let mut sets = sources.sets(keys)?;
    if let Some(Some(first)) = sets.first_mut() {
        once = without_twins(*first, &limits);
        *first = once.as_ref().map_or(*first, Set::as_ref);
    }
    answer(reply, |told| difference(sets, &limits, |member| told.member(member)));
    done()
}

fn sdiffstore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = set_limits(ctx);
    let sources = Sources::read(ctx, args.rest(2))?;
    let sets = sources.sets(&ctx.keys)?;
    let mut outcome = Set::default();
    difference(sets, &limits, |member| {
        outcome.insert_value(member, &limits);
    });
    store(ctx, args.get(1), outcome, "sdiffstore");
    done()
}
