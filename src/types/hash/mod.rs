//! The hash: a listpack of fields and values while it is small, then a table, with a record of when fields go if some
//! have a time. Knows no command, no config and no clock.

mod edit;
mod free;
mod read;
mod times;
mod value;

pub use edit::{FieldExpiry, Put};
pub use free::HashFree;
pub use read::{HashRef, Iter};
pub use times::{TimedHash, Times};
pub use value::{Hash, HashLimits};
