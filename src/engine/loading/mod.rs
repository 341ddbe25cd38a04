//! Loading a data set while clients are looked after: what is read, how far it is, and what follows when it is there.
//! Formats are `persist`'s, and opening files the host's.

mod drive;
mod file;
mod progress;
mod slice;

pub use drive::{LoadState, Loading, Purpose};
pub use file::load_options;
pub use progress::Progress;
pub use slice::Slice;

pub(super) use drive::Work;
pub(super) use file::DataFile;
pub(super) use slice::{Meter, Ran};
