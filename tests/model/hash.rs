//! Hash against a BTreeMap of values and times, under limits at which every form passes into every other.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use spinel::table::hash::Hasher;
use spinel::types::hash::{FieldExpiry, Hash, HashLimits, HashRef, Put};
use spinel::types::packed::{Value, validate};

type Oracle = BTreeMap<Vec<u8>, (Vec<u8>, Option<i64>)>;

#[derive(Clone, Debug)]
enum Op {
    Put(Vec<u8>, Vec<u8>, FieldExpiry),
    Remove(Vec<u8>),
    SetExpiry(Vec<u8>, i64),
    Persist(Vec<u8>),
    /// Time passes; fields go when the flag says so.
    Pass(i64, bool),
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (-20i64..20).prop_map(|n| n.to_string().into_bytes()),
        1 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        4 => vec(b'a'..b'd', 0..4),
        1 => vec(any::<u8>(), 0..70),
    ]
}

fn expiry() -> impl Strategy<Value = FieldExpiry> {
    prop_oneof![
        6 => Just(FieldExpiry::Clear),
        2 => Just(FieldExpiry::Keep),
        2 => (0i64..200).prop_map(FieldExpiry::At),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (text(), text(), expiry()).prop_map(|(f, v, e)| Op::Put(f, v, e)),
        4 => text().prop_map(Op::Remove),
        3 => (text(), 0i64..200).prop_map(|(f, ms)| Op::SetExpiry(f, ms)),
        2 => text().prop_map(Op::Persist),
        2 => (1i64..20, any::<bool>()).prop_map(|(ms, fire)| Op::Pass(ms, fire)),
    ]
}

fn limits() -> impl Strategy<Value = HashLimits> {
    (0usize..30, prop_oneof![Just(64usize), 0usize..8], any::<(u64, u64)>()).prop_map(|(l, v, k)| {
        HashLimits { listpack_entries: l, listpack_value: v, hasher: Hasher::new(k.0, k.1) }
    })
}

fn is_due(field: &(Vec<u8>, Option<i64>), now: i64) -> bool {
    field.1.is_some_and(|ms| ms < now)
}

fn apply(hash: &mut Hash, oracle: &mut Oracle, op: &Op, now: &mut i64, limits: &HashLimits) {
    match op {
        Op::Put(f, v, e) => {
            let old = oracle.get(f);
            let outcome = match old {
                None => Put::New,
                Some(old) if is_due(old, *now) => Put::Revived,
                Some(_) => Put::Replaced,
            };
            let ms = match e {
                FieldExpiry::Clear => None,
                FieldExpiry::Keep => old.filter(|old| !is_due(old, *now)).and_then(|old| old.1),
                FieldExpiry::At(ms) => Some(*ms),
            };
            assert_eq!(hash.put(f, v, *e, *now, limits), outcome);
            oracle.insert(f.clone(), (v.clone(), ms));
        }
        Op::Remove(f) => {
            let there = oracle.get(f).is_some_and(|old| !is_due(old, *now));
            assert_eq!(hash.remove(f, *now), there);
            if there {
                oracle.remove(f);
            }
        }
        Op::SetExpiry(f, ms) => {
            hash.set_expiry(f, *ms, limits);
            if let Some(old) = oracle.get_mut(f) {
                old.1 = Some(*ms);
            }
        }
        Op::Persist(f) => {
            let had = oracle.get_mut(f).and_then(|old| old.1.take()).is_some();
            assert_eq!(hash.persist(f), had);
        }
        Op::Pass(ms, fire) => {
            *now += ms;
            if *fire {
                let due: BTreeSet<_> =
                    oracle.iter().filter(|(_, v)| is_due(v, *now)).map(|(f, _)| f.clone()).collect();
                let mut gone = BTreeSet::new();
                while hash.expire(*now, 2, |f| assert!(gone.insert(f.to_vec()))) > 0 {}
                assert_eq!(gone, due);
                oracle.retain(|f, _| !due.contains(f));
            }
        }
    }
}

fn check(hash: &Hash, oracle: &Oracle, now: i64, limits: &HashLimits) {
    let whole = hash.whole();
    assert_eq!((whole.len(), hash.next_due()), (oracle.len(), oracle.values().filter_map(|v| v.1).min()));
    let all: BTreeMap<_, _> = whole.iter().map(|(f, v)| (f.to_vec(), v.to_vec())).collect();
    assert!(all.iter().eq(oracle.iter().map(|(f, v)| (f, &v.0))));
    let seen: BTreeSet<_> = hash.at(now).iter().map(|(f, _)| f.to_vec()).collect();
    assert!(seen.iter().eq(oracle.iter().filter(|(_, v)| !is_due(v, now)).map(|(f, _)| f)));
    match whole {
        HashRef::Packed(lp) => {
            assert_eq!(validate(lp.bytes()), Ok(2 * oracle.len()));
            assert!(lp.len() / 2 <= limits.listpack_entries);
        }
        HashRef::Table(map) => map.check(),
        HashRef::Timed(timed, _) => {
            timed.map().check();
            timed.times().check();
            assert!(!timed.times().is_empty());
        }
    }
}

fn check_reads(hash: &Hash, oracle: &Oracle, now: i64, limits: &HashLimits, words: &mut dyn FnMut() -> u64) {
    let read = hash.at(now);
    let living: BTreeMap<_, _> = oracle.iter().filter(|(_, v)| !is_due(v, now)).collect();
    let (mut cursor, mut seen) = (0, Vec::new());
    loop {
        cursor = read.scan(cursor, 3, |f, _| seen.push(f.to_vec()));
        if cursor == 0 {
            break;
        }
    }
    seen.sort();
    assert!(seen.iter().eq(living.keys().copied()), "a scan tells each field once");
    for (f, v) in oracle {
        let value = read.get(f).map(Value::to_vec);
        let expected = (!is_due(v, now)).then(|| v.0.clone());
        assert_eq!((value.clone(), read.expiry(f)), (expected, value.map(|_| v.1)));
    }
    assert!(read.random(words).map_or(living.is_empty(), |(f, _)| living.contains_key(&f.to_vec())));
    for count in [1, 2, living.len() / 2, living.len(), living.len() + 1] {
        let mut picks = BTreeSet::new();
        read.sample(count, words, |f, v| {
            assert_eq!(living[&f.to_vec()].0, v.to_vec());
            assert!(picks.insert(f.to_vec()));
        });
        assert_eq!(picks.len(), count.min(living.len()));
    }
    let copy = hash.duplicate(limits.hasher);
    assert_eq!(copy.whole().encoding(), read.encoding());
    check(&copy, oracle, now, limits);
    if let Some(mut job) = copy.into_free() {
        while !job.step(5) {}
    }
}

proptest! {
    #[test]
    fn hash_is_a_map(ops in vec(op(), 1..150), limits in limits(), seed in any::<u64>()) {
        let mut word = seed;
        let mut words = || {
            word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            word ^ word >> 29
        };
        let (mut hash, mut oracle, mut now) = (Hash::default(), Oracle::new(), 0);
        for op in &ops {
            apply(&mut hash, &mut oracle, op, &mut now, &limits);
            check(&hash, &oracle, now, &limits);
        }
        check_reads(&hash, &oracle, now, &limits, &mut words);
    }
}

#[test]
fn picks_are_fair_whatever_the_form() {
    let limits = HashLimits { listpack_entries: 128, listpack_value: 64, hasher: Hasher::new(7, 9) };
    let mut word = 1u64;
    let mut words = || {
        word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        word ^ word >> 31
    };
    for form in ["packed", "table", "timed", "with due fields"] {
        let mut hash = Hash::default();
        for n in 0..100 {
            hash.put(n.to_string().as_bytes(), b"value", FieldExpiry::Clear, 0, &limits);
        }
        match form {
            "table" => hash.make_table(limits.hasher),
            "timed" => hash.set_expiry(b"5", 500, &limits),
            "with due fields" => {
                for n in 0..40 {
                    hash.put(format!("due{n}").as_bytes(), b"", FieldExpiry::At(50), 0, &limits);
                }
            }
            _ => {}
        }
        let read = hash.at(100);
        let (mut one, mut few, mut many) = ([0; 100], [0; 100], [0; 100]);
        let at = |f: Value<'_>| f.as_int().expect("a number") as usize;
        for _ in 0..10_000 {
            one[at(read.random(&mut words).expect("not empty").0)] += 1;
        }
        for _ in 0..1000 {
            read.sample(10, &mut words, |f, _| few[at(f)] += 1);
            read.sample(50, &mut words, |f, _| many[at(f)] += 1);
        }
        // Five standard deviations of the binomial law.
        for (counts, mean, spread) in [(one, 100, 50), (few, 100, 48), (many, 500, 80)] {
            assert!(counts.iter().all(|&c: &i32| (c - mean).abs() <= spread), "{form}: {counts:?}");
        }
    }
}

#[test]
fn a_field_of_a_big_hash_takes_little() {
    let limits = HashLimits { listpack_entries: 128, listpack_value: 64, hasher: Hasher::new(7, 9) };
    let mut hash = Hash::default();
    let count = 100_000;
    for n in 0..count {
        hash.put(format!("f{n:07}").as_bytes(), b"value", FieldExpiry::Clear, 0, &limits);
    }
    assert!(hash.whole().memory() / count <= 60, "{} bytes a field", hash.whole().memory() / count);
}
