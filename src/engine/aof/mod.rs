//! The append-only file as the engine sees it: what is logged and confirmed, replaying it, switching it on and off, and
//! rewriting it. Bytes and threads are `persist::aof`'s, processes the host's.

mod adopt;
mod ahead;
mod hold;
mod load;
mod log;
mod replay;
mod rewrite;
mod state;
mod switch;

pub use hold::Hold;
pub use load::{LogFiles, LogLoad};
pub use state::{Aof, AofState};
pub use switch::rewrite_files;
