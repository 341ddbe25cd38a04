//! Commands about the connection itself.

pub mod ping;
