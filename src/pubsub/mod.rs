//! Who listens to which channel, pattern and shard channel. `registry` is the way in.

mod chain;
mod registry;
mod topics;

pub use registry::{Change, Kind, PubSub};
