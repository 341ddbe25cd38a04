//! Removing members by name or by range: ZREM, ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.

use super::query::{lex_range, score_range};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::zset::{Zset, ZsetRef};

const REMOVE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))];
const COMPLEXITY: &str = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of \
                          elements removed by the operation.";

pub static ZREM: Spec = Spec::write("zrem", -3)
    .keys(REMOVE)
    .flags(Flags::FAST)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("1.2.0")
    .complexity(
        "O(M*log(N)) with N being the number of elements in the sorted set and M the number of elements to be removed.",
    )
    .summary("Removes members from a sorted set.")
    .syntax("key member [member ...]")
    .history(&[("2.4.0", "Accepts multiple elements.")])
    .run(zrem);

fn zrem(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let mut edit = ctx.keys.edit::<Zset>(args.key(1))?;
    let mut removed = 0;
    if let Some(set) = edit.value() {
        removed = args.rest(2).iter().filter(|member| set.remove(member).is_some()).count();
    }
    edit.done(removed as u64, EventClass::ZSET, "zrem");
    ctx.reply.int(removed as i64);
    done()
}

const fn range_spec(name: &'static str) -> Spec {
    Spec::write(name, 4).keys(REMOVE).acl(Acl::SORTEDSET).group(Group::SortedSet).complexity(COMPLEXITY)
}

pub static ZREMRANGEBYRANK: Spec = range_spec("zremrangebyrank")
    .since("2.0.0")
    .summary("Removes the members of a sorted set in a range of ranks.")
    .syntax("key start stop")
    .run(|ctx, args| {
        let (start, stop) = (args.int(2)?, args.int(3)?);
        remove(ctx, args, "zremrangebyrank", |set| set.rank_span(start, stop))
    });

pub static ZREMRANGEBYSCORE: Spec = range_spec("zremrangebyscore")
    .since("1.2.0")
    .summary("Removes the members of a sorted set whose scores lie in a range.")
    .syntax("key min:double max:double")
    .run(|ctx, args| {
        let range = score_range(args.get(2), args.get(3))?;
        remove(ctx, args, "zremrangebyscore", |set| set.score_span(&range))
    });

pub static ZREMRANGEBYLEX: Spec = range_spec("zremrangebylex")
    .since("2.8.9")
    .summary("Removes the members of a sorted set that lie in a range of bytes.")
    .syntax("key min max")
    .run(|ctx, args| {
        let range = lex_range(args.get(2), args.get(3))?;
        remove(ctx, args, "zremrangebylex", |set| set.lex_span(&range, false))
    });

/// Removes the members from the rank, and as many, as `span` tells.
fn remove(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    event: &'static str,
    span: impl Fn(ZsetRef<'_>) -> (usize, usize),
) -> CmdResult {
    let mut edit = ctx.keys.edit::<Zset>(args.key(1))?;
    let mut removed = 0;
    if let Some(set) = edit.value() {
        let (start, count) = span(set.as_ref());
        removed = set.remove_span(start, count);
    }
    edit.done(removed as u64, EventClass::ZSET, event);
    ctx.reply.int(removed as i64);
    done()
}
