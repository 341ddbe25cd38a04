//! The dictionary, the map and the slab against plain collections, and the promise of scans under every change.

use proptest::collection::vec;
use proptest::prelude::*;
use spinel::table::slab::Slab;
use spinel::table::{Dict, Drain, Hasher, Map, Word};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ptr::NonNull;

#[derive(Clone, Debug)]
enum Op {
    /// Insert that many ids that are not there, from a random one on.
    Insert(u32, usize),
    /// Remove that many ids, every so manieth of those there.
    Remove(usize, usize),
    RemoveAll,
    /// An entry moves: its word changes.
    Replace(u32),
    Find(u32),
    Maintain(usize),
    StartScan,
    StepScans(usize),
    Random(u64),
    Sample(u64, usize),
    Drain(usize),
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (any::<u32>(), 0..4000usize).prop_map(|(from, count)| Op::Insert(from, count)),
        4 => (0..4000usize, 1..6usize).prop_map(|(count, every)| Op::Remove(count, every)),
        1 => Just(Op::RemoveAll),
        3 => any::<u32>().prop_map(Op::Replace),
        3 => any::<u32>().prop_map(Op::Find),
        4 => (0..60usize).prop_map(Op::Maintain),
        4 => Just(Op::StartScan),
        8 => (0..2000usize).prop_map(Op::StepScans),
        2 => any::<u64>().prop_map(Op::Random),
        2 => (any::<u64>(), 0..70usize).prop_map(|(random, count)| Op::Sample(random, count)),
        1 => (1..50usize).prop_map(Op::Drain),
    ]
}

/// One walk by cursor. `steady` are the ids that were there at its start and all the time since; `removed` those
/// that went at some time, about which nothing is promised but that they exist when told.
struct Scan {
    cursor: u64,
    steady: BTreeSet<u32>,
    removed: BTreeSet<u32>,
    told: HashMap<u32, u32>,
}

/// A dictionary of words (id in the high bits, a version in the low 8) and what it must hold.
struct Model {
    dict: Dict,
    /// Leading zero bits of every hash, so that few entries make deep segments.
    skew: u32,
    oracle: BTreeMap<u32, u8>,
    scans: Vec<Scan>,
}

fn hash(id: u32, skew: u32) -> u64 {
    Hasher::new(11, 12).hash(&id.to_le_bytes()) >> skew
}

fn word(id: u32, version: u8) -> Word {
    Word::new(1 << 40 | u64::from(id) << 8 | u64::from(version)).expect("41 bits")
}

fn id(word: Word) -> u32 {
    (word.get() >> 8) as u32
}

impl Model {
    fn apply(&mut self, op: &Op) {
        let skew = self.skew;
        let rehash = move |word| hash(id(word), skew);
        match *op {
            Op::Insert(from, count) => (0..count as u32).for_each(|i| self.insert(from.wrapping_add(i))),
            Op::Remove(count, every) => {
                let ids: Vec<u32> = self.oracle.keys().copied().step_by(every).take(count).collect();
                ids.into_iter().for_each(|id| self.remove(id));
            }
            Op::RemoveAll => {
                let ids: Vec<u32> = self.oracle.keys().copied().collect();
                ids.into_iter().for_each(|id| self.remove(id));
            }
            Op::Replace(from) => {
                let near = self.oracle.range(from..).next().map(|(&id, &version)| (id, version));
                if let Some((id, version)) = near {
                    let next = version.wrapping_add(1);
                    assert!(self.dict.replace(hash(id, skew), word(id, version), word(id, next)));
                    self.oracle.insert(id, next);
                }
            }
            Op::Find(from) => {
                for id in (0..50).map(|i| from.wrapping_add(i)).chain(self.oracle.keys().copied().take(50)) {
                    let expected = self.oracle.get(&id).map(|&version| word(id, version));
                    assert_eq!(self.dict.find(hash(id, skew), |found| self::id(found) == id), expected);
                }
            }
            Op::Maintain(steps) => {
                self.dict.maintain(steps);
            }
            Op::StartScan => self.scans.push(Scan {
                cursor: 0,
                steady: self.oracle.keys().copied().collect(),
                removed: BTreeSet::new(),
                told: HashMap::new(),
            }),
            Op::StepScans(count) => self.step_scans(count),
            Op::Random(random) => {
                let found = self.dict.random(random);
                assert_eq!(found.is_none(), self.oracle.is_empty());
                found.into_iter().for_each(|word| self.must_hold(word));
            }
            Op::Sample(random, count) => {
                let mut told = Vec::new();
                self.dict.sample(random, count, |word| told.push(word));
                assert_eq!(told.len(), count.min(self.oracle.len()));
                told.iter().for_each(|&word| self.must_hold(word));
                assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len(), "each at most once");
            }
            Op::Drain(slice) => self.drain(slice),
        }
        assert_eq!(self.dict.len(), self.oracle.len());
        if self.oracle.len() < 3000 {
            self.dict.check(rehash);
        }
    }

    fn must_hold(&self, found: Word) {
        let version = self.oracle.get(&id(found)).copied();
        assert_eq!(version.map(|version| word(id(found), version)), Some(found));
    }

    fn insert(&mut self, id: u32) {
        let skew = self.skew;
        if self.oracle.insert(id, 0).is_some() {
            self.remove(id);
            self.oracle.insert(id, 0);
        }
        self.dict.insert(hash(id, skew), word(id, 0), |word| hash(self::id(word), skew));
    }

    fn remove(&mut self, id: u32) {
        let removed = self.dict.remove(hash(id, self.skew), |word| self::id(word) == id);
        assert!(removed.is_some() && self.oracle.remove(&id).is_some());
        for scan in &mut self.scans {
            scan.steady.remove(&id);
            scan.removed.insert(id);
        }
    }

    fn step_scans(&mut self, count: usize) {
        let skew = self.skew;
        let (dict, oracle) = (&self.dict, &self.oracle);
        self.scans.retain_mut(|scan| {
            let mut told = 0;
            scan.cursor = dict.scan(
                scan.cursor,
                count,
                |word| hash(id(word), skew),
                |word| {
                    assert!(oracle.contains_key(&id(word)), "told about what is not there");
                    *scan.told.entry(id(word)).or_default() += 1;
                    told += 1;
                },
            );
            assert!(told <= count + 56, "{told} told for {count} wanted");
            assert!(scan.cursor < 1 << 53);
            let twice = scan.told.iter().find(|&(id, &times)| times > 1 && !scan.removed.contains(id));
            assert_eq!(twice, None, "told more than once");
            if scan.cursor == 0 {
                let missed = scan.steady.iter().find(|id| !scan.told.contains_key(id));
                assert_eq!(missed, None, "there throughout, but never told");
            }
            scan.cursor != 0
        });
    }

    fn drain(&mut self, slice: usize) {
        let mut drain = Drain::new(self.dict.take());
        let mut words = Vec::new();
        while !drain.step(slice, |word| words.push(word)) {
            assert!(drain.remaining() + words.len() == self.oracle.len());
        }
        assert_eq!((drain.memory_bytes(), self.dict.memory_bytes()), (0, 0));
        words.sort_unstable();
        let expected: Vec<Word> = self.oracle.iter().map(|(&id, &version)| word(id, version)).collect();
        assert_eq!(words, expected);
        self.oracle.clear();
        self.scans.clear();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_dictionary_behaves_as_a_map_and_scans_tell_each_once(skew in 0..10u32, ops in vec(op(), 1..50)) {
        let mut model = Model { dict: Dict::new(), skew, oracle: BTreeMap::new(), scans: Vec::new() };
        ops.iter().for_each(|op| model.apply(op));
        while !model.scans.is_empty() {
            model.step_scans(100);
        }
        model.dict.check(|word| hash(id(word), skew));
        let mut all: Vec<u32> = model.dict.iter().map(id).collect();
        all.sort_unstable();
        prop_assert!(all.iter().eq(model.oracle.keys()));
        model.apply(&Op::RemoveAll);
        while model.dict.maintain(100) {}
        prop_assert_eq!(model.dict.memory_bytes(), 0);
    }

    #[test]
    fn a_map_behaves_as_one(ops in vec((0..6u8, 0..300u16, 0..200usize), 1..800)) {
        let mut map = Map::new(Hasher::new(5, 6));
        let mut oracle: BTreeMap<Vec<u8>, Vec<u8>> = BTreeMap::new();
        for (kind, key, len) in ops {
            let key = format!("k{key}").into_bytes();
            let value = vec![len as u8; len];
            match kind {
                0 | 1 => {
                    map.insert(&key, &value);
                    oracle.insert(key, value);
                }
                2 => {
                    let vacant = !oracle.contains_key(&key);
                    prop_assert_eq!(map.insert_new(&key, &value), vacant);
                    oracle.entry(key).or_insert(value);
                }
                3 => prop_assert_eq!(map.remove(&key), oracle.remove(&key).is_some()),
                4 => prop_assert_eq!(map.get(&key), oracle.get(&key).map(Vec::as_slice)),
                _ => {
                    let found = map.random(u64::from(key[1]) << (len % 50));
                    prop_assert_eq!(found.is_some(), !oracle.is_empty());
                    if let Some((key, value)) = found {
                        prop_assert_eq!(oracle.get(key).map(Vec::as_slice), Some(value));
                    }
                }
            }
        }
        map.check();
        let all: BTreeMap<Vec<u8>, Vec<u8>> = map.iter().map(|(k, v)| (k.to_vec(), v.to_vec())).collect();
        prop_assert_eq!(all, oracle);
    }

    #[test]
    fn a_slab_hands_out_disjoint_memory_and_counts_it(ops in vec((0..1200usize, 1..400usize, 0..4u8), 1..60)) {
        let mut slab = Slab::new();
        let mut live: Vec<(NonNull<u8>, usize)> = Vec::new();
        for (size, count, kind) in ops {
            if kind > 0 {
                live.extend((0..count).map(|_| (slab.alloc(size), size)));
            } else {
                for (object, size) in live.drain(..).step_by(2) {
                    // SAFETY: allocated with this size and, leaving the list, never used again; the others leak.
                    unsafe { slab.free(object, size) };
                }
                slab.trim(3);
                slab.take_free_chunks(1);
            }
            slab.check();
            let mut spans: Vec<(usize, usize)> =
                live.iter().map(|&(object, size)| (object.addr().get(), Slab::usable(size))).collect();
            spans.sort_unstable();
            prop_assert!(spans.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0));
        }
    }
}

/// With the seeds fixed, the picks' distribution is as good as it will ever be: chi squared over 3,000 entries of a
/// table whose segments differ in size and depth stays where chance would put it.
#[test]
fn random_picks_are_fair() {
    for count in [40u32, 3000] {
        let mut dict = Dict::new();
        (0..count).for_each(|id| dict.insert(hash(id, 0), word(id, 0), |word| hash(self::id(word), 0)));
        let mut picks = vec![0u32; count as usize];
        let each = 200;
        for i in 0..u64::from(count * each) {
            picks[id(dict.random(i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).expect("not empty")) as usize] += 1;
        }
        let chi: f64 =
            picks.iter().map(|&n| (f64::from(n) - f64::from(each)).powi(2) / f64::from(each)).sum();
        let (mean, deviation) = (f64::from(count - 1), (2.0 * f64::from(count - 1)).sqrt());
        assert!((chi - mean).abs() < 4.0 * deviation, "chi squared {chi}, expected {mean} +- {deviation}");
    }
}

/// The promise in its plainest form, at the size where everything happens: a scan over a table that grows by nine
/// tenths, or is all but emptied and joined, while it goes on.
#[test]
fn a_long_scan_survives_growth_and_decay() {
    for growing in [true, false] {
        let mut dict = Dict::new();
        let rehash = |word| hash(id(word), 0);
        let (steady, total) = (30_000, 400_000u32);
        (0..if growing { steady } else { total })
            .for_each(|id| dict.insert(hash(id, 0), word(id, 0), rehash));
        let mut told = vec![0u8; total as usize];
        let (mut cursor, mut next) = (0, steady);
        loop {
            cursor = dict.scan(cursor, 10, rehash, |word| told[id(word) as usize] += 1);
            for _ in 0..200 {
                if next < total && growing {
                    dict.insert(hash(next, 0), word(next, 0), rehash);
                } else if next < total {
                    dict.remove(hash(next, 0), |word| id(word) == next);
                    dict.maintain(1);
                }
                next = next.saturating_add(1);
            }
            if cursor == 0 {
                break;
            }
        }
        assert!(next >= total, "all changes happened meanwhile");
        assert!(told[..steady as usize].iter().all(|&times| times == 1));
        assert!(told.iter().all(|&times| times <= 1));
        dict.check(rehash);
    }
}
