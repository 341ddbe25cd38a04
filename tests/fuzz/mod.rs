//! Functions that take bytes from strangers, fed with mutated ones: nothing may panic, and the properties
//! hold.

pub mod mutator;

mod config;
mod glob;
mod lzf;
mod numbers;
mod quote;
mod resp;
