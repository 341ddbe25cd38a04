//! Making room when `maxmemory` is reached, and when keys' times come.

use super::machine::Engine;
use crate::config::EvictionPolicy;
use crate::keyspace::evict::{Order, Policy};
use crate::keyspace::wheel::Budget;
use crate::sys::clock;

impl Engine {
    /// Deletes keys whose time has come, within a budget; returns how many.
    pub fn expire_due(&mut self, budget: &mut Budget) -> usize {
        let mut expired = 0;
        self.current = None;
        while let Some(went) = budget.due.checked_sub(1).and_then(|_| self.keyspace.expire_own()) {
            budget.due -= 1;
            if went {
                expired += 1;
                self.settle();
            }
        }
        let mut due = self.keyspace.take_due(budget);
        if due.is_empty() {
            self.keyspace.give_due(due);
            return expired;
        }
        let began = clock::ticks();
        for record in due.drain(..) {
            if self.keyspace.fire(&record) {
                expired += 1;
                self.settle();
            }
        }
        self.keyspace.give_due(due);
        let took_us = clock::ticks_to_ns(clock::ticks().wrapping_sub(began)) / 1000;
        let counters = &mut self.stats.counters;
        counters.expire_cycle_us += took_us;
        counters.expired_time_cap_reached_count += u64::from(budget.due == 0 || budget.moves == 0);
        self.stats.note_latency(&self.config, "expire-cycle", took_us / 1000, self.clock.now_ms / 1000);
        expired
    }

    /// Evicts keys until the data fits `maxmemory`, for a bounded time; says whether a command that needs memory may
    /// run. What is left to do then is done by [`Engine::go_on_evicting`].
    pub(super) fn make_room(&mut self) -> bool {
        // Nothing changes while clients wait, and nothing goes before all is there.
        if self.server.loading || self.pause.is_active(self.clock.now_ms) {
            return true;
        }
        if self.fits() {
            self.evicting = false;
            self.stats.counters.eviction_exceeded.end(self.clock.monotonic_us);
            return true;
        }
        self.stats.counters.eviction_exceeded.begin(self.clock.monotonic_us);
        if self.pause.until_ms != 0 && self.pause.is_active(self.clock.now_ms) {
            return true;
        }
        let Some(policy) = self.policy() else {
            // Nothing may go, so there is nothing to go on with.
            self.evicting = false;
            return false;
        };
        let limit_us = self.eviction_limit_us();
        let start_us = clock::monotonic_us();
        let mut evicted = 0u64;
        while !self.fits() {
            // A database that was thrown away goes before keys that are wanted.
            if self.keyspace.has_trash() {
                self.keyspace.free_slice(1);
                if clock::monotonic_us() - start_us > limit_us {
                    self.evicting = true;
                    return true;
                }
                continue;
            }
            if !self.keyspace.evict_one(policy) {
                // What was thrown away and is not freed yet will make the room.
                self.evicting = false;
                return self.keyspace.pending_frees() > 0;
            }
            if self.depth == 0 {
                self.settle();
            }
            evicted += 1;
            if evicted.is_multiple_of(16) && clock::monotonic_us() - start_us > limit_us {
                self.evicting = true;
                return true;
            }
        }
        let took_ms = (clock::monotonic_us() - start_us) / 1000;
        self.stats.note_latency(&self.config, "eviction-cycle", took_ms, self.clock.now_ms / 1000);
        self.evicting = false;
        self.stats.counters.eviction_exceeded.end(self.clock.monotonic_us);
        true
    }

    /// Goes on with an eviction that was cut short by its time limit; says whether there is more to do.
    pub fn go_on_evicting(&mut self) -> bool {
        if self.server.loading || self.pause.is_active(self.clock.now_ms) {
            return false;
        }
        if self.evicting {
            self.current = None;
            self.make_room();
        }
        self.evicting
    }

    #[inline]
    fn fits(&self) -> bool {
        self.config.maxmemory == 0
            || self.used_memory() as u64 <= self.config.maxmemory
            || self.will_be_used() as u64 <= self.config.maxmemory
    }

    /// Memory in use once the helper thread has freed what it was given: no key need go for that.
    #[cold]
    fn will_be_used(&self) -> usize {
        self.used_memory()
            .saturating_sub(self.keyspace.discarded_bytes())
            .saturating_sub(self.host.pending_free_bytes())
    }

    /// `None` when nothing may be evicted.
    fn policy(&self) -> Option<Policy> {
        use EvictionPolicy::*;
        if self.config.import_mode {
            return None;
        }
        let (order, volatile_only) = match self.config.maxmemory_policy {
            NoEviction => return None,
            AllkeysLru => (Order::Lru, false),
            AllkeysLfu => (Order::Lfu, false),
            AllkeysRandom => (Order::Random, false),
            VolatileLru => (Order::Lru, true),
            VolatileLfu => (Order::Lfu, true),
            VolatileRandom => (Order::Random, true),
            VolatileTtl => (Order::Ttl, true),
        };
        Some(Policy { order, volatile_only, samples: self.config.maxmemory_samples as usize })
    }

    /// How long one command may wait for room, by `maxmemory-eviction-tenacity`: 50 us a step up to 10, then 15 % more
    /// a step, and no limit at 100.
    fn eviction_limit_us(&self) -> u64 {
        match self.config.maxmemory_eviction_tenacity {
            steps @ 0..=10 => 50 * u64::from(steps),
            steps @ 11..=99 => (500.0 * 1.15f64.powi(steps as i32 - 10)) as u64,
            _ => u64::MAX,
        }
    }
}
