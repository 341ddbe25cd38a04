//! The ZRANGE family: one query, answered or stored.

use super::limits::zset_limits;
use super::query::{Form, Kind, Query};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::resp::reply::{Proto, Reply};
use crate::types::zset::{Zset, ZsetRef};

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const BY_RANK: &str = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements \
                       returned.";
const BY_VALUE: &str = "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements \
                        being returned. If M is constant (e.g. always asking for the first 10 elements with LIMIT), \
                        you can consider it O(log(N)).";

const fn range_spec(name: &'static str) -> Spec {
    Spec::read(name, -4).keys(READ).acl(Acl::SORTEDSET).group(Group::SortedSet)
}

pub static ZRANGE: Spec = range_spec("zrange")
    .since("1.2.0")
    .complexity(BY_RANK)
    .summary("Lists the members of a sorted set in a range of ranks, scores or bytes.")
    .syntax("key start:string stop:string [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]")
    .history(&[("6.2.0", "Added the `REV`, `BYSCORE`, `BYLEX` and `LIMIT` options.")])
    .run(|ctx, args| range(ctx, args, Form { kind: None, reverse: None, store: false }));

pub static ZRANGESTORE: Spec = Spec::write("zrangestore", -5)
    .keys(&[
        KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::at(2, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("6.2.0")
    .complexity(
        "O(log(N)+M) with N being the number of elements in the sorted set and M the number of elements stored into \
         the destination key.",
    )
    .summary("Stores the members of a sorted set in a range of ranks, scores or bytes.")
    .syntax("dst src min:string max:string [BYSCORE | BYLEX] [REV] [LIMIT offset count]")
    .run(zrangestore);

pub static ZREVRANGE: Spec = range_spec("zrevrange")
    .since("1.2.0")
    .complexity(BY_RANK)
    .summary("Lists the members of a sorted set in a range of ranks, the highest score first.")
    .syntax("key start stop [WITHSCORES]")
    .deprecated("6.2.0", "`ZRANGE` with the `REV` argument")
    .run(|ctx, args| fixed(ctx, args, Kind::Rank, true));

pub static ZRANGEBYSCORE: Spec = range_spec("zrangebyscore")
    .since("1.0.5")
    .complexity(BY_VALUE)
    .summary("Lists the members of a sorted set whose scores lie in a range.")
    .syntax("key min:double max:double [WITHSCORES] [LIMIT offset count]")
    .history(&[("2.0.0", "Added the `WITHSCORES` modifier.")])
    .deprecated("6.2.0", "`ZRANGE` with the `BYSCORE` argument")
    .run(|ctx, args| fixed(ctx, args, Kind::Score, false));

pub static ZREVRANGEBYSCORE: Spec = range_spec("zrevrangebyscore")
    .since("2.2.0")
    .complexity(BY_VALUE)
    .summary("Lists the members of a sorted set whose scores lie in a range, the highest score first.")
    .syntax("key max:double min:double [WITHSCORES] [LIMIT offset count]")
    .history(&[("2.1.6", "`min` and `max` can be exclusive.")])
    .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYSCORE` arguments")
    .run(|ctx, args| fixed(ctx, args, Kind::Score, true));

pub static ZRANGEBYLEX: Spec = range_spec("zrangebylex")
    .since("2.8.9")
    .complexity(BY_VALUE)
    .summary("Lists the members of a sorted set that lie in a range of bytes.")
    .syntax("key min max [LIMIT offset count]")
    .deprecated("6.2.0", "`ZRANGE` with the `BYLEX` argument")
    .run(|ctx, args| fixed(ctx, args, Kind::Lex, false));

pub static ZREVRANGEBYLEX: Spec = range_spec("zrevrangebylex")
    .since("2.8.9")
    .complexity(BY_VALUE)
    .summary("Lists the members of a sorted set that lie in a range of bytes, the last first.")
    .syntax("key max min [LIMIT offset count]")
    .deprecated("6.2.0", "`ZRANGE` with the `REV` and `BYLEX` arguments")
    .run(|ctx, args| fixed(ctx, args, Kind::Lex, true));

fn fixed(ctx: &mut Ctx<'_>, args: &Args<'_>, kind: Kind, reverse: bool) -> CmdResult {
    range(ctx, args, Form { kind: Some(kind), reverse: Some(reverse), store: false })
}

fn range(ctx: &mut Ctx<'_>, args: &Args<'_>, form: Form) -> CmdResult {
    let query = Query::parse(args, 2, form)?;
    match ctx.keys.read_as::<Zset>(args.key(1))? {
        Some(set) => {
            let (start, count) = query.span(set);
            reply_range(&mut ctx.reply, set, start, count, &query);
        }
        None => ctx.reply.array(0),
    }
    done()
}

fn reply_range(reply: &mut Reply<'_>, set: ZsetRef<'_>, start: usize, count: usize, query: &Query<'_>) {
    if !query.with_scores {
        reply.array(count);
        return set.for_each_in(start, count, query.reverse, |member, _| reply.bulk_value(member));
    }
    let nested = reply_scored(reply, count);
    set.for_each_in(start, count, query.reverse, |member, score| {
        if nested {
            reply.array(2);
        }
        reply.bulk_value(member);
        reply.double(score);
    });
}

/// Begins a reply of members with scores: pairs in RESP3, where it answers true, one flat array in RESP2.
pub fn reply_scored(reply: &mut Reply<'_>, count: usize) -> bool {
    let nested = reply.proto == Proto::Resp3;
    reply.array(if nested { count } else { count.saturating_mul(2) });
    nested
}

fn zrangestore(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let query = Query::parse(args, 3, Form { kind: None, reverse: None, store: true })?;
    let limits = zset_limits(ctx);
    let mut outcome = Zset::default();
    if let Some(set) = ctx.keys.read_as::<Zset>(args.key(2))? {
        let (start, count) = query.span(set);
        let mut members = Vec::with_capacity(count);
        set.for_each_in(start, count, false, |member, score| members.push((member, score)));
        outcome = Zset::from_ordered(&members, &limits);
    }
    let len = outcome.len();
    ctx.keys.store(args.key(1), outcome, 1, EventClass::ZSET, "zrangestore");
    ctx.reply.int(len as i64);
    done()
}
