//! What is written to disk and read back.

mod canon;
mod damage;
mod golden;
mod old_forms;
mod round_trip;
