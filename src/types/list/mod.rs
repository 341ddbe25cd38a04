//! The list: one listpack while it is small, then a sequence of packed nodes. Knows no command and no config.

mod edit;
mod free;
mod limits;
mod node;
mod quicklist;
mod read;
mod spine;
mod value;

pub use free::ListFree;
pub use limits::ListLimits;
pub use node::{Leaf, NodeView};
pub use quicklist::{Quicklist, QuicklistInfo};
pub use read::ListRef;
pub use value::{End, List};
