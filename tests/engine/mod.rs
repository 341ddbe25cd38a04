//! A whole server in process, with a virtual clock and no sockets.

mod admin;
mod expiry;
mod hash;
mod house;
mod lists;
mod no_process;
mod propagation;
mod scan;
mod secrets;
mod streams;
mod zset;
