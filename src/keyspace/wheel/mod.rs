//! The expiry index: which keys are due, and when the next one is. Knows hashes and times only: no key, no entry, no
//! clock. `index` has the protocol between the index and the keyspace; start reading there.

mod index;
mod slots;
mod timing;

pub use index::{Budget, Due, ExpiryIndex, Remains};
