//! Which clients cache which keys, so that they can be told when those change.

mod broadcast;
mod mode;
mod readers;

pub use broadcast::{Broadcast, Changed};
pub use mode::{Mode, Redirect, overlaps};
pub use readers::Readers;
