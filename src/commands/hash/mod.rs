//! Commands on hashes, and on the times to live of their fields.

use crate::engine::Spec;

mod delete;
mod expire;
mod fields;
mod get;
mod getex;
mod limits;
mod number;
mod options;
mod persist;
mod random;
mod scan;
mod set;
mod setex;
mod ttl;
mod whole;

/// The family.
pub const ALL: &[&Spec] = &[
    &delete::HDEL,
    &delete::HGETDEL,
    &expire::HEXPIRE,
    &expire::HEXPIREAT,
    &expire::HPEXPIRE,
    &expire::HPEXPIREAT,
    &get::HEXISTS,
    &get::HGET,
    &get::HLEN,
    &get::HMGET,
    &get::HSTRLEN,
    &getex::HGETEX,
    &number::HINCRBY,
    &number::HINCRBYFLOAT,
    &persist::HPERSIST,
    &random::HRANDFIELD,
    &scan::HSCAN,
    &set::HMSET,
    &set::HSET,
    &set::HSETNX,
    &setex::HSETEX,
    &ttl::HEXPIRETIME,
    &ttl::HPEXPIRETIME,
    &ttl::HPTTL,
    &ttl::HTTL,
    &whole::HGETALL,
    &whole::HKEYS,
    &whole::HVALS,
];
