//! Spinel, a Redis-compatible in-memory key-value server. The modules below are listed in reading order, lowest layer
//! first; arrows point down only. `docs/architecture.md` tells how a request travels through them.

pub mod ids;
pub mod sys;
pub mod util;

pub mod resp;
pub mod table;
pub mod types;

pub mod keyspace;
pub mod net;

pub mod config;
pub mod persist;

pub mod engine;

pub mod commands;
pub mod pubsub;
pub mod stats;
pub mod tracking;

pub mod server;
pub mod tools;
