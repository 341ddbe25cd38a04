//! SUNION, SUNIONSTORE.

use super::limits::set_limits;
use super::several::{Sources, store};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::packed::Value;
use crate::types::set::{Set, SetLimits, SetRef};

const COMPLEXITY: &str = "O(N) where N is the total number of elements in all given sets.";

pub static SUNION: Spec = Spec::read("sunion", -2)
    .keys(&[KeySpec::range(1, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity(COMPLEXITY)
    .summary("Lists the members that are in any of several sets.")
    .syntax("key [key ...]")
    .tips(&["nondeterministic_output_order"])
    .run(sunion);

pub static SUNIONSTORE: Spec = Spec::write("sunionstore", -3)
    .keys(&[
        KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::range(2, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM)
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity(COMPLEXITY)
    .summary("Stores the members that are in any of several sets.")
    .syntax("destination key [key ...]")
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
    let at = reply.defer();
    let mut count = 0;
    distinct(&sets, &limits, |member| {
        reply.bulk_value(member);
        count += 1;
    });
    reply.set_deferred_set(at, count);
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
