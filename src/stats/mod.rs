//! What the server counts and remembers about itself. Plain data: times and durations come in as numbers, texts go out
//! as text; no clock, no client, no command.

pub mod commands;
pub mod counters;
pub mod doctor;
pub mod errors;
pub mod histogram;
pub mod instant;
pub mod latency;
pub mod slowlog;
pub mod sparkline;
