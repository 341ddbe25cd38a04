//! Deleting keys, and fields of hashes, when their time comes, in the order of their times and within a budget.

use super::effects::EventClass;
use super::entry::EntryRef;
use super::key::Key;
use super::space::{ExpiryMode, Keyspace};
use super::value::Object;
use super::wheel::{Budget, Due};
use crate::ids::{DbIndex, UnixMs};

/// Fields that are deleted before others get their turn, each some 0.3 us.
const FIELDS_AT_ONCE: usize = 128;

impl Keyspace {
    /// When [`Keyspace::expire_due`] wants to be called next.
    pub fn next_due(&self) -> Option<UnixMs> {
        match self.expiry_mode {
            _ if !self.active_expiry => None,
            ExpiryMode::Active => self.expiry.next_due(),
            ExpiryMode::OwnOnly => self.own_times.next_due(),
            ExpiryMode::HiddenOnly | ExpiryMode::Ignored => None,
        }
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

    /// Follows a record of the expiry index: expires its key or fields of it, arms it anew, or finds it stale. Says
    /// whether anything expired.
    pub fn fire(&mut self, record: &Due) -> bool {
        let db = record.db;
        let Some(entry) = self.find_armed(record) else { return false };
        let part_due = entry.part_due().is_some_and(|ms| ms < self.now_ms);
        if !self.is_due(entry) && !part_due {
            self.rearm(record, entry);
            return false;
        }
        // The key is copied: the entry may go before its event is told.
        let mut name = std::mem::take(&mut self.scratch);
        name.clear();
        name.extend_from_slice(entry.key());
        let key = Key::with_hash(&name, record.hash);
        if self.is_due(entry) {
            self.expire(db, &key);
        } else {
            self.expire_fields(db, &key, entry);
        }
        self.scratch = name;
        true
    }

    /// Deletes the fields of a hash whose time has come, some of them if they are many, with all that follows from
    /// it; the key goes with the last. What is left is armed anew.
    fn expire_fields(&mut self, db: DbIndex, key: &Key<'_>, entry: EntryRef) {
        let Some(Object::Hash(hash)) = entry.object_mut() else { return };
        let logged = self.effects.wants_log;
        let mut names: Vec<Vec<u8>> = Vec::new();
        let count = hash.expire(self.now_ms, FIELDS_AT_ONCE, |field| {
            if logged {
                names.push(field.to_vec());
            }
        });
        let (left, empty) = (hash.next_due(), hash.is_empty());
        self.recount_parts(db, true, left.is_some());
        self.counters.expired_fields += count as u64;
        if logged {
            let mut command: Vec<&[u8]> = vec![b"HDEL", key.bytes];
            command.extend(names.iter().map(Vec::as_slice));
            self.effects.log(db, &command);
        }
        self.effects.notify(db, EventClass::HASH, "hexpired", key.bytes);
        self.effects.touch(db, key.bytes);
        if empty {
            self.unlink(db, key);
            self.effects.notify(db, EventClass::GENERIC, "del", key.bytes);
        } else if let Some(ms) = entry.deadline() {
            entry.set_generation(self.expiry.arm(db, key.hash(&self.hasher), ms));
        }
    }

    /// Drops stale records once they outnumber the live ones, a slice at a time; says whether there is more to do.
    pub fn sweep_expiry_index(&mut self, records: usize) -> bool {
        for db in 0..self.dbs.len() {
            // A hash with a time of its own and with fields that have one is armed once; so this is an upper bound.
            let live = self.dbs[db].volatile + self.dbs[db].with_parts;
            if self.expiry.wants_rebuild(db as u16, live) {
                self.expiry.start_rebuild(db as u16);
            }
        }
        if !self.expiry.rebuilding() {
            return false;
        }
        let mut swept = std::mem::take(&mut self.due);
        let more = self.expiry.sweep(records, &mut swept);
        for record in swept.drain(..) {
            if let Some(entry) = self.find_armed(&record) {
                self.rearm(&record, entry);
            }
        }
        self.due = swept;
        more
    }

    fn rearm(&mut self, record: &Due, entry: EntryRef) {
        if let Some(ms) = entry.deadline() {
            entry.set_generation(self.expiry.arm(record.db, record.hash, ms));
        }
    }

    /// The entry that a record is about, unless the record is stale.
    fn find_armed(&self, record: &Due) -> Option<EntryRef> {
        self.db(record.db).dict.find_by_hash(record.hash, &self.hasher, |entry| {
            entry.generation() == record.generation && entry.deadline().is_some()
        })
    }
}
