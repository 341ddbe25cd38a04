//! The process: what turns the engine into a server of its own.

pub mod crash;
pub mod daemon;
pub mod log;
pub mod logline;
pub mod signals;
pub mod title;

mod banner;
mod batch;
mod cron;
mod dial;
mod endpoint;
mod helper;
mod listening;
mod loading;
mod oom;
mod process;
mod rewriting;
pub mod run;
mod saving;
mod shutdown;
mod turn;
mod usage;
mod vigil;
