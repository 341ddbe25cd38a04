//! Popping members from either end: ZPOPMIN, ZPOPMAX, ZMPOP, and what their blocking forms share with them.

use super::range::reply_scored;
use crate::engine::pops::Pops;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Key};
use crate::resp::reply::Reply;
use crate::types::zset::Zset;

const POP: &[KeySpec] = &[KeySpec::at(1, POPPED)];
/// What a pop does to its keys.
pub const POPPED: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE);
const COMPLEXITY: &str = "O(log(N)*M) with N being the number of elements in the sorted set, and M being the number of \
                          elements popped.";
pub const MPOP_COMPLEXITY: &str = "O(K) + O(M*log(N)) where K is the number of provided keys, N being the number of \
                                   elements in the sorted set, and M being the number of elements popped.";

const fn pop_spec(name: &'static str) -> Spec {
    Spec::write(name, -2)
        .keys(POP)
        .flags(Flags::FAST)
        .acl(Acl::SORTEDSET)
        .group(Group::SortedSet)
        .since("5.0.0")
        .complexity(COMPLEXITY)
        .syntax("key [count]")
}

pub static ZPOPMIN: Spec = pop_spec("zpopmin")
    .summary("Removes the members with the lowest scores from a sorted set and answers with them.")
    .run(|ctx, args| zpop(ctx, args, End::Min));

pub static ZPOPMAX: Spec = pop_spec("zpopmax")
    .summary("Removes the members with the highest scores from a sorted set and answers with them.")
    .run(|ctx, args| zpop(ctx, args, End::Max));

pub static ZMPOP: Spec = Spec::write("zmpop", -4)
    .keys(&[KeySpec::counted(1, POPPED)])
    .flags(Flags::MOVABLE_KEYS)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("7.0.0")
    .complexity(MPOP_COMPLEXITY)
    .summary("Pops members from the first of several sorted sets that is there.")
    .syntax("numkeys key [key ...] <MIN | MAX> [COUNT count]")
    .run(zmpop);

/// The end of a sorted set from which is popped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Min,
    Max,
}

impl End {
    fn event(self) -> &'static str {
        match self {
            End::Min => "zpopmin",
            End::Max => "zpopmax",
        }
    }

    /// As a pop goes into the log.
    pub fn logged(self) -> &'static [u8] {
        match self {
            End::Min => b"ZPOPMIN",
            End::Max => b"ZPOPMAX",
        }
    }
}

/// How popped members are told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Members and scores by turns.
    Flat,
    /// The same; in RESP3 as pairs.
    Scored,
    /// The key before them.
    FlatWithKey,
    /// The key, and pairs.
    PairsWithKey,
}

impl Shape {
    /// Writes what comes before the members; says whether each is a pair.
    fn begin(self, reply: &mut Reply<'_>, key: &[u8], count: usize) -> bool {
        match self {
            Shape::Flat => reply.array(count * 2),
            Shape::Scored => return reply_scored(reply, count),
            Shape::FlatWithKey => {
                reply.array(count * 2 + 1);
                reply.bulk(key);
            }
            Shape::PairsWithKey => {
                reply.array(2);
                reply.bulk(key);
                reply.array(count);
            }
        }
        self == Shape::PairsWithKey
    }
}

/// Pops up to `count` members from a sorted set and tells them; how many there were, 0 without a set.
pub fn pop(ctx: &mut Ctx<'_>, key: Key<'_>, end: End, count: usize, shape: Shape) -> Result<usize, Error> {
    let Ctx { keys, reply, .. } = ctx;
    let mut edit = keys.edit::<Zset>(key)?;
    let Some(set) = edit.value() else {
        edit.unchanged();
        return Ok(0);
    };
    let count = count.min(set.len());
    let start = if end == End::Max { set.len() - count } else { 0 };
    let pairs = shape.begin(reply, key.bytes, count);
    set.as_ref().for_each_in(start, count, end == End::Max, |member, score| {
        if pairs {
            reply.array(2);
        }
        reply.bulk_value(member);
        reply.double(score);
    });
    set.remove_span(start, count);
    edit.done(count as u64, EventClass::ZSET, end.event());
    Ok(count)
}

fn zpop(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CmdResult {
    let (count, shape) = match args.len() {
        2 => (1, Shape::Flat),
        3 => (args.natural(2, Error::MustBePositive)?, Shape::Scored),
        _ => return Err(Error::Syntax),
    };
    if count == 0 {
        ctx.keys.look_as::<Zset>(args.key(1))?;
        ctx.reply.array(0);
    } else if pop(ctx, args.key(1), end, count, shape)? == 0 {
        ctx.reply.array(0);
    }
    done()
}

/// Argument `i`: MIN or MAX.
pub fn end_at(args: &Args<'_>, i: usize) -> Result<End, Error> {
    if args.is(i, "min") {
        Ok(End::Min)
    } else if args.is(i, "max") {
        Ok(End::Max)
    } else {
        Err(Error::Syntax)
    }
}

/// Pops from the first sorted set that is there, and logs it as a pop from that one; says whether one was.
pub fn pop_first(ctx: &mut Ctx<'_>, wanted: &Pops<'_, End>) -> Result<bool, Error> {
    for key in wanted.keys {
        let popped = pop(ctx, Key::new(key), wanted.end, wanted.count, Shape::PairsWithKey)?;
        if popped > 0 {
            let mut digits = itoa::Buffer::new();
            ctx.keys.log_instead(&[wanted.end.logged(), key, digits.format(popped).as_bytes()]);
            return Ok(true);
        }
    }
    Ok(false)
}

fn zmpop(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if !pop_first(ctx, &Pops::parse(args, 1, end_at)?)? {
        ctx.reply.null_array();
    }
    done()
}
