//! The `spinel` binary.

#[global_allocator]
static HEAP: spinel::sys::heap::CountingAllocator = spinel::sys::heap::CountingAllocator;

fn main() {
    let mut config = spinel::config::Config::default();
    let args: Vec<String> = std::env::args().collect();
    if let Some(at) = args.iter().position(|a| a == "--port") {
        config.port = args[at + 1].parse().expect("a port");
    }
    spinel::server::run::serve(config).expect("serving");
}
