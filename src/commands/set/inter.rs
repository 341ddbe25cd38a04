//! SINTER, SINTERSTORE, SINTERCARD.

use super::limits::set_limits;
use super::several::{Sources, answer, read_spec, store, store_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::Keys;
use crate::types::packed::{Listpack, Value};
use crate::types::set::{Set, SetRef};

const COMPLEXITY: &str =
    "O(N*M) worst case where N is the cardinality of the smallest set and M is the number of sets.";

pub static SINTER: Spec = read_spec("sinter")
    .complexity(COMPLEXITY)
    .summary("Lists the members that several sets have in common.")
    .run(sinter);

pub static SINTERSTORE: Spec = store_spec("sinterstore")
    .complexity(COMPLEXITY)
    .summary("Stores the members that several sets have in common.")
    .run(sinterstore);

pub static SINTERCARD: Spec = Spec::read("sintercard", -3)
    .keys(&[KeySpec::counted(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::MOVABLE_KEYS)
    .acl(Acl::SET)
    .group(Group::Set)
    .since("7.0.0")
    .complexity(COMPLEXITY)
    .summary("Counts the members that several sets have in common, up to a limit.")
    .syntax("numkeys key [key ...] [LIMIT limit]")
    .run(sintercard);

/// The sets from the smallest to the largest; none if one of them is missing, as nothing is common then.
fn by_size<'a>(sources: &Sources<'_>, keys: &'a Keys<'_>) -> Result<Vec<SetRef<'a>>, Error> {
    let sets: Option<Vec<SetRef<'a>>> = sources.sets(keys)?.into_iter().collect();
    let mut sets = sets.unwrap_or_default();
    sets.sort_by_key(|set| set.len());
    Ok(sets)
}

/// Tells `f` the common members, as long as it says to go on.
fn common<'a>(sets: &[SetRef<'a>], mut f: impl FnMut(Value<'a>) -> bool) {
    let Some((smallest, others)) = sets.split_first() else { return };
    for member in smallest.iter() {
        if others.iter().all(|set| set.contains_value(member)) && !f(member) {
            return;
        }
    }
}

fn sinter(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let sources = Sources::read(ctx, args.rest(1))?;
    let Ctx { keys, reply, .. } = ctx;
    let sets = by_size(&sources, keys)?;
    answer(reply, |told| {
        common(&sets, |member| {
            told.member(member);
            true
        });
    });
    done()
}

fn sinterstore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = set_limits(ctx);
    let sources = Sources::read(ctx, args.rest(2))?;
    let sets = by_size(&sources, &ctx.keys)?;
    // COMPAT: what comes of an intset is one, what comes of others starts as a listpack and becomes an intset in the
    // end if it holds but integers.
    let mut outcome = match sets.first() {
        None | Some(SetRef::Intset(_)) => Set::default(),
        Some(_) => Set::Packed(Listpack::new()),
    };
    common(&sets, |member| {
        outcome.insert_value(member, &limits);
        true
    });
    outcome.settle_integers(&limits);
    store(ctx, args.get(1), outcome, "sinterstore");
    done()
}

fn sintercard(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let count = args.positive(1, Error::Plain("numkeys should be greater than 0"))?;
    if count > args.len() - 2 {
        return Err(Error::Plain("Number of keys can't be greater than number of args"));
    }
    let mut limit = 0;
    let mut i = 2 + count;
    while i < args.len() {
        if !args.is(i, "limit") || i + 1 == args.len() {
            return Err(Error::Syntax);
        }
        limit = args.natural(i + 1, Error::Plain("LIMIT can't be negative"))?;
        i += 2;
    }
    let sources = Sources::read(ctx, &args.rest(2)[..count])?;
    let sets = by_size(&sources, &ctx.keys)?;
    let mut found = 0;
    common(&sets, |_| {
        found += 1;
        found != limit
    });
    ctx.reply.int(found as i64);
    done()
}
