//! HyperLogLog values: a string with a 16-byte header and 16384 registers, sparse or dense, byte for byte as Redis
//! keeps it, so that any Redis reads what was stored here and the reverse. Works on plain bytes; knows no key, no
//! client and no configuration.

mod count;
mod dense;
mod hash;
mod merge;
mod selftest;
mod sparse;
mod value;

pub use merge::Union;
pub use selftest::{SelfTestFailure, self_test};
pub use value::{
    Counted, Encoding, HllError, add, count, decode_sparse, empty, encoding, invalidate_cache, registers,
    to_dense,
};

/// Registers of every HyperLogLog here (2^14).
pub const REGISTERS: usize = 1 << 14;
