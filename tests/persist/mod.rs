//! What is written to disk and read back.

pub mod canon;
mod copies;
pub mod damage;
mod damaged_log;
mod golden;
mod held;
pub mod old_forms;
pub(crate) mod power_cut;
mod round_trip;
pub(crate) mod sim_disk;
mod switching;
mod trouble;
