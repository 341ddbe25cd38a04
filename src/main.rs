//! The `spinel` binary.

use std::process::ExitCode;

#[global_allocator]
static HEAP: spinel::sys::heap::CountingAllocator = spinel::sys::heap::CountingAllocator;

fn main() -> ExitCode {
    spinel::server::run::main(std::env::args_os().collect())
}
