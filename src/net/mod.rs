//! Sockets only: listeners, connections, bytes not parsed yet. Does not know what a key or a command is.

pub mod connection;
pub mod listener;
pub mod query;
