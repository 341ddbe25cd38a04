//! A whole server in process, with a virtual clock and no sockets.

mod admin;
mod cves;
mod expiry;
mod hash;
mod hostile;
pub(crate) mod house;
mod lists;
mod loading;
mod migrate;
pub(crate) mod no_process;
pub(crate) mod propagation;
mod scan;
mod secrets;
mod streams;
mod tracking;
mod walk;
mod zset;
