//! Commands for those who run the server.

use crate::engine::Spec;

mod cluster;
mod command;
mod config;
mod debug;
mod debug_digest;
mod debug_protocol;
mod debug_tables;
mod info;
mod latency;
mod lolwut;
mod memory;
mod module;
mod persist;
mod process;
mod replication;
mod slowlog;

/// The family.
pub const ALL: &[&Spec] = &[
    &command::COMMAND,
    &config::CONFIG,
    &debug::DEBUG,
    &info::INFO,
    &latency::LATENCY,
    &lolwut::LOLWUT,
    &memory::MEMORY,
    &module::ASKING,
    &cluster::CLUSTER,
    &module::MODULE,
    &module::READONLY,
    &module::READWRITE,
    &persist::BGREWRITEAOF,
    &persist::BGSAVE,
    &persist::SAVE,
    &process::LASTSAVE,
    &process::MONITOR,
    &replication::REPLICAOF,
    &replication::ROLE,
    &process::SHUTDOWN,
    &replication::SLAVEOF,
    &process::TIME,
    &slowlog::SLOWLOG,
];
