//! Databases: entries, expiry, eviction, and the one way to change a value.

mod access;
mod collections;
mod dict;
pub mod edit;
pub mod effects;
mod entry;
pub mod evict;
mod expire;
mod key;
mod keys;
mod own;
mod restore;
mod space;
mod strings;
mod upkeep;
pub mod value;
pub mod wheel;
mod whole;

pub use access::lru_clock;
pub use edit::{Edit, Packed, Value};
pub use effects::{Effects, EventClass};
pub use entry::{Stored, View};
pub use key::{Key, WrongType};
pub use keys::{Keys, StrView, Ttl};
pub use restore::PastUse;
pub use space::{AccessPolicy, ExpiryMode, Keyspace};
pub use strings::Str;
pub use upkeep::TtlSample;
pub use value::{Kind, Object};
