//! The operating system: fork, signals, limits, clocks, entropy, memory. The only room that calls libc.

pub mod clock;
pub mod cpu;
pub mod entropy;
pub mod heap;
pub mod memory;
