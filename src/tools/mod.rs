//! Programs beside the server, in the same binary: by the name it is called by, or by its first argument.

mod check_aof;
mod check_rdb;
mod log_check;
mod run;

pub use run::run;
