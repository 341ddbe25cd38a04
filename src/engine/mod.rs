//! The machine without sockets: what runs a command, what a command may see, and what follows from it.

pub mod aof;
pub mod args;
pub mod blocking;
pub mod call;
pub mod client;
pub mod client_info;
pub mod copies;
pub mod ctx;
mod elements;
pub mod error;
pub mod expiry;
pub mod flow;
pub mod gate;
pub mod help;
pub mod info;
pub mod keys_of;
mod limits;
pub mod links;
pub mod loading;
pub mod machine;
mod memory;
pub mod meters;
mod multi;
mod number;
pub mod output;
pub mod pause;
pub mod pops;
mod room;
pub mod saving;
mod secrets;
mod settings;
mod settle;
pub mod snapshot;
pub mod spec;
pub mod syntax;
pub mod table;
pub mod tracking;
pub mod walks;
mod watch;

pub use args::{Args, OwnedArgs};
pub use ctx::Ctx;
pub use error::Error;
pub use flow::{Flow, done};
pub use machine::{Engine, Host, TurnRequest};
pub use spec::{Acl, CmdResult, Flags, Group, KeyFlags, KeySpec, Spec};

/// The version of Redis whose behaviour this is, as tools are told it.
pub const REDIS_VERSION: &str = "7.2.4";
