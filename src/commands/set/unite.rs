//! SUNION, SUNIONSTORE.

use super::limits::set_limits;
use super::several::{Sources, answer, read_spec, store, store_spec};
use crate::engine::{Args, CmdResult, Ctx, Spec, done};
use crate::types::packed::Value;
use crate::types::set::{Set, SetLimits, SetRef};

const COMPLEXITY: &str = "O(N) where N is the total number of elements in all given sets.";

pub static SUNION: Spec = read_spec("sunion")
    .complexity(COMPLEXITY)
    .summary("Lists the members that are in any of several sets.")
    .run(sunion);

pub static SUNIONSTORE: Spec = store_spec("sunionstore")
    .complexity(COMPLEXITY)
    .summary("Stores the members that are in any of several sets.")
    .run(sunionstore);

/// Up to so many sets, a member is looked up in those before it rather than kept in a set of all.
const LOOKED_UP: usize = 4;

/// Tells `f` each member of the sets once.
fn distinct(sets: &[SetRef<'_>], limits: &SetLimits, mut f: impl FnMut(Value<'_>)) {
    if sets.len() <= LOOKED_UP {
        for (i, set) in sets.iter().enumerate() {
            let news = set.iter().filter(|member| !sets[..i].iter().any(|set| set.contains_value(*member)));
            news.for_each(&mut f);
        }
        return;
    }
    let mut all = Set::default();
    if !sets.iter().all(|set| matches!(set, SetRef::Intset(_))) {
        all.to_table(limits);
    }
    for member in sets.iter().flat_map(|set| set.iter()) {
        if all.insert_value(member, limits) {
            f(member);
        }
    }
}

fn sunion(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = set_limits(ctx);
    let sources = Sources::read(ctx, args.rest(1))?;
    let Ctx { keys, reply, .. } = ctx;
    let sets: Vec<SetRef<'_>> = sources.sets(keys)?.into_iter().flatten().collect();
    answer(reply, |told| distinct(&sets, &limits, |member| told.member(member)));
    done()
}

fn sunionstore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = set_limits(ctx);
    let sources = Sources::read(ctx, args.rest(2))?;
    let sets = sources.sets(&ctx.keys)?;
    let mut outcome = Set::default();
    for member in sets.into_iter().flatten().flat_map(|set| set.iter()) {
        outcome.insert_value(member, &limits);
    }
    store(ctx, args.get(1), outcome, "sunionstore");
    done()
}
