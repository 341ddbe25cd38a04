//! Set against a BTreeSet, under limits at which every encoding passes into every other.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use spinel::table::hash::Hasher;
use spinel::types::packed::{IntsetRef, Value, validate};
use spinel::types::set::{Set, SetLimits, SetRef};

#[derive(Clone, Debug)]
enum Op {
    Insert(Vec<u8>),
    InsertValue(i64),
    Remove(Vec<u8>),
    Pop(usize),
    SettleIntegers,
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (-30i64..30).prop_map(|n| n.to_string().into_bytes()),
        1 => any::<i64>().prop_map(|n| n.to_string().into_bytes()),
        4 => vec(b'a'..b'd', 0..6),
        1 => vec(any::<u8>(), 0..70),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => member().prop_map(Op::Insert),
        4 => (-300i64..300).prop_map(Op::InsertValue),
        5 => member().prop_map(Op::Remove),
        1 => (0usize..12).prop_map(Op::Pop),
        1 => Just(Op::SettleIntegers),
    ]
}

fn limits() -> impl Strategy<Value = SetLimits> {
    (0usize..40, 0usize..40, prop_oneof![Just(64usize), 0usize..8], any::<(u64, u64)>()).prop_map(
        |(i, l, v, k)| SetLimits {
            intset_entries: i,
            listpack_entries: l,
            listpack_value: v,
            hasher: Hasher::new(k.0, k.1),
        },
    )
}

fn apply(
    set: &mut Set,
    oracle: &mut BTreeSet<Vec<u8>>,
    op: &Op,
    limits: &SetLimits,
    words: &mut dyn FnMut() -> u64,
) {
    match op {
        Op::Insert(m) => assert_eq!(set.insert(m, limits), oracle.insert(m.clone())),
        Op::InsertValue(n) => {
            assert_eq!(set.insert_value(Value::Int(*n), limits), oracle.insert(n.to_string().into_bytes()));
        }
        Op::Remove(m) => assert_eq!(set.remove(m), oracle.remove(m)),
        Op::Pop(n) => {
            let mut popped = 0;
            set.pop(*n, words, |m| {
                popped += 1;
                assert!(oracle.remove(&m.to_vec()), "popped once, and was in");
            });
            assert_eq!(popped.min(*n), popped);
            assert!(popped == *n || oracle.is_empty());
        }
        Op::SettleIntegers => {
            set.settle_integers(limits);
            let integers = oracle.iter().all(|m| Value::of(m).as_int().is_some());
            let table = set.as_ref().encoding() != "intset";
            assert_eq!(table, !integers || oracle.len() > limits.intset_entries);
        }
    }
}

fn check(set: &Set, oracle: &BTreeSet<Vec<u8>>, limits: &SetLimits) {
    let read = set.as_ref();
    assert_eq!(read.len(), oracle.len());
    let mut all: Vec<_> = read.iter().map(Value::to_vec).collect();
    all.sort();
    assert!(all.iter().eq(oracle.iter()));
    match read {
        SetRef::Intset(set) => {
            assert!(set.is_empty() || IntsetRef::validated(set.bytes()).is_ok());
            assert!(set.len() <= limits.intset_entries);
        }
        SetRef::Packed(lp) => assert_eq!(validate(lp.bytes()), Ok(oracle.len())),
        SetRef::Table(map) => map.check(),
    }
}

fn check_reads(set: &Set, oracle: &BTreeSet<Vec<u8>>, limits: &SetLimits, words: &mut dyn FnMut() -> u64) {
    let read = set.as_ref();
    let (mut cursor, mut seen) = (0, Vec::new());
    loop {
        cursor = read.scan(cursor, 3, |m| seen.push(m.to_vec()));
        if cursor == 0 {
            break;
        }
    }
    seen.sort();
    assert!(seen.iter().eq(oracle.iter()), "a scan tells each member once");
    for m in oracle {
        assert!(read.contains(m) && read.contains_value(Value::of(m)) && read.contains_value(Value::Str(m)));
    }
    assert!(read.random(words()).map_or(oracle.is_empty(), |m| oracle.contains(&m.to_vec())));
    for count in [1, 2, oracle.len() / 2, oracle.len(), oracle.len() + 1] {
        let mut picks = BTreeSet::new();
        read.sample(count, words, |m| assert!(picks.insert(m.to_vec())));
        assert_eq!(picks.len(), count.min(oracle.len()));
        assert!(picks.is_subset(oracle));
    }
    let copy = set.duplicate(limits.hasher);
    assert_eq!(copy.as_ref().encoding(), read.encoding());
    check(&copy, oracle, limits);
    if let Some(mut job) = copy.into_free() {
        while !job.step(5) {}
    }
}

proptest! {
    #[test]
    fn set_is_a_set(ops in vec(op(), 1..150), limits in limits(), seed in any::<u64>()) {
        let mut word = seed;
        let mut words = || {
            word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            word ^ word >> 29
        };
        let mut set = Set::for_member(b"1", 1, &limits);
        let mut oracle = BTreeSet::new();
        for op in &ops {
            apply(&mut set, &mut oracle, op, &limits, &mut words);
            check(&set, &oracle, &limits);
        }
        check_reads(&set, &oracle, &limits, &mut words);
    }
}

#[test]
fn picks_are_fair() {
    let limits = SetLimits {
        intset_entries: 512,
        listpack_entries: 128,
        listpack_value: 64,
        hasher: Hasher::new(7, 9),
    };
    let mut word = 1u64;
    let mut words = || {
        word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        word ^ word >> 31
    };
    let members: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    for encoding in ["intset", "listpack", "hashtable"] {
        let mut set = Set::for_member(b"1", 1, &limits);
        members.iter().for_each(|m| assert!(set.insert(m.as_bytes(), &limits)));
        match encoding {
            "listpack" => assert!(set.insert(b"x", &limits) && set.remove(b"x")),
            "hashtable" => drop(set.to_table(&limits)),
            _ => {}
        }
        assert_eq!(set.as_ref().encoding(), encoding);
        let (mut one, mut few, mut many) = ([0; 100], [0; 100], [0; 100]);
        let at = |m: Value<'_>| m.as_int().expect("a number") as usize;
        for _ in 0..10_000 {
            one[at(set.as_ref().random(words()).expect("not empty"))] += 1;
        }
        for _ in 0..1000 {
            set.as_ref().sample(10, &mut words, |m| few[at(m)] += 1);
            set.as_ref().sample(50, &mut words, |m| many[at(m)] += 1);
        }
        // Five standard deviations of the binomial law.
        for (counts, mean, spread) in [(one, 100, 50), (few, 100, 48), (many, 500, 80)] {
            assert!(counts.iter().all(|&c: &i32| (c - mean).abs() <= spread), "{encoding}: {counts:?}");
        }
    }
}
