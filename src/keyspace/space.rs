//! All databases with what they share: the slab, the hash key, the expiry index, the effects of the running unit.

use super::dict::{Dict, Drain};
use super::effects::{Effects, EventClass};
use super::entry::{EntryRef, Meta, NewValue};
use super::key::Key;
use super::value::{Kind, Object};
use super::wheel::{ExpiryIndex, Remains};
use crate::ids::{DbIndex, UnixMs};
use crate::sys::entropy::Rng;
use crate::table::hash::Hasher;
use crate::table::slab::Slab;

/// One database.
pub struct Db {
    pub(super) dict: Dict,
    /// Keys with a time to live.
    pub(super) volatile: usize,
    /// Keys parts of whose values have a time to live: hashes with such fields.
    pub(super) with_parts: usize,
    /// A moving average of the remaining time of volatile keys, in ms, kept as Redis keeps it.
    pub avg_ttl_ms: i64,
}

/// How an access marks its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AccessPolicy {
    #[default]
    Lru,
    Lfu,
}

/// What accesses write into entries, kept up to date by the engine.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccessClock {
    pub policy: AccessPolicy,
    /// 24 bits of seconds.
    pub lru_clock: u32,
    pub lfu_log_factor: u32,
    pub lfu_decay_minutes: u32,
    /// A snapshot's child lives: accesses leave no mark, so that pages stay shared.
    pub frozen: bool,
}

/// Counters of the keyspace that INFO shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyCounters {
    pub hits: u64,
    pub misses: u64,
    pub expired: u64,
    /// Fields of hashes that went by their time.
    pub expired_fields: u64,
    pub evicted: u64,
    pub lazy_freed: u64,
}

/// Why keys are deleted by time here, or not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ExpiryMode {
    /// A due key is deleted when it is met or when its time comes.
    #[default]
    Active,
    /// A due key is hidden, and stays until the primary says DEL, or until the pause or load ends.
    HiddenOnly,
    /// Like `HiddenOnly`, but keys to which a client gives a time from now on are deleted by it (a writable replica).
    OwnOnly,
    /// Due keys are served as they are (the stream of a primary, loading).
    Ignored,
}

/// The databases of a server.
pub struct Keyspace {
    pub(super) dbs: Vec<Db>,
    pub(super) slab: Slab,
    pub hasher: Hasher,
    pub(super) expiry: ExpiryIndex,
    pub(super) own_times: super::own::OwnTimes,
    pub effects: Effects,
    pub counters: KeyCounters,
    pub access: AccessClock,
    /// The turn's wall clock.
    pub now_ms: UnixMs,
    pub expiry_mode: ExpiryMode,
    /// Keys are deleted when their time comes, not only when they are met (DEBUG SET-ACTIVE-EXPIRE).
    pub active_expiry: bool,
    pub rng: Rng,
    /// From how many bytes on an element of a list is kept unpacked, 0 for the usual (DEBUG
    /// QUICKLIST-PACKED-THRESHOLD).
    pub packed_threshold: usize,
    /// Whole databases thrown away, freed in slices.
    pub(super) trash: Vec<Trash>,
    /// Values whose freeing is too long for a turn; the server hands them to its helper thread.
    discarded: Vec<Object>,
    discarded_bytes: usize,
    pub(super) scratch: Vec<u8>,
    pub(super) due: Vec<super::wheel::Due>,
    pub(super) evictor: super::evict::Evictor,
    pub(super) upkeep: super::upkeep::Upkeep,
}

/// Freeing a value of more allocations than this is left to the helper thread.
const FREE_NOW: usize = 64;

/// Something large that nobody refers to any more.
pub(super) enum Trash {
    Dict(Dict),
    Drain(Drain),
    Records(Remains),
}

impl Keyspace {
    pub fn new(databases: usize, hasher: Hasher, rng: Rng, now_ms: UnixMs) -> Self {
        Keyspace {
            dbs: (0..databases)
                .map(|_| Db { dict: Dict::new(), volatile: 0, with_parts: 0, avg_ttl_ms: 0 })
                .collect(),
            slab: Slab::new(),
            hasher,
            expiry: ExpiryIndex::new(now_ms),
            own_times: Default::default(),
            effects: Effects::default(),
            counters: KeyCounters::default(),
            access: AccessClock::default(),
            now_ms,
            expiry_mode: ExpiryMode::Active,
            active_expiry: true,
            rng,
            packed_threshold: 0,
            trash: Vec::new(),
            discarded: Vec::new(),
            discarded_bytes: 0,
            scratch: Vec::new(),
            due: Vec::new(),
            evictor: Default::default(),
            upkeep: Default::default(),
        }
    }

    pub fn databases(&self) -> usize {
        self.dbs.len()
    }

    /// Keys of a database, due ones included.
    pub fn len(&self, db: DbIndex) -> usize {
        self.db(db).dict.len()
    }

    pub fn is_empty(&self) -> bool {
        self.dbs.iter().all(|db| db.dict.len() == 0)
    }

    /// Keys of a database that have a time to live.
    pub fn volatile_keys(&self, db: DbIndex) -> usize {
        self.db(db).volatile
    }

    /// Keys of a database that hold fields with a time to live.
    pub fn keys_with_volatile_fields(&self, db: DbIndex) -> usize {
        self.db(db).with_parts
    }

    pub fn avg_ttl_ms(&self, db: DbIndex) -> i64 {
        self.db(db).avg_ttl_ms
    }

    pub(super) fn db(&self, db: DbIndex) -> &Db {
        &self.dbs[usize::from(db)]
    }

    pub(super) fn db_mut(&mut self, db: DbIndex) -> &mut Db {
        &mut self.dbs[usize::from(db)]
    }

    /// Whether a key is there, due or not.
    pub fn contains_raw(&self, db: DbIndex, key: &[u8]) -> bool {
        self.find_raw(db, &Key::new(key)).is_some()
    }

    /// Whether a key is there whose time has not come.
    pub fn has_living(&self, db: DbIndex, key: &[u8]) -> bool {
        self.find_raw(db, &Key::new(key)).is_some_and(|entry| !self.is_due(entry))
    }

    /// Whether a key is there with its time come.
    pub fn is_due_raw(&self, db: DbIndex, key: &[u8]) -> bool {
        self.find_raw(db, &Key::new(key)).is_some_and(|entry| self.is_due(entry))
    }

    /// The hash the tables use; for prefetching ahead of a command.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash(key)
    }

    pub fn hasher(&self) -> Hasher {
        self.hasher
    }

    /// First stage of a prefetch: the table line.
    #[inline]
    pub fn prefetch_line(&self, db: DbIndex, hash: u64) {
        self.db(db).dict.prefetch_line(hash);
    }

    /// The same for a key that is probably new.
    #[inline]
    pub fn prefetch_room(&self, db: DbIndex, hash: u64) {
        self.db(db).dict.prefetch_room(hash);
    }

    /// Second stage: the entry that the (now cached) line points to.
    #[inline]
    pub fn prefetch_entry(&self, db: DbIndex, hash: u64) {
        self.db(db).dict.prefetch_entry(hash);
    }

    #[inline]
    pub(super) fn is_due(&self, entry: EntryRef) -> bool {
        match entry.expiry() {
            None => false,
            Some(ms) => ms < self.now_ms && self.expiry_mode != ExpiryMode::Ignored,
        }
    }

    /// The moment as of which parts of values are shown: those whose time is before it are hidden.
    #[inline]
    pub fn parts_seen_ms(&self) -> UnixMs {
        if self.expiry_mode == ExpiryMode::Ignored { UnixMs::MIN } else { self.now_ms }
    }

    /// Counts a key parts of whose value have a time now (or have not).
    #[inline]
    pub(super) fn recount_parts(&mut self, db: DbIndex, before: bool, now: bool) {
        if before != now {
            let count = &mut self.db_mut(db).with_parts;
            *count = if now { *count + 1 } else { *count - 1 };
        }
    }

    /// Sees to it that the expiry index knows an entry whose deadline was `before` and may be an earlier one now.
    pub(super) fn arm_entry(&mut self, db: DbIndex, key: &Key<'_>, entry: EntryRef, before: Option<UnixMs>) {
        let Some(ms) = entry.deadline() else { return };
        if before.is_none_or(|before| before > ms) {
            let hash = key.hash(&self.hasher);
            entry.set_generation(self.expiry.arm(db, hash, ms));
        }
    }

    /// Finds a key whether or not its time has come.
    #[inline]
    pub(super) fn find_raw(&self, db: DbIndex, key: &Key<'_>) -> Option<EntryRef> {
        self.db(db).dict.find(key.hash(&self.hasher), key.bytes)
    }

    /// Finds a living key; one whose time has come is deleted first (or only hidden, as the mode says).
    #[inline]
    pub(super) fn find(&mut self, db: DbIndex, key: &Key<'_>) -> Option<EntryRef> {
        let entry = self.find_raw(db, key)?;
        if !self.is_due(entry) {
            return Some(entry);
        }
        if self.expiry_mode == ExpiryMode::Active {
            self.expire(db, key);
        }
        None
    }

    /// Deletes a key whose time has come, with all that follows from it.
    pub(super) fn expire(&mut self, db: DbIndex, key: &Key<'_>) {
        self.effects.log(db, &[b"DEL", key.bytes]);
        self.unlink(db, key);
        self.counters.expired += 1;
        self.effects.notify(db, EventClass::EXPIRED, "expired", key.bytes);
        self.effects.touch(db, key.bytes);
    }

    /// Takes a key out without any effect; says whether it was there.
    pub(super) fn unlink(&mut self, db: DbIndex, key: &Key<'_>) -> bool {
        let hash = key.hash(&self.hasher);
        let Some(entry) = self.db_mut(db).dict.remove(hash, key.bytes) else { return false };
        self.forget(db, entry);
        true
    }

    /// Frees an entry that is in no table any more.
    pub(super) fn forget(&mut self, db: DbIndex, entry: EntryRef) {
        if entry.expiry().is_some() {
            self.db_mut(db).volatile -= 1;
        }
        self.recount_parts(db, entry.part_due().is_some(), false);
        if let Some(object) = entry.free(&mut self.slab) {
            self.discard(*object);
        }
    }

    /// Frees an object now if that is short, later otherwise.
    pub(super) fn discard(&mut self, object: Object) {
        if object.free_effort() > FREE_NOW {
            self.discarded_bytes += object.heap_bytes();
            self.discarded.push(object);
            self.counters.lazy_freed += 1;
        }
    }

    /// Values that wait to be freed elsewhere.
    pub fn take_discarded(&mut self) -> Vec<Object> {
        self.discarded_bytes = 0;
        std::mem::take(&mut self.discarded)
    }

    /// Values that wait to be freed here, those of databases thrown away among them.
    pub fn pending_frees(&self) -> usize {
        let keys = |trash: &Trash| match trash {
            Trash::Dict(dict) => dict.len(),
            Trash::Drain(drain) => drain.remaining(),
            Trash::Records(_) => 0,
        };
        self.discarded.len() + self.trash.iter().map(keys).sum::<usize>()
    }

    /// Bytes of the values that wait to be freed elsewhere.
    pub fn discarded_bytes(&self) -> usize {
        self.discarded_bytes
    }

    pub fn has_discarded(&self) -> bool {
        !self.discarded.is_empty()
    }

    pub fn has_trash(&self) -> bool {
        !self.trash.is_empty()
    }

    /// Header fields of a key that is being made.
    pub(super) fn fresh_meta(&self) -> Meta {
        let access = match self.access.policy {
            AccessPolicy::Lru => self.access.lru_clock,
            AccessPolicy::Lfu => super::access::lfu_fresh(self.now_ms),
        };
        Meta { expiry: None, generation: false, access }
    }

    /// Puts a new key in. The key must not be there.
    pub(super) fn insert(
        &mut self,
        db: DbIndex,
        key: &Key<'_>,
        kind: Kind,
        value: NewValue<'_>,
        meta: Meta,
    ) -> EntryRef {
        let entry = EntryRef::new(&mut self.slab, key.bytes, kind, value, meta);
        let hash = key.hash(&self.hasher);
        let db_ref = &mut self.dbs[usize::from(db)];
        db_ref.dict.insert(hash, entry, &self.hasher);
        if meta.expiry.is_some() {
            db_ref.volatile += 1;
        }
        self.recount_parts(db, false, entry.part_due().is_some());
        self.effects.notify(db, EventClass::NEW, "new", key.bytes);
        entry
    }

    /// Gives a key another value and other header fields; keeps its place in the table. The old value is freed.
    pub(super) fn overwrite(
        &mut self,
        db: DbIndex,
        key: &Key<'_>,
        old: EntryRef,
        kind: Kind,
        value: NewValue<'_>,
        meta: Meta,
    ) -> EntryRef {
        let new = EntryRef::new(&mut self.slab, key.bytes, kind, value, meta);
        let hash = key.hash(&self.hasher);
        let had_expiry = old.expiry().is_some();
        self.recount_parts(db, old.part_due().is_some(), new.part_due().is_some());
        let db_ref = &mut self.dbs[usize::from(db)];
        db_ref.dict.replace(hash, old, new);
        match (had_expiry, meta.expiry.is_some()) {
            (false, true) => db_ref.volatile += 1,
            (true, false) => db_ref.volatile -= 1,
            _ => {}
        }
        if let Some(object) = old.free(&mut self.slab) {
            self.discard(*object);
        }
        new
    }

    /// Changes the header fields of an entry, moving it when its size changes.
    pub(super) fn set_meta(&mut self, db: DbIndex, key: &Key<'_>, entry: EntryRef, meta: Meta) -> EntryRef {
        let had_expiry = entry.expiry().is_some();
        if had_expiry == meta.expiry.is_some() {
            if let Some(ms) = meta.expiry {
                entry.replace_expiry(ms);
            }
            entry.set_generation(meta.generation);
            return entry;
        }
        let new = entry.rebuild(&mut self.slab, key.bytes, meta);
        let hash = key.hash(&self.hasher);
        let db_ref = &mut self.dbs[usize::from(db)];
        db_ref.dict.replace(hash, entry, new);
        if meta.expiry.is_some() {
            db_ref.volatile += 1;
        } else {
            db_ref.volatile -= 1;
        }
        new
    }

    /// Backs the chunks mapped from now on with huge pages, once there is enough data to fill some: lookups then miss
    /// the TLB less, and a fork copies fewer page tables. A small server stays small.
    pub fn prefer_huge_pages(&mut self) {
        const WORTH_IT_BYTES: usize = 1 << 20;
        if self.slab.used_bytes() > WORTH_IT_BYTES {
            self.slab.set_huge_pages(true);
            crate::table::granules::set_huge_pages(true);
        }
    }

    /// Has huge pages put together again that a child's copy-on-write took apart, so that the next fork is as short
    /// as the first was.
    pub fn mend_huge_pages(&self) {
        self.slab.mend_huge_pages();
        crate::table::granules::mend_huge_pages();
    }

    /// Bytes of a database's table, and of its share of the expiry index.
    pub fn table_bytes(&self, db: DbIndex) -> [usize; 2] {
        /// A record of the expiry index with its slack.
        const RECORD: usize = 11;
        [self.db(db).dict.memory_bytes(), self.expiry.records(db) * RECORD]
    }

    /// Databases whose tables grew since the last tick, and the bytes that were moved for it. Tables grow in small
    /// pieces and at once, so there is nothing that is being moved: this is what comes next to it.
    pub fn growing_tables(&self) -> (usize, usize) {
        let moved = self.dbs.iter().map(|db| db.dict.moved_bytes());
        moved.filter(|bytes| *bytes > 0).fold((0, 0), |(dbs, sum), bytes| (dbs + 1, sum + bytes))
    }

    /// A tick: what grew before is old.
    pub fn forget_growth(&mut self) {
        self.dbs.iter_mut().for_each(|db| db.dict.forget_moved());
    }

    /// Bytes of tables, slab and expiry index.
    pub fn overhead_bytes(&self) -> usize {
        self.dbs.iter().map(|db| db.dict.memory_bytes()).sum::<usize>() + self.expiry.memory_bytes()
    }

    /// Bytes the slab has handed out of its own chunks.
    pub fn slab_bytes(&self) -> usize {
        self.slab.own_bytes()
    }
}

/// Whole databases.
impl Keyspace {
    /// Empties a database; what was in it is freed later. Returns how many keys there were.
    pub fn flush(&mut self, db: DbIndex) -> usize {
        let db_ref = &mut self.dbs[usize::from(db)];
        let keys = db_ref.dict.len();
        let dict = db_ref.dict.take();
        db_ref.volatile = 0;
        db_ref.with_parts = 0;
        db_ref.avg_ttl_ms = 0;
        let records = self.expiry.detach(db);
        self.effects.flushed.push(Some(db));
        if keys > 0 {
            self.trash.push(Trash::Dict(dict));
        }
        self.trash.push(Trash::Records(records));
        keys
    }

    /// Exchanges the contents of two databases.
    pub fn swap(&mut self, a: DbIndex, b: DbIndex) {
        self.dbs.swap(usize::from(a), usize::from(b));
        self.expiry.swap(a, b);
    }

    /// Frees up to `steps` pieces of what was thrown away; says whether something is left.
    pub fn free_slice(&mut self, steps: usize) -> bool {
        for _ in 0..steps {
            let Some(last) = self.trash.last_mut() else { return false };
            let finished = match last {
                Trash::Records(records) => !records.free(64),
                Trash::Dict(dict) => {
                    let drain = std::mem::take(dict).into_drain();
                    *last = Trash::Drain(drain);
                    false
                }
                Trash::Drain(drain) => {
                    let (slab, discarded) = (&mut self.slab, &mut self.discarded);
                    let (freed, bytes) = (&mut self.counters.lazy_freed, &mut self.discarded_bytes);
                    drain.step(16, |entry| {
                        *freed += 1;
                        if let Some(object) = entry.free(slab)
                            && object.free_effort() > FREE_NOW
                        {
                            *bytes += object.heap_bytes();
                            discarded.push(*object);
                        }
                    })
                }
            };
            if finished {
                self.trash.pop();
            }
        }
        !self.trash.is_empty()
    }
}
