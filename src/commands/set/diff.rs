//! SDIFF, SDIFFSTORE.

use super::limits::set_limits;
use super::several::{Sets, Sources, store};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::packed::{Value, has_twice};
use crate::types::set::{Set, SetLimits, SetRef};

const COMPLEXITY: &str = "O(N) where N is the total number of elements in all given sets.";

pub static SDIFF: Spec = Spec::read("sdiff", -2)
    .keys(&[KeySpec::range(1, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity(COMPLEXITY)
    .summary("Lists the members of the first set that are in none of the others.")
    .syntax("key [key ...]")
    .tips(&["nondeterministic_output_order"])
    .run(sdiff);

pub static SDIFFSTORE: Spec = Spec::write("sdiffstore", -3)
    .keys(&[
        KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::range(2, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM)
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity(COMPLEXITY)
    .summary("Stores the members of the first set that are in none of the others.")
    .syntax("destination key [key ...]")
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
    let at = reply.defer();
    let mut count = 0;
    difference(sets, &limits, |member| {
        reply.bulk_value(member);
        count += 1;
    });
    reply.set_deferred_set(at, count);
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
