//! Deleting keys when their time comes, in the order of their times and within a budget.

use super::space::{ExpiryMode, Keyspace};
use super::wheel::{Budget, Due};
use crate::ids::UnixMs;

impl Keyspace {
    /// When [`Keyspace::expire_due`] wants to be called next.
    pub fn next_due(&self) -> Option<UnixMs> {
        (self.expiry_mode == ExpiryMode::Active && self.active_expiry)
            .then(|| self.expiry.next_due())
            .flatten()
    }

    /// The records whose time has come, as far as the budget goes. Each is for [`Keyspace::fire`]; the list comes
    /// back by [`Keyspace::give_due`].
    pub fn take_due(&mut self, budget: &mut Budget) -> Vec<Due> {
        let mut due = std::mem::take(&mut self.due);
        if self.expiry_mode == ExpiryMode::Active && self.active_expiry {
            self.expiry.advance(self.now_ms, budget, &mut due);
        }
        due
    }

    /// Keeps the memory of a list for the next turn.
    pub fn give_due(&mut self, due: Vec<Due>) {
        self.due = due;
    }

    /// Follows a record of the expiry index: expires its key, arms it anew, or finds it stale. Says whether a key
    /// expired.
    pub fn fire(&mut self, record: &Due) -> bool {
        let db = record.db;
        let Some(entry) = self.db(db).dict.find_by_hash(record.hash, &self.hasher, |entry| {
            entry.expiry().is_some() && entry.generation() == record.generation
        }) else {
            return false;
        };
        if !self.is_due(entry) {
            let ms = entry.expiry().expect("the entry was chosen for having one");
            entry.set_generation(self.expiry.arm(db, record.hash, ms));
            return false;
        }
        // The key is copied: the entry goes before its event is told.
        let mut key = std::mem::take(&mut self.scratch);
        key.clear();
        key.extend_from_slice(entry.key());
        self.expire(db, &super::key::Key::with_hash(&key, record.hash));
        self.scratch = key;
        true
    }

    /// Drops stale records once they outnumber the live ones, a slice at a time; says whether there is more to do.
    pub fn sweep_expiry_index(&mut self, records: usize) -> bool {
        for db in 0..self.dbs.len() {
            if self.expiry.wants_rebuild(db as u16, self.dbs[db].volatile) {
                self.expiry.start_rebuild(db as u16);
            }
        }
        if !self.expiry.rebuilding() {
            return false;
        }
        let mut swept = std::mem::take(&mut self.due);
        let more = self.expiry.sweep(records, &mut swept);
        for record in swept.drain(..) {
            self.rearm(&record);
        }
        self.due = swept;
        more
    }

    fn rearm(&mut self, record: &Due) {
        let found = self.db(record.db).dict.find_by_hash(record.hash, &self.hasher, |entry| {
            entry.expiry().is_some() && entry.generation() == record.generation
        });
        if let Some(entry) = found {
            let ms = entry.expiry().expect("the entry was chosen for having one");
            entry.set_generation(self.expiry.arm(record.db, record.hash, ms));
        }
    }
}
