//! What databases need now and then: tables that shrink after deletions, memory given back, an idea of the usual time
//! to live. It knows no clock: the server calls each within a budget.

use super::space::Keyspace;
use crate::ids::DbIndex;
use crate::sys::pages::Chunk;
use crate::table::granules;

/// Entries with a time to live that make a sample.
const SAMPLE: usize = 16;
/// Entries looked at for them.
const LOOK_AT: usize = 64;
/// How much of a moving average one more sample replaces.
const WEIGHT: f64 = 0.02;

/// Where the duties go on.
#[derive(Default)]
pub struct Upkeep {
    /// The database whose table was looked after last.
    db: usize,
    /// How far each database has been searched for keys with a time to live.
    hands: Vec<u64>,
    /// Pages without entries are given back one by one.
    purging: bool,
}

/// What a look at some keys with a time to live found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TtlSample {
    pub keys: usize,
    /// Keys whose time has come, and that are still there.
    pub due: usize,
    /// The remaining times of the others, in ms.
    sum_ms: i64,
}

impl TtlSample {
    fn add(&mut self, expiry_ms: i64, now_ms: i64) {
        self.keys += 1;
        match expiry_ms.saturating_sub(now_ms) {
            left @ 1.. => self.sum_ms = self.sum_ms.saturating_add(left),
            _ => self.due += 1,
        }
    }

    fn average_ms(&self) -> Option<i64> {
        let living = self.keys - self.due;
        (living > 0).then(|| self.sum_ms / living as i64)
    }
}

impl Keyspace {
    /// Looks after up to `steps` segments of a database that is sparse, each at most some 20 us; the databases take
    /// turns. Says whether it found one: there may be more to do then.
    pub fn maintain(&mut self, steps: usize) -> bool {
        for _ in 0..self.dbs.len() {
            self.upkeep.db = (self.upkeep.db + 1) % self.dbs.len();
            let dict = &mut self.dbs[self.upkeep.db].dict;
            if dict.is_sparse() {
                dict.maintain(steps);
                return true;
            }
        }
        false
    }

    /// MEMORY PURGE: from now on [`Keyspace::purge_some`] has work.
    pub fn purge(&mut self) {
        self.upkeep.purging = true;
    }

    /// Gives up to `pages` pages that hold no entry back to the system, some 2 us each, if a purge was asked for. Says
    /// whether there may be more.
    pub fn purge_some(&mut self, pages: usize) -> bool {
        self.upkeep.purging = self.upkeep.purging && self.slab.trim(pages) > 0;
        self.upkeep.purging
    }

    /// Takes up to `max` chunks of memory each out of the slab and the tables' store that nothing uses. The caller
    /// drops them on a thread that may pause.
    pub fn take_free_chunks(&mut self, max: usize) -> Vec<Chunk> {
        let mut chunks = self.slab.take_free_chunks(max);
        chunks.extend(granules::take_free_chunks(max));
        chunks
    }

    /// Looks at a few keys with a time to live in every database, and lets each database's average follow. Returns
    /// what it saw of all.
    pub fn sample_ttls(&mut self) -> TtlSample {
        let mut all = TtlSample::default();
        self.upkeep.hands.resize(self.dbs.len(), 0);
        for db in 0..self.dbs.len() {
            if self.dbs[db].volatile == 0 {
                self.dbs[db].avg_ttl_ms = 0;
                continue;
            }
            let seen = self.sample_ttls_of(db as DbIndex);
            if let Some(now_ms) = seen.average_ms() {
                let average = &mut self.dbs[db].avg_ttl_ms;
                let drift = (now_ms as f64 - *average as f64) * WEIGHT;
                *average = if *average == 0 { now_ms } else { *average + drift as i64 };
            }
            all.keys += seen.keys;
            all.due += seen.due;
            all.sum_ms = all.sum_ms.saturating_add(seen.sum_ms);
        }
        all
    }

    fn sample_ttls_of(&mut self, db: DbIndex) -> TtlSample {
        let mut seen = TtlSample::default();
        let random = self.rng.next_u64();
        let dict = &self.dbs[usize::from(db)].dict;
        let now_ms = self.now_ms;
        dict.sample(random, LOOK_AT, |entry| {
            if let Some(ms) = entry.expiry().filter(|_| seen.keys < SAMPLE) {
                seen.add(ms, now_ms);
            }
        });
        if seen.keys == 0 {
            // Few have one: the search goes on from where it ended, so that they are met at last.
            let hand = &mut self.upkeep.hands[usize::from(db)];
            *hand = dict.scan(*hand, LOOK_AT, &self.hasher, |entry| {
                if let Some(ms) = entry.expiry() {
                    seen.add(ms, now_ms);
                }
            });
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::{Keys, Ttl};
    use crate::sys::entropy::Rng;
    use crate::table::Hasher;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn keyspace() -> Keyspace {
        Keyspace::new(2, Hasher::new(1, 2), Rng::with_seed(3), NOW_MS)
    }

    fn fill(space: &mut Keyspace, db: DbIndex, count: usize, ttl: Ttl) {
        let mut keys = Keys::new(space, db);
        for n in 0..count {
            keys.set_str(&format!("key:{n}").into_bytes()[..], b"value", ttl);
        }
    }

    #[test]
    fn tables_shrink_after_deletions() {
        let mut space = keyspace();
        fill(&mut space, 1, 20_000, Ttl::Clear);
        assert!(!space.maintain(1), "a table that only grew is not sparse");
        let full = space.table_bytes(1)[0];
        let mut keys = Keys::new(&mut space, 1);
        for n in 100..20_000 {
            assert!(keys.delete(&format!("key:{n}").into_bytes()[..]));
        }
        assert_eq!(space.table_bytes(1)[0], full, "deleting moves nothing");
        let calls = (0..10_000).take_while(|_| space.maintain(4)).count();
        assert!(calls < 10_000, "it comes to an end");
        assert!(space.table_bytes(1)[0] * 20 < full, "{} of {full}", space.table_bytes(1)[0]);
        let keys = Keys::new(&mut space, 1);
        assert!((0..100).all(|n| keys.peek(&format!("key:{n}").into_bytes()[..]).is_some()));
    }

    #[test]
    fn the_average_time_to_live_follows_the_keys() {
        let mut space = keyspace();
        fill(&mut space, 0, 500, Ttl::At(NOW_MS + 10_000));
        assert_eq!(space.sample_ttls(), TtlSample { keys: SAMPLE, due: 0, sum_ms: 10_000 * SAMPLE as i64 });
        assert_eq!((space.avg_ttl_ms(0), space.avg_ttl_ms(1)), (10_000, 0));
        space.now_ms += 5000;
        space.sample_ttls();
        assert_eq!(space.avg_ttl_ms(0), 9900, "a fiftieth of the way to 5000");
        space.now_ms += 5001;
        let seen = space.sample_ttls();
        assert_eq!((seen.keys, seen.due), (SAMPLE, SAMPLE));
        assert_eq!(space.avg_ttl_ms(0), 9900, "keys that are due say nothing");
        space.flush(0);
        assert_eq!(space.sample_ttls(), TtlSample::default());
        assert_eq!(space.avg_ttl_ms(0), 0);
    }

    #[test]
    fn few_keys_with_a_time_among_many_are_found_at_last() {
        let mut space = keyspace();
        fill(&mut space, 0, 5000, Ttl::Clear);
        Keys::new(&mut space, 0).set_str(&b"one"[..], b"value", Ttl::At(NOW_MS + 700));
        let looks = (0..1000).take_while(|_| space.sample_ttls().keys == 0).count();
        assert!(looks < 1000);
        assert_eq!(space.avg_ttl_ms(0), 700);
    }
}
