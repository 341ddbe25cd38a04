//! Duties by the clock: expiry, time limits, freeing, statistics. Each has a budget, so that none of them is felt.

use super::batch::note_query;
use super::turn::Loop;
use crate::engine::Engine;
use crate::keyspace::wheel::Budget;
use crate::sys::clock::{ticks, ticks_to_ns};
use std::time::Duration;

/// Clients looked after in a run of the cron, at least.
const CLIENTS_PER_RUN: usize = 5;
/// A connection that was silent for so long gives its unused query buffer back.
const QUERY_IDLE_MS: i64 = 3000;

/// When the periodic duties are due.
#[derive(Default)]
pub struct Cron {
    next_us: u64,
    /// The place of the client that was looked after last.
    client: usize,
    /// When the rates are sampled next.
    next_rates_us: u64,
    pub runs: u64,
    /// Something is left to free or to tidy: the loop does not sleep.
    busy: bool,
    /// Table segments to look after until the next tick.
    segments: usize,
    /// Stale records are being swept out of the expiry index.
    sweeping: bool,
}

/// Table segments looked after between two ticks, so that a table that will not shrink costs little, and in a turn.
const SEGMENTS: usize = 256;
const SEGMENTS_A_TURN: usize = 4;
/// Records of the expiry index swept in a turn.
const RECORDS_A_TURN: usize = 256;
/// Pages that a purge gives back in a turn.
const PAGES_A_TURN: usize = 64;
/// Chunks of 2 MB given back at a tick by the slab and by the tables.
const CHUNKS: usize = 64;
/// How much of a moving average one more figure replaces.
const WEIGHT: f64 = 0.05;

impl Cron {
    /// How long the loop may sleep.
    pub fn until_due(&self, engine: &Engine) -> Duration {
        if self.busy || !engine.walks.is_empty() {
            return Duration::ZERO;
        }
        let mut wait_us = self.next_us.saturating_sub(engine.clock.monotonic_us);
        let mut by_ms = |ms: i64| {
            let us = (ms - engine.clock.now_ms).max(0).unsigned_abs() * 1000;
            wait_us = wait_us.min(us);
        };
        engine.keyspace.next_due().into_iter().for_each(&mut by_ms);
        if engine.pause.until_ms != 0 {
            by_ms(engine.pause.until_ms);
        }
        engine.blocking.next_deadline().into_iter().for_each(&mut by_ms);
        Duration::from_micros(wait_us)
    }
}

impl Loop {
    /// What every turn does beside its clients.
    pub(super) fn duties(&mut self) {
        let mut budget = Budget::TURN;
        self.engine.expire_due(&mut budget);
        self.engine.time_out_blocked();
        self.walk();
        self.resume();
        let evicting = self.engine.go_on_evicting();
        let freeing = self.engine.keyspace.free_slice(4);
        // A table that is filled is not looked at for room to give back.
        let loading = self.engine.server.loading;
        self.cron.busy = (!loading && self.tidy()) || freeing || evicting;
        if self.engine.keyspace.has_discarded() {
            self.helper.free(self.engine.keyspace.take_discarded());
        }
        if self.engine.clock.monotonic_us >= self.cron.next_us {
            let hz = u64::from(self.engine.config.hz.max(1));
            self.cron.next_us = self.engine.clock.monotonic_us + 1_000_000 / hz;
            self.cron.runs += 1;
            if !self.engine.cron_paused {
                self.sample();
                self.tend_clients(hz);
                if !loading {
                    self.look_around();
                    self.engine.tend_saves();
                }
                self.engine.links.close_idle(self.engine.clock.monotonic_us);
            }
        }
    }

    /// Looks after some clients, in turn: each once a second, whatever `hz` is.
    fn tend_clients(&mut self, hz: u64) {
        let places = self.engine.clients.places();
        let share = places.div_ceil(hz as usize).max(CLIENTS_PER_RUN).min(places);
        let idle_before_ms = self.engine.clock.now_ms - QUERY_IDLE_MS;
        for _ in 0..share {
            self.cron.client = (self.cron.client + 1) % places;
            let Some(id) = self.engine.clients.at_place(self.cron.client) else { continue };
            if let Some(connection) = self.connections.get_mut(id) {
                let client = self.engine.client(id);
                connection.fit(client.last_active_ms < idle_before_ms, &mut self.chunks);
                note_query(client, connection);
            }
            self.engine.tend_client(id);
        }
    }

    /// A slice of what the last tick found to tidy; says whether there is more.
    fn tidy(&mut self) -> bool {
        let (cron, space) = (&mut self.cron, &mut self.engine.keyspace);
        if cron.segments > 0 {
            let found = space.maintain(SEGMENTS_A_TURN);
            cron.segments = if found { cron.segments - SEGMENTS_A_TURN } else { 0 };
        }
        cron.sweeping = cron.sweeping && space.sweep_expiry_index(RECORDS_A_TURN);
        let purging = space.purge_some(PAGES_A_TURN);
        cron.segments > 0 || cron.sweeping || purging
    }

    /// Looks for what there is to tidy.
    fn look_around(&mut self) {
        (self.cron.segments, self.cron.sweeping) = (SEGMENTS, true);
        let space = &mut self.engine.keyspace;
        let chunks = space.take_free_chunks(CHUNKS);
        let seen = space.sample_ttls();
        let share = if seen.keys == 0 { 0.0 } else { seen.due as f64 / seen.keys as f64 };
        let stale = &mut self.engine.stats.counters.expired_stale_perc;
        *stale += (share - *stale) * WEIGHT;
        if !chunks.is_empty() {
            self.helper.unmap(chunks);
        }
    }

    /// Takes walks over all keys on, for a moment.
    fn walk(&mut self) {
        /// What a turn has for them.
        const SHARE_NS: u64 = 200_000;
        let began = ticks();
        while !self.engine.walks.is_empty() && ticks_to_ns(ticks().wrapping_sub(began)) < SHARE_NS {
            self.engine.step_walk();
            if self.engine.server.loading {
                return;
            }
        }
    }

    /// Figures that are looked at now and then.
    fn sample(&mut self) {
        /// Between two samples of the rates, however high `hz` is.
        const RATES_US: u64 = 100_000;
        let now_us = self.engine.clock.monotonic_us;
        let used = self.engine.used_memory() as u64;
        self.engine.stats.peak_memory.note(used);
        self.engine.keyspace.forget_growth();
        if !self.engine.config.disable_thp {
            self.engine.keyspace.prefer_huge_pages();
        }
        if now_us >= self.cron.next_rates_us {
            self.cron.next_rates_us = now_us + RATES_US;
            let stats = &mut self.engine.stats;
            stats.rates.sample(&stats.counters, now_us);
        }
    }

    /// Lets clients go on that waited.
    fn resume(&mut self) {
        for id in std::mem::take(&mut self.engine.resumed) {
            self.enqueue(id);
        }
        let pause = self.engine.pause;
        if pause.until_ms != 0 && !pause.is_active(self.engine.clock.now_ms) {
            self.engine.unpause_clients();
        }
        if !self.postponed.is_empty() && self.engine.pause.until_ms == 0 {
            for id in std::mem::take(&mut self.postponed) {
                if let Some(client) = self.engine.clients.get_mut(id) {
                    client.postponed = false;
                    self.enqueue(id);
                }
            }
        }
    }
}
