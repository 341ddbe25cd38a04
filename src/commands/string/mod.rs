//! Commands on strings.

use crate::engine::Spec;

mod lcs;
mod msetex;
mod number;
mod options;
mod read;
mod set;
mod several;
mod write;

/// The family.
pub const ALL: &[&Spec] = &[
    &lcs::LCS,
    &msetex::MSETEX,
    &number::DECR,
    &number::DECRBY,
    &number::INCR,
    &number::INCRBY,
    &number::INCRBYFLOAT,
    &read::GET,
    &read::GETDEL,
    &read::GETEX,
    &read::GETRANGE,
    &read::STRLEN,
    &read::SUBSTR,
    &set::GETSET,
    &set::PSETEX,
    &set::SET,
    &set::SETEX,
    &set::SETNX,
    &several::MGET,
    &several::MSET,
    &several::MSETNX,
    &write::APPEND,
    &write::SETRANGE,
];
