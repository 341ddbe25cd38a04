//! The process: what turns the engine into a server of its own.

pub mod crash;
pub mod daemon;
pub mod log;
pub mod logline;
pub mod signals;
pub mod title;

mod batch;
mod cron;
mod endpoint;
pub mod run;
mod turn;
