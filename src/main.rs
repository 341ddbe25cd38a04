//! The `spinel` binary.

use std::process::ExitCode;

#[global_allocator]
static HEAP: spinel::sys::heap::CountingAllocator = spinel::sys::heap::CountingAllocator;

fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    spinel::tools::run(&argv).unwrap_or_else(|| spinel::server::run::main(argv))
}
