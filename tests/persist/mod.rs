//! What is written to disk and read back.

mod canon;
mod copies;
mod damage;
mod golden;
mod held;
mod old_forms;
mod power_cut;
mod round_trip;
mod sim_disk;
