//! The plain counters behind INFO: rooms that do the work add to them, INFO prints them. A field carries its name in
//! INFO unless its comment says otherwise. What INFO can ask of a live structure (connected clients, channels, tracked
//! keys) is not counted here.

/// How often something was done and how long it took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Durations {
    pub count: u64,
    pub sum_us: u64,
    pub max_us: u64,
    /// What `sum_us` leaves out.
    rest_ns: u64,
}

impl Durations {
    /// Counts one more, in nanoseconds: what is less than a microsecond is not lost, it waits for more.
    #[inline]
    pub fn add_ns(&mut self, duration_ns: u64) {
        self.count += 1;
        self.rest_ns += duration_ns;
        self.sum_us += self.rest_ns / 1000;
        self.rest_ns %= 1000;
        self.max_us = self.max_us.max(duration_ns / 1000);
    }
}

/// A state that lasts: how long in total, and since when if it lasts now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lasting {
    ended_us: u64,
    since_us: Option<u64>,
}

impl Lasting {
    /// It lasts from now on; nothing changes when it did already.
    pub fn begin(&mut self, now_us: u64) {
        self.since_us.get_or_insert(now_us);
    }

    pub fn end(&mut self, now_us: u64) {
        self.ended_us += self.current_us(now_us);
        self.since_us = None;
    }

    /// How long it has lasted this time; 0 when it does not last.
    pub fn current_us(&self, now_us: u64) -> u64 {
        self.since_us.map_or(0, |since_us| now_us.saturating_sub(since_us))
    }

    pub fn total_us(&self, now_us: u64) -> u64 {
        self.ended_us + self.current_us(now_us)
    }
}

/// Everything that CONFIG RESETSTAT sets back to zero.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    pub total_connections_received: u64,
    pub rejected_connections: u64,
    pub total_commands_processed: u64,
    /// Bytes from clients; INFO's total has those of the replication links in it.
    pub net_input_bytes: u64,
    pub net_output_bytes: u64,
    /// `total_net_repl_input_bytes`
    pub net_repl_input_bytes: u64,
    /// `total_net_repl_output_bytes`
    pub net_repl_output_bytes: u64,
    pub total_reads_processed: u64,
    pub total_writes_processed: u64,
    pub io_threaded_reads_processed: u64,
    pub io_threaded_writes_processed: u64,
    pub reply_buffer_shrinks: u64,
    pub reply_buffer_expands: u64,
    pub client_query_buffer_limit_disconnections: u64,
    pub client_output_buffer_limit_disconnections: u64,
    pub evicted_clients: u64,

    pub sync_full: u64,
    pub sync_partial_ok: u64,
    pub sync_partial_err: u64,

    /// 7.4: fields of hashes.
    pub expired_subkeys: u64,
    /// A fraction; INFO prints per cent. How many of the keys with a time to live are due and still there.
    pub expired_stale_perc: f64,
    pub expired_time_cap_reached_count: u64,
    /// `expire_cycle_cpu_milliseconds`
    pub expire_cycle_us: u64,
    pub evicted_scripts: u64,
    /// `total_` and `current_eviction_exceeded_time`, in milliseconds there
    pub eviction_exceeded: Lasting,

    pub latest_fork_usec: u64,
    /// Gigabytes a second of the latest fork, for LATENCY DOCTOR.
    pub latest_fork_rate_gb: f64,
    pub total_forks: u64,
    pub rdb_saves: u64,
    pub aof_rewrites: u64,
    pub aof_rewrites_consecutive_failures: u64,
    pub aof_delayed_fsync: u64,

    pub active_defrag_hits: u64,
    pub active_defrag_misses: u64,
    pub active_defrag_key_hits: u64,
    pub active_defrag_key_misses: u64,
    /// `total_` and `current_active_defrag_time`, in milliseconds there
    pub active_defrag: Lasting,

    pub unexpected_error_replies: u64,
    pub total_error_replies: u64,
    pub dump_payload_sanitizations: u64,

    /// `eventloop_cycles`, `eventloop_duration_sum`, `eventloop_duration_max`
    pub eventloop: Durations,
    /// `eventloop_duration_cmd_sum`
    pub eventloop_commands: Durations,
    /// `eventloop_duration_aof_sum`
    pub eventloop_aof: Durations,
    /// `eventloop_duration_cron_sum`
    pub eventloop_cron: Durations,
    pub eventloop_cmd_per_cycle_max: u64,
    pub stall: Stall,
}

/// The stall record: the longest the loop was away from its sockets, between two polls, with everything it did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stall {
    /// `stall_max_usec`
    pub max_wall_us: u64,
    /// `stall_max_cpu_usec`: the most processor time the loop's thread spent so. What the wall shows beyond it, the
    /// thread waited for a processor, a disk or a page.
    pub max_cpu_us: u64,
}

impl Stall {
    pub fn note(&mut self, wall_us: u64, cpu_us: u64) {
        self.max_wall_us = self.max_wall_us.max(wall_us);
        self.max_cpu_us = self.max_cpu_us.max(cpu_us);
    }
}

impl Counters {
    /// CONFIG RESETSTAT. What lasts at this moment goes on lasting, from now.
    pub fn reset(&mut self, now_us: u64) {
        let again = |lasting: &Lasting| Lasting { ended_us: 0, since_us: lasting.since_us.map(|_| now_us) };
        *self = Counters {
            eviction_exceeded: again(&self.eviction_exceeded),
            active_defrag: again(&self.active_defrag),
            ..Counters::default()
        };
    }

    pub fn total_net_input_bytes(&self) -> u64 {
        self.net_input_bytes + self.net_repl_input_bytes
    }

    pub fn total_net_output_bytes(&self) -> u64 {
        self.net_output_bytes + self.net_repl_output_bytes
    }
}

/// Counts that CONFIG RESETSTAT leaves alone.
#[derive(Debug, Clone, Default)]
pub struct Denials {
    /// `acl_access_denied_auth`
    pub auth: u64,
    /// `acl_access_denied_cmd`
    pub cmd: u64,
    /// `acl_access_denied_key`
    pub key: u64,
    /// `acl_access_denied_channel`
    pub channel: u64,
}

/// The highest a figure has been since the start; CONFIG RESETSTAT leaves it alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Peak(u64);

impl Peak {
    #[inline]
    pub fn note(&mut self, value: u64) {
        self.0 = self.0.max(value);
    }

    pub fn get(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lasting_states_add_up() {
        let mut lasting = Lasting::default();
        assert_eq!((lasting.current_us(50), lasting.total_us(50)), (0, 0));
        lasting.begin(100);
        lasting.begin(150);
        assert_eq!((lasting.current_us(160), lasting.total_us(160)), (60, 60));
        lasting.end(200);
        lasting.begin(1000);
        assert_eq!((lasting.current_us(1010), lasting.total_us(1010)), (10, 110));
    }

    #[test]
    fn reset_keeps_what_lasts() {
        let mut counters = Counters { evicted_clients: 5, net_input_bytes: 7, ..Counters::default() };
        counters.eviction_exceeded.begin(100);
        counters.eventloop.add_ns(33_000);
        counters.reset(400);
        assert_eq!((counters.evicted_clients, counters.total_net_input_bytes()), (0, 0));
        assert_eq!(counters.eventloop, Durations::default());
        assert_eq!(counters.eviction_exceeded.total_us(450), 50);
        assert_eq!(counters.active_defrag.total_us(450), 0);
    }

    #[test]
    fn durations_and_peaks() {
        let mut durations = Durations::default();
        [3_600, 9_000, 4_700].into_iter().for_each(|ns| durations.add_ns(ns));
        assert_eq!(durations, Durations { count: 3, sum_us: 17, max_us: 9, rest_ns: 300 });
        let mut peak = Peak::default();
        [5, 9, 7].into_iter().for_each(|value| peak.note(value));
        assert_eq!(peak.get(), 9);
    }
}
