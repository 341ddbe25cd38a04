//! What the machine counts and remembers of what it did, for INFO, SLOWLOG, LATENCY and MONITOR.

use super::args::Args;
use super::machine::Engine;
use super::spec::Flags;
use super::table::CommandId;
use crate::config::Config;
use crate::ids::ClientId;
use crate::stats::commands::Commands;
use crate::stats::counters::{Counters, Denials, Peak};
use crate::stats::errors::{Errors, code_of};
use crate::stats::instant::Rates;
use crate::stats::latency::Monitor;
use crate::stats::slowlog::{Record, SlowLog, wanted};
use crate::util::quote::write_quoted;

/// All counters and records.
#[derive(Debug, Default)]
pub struct Meters {
    pub counters: Counters,
    pub denials: Denials,
    pub errors: Errors,
    pub commands: Commands,
    pub rates: Rates,
    pub latency: Monitor,
    pub slowlog: SlowLog,
    pub peak_memory: Peak,
    /// Nanoseconds that commands of the running turn took.
    pub turn_command_ns: u64,
}

impl Meters {
    pub fn new(commands: usize) -> Self {
        Meters { commands: Commands::new(commands), ..Meters::default() }
    }

    /// Whether a command of this duration is to be remembered by slow log or latency monitor.
    #[inline]
    pub fn wants_duration(&self, config: &Config, usec: u64) -> bool {
        wanted(usec as i64, config.slowlog_log_slower_than, config.slowlog_max_len)
            || reaches(config, usec / 1000)
    }

    /// Notes how long something took, if the latency monitor is to know of it.
    pub fn note_latency(&mut self, config: &Config, event: &'static str, ms: u64, now_s: i64) {
        if reaches(config, ms) {
            self.latency.add(event, ms, now_s);
        }
    }
}

fn reaches(config: &Config, ms: u64) -> bool {
    config.latency_monitor_threshold > 0 && ms >= config.latency_monitor_threshold
}

impl Engine {
    /// Remembers a command that took long.
    #[cold]
    pub(super) fn note_duration(&mut self, id: ClientId, command: CommandId, args: &Args<'_>, usec: u64) {
        let spec = self.commands.get(command).spec;
        let now_s = self.clock.now_ms / 1000;
        let event = if spec.flags.has(Flags::FAST) { "fast-command" } else { "command" };
        self.stats.note_latency(&self.config, event, usec / 1000, now_s);
        let threshold = self.config.slowlog_log_slower_than;
        if spec.flags.has(Flags::SKIP_SLOWLOG) || !wanted(usec as i64, threshold, self.config.slowlog_max_len)
        {
            return;
        }
        let (addr, name) = match self.clients.get(id) {
            Some(client) => (client.addr.as_bytes(), client.session.name.as_slice()),
            None => (&b""[..], &b""[..]),
        };
        let record = Record { time_s: now_s, value: usec as i64, addr, name };
        let shown = self.commands.shown(command, args);
        self.stats.slowlog.record(record, shown.iter().copied(), self.config.slowlog_max_len);
    }

    /// Counts an error reply by its code.
    pub(super) fn count_error(&mut self, text: &str) {
        self.stats.counters.total_error_replies += 1;
        self.stats.errors.record(code_of(text.as_bytes()), false);
    }

    /// Tells the MONITOR clients of a command.
    #[cold]
    pub(super) fn feed_monitors(&mut self, id: ClientId, command: CommandId, args: &Args<'_>) {
        let Some(client) = self.clients.get(id) else { return };
        let us = self.clock.now_us;
        let mut line = format!(
            "{}.{:06} [{} {}]",
            us / 1_000_000,
            us % 1_000_000,
            client.session.db,
            if client.unix_socket {
                format!("unix:{}", client.addr.trim_end_matches(":0"))
            } else {
                client.addr.clone()
            }
        )
        .into_bytes();
        for arg in self.commands.shown(command, args) {
            line.push(b' ');
            write_quoted(&mut line, arg);
        }
        for monitor in self.monitors.clone() {
            self.reply(monitor).simple(&line);
            self.note_output(monitor);
        }
    }
}
