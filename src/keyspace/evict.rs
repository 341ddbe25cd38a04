//! Choosing keys to delete when memory runs out. Candidates are sampled, and the best of them are remembered from one
//! call to the next, so that few samples come close to the true order.

use super::access::{idle_seconds, lfu_decayed};
use super::effects::EventClass;
use super::entry::EntryRef;
use super::key::Key;
use super::space::Keyspace;
use crate::ids::DbIndex;

/// Candidates remembered.
const POOL: usize = 16;
/// Entries looked at in a row for keys with a time to live, before a call gives up for now.
const LOOK_AT: usize = 4096;

/// What a key is judged by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Longest unused first.
    Lru,
    /// Least often used first.
    Lfu,
    /// Nearest to its time first.
    Ttl,
    Random,
}

/// A policy: the order, and whether only keys with a time to live may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Policy {
    pub order: Order,
    pub volatile_only: bool,
    pub samples: usize,
}

struct Candidate {
    /// The higher, the sooner it goes.
    score: u64,
    db: DbIndex,
    key: Box<[u8]>,
}

/// What is remembered between calls.
#[derive(Default)]
pub struct Evictor {
    /// By score, the best last.
    pool: Vec<Candidate>,
    /// The database whose turn it is under the random policies.
    turn: usize,
    /// How far each database has been searched for keys with a time to live.
    hands: Vec<u64>,
}

impl Evictor {
    fn consider(&mut self, score: u64, db: DbIndex, key: &[u8]) {
        if self.pool.len() == POOL && self.pool.first().is_some_and(|worst| worst.score >= score) {
            return;
        }
        if self.pool.iter().any(|candidate| candidate.db == db && *candidate.key == *key) {
            return;
        }
        let at = self.pool.partition_point(|candidate| candidate.score < score);
        self.pool.insert(at, Candidate { score, db, key: key.into() });
        if self.pool.len() > POOL {
            self.pool.remove(0);
        }
    }
}

impl Keyspace {
    /// Deletes one key by the policy, with all that follows from it; false when there is none to delete.
    pub fn evict_one(&mut self, policy: Policy) -> bool {
        let mut evictor = std::mem::take(&mut self.evictor);
        let victim = match policy.order {
            Order::Random => self.random_victim(&mut evictor, policy),
            _ => self.best_victim(&mut evictor, policy),
        };
        self.evictor = evictor;
        let Some((db, key)) = victim else { return false };
        self.evict(db, &key);
        true
    }

    fn evict(&mut self, db: DbIndex, key: &[u8]) {
        let key = Key::new(key);
        self.effects.log(db, &[b"DEL", key.bytes]);
        self.unlink(db, &key);
        self.counters.evicted += 1;
        self.effects.notify(db, EventClass::EVICTED, "evicted", key.bytes);
        self.effects.touch(db, key.bytes);
    }

    fn score(&self, entry: EntryRef, order: Order) -> u64 {
        match order {
            Order::Lru => idle_seconds(entry.access(), self.access.lru_clock),
            Order::Lfu => {
                255 - u64::from(lfu_decayed(entry.access(), self.now_ms, self.access.lfu_decay_minutes))
            }
            Order::Ttl => u64::MAX - entry.expiry().unwrap_or(i64::MAX).max(0).unsigned_abs(),
            Order::Random => 0,
        }
    }

    /// Fills the pool from all databases until something in it is still there.
    fn best_victim(&mut self, evictor: &mut Evictor, policy: Policy) -> Option<(DbIndex, Box<[u8]>)> {
        for _ in 0..=self.dbs.len() + 8 {
            let mut any = false;
            for db in 0..self.dbs.len() as DbIndex {
                for entry in self.candidates(evictor, db, policy) {
                    any = true;
                    evictor.consider(self.score(entry, policy.order), db, entry.key());
                }
            }
            while let Some(best) = evictor.pool.pop() {
                let found = self.find_raw(best.db, &Key::new(&best.key));
                if found.is_some_and(|entry| !policy.volatile_only || entry.expiry().is_some()) {
                    return Some((best.db, best.key));
                }
            }
            if !any {
                return None;
            }
        }
        None
    }

    fn random_victim(&mut self, evictor: &mut Evictor, policy: Policy) -> Option<(DbIndex, Box<[u8]>)> {
        for _ in 0..self.dbs.len() {
            evictor.turn = (evictor.turn + 1) % self.dbs.len();
            let db = evictor.turn as DbIndex;
            let one = Policy { samples: 1, ..policy };
            if let Some(entry) = self.candidates(evictor, db, one).first() {
                return Some((db, entry.key().into()));
            }
        }
        None
    }

    /// A few keys of a database that the policy may delete.
    fn candidates(&mut self, evictor: &mut Evictor, db: DbIndex, policy: Policy) -> Vec<EntryRef> {
        let mut found = Vec::new();
        let keys = self.db(db).dict.len();
        if keys == 0 || (policy.volatile_only && self.db(db).volatile == 0) {
            return found;
        }
        let random = self.rng.next_u64();
        let dict = &self.db(db).dict;
        if !policy.volatile_only {
            if policy.samples == 1 {
                found.extend(dict.random(random));
            } else {
                dict.sample(random, policy.samples, |entry| found.push(entry));
            }
            return found;
        }
        // Where most keys have a time to live a sample finds some; where few do, the search goes on from where it
        // ended, so that each of them is met in turn.
        dict.sample(random, policy.samples * 2, |entry| {
            if entry.expiry().is_some() && found.len() < policy.samples {
                found.push(entry);
            }
        });
        if found.is_empty() {
            self.search(evictor, db, policy.samples, &mut found);
        }
        found
    }

    fn search(&self, evictor: &mut Evictor, db: DbIndex, wanted: usize, found: &mut Vec<EntryRef>) {
        let at = usize::from(db);
        if evictor.hands.len() <= at {
            evictor.hands.resize(at + 1, 0);
        }
        let dict = &self.db(db).dict;
        let mut looked = 0;
        let mut wrapped = false;
        while found.len() < wanted && looked < LOOK_AT {
            evictor.hands[at] = dict.scan(evictor.hands[at], 64, &self.hasher, |entry| {
                looked += 1;
                if entry.expiry().is_some() {
                    found.push(entry);
                }
            });
            if evictor.hands[at] == 0 {
                if wrapped {
                    return;
                }
                wrapped = true;
            }
        }
    }
}
