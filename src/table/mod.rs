//! The segmented dictionary and the slab allocator behind the keyspace and every big collection. Knows no Redis type.

mod bucket;
mod chunks;
mod dict;
mod directory;
pub mod drain;
mod expect;
pub mod granules;
pub mod hash;
mod maintain;
pub mod map;
pub mod node;
mod sample;
pub mod scan;
mod segment;
pub mod slab;

/// For owners of words that are handles: structures above may not reach into the system's room themselves.
pub use crate::sys::prefetch::prefetch;
pub use bucket::{SLOTS, Word};
pub use dict::Dict;
pub use drain::Drain;
pub use hash::Hasher;
pub use map::Map;
pub use slab::Slab;
