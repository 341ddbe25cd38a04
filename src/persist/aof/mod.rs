//! The append-only file: its manifest, reading its files, and the threads that write it.

mod commands;
mod manifest;
mod manifest_file;
mod reader;
mod writer;

pub use commands::save_commands;
pub use manifest::{Manifest, ManifestError, Part};
pub use manifest_file::{ManifestFile, Put};
pub use reader::{LogReader, ReadError};
pub use writer::{LongestUs, Policy, Progress, PutManifest, Target, Trouble, Writer};
