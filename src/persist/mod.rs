//! What is written to disk and read back.

pub mod disk;
pub mod rdb;
