//! Commands on keys of any type.

use crate::engine::Spec;

mod copy;
mod delete;
mod dump;
mod expire;
mod flush;
mod migrate;
mod object;
mod rename;
pub mod scan;
mod ttl;
mod wait;

/// The family.
pub const ALL: &[&Spec] = &[
    &copy::COPY,
    &copy::MOVE,
    &delete::DEL,
    &delete::EXISTS,
    &delete::TOUCH,
    &delete::TYPE,
    &delete::UNLINK,
    &dump::DUMP,
    &dump::RESTORE,
    &dump::RESTORE_ASKING,
    &expire::EXPIRE,
    &expire::EXPIREAT,
    &expire::PEXPIRE,
    &expire::PEXPIREAT,
    &expire::PERSIST,
    &flush::FLUSHALL,
    &flush::FLUSHDB,
    &flush::SWAPDB,
    &migrate::MIGRATE,
    &object::OBJECT,
    &rename::RENAME,
    &rename::RENAMENX,
    &scan::DBSIZE,
    &scan::KEYS,
    &scan::RANDOMKEY,
    &scan::SCAN,
    &ttl::EXPIRETIME,
    &ttl::PEXPIRETIME,
    &ttl::PTTL,
    &ttl::TTL,
    &wait::WAIT,
    &wait::WAITAOF,
];
