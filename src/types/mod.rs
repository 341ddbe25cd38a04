//! The data structures of Redis' types, pure: no client, no RESP, no clock, no config.

#![forbid(unsafe_code)]

pub mod bits;
pub mod geo;
pub mod hash;
pub mod hll;
pub mod list;
pub mod packed;
pub mod sampling;
pub mod set;
pub mod stream;
pub mod zset;
