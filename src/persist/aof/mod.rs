//! The append-only file: its manifest, reading its files, and the threads that write it.

mod commands;
mod manifest;
mod reader;
mod writer;

pub use commands::save_commands;
pub use manifest::{Manifest, ManifestError, Part};
pub use reader::{LogReader, ReadError};
pub use writer::{Policy, Progress, Target, Trouble, Writer};
