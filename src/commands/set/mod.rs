//! Commands on sets.

use crate::engine::Spec;

mod diff;
mod inter;
mod limits;
mod members;
mod pop;
mod random;
mod scan;
mod several;
mod unite;

/// The family.
pub const ALL: &[&Spec] = &[
    &diff::SDIFF,
    &diff::SDIFFSTORE,
    &inter::SINTER,
    &inter::SINTERCARD,
    &inter::SINTERSTORE,
    &members::SADD,
    &members::SCARD,
    &members::SISMEMBER,
    &members::SMEMBERS,
    &members::SMISMEMBER,
    &members::SMOVE,
    &members::SREM,
    &pop::SPOP,
    &random::SRANDMEMBER,
    &scan::SSCAN,
    &unite::SUNION,
    &unite::SUNIONSTORE,
];
