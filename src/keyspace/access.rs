//! Marks that accesses leave in entries: 24 bits of LRU clock, or an LFU counter with the minute it was last touched.

use super::entry::EntryRef;
use super::space::{AccessPolicy, Keyspace};
use crate::ids::UnixMs;

/// The counter a new key starts with, so that it is not evicted before it had a chance.
pub const LFU_INIT: u32 = 5;

/// The LRU clock of a moment: seconds, 24 bits.
pub fn lru_clock(now_ms: UnixMs) -> u32 {
    ((now_ms / 1000) & 0xff_ffff) as u32
}

/// Minutes since the epoch, 16 bits.
pub fn lfu_minutes(now_ms: UnixMs) -> u32 {
    ((now_ms / 60_000) & 0xffff) as u32
}

/// The mark of a new key under LFU.
pub fn lfu_fresh(now_ms: UnixMs) -> u32 {
    lfu_minutes(now_ms) << 8 | LFU_INIT
}

/// The counter after the time that passed since its last touch, one step every `decay_minutes`.
pub fn lfu_decayed(access: u32, now_ms: UnixMs, decay_minutes: u32) -> u32 {
    let counter = access & 0xff;
    if decay_minutes == 0 {
        return counter;
    }
    let elapsed = lfu_minutes(now_ms).wrapping_sub(access >> 8) & 0xffff;
    counter.saturating_sub(elapsed / decay_minutes)
}

/// The counter after one more access: the higher it is, the rarer it grows. `chance` is uniform in [0, 1).
pub fn lfu_grown(counter: u32, log_factor: u32, chance: f64) -> u32 {
    if counter >= 255 {
        return 255;
    }
    let base = f64::from(counter.saturating_sub(LFU_INIT));
    if chance < 1.0 / (base * f64::from(log_factor) + 1.0) { counter + 1 } else { counter }
}

/// Marks an access on an entry.
#[inline]
pub(super) fn mark(space: &mut Keyspace, entry: EntryRef) {
    match space.access.policy {
        AccessPolicy::Lru => entry.set_access(space.access.lru_clock),
        AccessPolicy::Lfu => {
            let counter = lfu_decayed(entry.access(), space.now_ms, space.access.lfu_decay_minutes);
            let grown = lfu_grown(counter, space.access.lfu_log_factor, space.rng.unit_f64());
            entry.set_access(lfu_minutes(space.now_ms) << 8 | grown);
        }
    }
}

/// Seconds since the last access, of an LRU mark.
pub fn idle_seconds(access: u32, now_clock: u32) -> u64 {
    u64::from(now_clock.wrapping_sub(access) & 0xff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_time_survives_the_clock_wrapping_around() {
        assert_eq!(idle_seconds(0xff_fffe, 1), 3);
        assert_eq!(idle_seconds(10, 10), 0);
    }

    #[test]
    fn counters_decay_by_elapsed_minutes() {
        let then = 60_000 * 100;
        let access = lfu_minutes(then) << 8 | 50;
        assert_eq!(lfu_decayed(access, then + 60_000 * 7, 1), 43);
        assert_eq!(lfu_decayed(access, then + 60_000 * 7, 2), 47);
        assert_eq!(lfu_decayed(access, then + 60_000 * 700, 1), 0);
        assert_eq!(lfu_decayed(access, then + 60_000 * 7, 0), 50);
    }

    #[test]
    fn counters_grow_ever_more_rarely() {
        assert_eq!(lfu_grown(5, 10, 0.99), 6);
        assert_eq!(lfu_grown(15, 10, 0.5), 15);
        assert_eq!(lfu_grown(15, 10, 0.001), 16);
        assert_eq!(lfu_grown(255, 10, 0.0), 255);
    }
}
