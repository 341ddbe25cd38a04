//! A real server on a loopback port, spoken to in raw bytes: what sockets, partial reads, limits and signals do.

mod children;
mod hostile;
mod loading;
mod pipeline;
mod process;
mod server;
