//! Commands on lists.

use crate::engine::Spec;

mod block;
mod change;
mod ends;
pub mod limits;
mod pop;
mod push;
mod read;
mod shift;

/// The family.
pub const ALL: &[&Spec] = &[
    &block::BLMPOP,
    &block::BLPOP,
    &block::BRPOP,
    &change::LINSERT,
    &change::LREM,
    &change::LSET,
    &change::LTRIM,
    &pop::LMPOP,
    &pop::LPOP,
    &pop::RPOP,
    &push::LPUSH,
    &push::LPUSHX,
    &push::RPUSH,
    &push::RPUSHX,
    &read::LINDEX,
    &read::LLEN,
    &read::LPOS,
    &read::LRANGE,
    &shift::BLMOVE,
    &shift::BRPOPLPUSH,
    &shift::LMOVE,
    &shift::RPOPLPUSH,
];
