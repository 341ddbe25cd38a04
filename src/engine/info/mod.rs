//! INFO: the server described in sections of `field:value` lines.

mod clients;
mod commands;
mod memory;
mod persistence;
mod section;
mod server;
mod stats;

pub use section::render;
