//! The flat encodings of small collections, byte for byte as Redis writes them. Knows nothing of the types
//! built on them.

mod codec;
pub mod dense;
pub mod intset;
pub mod listpack;
mod unique;
mod value;

pub use codec::{Corrupt, validate};
pub use dense::{Entries, Run};
pub use intset::{Intset, IntsetRef};
pub use listpack::{Iter, Listpack, ListpackRef, Pos};
pub use unique::has_twice;
pub use value::{Needle, Value, parse_int};
