//! The only test binary: every layer of tests is a module below.

mod engine;
mod fuzz;
mod meter;
mod model;
mod persist;
mod spec;
mod tidy;
mod wire;
