//! The sorted set: a listpack while it is small, then a counted B+tree and a dictionary over one arena of
//! members. Knows no command and no config.

mod arena;
mod big;
mod edit;
mod free;
mod leaf;
mod packed;
mod range;
mod read;
mod score;
mod tree;
mod value;

pub use big::{BigZset, ZsetSnapshot};
pub use free::ZsetFree;
pub use range::{LexBound, LexRange, ScoreRange};
pub use read::ZsetRef;
pub use value::{AddFlags, Added, Zset, ZsetLimits};
