//! Spinel, a Redis-compatible in-memory key-value server. The modules below are listed in reading order, lowest layer
//! first; arrows point down only. `docs/architecture.md` tells how a request travels through them.

pub mod sys;
pub mod util;

pub mod resp;
pub mod table;
pub mod types;

pub mod keyspace;

pub mod config;
pub mod pubsub;
pub mod stats;

pub mod server;
