//! Why reading stopped, and where. Knows no format.

use std::fmt;
use std::io;

/// What went wrong while a file or a payload was read.
#[derive(Debug)]
pub struct LoadError {
    /// Bytes from the start of what was read.
    pub offset: u64,
    pub cause: Cause,
}

/// What can go wrong.
#[derive(Debug)]
pub enum Cause {
    Io(io::Error),
    /// The bytes end within something.
    Truncated,
    /// The bytes are not what they should be.
    Corrupt(&'static str),
    /// No RDB file at all.
    Signature,
    Version(u32),
    UnknownType(u8),
    /// A value of a module, which nobody here can read.
    Module(String),
    /// A key in a database that this server does not have.
    Database {
        index: u64,
        databases: usize,
    },
    DuplicateKey {
        key: Vec<u8>,
        db: u16,
    },
    Checksum {
        expected: u64,
        found: u64,
    },
    /// A library of functions that was refused.
    Function(String),
    /// The reader was told to stop.
    Stopped,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Io(error) => write!(f, "Reading failed: {error}"),
            Cause::Truncated => f.write_str("Unexpected EOF reading RDB file"),
            Cause::Corrupt(what) => f.write_str(what),
            Cause::Signature => f.write_str("Wrong signature trying to load DB from file"),
            Cause::Version(version) => write!(f, "Can't handle RDB format version {version}"),
            Cause::UnknownType(kind) => write!(f, "Unknown RDB encoding type {kind}"),
            Cause::Module(name) => {
                write!(f, "The RDB file contains module data I can't load: no matching module '{name}'")
            }
            Cause::Database { index, databases } => write!(
                f,
                "FATAL: Data file has keys in database {index}, and this server is configured to handle not more than \
                 {databases} databases"
            ),
            Cause::DuplicateKey { key, db } => {
                write!(f, "RDB has duplicated key '{}' in DB {db}", String::from_utf8_lossy(key))
            }
            Cause::Checksum { expected, found } => {
                write!(f, "Wrong RDB checksum expected: ({expected:x}) but got ({found:x}). Aborting now.")
            }
            Cause::Function(why) => write!(f, "Failed loading library, {why}"),
            Cause::Stopped => f.write_str("Loading was stopped"),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Internal error in RDB reading offset {} -> {}", self.offset, self.cause)
    }
}

impl std::error::Error for LoadError {}
