//! What is written to disk and read back.

pub mod aof;
pub mod disk;
pub mod files;
pub mod rdb;
