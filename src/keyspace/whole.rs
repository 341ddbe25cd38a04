//! Operations on keys whole: renaming, copying, moving, finding by chance or by cursor. They know no type.

use super::dict::Dict;
use super::entry::{EntryRef, Meta, NewValue, Stored};
use super::key::Key;
use super::keys::Keys;
use super::value::Kind;
use crate::ids::DbIndex;

impl Keys<'_> {
    /// Gives a key's value and time to live to another name, in place of whatever that held. The caller saw that the
    /// key is there.
    pub fn rename(&mut self, from: &[u8], to: &[u8]) {
        let db = self.db;
        self.carry(db, from, to);
    }

    /// Moves a key to another database. The caller saw that the key is there, and not there.
    pub fn move_to(&mut self, db: DbIndex, key: &[u8]) {
        self.carry(db, key, key);
    }

    /// Takes an entry from one place to another without touching what it holds.
    fn carry(&mut self, to_db: DbIndex, from: &[u8], to: &[u8]) {
        let from = Key::new(from);
        let space = &mut *self.space;
        let hash = from.hash(&space.hasher);
        let Some(old) = space.db_mut(self.db).dict.remove(hash, from.bytes) else { return };
        if old.expiry().is_some() {
            space.db_mut(self.db).volatile -= 1;
        }
        space.recount_parts(self.db, old.part_due().is_some(), false);
        space.effects.touch(self.db, from.bytes);
        let mut target = Keys { space: self.space, db: to_db, no_touch: self.no_touch };
        target.place(to, old);
    }

    /// Puts an entry that is in no table under a name, with a record of its own in the expiry index.
    fn place(&mut self, name: &[u8], entry: EntryRef) {
        let key = Key::new(name);
        let space = &mut *self.space;
        space.unlink(self.db, &key);
        let mut meta = entry.meta();
        let hash = key.hash(&space.hasher);
        if let Some(ms) = entry.deadline() {
            meta.generation = space.expiry.arm(self.db, hash, ms);
        }
        if let Some(ms) = meta.expiry {
            space.note_own_time(self.db, name, ms);
        }
        let entry = entry.rebuild(&mut space.slab, name, meta);
        let hasher = space.hasher;
        let db = space.db_mut(self.db);
        db.dict.insert(hash, entry, &hasher);
        if meta.expiry.is_some() {
            db.volatile += 1;
        }
        space.recount_parts(self.db, false, entry.part_due().is_some());
        space.effects.touch(self.db, name);
        space.effects.notify(self.db, super::EventClass::NEW, "new", name);
    }

    /// Copies a key's value and time to live to a name in a database, in place of whatever that held. Says whether
    /// the key is there. O(size of the value).
    pub fn copy_to(&mut self, to_db: DbIndex, from: &[u8], to: &[u8]) -> bool {
        let Some(source) = self.space.find(self.db, &Key::new(from)) else { return false };
        let view = source.view();
        let value = match view.stored() {
            Stored::Int(n) => NewValue::Int(n),
            Stored::Inline(bytes) => NewValue::Inline(bytes, view.variant()),
            Stored::Heap(object) => NewValue::Heap(Box::new(object.duplicate(self.space.hasher))),
        };
        let meta = Meta { expiry: view.expiry(), ..self.space.fresh_meta() };
        let entry = EntryRef::new(&mut self.space.slab, to, view.kind(), value, meta);
        let mut target = Keys { space: self.space, db: to_db, no_touch: self.no_touch };
        target.place(to, entry);
        true
    }

    /// A key chosen by chance, each with the same. Keys whose time has come are deleted on the way, so that they are
    /// not chosen.
    pub fn random_key(&mut self) -> Option<Vec<u8>> {
        /// How many due keys in a row make it give up looking for a living one, when it may not delete them.
        const PATIENCE: usize = 100;
        for turn in 0.. {
            let random = self.space.rng.next_u64();
            let entry = self.space.db(self.db).dict.random(random)?;
            let key = entry.key().to_vec();
            if !self.space.is_due(entry) || (turn >= PATIENCE && !self.expires_actively()) {
                return Some(key);
            }
            self.expire_due(&key[..]);
        }
        None
    }

    /// Tells `f` the living keys that follow a cursor, of those that `wants` lets through; returns the next cursor.
    /// Keys let through whose time has come are deleted.
    pub fn scan(
        &mut self,
        cursor: u64,
        count: usize,
        wants: impl Fn(&[u8], Kind) -> bool,
        mut f: impl FnMut(&[u8]),
    ) -> u64 {
        let mut due: Vec<Vec<u8>> = Vec::new();
        let space = &*self.space;
        let dict: &Dict = &space.db(self.db).dict;
        let next = dict.scan(cursor, count, &space.hasher, |entry| {
            let key = entry.key();
            if !wants(key, entry.kind()) {
                return;
            }
            if space.is_due(entry) {
                due.push(key.to_vec());
            } else {
                f(key);
            }
        });
        for key in due {
            self.expire_due(&key[..]);
        }
        next
    }

    /// Tells `f` the living keys that follow a cursor, some `count` of them, and returns the next cursor; it deletes
    /// none.
    pub fn walk(&self, cursor: u64, count: usize, mut f: impl FnMut(&[u8])) -> u64 {
        self.space.db(self.db).dict.scan(cursor, count, &self.space.hasher, |entry| {
            if !self.space.is_due(entry) {
                f(entry.key());
            }
        })
    }

    /// Tells `f` every living key of the database. O(keys).
    pub fn for_each(&self, mut f: impl FnMut(&[u8], Kind)) {
        for entry in self.space.db(self.db).dict.iter() {
            if !self.space.is_due(entry) {
                f(entry.key(), entry.kind());
            }
        }
    }

    /// Seconds since the key was last used, and its LFU counter, without marking an access. Counts a hit or a miss.
    pub fn idleness<'k>(&mut self, key: impl Into<Key<'k>>) -> Option<(u64, u32)> {
        let found = self.space.find(self.db, &key.into());
        self.count(found.is_some());
        let entry = found?;
        let clock = self.space.access;
        let idle = super::access::idle_seconds(entry.access(), clock.lru_clock);
        let counter = super::access::lfu_decayed(entry.access(), self.space.now_ms, clock.lfu_decay_minutes);
        Some((idle, counter))
    }
}
