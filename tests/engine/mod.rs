//! A whole server in process, with a virtual clock and no sockets.

mod expiry;
mod house;
mod propagation;
mod scan;
