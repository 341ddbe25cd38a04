//! Functions that take bytes from strangers, fed with mutated ones: nothing may panic, and the properties
//! hold.

pub mod mutator;

mod aof;
mod config;
mod glob;
mod listpack;
mod lzf;
mod manifest;
mod numbers;
mod quote;
mod rdb;
mod resp;
