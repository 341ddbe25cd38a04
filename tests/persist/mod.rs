//! What is written to disk and read back.

mod canon;
mod copies;
mod damage;
mod golden;
mod held;
mod old_forms;
pub(crate) mod power_cut;
mod round_trip;
pub(crate) mod sim_disk;
mod switching;
mod trouble;
