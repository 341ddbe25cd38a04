//! The expiry index against a map of deadlines, in virtual time, driven by the protocol that its module states. Must
//! not look inside the wheel: records, hints and wake-up times are all there is.

use proptest::prelude::*;
use spinel::keyspace::wheel::{Budget, Due, ExpiryIndex};
use std::collections::BTreeMap;

const START_MS: i64 = 1_700_000_000_123;
const DAY_MS: i64 = 86_400_000;
const PLENTY: Budget = Budget { due: usize::MAX, moves: usize::MAX };

#[derive(Clone, Copy)]
struct Entry {
    deadline_ms: i64,
    generation: bool,
}

/// A keyspace that does what the index's protocol asks and nothing else.
struct Keyspace {
    index: ExpiryIndex,
    entries: BTreeMap<(u16, u64), Entry>,
    now_ms: i64,
    /// `(deadline, time of expiry)` of every key that went.
    expired: Vec<(i64, i64)>,
}

impl Keyspace {
    fn new() -> Keyspace {
        Keyspace {
            index: ExpiryIndex::new(START_MS),
            entries: BTreeMap::new(),
            now_ms: START_MS,
            expired: Vec::new(),
        }
    }

    fn expire_at(&mut self, db: u16, hash: u64, deadline_ms: i64) {
        let kept =
            self.entries.get(&(db, hash)).filter(|e| e.deadline_ms <= deadline_ms).map(|e| e.generation);
        let generation = kept.unwrap_or_else(|| self.index.arm(db, hash, deadline_ms));
        self.entries.insert((db, hash), Entry { deadline_ms, generation });
    }

    fn handle(&mut self, due: Due) {
        let key = (due.db, due.hash);
        let Some(entry) = self.entries.get(&key).copied() else { return };
        if entry.generation != due.generation {
            return;
        }
        if entry.deadline_ms < self.now_ms {
            self.entries.remove(&key);
            self.expired.push((entry.deadline_ms, self.now_ms));
            return;
        }
        let generation = self.index.arm(due.db, due.hash, entry.deadline_ms);
        self.entries.insert(key, Entry { generation, ..entry });
    }

    fn advance(&mut self, mut budget: Budget) -> Budget {
        let mut due = Vec::new();
        self.index.advance(self.now_ms, &mut budget, &mut due);
        for record in due {
            assert!(record.deadline_ms < self.now_ms, "{record:?} came out early, at {}", self.now_ms);
            self.handle(record);
        }
        budget
    }

    /// Turns of the loop without the clock moving, until nothing is left to do.
    fn advance_until_quiet(&mut self) {
        for _ in 0..100_000 {
            self.advance(Budget { due: 7, moves: 64 });
            if self.index.next_due().is_none_or(|at| at > self.now_ms) {
                return;
            }
        }
        panic!("the index always has something left to do");
    }

    fn sweep(&mut self, max: usize) {
        let mut due = Vec::new();
        self.index.sweep(max, &mut due);
        assert!(due.len() <= max);
        due.into_iter().for_each(|record| self.handle(record));
    }

    fn live(&self, db: u16) -> usize {
        self.entries.range((db, 0)..=(db, u64::MAX)).count()
    }

    fn rebuild_where_wanted(&mut self) {
        for db in 0..3 {
            if self.index.wants_rebuild(db, self.live(db)) {
                self.index.start_rebuild(db);
            }
        }
    }

    fn check_nothing_is_overdue(&self) {
        let first = self.entries.values().map(|e| e.deadline_ms).min();
        assert!(first.is_none_or(|at| at >= self.now_ms), "{first:?} is left at {}", self.now_ms);
        let wake = self.index.next_due();
        assert!(
            first.is_none_or(|at| wake.is_some_and(|wake| wake <= at.saturating_add(1))),
            "first deadline {first:?}, but to be called at {wake:?}"
        );
    }
}

#[derive(Debug, Clone)]
enum Op {
    Expire { db: u16, key: u64, in_ms: i64 },
    ExpireAt { db: u16, key: u64, deadline_ms: i64 },
    Remove { db: u16, key: u64 },
    EachMs { ms: i64 },
    Jump { ms: i64 },
    Sleep,
    Rebuild { db: u16 },
    Sweep { max: usize },
    Swap { a: u16, b: u16 },
    Flush { db: u16 },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let db = 0..3u16;
    let key = (0..40u64).prop_map(|key| key.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let in_ms = prop_oneof![
        3 => -500..700i64,
        3 => 0..140_000i64,
        2 => 0..40_000_000i64,
        1 => 0..200 * DAY_MS,
        1 => 0..30_000 * DAY_MS,
    ];
    let deadline_ms = prop_oneof![Just(i64::MAX), Just(0), Just(-1), Just(i64::MIN), any::<i64>()];
    let jump = prop_oneof![
        4 => 1..600i64,
        3 => 0..200_000i64,
        2 => 0..60 * DAY_MS,
        2 => -3_000..0i64,
        1 => -20 * DAY_MS..0,
    ];
    let op = prop_oneof![
        12 => (db.clone(), key.clone(), in_ms).prop_map(|(db, key, in_ms)| Op::Expire { db, key, in_ms }),
        1 => (db.clone(), key.clone(), deadline_ms)
            .prop_map(|(db, key, deadline_ms)| Op::ExpireAt { db, key, deadline_ms }),
        3 => (db.clone(), key).prop_map(|(db, key)| Op::Remove { db, key }),
        2 => (1..400i64).prop_map(|ms| Op::EachMs { ms }),
        3 => jump.prop_map(|ms| Op::Jump { ms }),
        3 => Just(Op::Sleep),
        1 => db.clone().prop_map(|db| Op::Rebuild { db }),
        2 => (0..30usize).prop_map(|max| Op::Sweep { max }),
        1 => (db.clone(), db.clone()).prop_map(|(a, b)| Op::Swap { a, b }),
        1 => db.prop_map(|db| Op::Flush { db }),
    ];
    prop::collection::vec(op, 1..150)
}

fn run(keyspace: &mut Keyspace, op: Op) {
    match op {
        Op::Expire { db, key, in_ms } => keyspace.expire_at(db, key, keyspace.now_ms + in_ms),
        Op::ExpireAt { db, key, deadline_ms } => keyspace.expire_at(db, key, deadline_ms),
        Op::Remove { db, key } => drop(keyspace.entries.remove(&(db, key))),
        Op::EachMs { ms } => {
            keyspace.advance_until_quiet();
            for _ in 0..ms {
                keyspace.now_ms += 1;
                keyspace.advance(Budget::TURN);
                keyspace.check_nothing_is_overdue();
            }
        }
        Op::Jump { ms } => keyspace.now_ms = (keyspace.now_ms + ms).max(1),
        Op::Sleep => {
            keyspace.advance_until_quiet();
            if let Some(at) = keyspace.index.next_due().filter(|at| *at < START_MS + 40_000 * DAY_MS) {
                keyspace.now_ms = keyspace.now_ms.max(at);
            }
        }
        Op::Rebuild { db } => keyspace.index.start_rebuild(db),
        Op::Sweep { max } => keyspace.sweep(max),
        Op::Swap { a, b } => {
            keyspace.index.swap(a, b);
            let turned = |db| {
                if db == a {
                    b
                } else if db == b {
                    a
                } else {
                    db
                }
            };
            let entries = std::mem::take(&mut keyspace.entries);
            keyspace.entries = entries.into_iter().map(|((db, key), e)| ((turned(db), key), e)).collect();
        }
        Op::Flush { db } => {
            let mut remains = keyspace.index.detach(db);
            while remains.free(1) {}
            keyspace.entries.retain(|(of, _), _| *of != db);
            assert_eq!(keyspace.index.records(db), 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn keys_expire_in_their_millisecond(ops in ops()) {
        let mut keyspace = Keyspace::new();
        for op in ops {
            let sleeps = matches!(op, Op::Sleep);
            run(&mut keyspace, op);
            if sleeps {
                keyspace.advance_until_quiet();
                keyspace.check_nothing_is_overdue();
            }
        }
        keyspace.advance_until_quiet();
        keyspace.check_nothing_is_overdue();
        prop_assert!(keyspace.expired.iter().all(|(deadline_ms, at_ms)| deadline_ms < at_ms));
        while keyspace.index.sweep(0, &mut Vec::new()) {
            keyspace.sweep(100);
        }
        for db in 0..3 {
            prop_assert!(keyspace.index.records(db) >= keyspace.live(db));
        }
    }
}

/// A loop that sleeps until it is told to wake is as exact as one that turns every millisecond, and sleeps long.
#[test]
fn sleeping_until_told_is_exact() {
    let mut keyspace = Keyspace::new();
    for i in 0..3_000u64 {
        let spread_ms = [5_000, 300_000, 20_000_000, 90 * DAY_MS][i as usize % 4];
        let in_ms = (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) % spread_ms as u64) as i64;
        keyspace.expire_at((i % 2) as u16, i, START_MS + in_ms);
    }
    let mut turns = 0;
    while let Some(at_ms) = keyspace.index.next_due() {
        assert!(at_ms > keyspace.now_ms);
        keyspace.now_ms = at_ms;
        keyspace.advance(Budget::TURN);
        turns += 1;
    }
    assert_eq!(keyspace.expired.len(), 3_000);
    assert!(keyspace.expired.iter().all(|(deadline_ms, at_ms)| deadline_ms + 1 == *at_ms));
    assert!(turns < 3 * 3_000, "{turns} turns for 3000 keys");
}

/// A slot of 65 s with 300,000 keys in it comes down in slices, and nothing is late for it.
#[test]
fn crowded_slot_moves_down_in_slices() {
    let mut keyspace = Keyspace::new();
    let count = 300_000u64;
    for i in 0..count {
        let in_ms = 200_000 + (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as i64;
        keyspace.expire_at(0, i, START_MS + in_ms);
    }
    let mut moves_at_most = 0;
    while !keyspace.entries.is_empty() {
        keyspace.now_ms += 1;
        let left = keyspace.advance(Budget::TURN);
        moves_at_most = moves_at_most.max(Budget::TURN.moves - left.moves);
    }
    assert!(keyspace.expired.iter().all(|(deadline_ms, at_ms)| deadline_ms + 1 == *at_ms));
    assert!(moves_at_most < Budget::TURN.moves, "{moves_at_most} moves in one turn");
    assert_eq!(keyspace.index.records(0), 0);
}

/// A budget that is used up leaves the rest for the next turn, and the index says so.
#[test]
fn many_keys_of_one_millisecond_take_several_turns() {
    let mut keyspace = Keyspace::new();
    for i in 0..1_000 {
        keyspace.expire_at(0, i, START_MS + 10);
    }
    keyspace.now_ms += 11;
    for turn in 1..=3 {
        keyspace.advance(Budget::TURN);
        assert_eq!(keyspace.expired.len(), turn * Budget::TURN.due);
        assert!(keyspace.index.next_due().is_some_and(|at| at <= keyspace.now_ms));
    }
    keyspace.advance(Budget::TURN);
    assert_eq!((keyspace.expired.len(), keyspace.index.next_due()), (1_000, None));
}

/// SET k v EX 300 over and over: one record a key.
#[test]
fn later_deadlines_add_no_records() {
    let mut keyspace = Keyspace::new();
    for round in 0..2_000 {
        for key in 0..100 {
            keyspace.expire_at(0, key, keyspace.now_ms + 300_000);
        }
        keyspace.now_ms += 997;
        keyspace.advance(Budget::TURN);
        assert_eq!(keyspace.index.records(0), 100, "round {round}");
    }
    assert!(keyspace.expired.is_empty());
}

/// SET k v, EXPIRE k 300 over and over leaves a stale record each time: the rebuild keeps them in bounds.
#[test]
fn rebuilding_bounds_stale_records() {
    let mut keyspace = Keyspace::new();
    let (keys, rounds) = (2_000u64, 60);
    let mut most = 0;
    for round in 0..rounds {
        for key in 0..keys {
            keyspace.entries.remove(&(0, key));
            keyspace.expire_at(0, key, keyspace.now_ms + 3_600_000);
            if key % 50 == 0 {
                keyspace.rebuild_where_wanted();
                keyspace.sweep(400);
            }
        }
        keyspace.now_ms += 100;
        keyspace.advance(Budget::TURN);
        most = most.max(keyspace.index.records(0));
        assert_eq!(keyspace.live(0), keys as usize, "round {round}");
    }
    assert!(most < 12_000, "{most} records for {keys} keys");
    keyspace.now_ms += 3_600_000;
    keyspace.advance(PLENTY);
    assert!(keyspace.entries.is_empty());
}

/// After the clock went back for good, new keys are exact and the former wheel's records move to a new one.
#[test]
fn clock_set_back_by_years() {
    let mut keyspace = Keyspace::new();
    keyspace.expire_at(0, 1, START_MS + 5_000);
    keyspace.advance(Budget::TURN);
    keyspace.now_ms -= 4_000 * DAY_MS;
    keyspace.advance(Budget::TURN);
    for key in 2..500 {
        keyspace.expire_at(0, key, keyspace.now_ms + key as i64);
    }
    assert!(keyspace.index.rebuilding());
    keyspace.sweep(10);
    assert!(!keyspace.index.rebuilding());
    for _ in 0..600 {
        keyspace.now_ms += 1;
        keyspace.advance(Budget::TURN);
        keyspace.check_nothing_is_overdue();
    }
    assert_eq!(keyspace.entries.len(), 1);
}

/// Beyond the topmost level records are hints to look again: few of them, and the key still goes in its millisecond.
#[test]
fn deadlines_beyond_the_wheel() {
    let mut keyspace = Keyspace::new();
    let deadline_ms = START_MS + 90 * 365 * DAY_MS + 77;
    keyspace.expire_at(0, 1, deadline_ms);
    keyspace.expire_at(0, 2, i64::MAX);
    let mut turns = 0;
    while keyspace.live(0) == 2 {
        keyspace.now_ms = keyspace.index.next_due().expect("two keys are left");
        keyspace.advance(Budget::TURN);
        turns += 1;
    }
    assert_eq!(
        (keyspace.expired.as_slice(), keyspace.index.records(0)),
        (&[(deadline_ms, deadline_ms + 1)][..], 1)
    );
    assert!(turns < 20, "{turns} turns");
}

/// About ten bytes a key for the TTLs that applications use.
#[test]
fn records_are_small() {
    let mut index = ExpiryIndex::new(START_MS);
    let count = 200_000u64;
    for i in 0..count {
        let _ =
            index.arm(0, i.wrapping_mul(0x9e37_79b9_7f4a_7c15), START_MS + 100_000 + (i % 3_000_000) as i64);
    }
    let bytes = index.memory_bytes() as f64 / count as f64;
    assert!(bytes < 11.0, "{bytes} bytes a record");
}
