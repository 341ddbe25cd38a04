//! Databases: entries, expiry, eviction, and the one way to change a value.
pub mod wheel;
