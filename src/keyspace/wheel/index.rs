//! The expiry index of all databases: arms, hands out what is due, drops stale records by rebuilding. Must not know
//! what a key or an entry looks like; the protocol below is what it asks of them.
//!
//! # Protocol
//!
//! An entry that can come due carries one bit beside its deadline: the *generation* that `arm` returned for it. (An
//! entry's deadline is the earliest of its own TTL and its fields'; a hash with field TTLs is armed like any other.)
//! The invariant: **for every entry with a deadline there is a record under its hash, of its generation, whose time is
//! not after that deadline.** To keep it:
//!
//! - A deadline is set where there was none (or the key was not there): `arm`, store the bit.
//! - A key with a deadline gets a later or equal one, by EXPIRE or by a new value that replaces the entry under the
//!   same key in the same database: keep the bit and do nothing. The record fires early by the new deadline and is
//!   armed again then. So `SET k v EX 300` over and over costs one record a key.
//! - It gets an earlier one: `arm`, store the bit. The former record is stale.
//! - The key or its deadline goes: do nothing. The record is stale. A key under another name or in another database
//!   (RENAME, COPY, MOVE) is a new key: `arm`. SWAPDB is `swap`, FLUSHDB and FLUSHALL are `detach`.
//!
//! Whatever `advance` and `sweep` hand out is a hint, and taken out of the index. For each one, before anything else
//! runs, look up the entry with that hash (all 64 bits of it) in that database:
//!
//! - none, or it has no deadline, or its generation is another: the record was stale; nothing to do;
//! - its deadline has passed, and it may be expired now: expire it;
//! - otherwise: `arm` with its real deadline and store the bit.
//!
//! A deadline has passed when `deadline < now`, as in Redis: a record comes out in the first millisecond after its
//! deadline. While nothing may expire (clients paused, loading, a replica, DEBUG SET-ACTIVE-EXPIRE 0) `advance` is not
//! called; `sweep` may be.
//!
//! Stale records go when their time comes, or by a rebuild once they outnumber the live ones: `wants_rebuild` is asked
//! now and then with the number of entries that have a deadline, `start_rebuild` turns the generation, and `sweep`
//! hands out the records of the former one, live or stale, until there are none. A second record of the same entry
//! finds the entry in the new generation and is dropped.
//!
//! # Cost
//!
//! A record takes 8 bytes of hash and 0 to 4 of deadline in chunks of 512 bytes: 10.3 bytes for a TTL of one minute to
//! four hours. It is written once and moved once a level, three times in all for such a TTL. A call of `advance` is
//! bounded by its budget whatever comes due.

use super::timing::Wheel;

/// Records that a rebuild does not bother about.
const STALE_ALLOWED: usize = 4096;
/// A wheel so far ahead of the clock is left behind for a new one.
const CLOCK_BACK_MS: u64 = 60_000;

/// A record whose time has come, or that a sweep took out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub hash: u64,
    /// The record's time. The entry's may be later.
    pub deadline_ms: i64,
    pub db: u16,
    pub generation: bool,
}

/// How much one turn of the loop may do; calls of `advance` use it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Records handed out: each costs the caller a lookup or a deletion.
    pub due: usize,
    /// Records moved to a lower level, some 20 ns each.
    pub moves: usize,
}

impl Budget {
    /// Some 0.05 ms of lookups and as much of moving.
    pub const TURN: Budget = Budget { due: 256, moves: 2048 };
}

#[derive(Default)]
struct Database {
    current: Option<Box<Wheel>>,
    /// What is left of the wheel before the last rebuild.
    former: Option<Box<Wheel>>,
    generation: bool,
}

impl Database {
    fn wake(&self) -> u64 {
        let wake = |wheel: &Option<Box<Wheel>>| wheel.as_ref().map_or(u64::MAX, |wheel| wheel.wake());
        wake(&self.current).min(wake(&self.former))
    }

    fn forget_empty_former(&mut self) {
        self.former.take_if(|wheel| wheel.records() == 0);
    }
}

/// The expiry index of all databases.
pub struct ExpiryIndex {
    databases: Vec<Database>,
    /// The last deadline that has passed.
    passed: u64,
    wake: u64,
    /// Which database comes first when the budget does not reach for all.
    first: usize,
}

/// The last deadline that has passed at that time.
fn passed_at(now_ms: i64) -> u64 {
    (now_ms.max(1) - 1).unsigned_abs()
}

impl ExpiryIndex {
    /// An empty index. Allocates nothing until something is armed.
    pub fn new(now_ms: i64) -> ExpiryIndex {
        ExpiryIndex { databases: Vec::new(), passed: passed_at(now_ms), wake: u64::MAX, first: 0 }
    }

    /// Adds a record and returns the generation that the entry must carry. A deadline in the past is due at the next
    /// `advance`. O(1).
    #[must_use = "the entry must carry the generation"]
    pub fn arm(&mut self, db: u16, hash: u64, deadline_ms: i64) -> bool {
        let at = usize::from(db);
        if at >= self.databases.len() {
            self.databases.resize_with(at + 1, Database::default);
        }
        let database = &mut self.databases[at];
        if database.former.is_none()
            && database.current.as_ref().is_some_and(|wheel| wheel.position() > self.passed + CLOCK_BACK_MS)
        {
            Self::turn_generation(database);
        }
        let wheel = database.current.get_or_insert_with(|| Box::new(Wheel::new(self.passed)));
        wheel.follow(self.passed);
        wheel.arm(hash, deadline_ms.max(0).unsigned_abs());
        self.wake = self.wake.min(wheel.wake());
        database.generation
    }

    /// Appends what is due to `due`, within the budget. Cheap (one comparison) when nothing is; call it every turn.
    /// The clock may jump or step back.
    pub fn advance(&mut self, now_ms: i64, budget: &mut Budget, due: &mut Vec<Due>) {
        self.passed = passed_at(now_ms);
        if self.passed < self.wake {
            return;
        }
        let count = self.databases.len();
        self.first = if self.first + 1 < count { self.first + 1 } else { 0 };
        self.wake = u64::MAX;
        for step in 0..count {
            let at = (self.first + step) % count;
            let database = &mut self.databases[at];
            for (wheel, generation) in
                [(&mut database.current, database.generation), (&mut database.former, !database.generation)]
            {
                let Some(wheel) = wheel.as_mut().filter(|wheel| wheel.wake() <= self.passed) else {
                    continue;
                };
                let mut emit = |hash, deadline| due.push(record(at, hash, deadline, generation));
                wheel.advance(self.passed, budget, &mut emit);
            }
            database.forget_empty_former();
            self.wake = self.wake.min(database.wake());
        }
    }

    /// The time at which `advance` should be called next; not after `now_ms` when it has work left. `None`: never.
    pub fn next_due(&self) -> Option<i64> {
        (self.wake != u64::MAX).then(|| i64::try_from(self.wake).unwrap_or(i64::MAX).saturating_add(1))
    }

    /// Records of a database, stale ones included.
    pub fn records(&self, db: u16) -> usize {
        let Some(database) = self.databases.get(usize::from(db)) else { return 0 };
        [&database.current, &database.former].into_iter().flatten().map(|wheel| wheel.records()).sum()
    }

    /// True when the stale records outnumber the live ones. `live` is how many entries of the database have a
    /// deadline. Never while a rebuild is going on.
    pub fn wants_rebuild(&self, db: u16, live: usize) -> bool {
        let Some(database) = self.databases.get(usize::from(db)) else { return false };
        let records = database.current.as_ref().map_or(0, |wheel| wheel.records());
        database.former.is_none() && records > live.saturating_mul(2).saturating_add(STALE_ALLOWED)
    }

    /// Turns the generation: what is armed from now on goes to a new wheel, and `sweep` empties the former one. Does
    /// nothing while a rebuild is going on.
    pub fn start_rebuild(&mut self, db: u16) {
        if let Some(database) = self.databases.get_mut(usize::from(db)) {
            Self::turn_generation(database);
        }
    }

    fn turn_generation(database: &mut Database) {
        if database.former.is_none() && database.current.is_some() {
            database.former = database.current.take();
            database.generation = !database.generation;
            database.forget_empty_former();
        }
    }

    /// True while a rebuild is going on in some database. O(databases).
    pub fn rebuilding(&self) -> bool {
        self.databases.iter().any(|database| database.former.is_some())
    }

    /// Takes up to `max` records out of the wheels that are being rebuilt, whether due or not, and appends them to
    /// `due`. Returns whether some are left.
    pub fn sweep(&mut self, max: usize, due: &mut Vec<Due>) -> bool {
        let end = due.len() + max;
        for (at, database) in self.databases.iter_mut().enumerate() {
            let generation = !database.generation;
            let Some(wheel) = &mut database.former else { continue };
            let room = end - due.len();
            if wheel.take(room, &mut |hash, deadline| due.push(record(at, hash, deadline, generation))) {
                return true;
            }
            database.former = None;
        }
        false
    }

    /// Exchanges two databases (SWAPDB). O(1).
    pub fn swap(&mut self, a: u16, b: u16) {
        let (a, b) = (usize::from(a), usize::from(b));
        let needed = a.max(b) + 1;
        if needed > self.databases.len() {
            self.databases.resize_with(needed, Database::default);
        }
        self.databases.swap(a, b);
    }

    /// Takes all records of a database away (FLUSHDB). O(1); what is returned is to be freed in slices or elsewhere.
    #[must_use = "dropping it frees everything at once"]
    pub fn detach(&mut self, db: u16) -> Remains {
        let wheels = match self.databases.get_mut(usize::from(db)) {
            Some(database) => [database.current.take(), database.former.take()],
            None => [None, None],
        };
        Remains { wheels }
    }

    /// Bytes held, chunk slack included. O(databases).
    pub fn memory_bytes(&self) -> usize {
        let wheels = self.databases.iter().flat_map(|database| [&database.current, &database.former]);
        self.databases.capacity() * size_of::<Database>()
            + wheels.flatten().map(|wheel| wheel.memory_bytes()).sum::<usize>()
    }
}

fn record(at: usize, hash: u64, deadline: u64, generation: bool) -> Due {
    let deadline_ms = i64::try_from(deadline).unwrap_or(i64::MAX);
    Due { hash, deadline_ms, db: at as u16, generation }
}

/// What `detach` took out. Owns no reference to anything: it may be dropped by another thread.
pub struct Remains {
    wheels: [Option<Box<Wheel>>; 2],
}

impl Remains {
    /// Frees up to `chunks` chunks of 512 bytes. Returns whether some are left.
    pub fn free(&mut self, chunks: usize) -> bool {
        for wheel in &mut self.wheels {
            if let Some(full) = wheel {
                if full.free(chunks) {
                    return true;
                }
                *wheel = None;
            }
        }
        false
    }
}
