//! Bytes to arguments and replies to bytes. No IO.

pub mod parse;
pub mod reply;
pub mod value;
