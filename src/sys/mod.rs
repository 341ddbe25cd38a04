//! The operating system: fork, signals, limits, clocks, entropy, memory. The only room that calls libc.

pub mod clock;
pub mod cpu;
pub mod entropy;
pub mod errno;
pub mod fault;
pub mod fd;
pub mod heap;
pub mod huge;
pub mod limits;
pub mod localtime;
pub mod memory;
pub mod memtest;
pub mod pages;
pub mod prefetch;
pub mod process;
pub mod proctitle;
pub mod registers;
pub mod signals;
pub mod syscheck;
pub mod syslog;
pub mod trace;
pub mod witness;
