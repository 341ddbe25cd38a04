//! Strings seen as arrays of bits, the first bit being the highest of the first byte. Works on bytes; knows no key, no
//! limit on a string's length and no reply.

mod combine;
mod field;
mod popcount;
mod range;
mod single;

pub use combine::{Operation, combine};
pub use field::{Field, Overflow, Stored};
pub use range::{Range, Unit, count, position};
pub use single::{Replaced, get, set};
