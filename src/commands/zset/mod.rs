//! Commands on sorted sets.

use crate::engine::Spec;

pub mod add;
mod algebra;
mod block;
mod count;
mod diff;
mod gather;
mod inter;
pub mod limits;
mod operands;
mod pop;
mod query;
mod random;
mod range;
mod read;
mod remove;
mod scan;
mod unite;

/// The family.
pub const ALL: &[&Spec] = &[
    &add::ZADD,
    &add::ZINCRBY,
    &block::BZMPOP,
    &block::BZPOPMAX,
    &block::BZPOPMIN,
    &count::ZCOUNT,
    &count::ZLEXCOUNT,
    &diff::ZDIFF,
    &diff::ZDIFFSTORE,
    &inter::ZINTER,
    &inter::ZINTERCARD,
    &inter::ZINTERSTORE,
    &pop::ZMPOP,
    &pop::ZPOPMAX,
    &pop::ZPOPMIN,
    &random::ZRANDMEMBER,
    &range::ZRANGE,
    &range::ZRANGEBYLEX,
    &range::ZRANGEBYSCORE,
    &range::ZRANGESTORE,
    &range::ZREVRANGE,
    &range::ZREVRANGEBYLEX,
    &range::ZREVRANGEBYSCORE,
    &read::ZCARD,
    &read::ZMSCORE,
    &read::ZRANK,
    &read::ZREVRANK,
    &read::ZSCORE,
    &remove::ZREM,
    &remove::ZREMRANGEBYLEX,
    &remove::ZREMRANGEBYRANK,
    &remove::ZREMRANGEBYSCORE,
    &scan::ZSCAN,
    &unite::ZUNION,
    &unite::ZUNIONSTORE,
];
