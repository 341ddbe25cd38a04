//! ZDIFF and ZDIFFSTORE: the members of the first sorted set that no other one has.

use super::gather::{Gathered, Members, collect, reply_members};
use super::limits::zset_limits;
use super::operands::{Request, Takes};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Keys};

const COMPLEXITY: &str = "O(L + (N-K)log(N)) worst case where L is the total number of elements in all the sets, N is \
                          the size of the first set, and K is the size of the result set.";

pub static ZDIFF: Spec = Spec::read("zdiff", -3)
    .keys(&[KeySpec::counted(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::MOVABLE_KEYS)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("6.2.0")
    .complexity(COMPLEXITY)
    .summary("Lists the members of the first sorted set that no other one has.")
    .syntax("numkeys key [key ...] [WITHSCORES]")
    .run(zdiff);

pub static ZDIFFSTORE: Spec = Spec::write("zdiffstore", -4)
    .keys(&[
        KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::counted(2, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS))
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("6.2.0")
    .complexity(COMPLEXITY)
    .summary("Stores the members of the first sorted set that no other one has.")
    .syntax("destination numkeys key [key ...]")
    .run(zdiffstore);

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

fn zdiff(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let takes = Takes { weights: false, scores: true, limit: false };
    let request = Request::read(ctx, args, 1, takes, "zdiff")?;
    reply_members(&mut ctx.reply, rest(&request, &ctx.keys), request.options.with_scores);
    done()
}

fn zdiffstore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let takes = Takes { weights: false, scores: false, limit: false };
    let request = Request::read(ctx, args, 2, takes, "zdiffstore")?;
    let outcome = collect(rest(&request, &ctx.keys), &zset_limits(ctx));
    let len = outcome.len();
    ctx.keys.store(args.key(1), outcome, 1, EventClass::ZSET, "zdiffstore");
    ctx.reply.int(len as i64);
    done()
}
