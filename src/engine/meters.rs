//! Counters and records of what the machine did, for INFO, SLOWLOG and LATENCY.

use super::args::Args;
use super::machine::Engine;
use super::table::CommandId;
use crate::config::Config;
use crate::ids::ClientId;
use hashbrown::HashMap;

#[derive(Default, Debug)]
pub struct Counters {
    pub commands_processed: u64,
    pub unblocked: u64,
    pub output_limit_disconnections: u64,
    pub evicted_clients: u64,
    pub net_input_bytes: u64,
    pub net_output_bytes: u64,
    pub rejected_connections: u64,
    pub connections_received: u64,
}

#[derive(Default, Debug)]
pub struct Errors(HashMap<String, u64>);

impl Errors {
    pub fn count(&mut self, code: &str) {
        *self.0.entry(code.to_string()).or_default() += 1;
    }
}

#[derive(Default, Debug)]
pub struct Histograms;

impl Histograms {
    #[inline]
    pub fn record(&mut self, _command: u16, _nsec: u64) {}
}

#[derive(Default, Debug)]
pub struct Meters {
    pub counters: Counters,
    pub errors: Errors,
    pub histograms: Histograms,
}

impl Meters {
    #[inline]
    pub fn watches_time(&self, config: &Config, usec: u64) -> bool {
        (config.slowlog_log_slower_than >= 0 && usec as i64 >= config.slowlog_log_slower_than)
            || (config.latency_monitor_threshold > 0 && usec >= config.latency_monitor_threshold * 1000)
    }
}

impl Engine {
    pub(super) fn note_time(&mut self, _id: ClientId, _command: CommandId, _args: &Args<'_>, _usec: u64) {}

    pub(super) fn feed_monitors(&mut self, _id: ClientId, _args: &Args<'_>) {}
}
