//! The append-only file as the engine sees it: what is logged and confirmed, replaying it, switching it on and off, and
//! rewriting it. Bytes and threads are `persist::aof`'s, processes the host's.

mod hold;
mod load;
mod log;
mod rewrite;
mod state;
mod switch;

pub use hold::Hold;
pub use load::LogLoad;
pub use state::{Aof, AofState};
