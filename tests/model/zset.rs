//! Sorted set against a BTreeMap and a sorted vector, small and big.

use std::collections::{BTreeMap, BTreeSet};

use proptest::collection::vec;
use proptest::prelude::*;
use spinel::table::hash::Hasher;
use spinel::types::packed::{Value, validate};
use spinel::types::zset::{AddFlags, Added, LexBound, LexRange, ScoreRange, Zset, ZsetLimits, ZsetRef};

#[derive(Clone, Debug)]
enum Op {
    Add(Vec<u8>, f64, AddFlags),
    AddMany(u16, f64),
    Remove(Vec<u8>),
    RemoveSpan(usize, usize),
    Settle,
}

type Oracle = BTreeMap<Vec<u8>, f64>;

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => (0u32..400).prop_map(|n| n.to_string().into_bytes()),
        4 => vec(b'a'..b'd', 0..6),
        1 => vec(any::<u8>(), 0..200),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![
        5 => (-6i32..6).prop_map(f64::from),
        3 => any::<i32>().prop_map(|n| f64::from(n) / 7.0),
        1 => (0u32..100).prop_map(|n| 1.7e12 + f64::from(n)),
        1 => prop_oneof![Just(0.0), Just(-0.0), Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(1e-300)],
    ]
}

fn flags() -> impl Strategy<Value = AddFlags> {
    let one = prop_oneof![6 => Just(0u8), 1 => 0u8..32];
    one.prop_map(|b| AddFlags {
        incr: b & 1 != 0,
        nx: b & 2 != 0,
        xx: b & 4 != 0,
        gt: b & 8 != 0,
        lt: b & 16 != 0,
    })
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        12 => (member(), score(), flags()).prop_map(|(m, s, f)| Op::Add(m, s, f)),
        1 => (any::<u16>(), score()).prop_map(|(n, s)| Op::AddMany(n, s)),
        5 => member().prop_map(Op::Remove),
        1 => (0usize..300, 0usize..200).prop_map(|(s, n)| Op::RemoveSpan(s, n)),
        1 => Just(Op::Settle),
    ]
}

fn expected_outcome(old: Option<f64>, score: f64, flags: AddFlags) -> Added {
    match old {
        None if flags.xx => Added::Skipped,
        None => Added::New(score),
        Some(_) if flags.nx => Added::Skipped,
        Some(old) => {
            let new = if flags.incr { old + score } else { score };
            if new.is_nan() {
                Added::NotANumber
            } else if (flags.gt && new <= old) || (flags.lt && new >= old) {
                Added::Skipped
            } else if new == old {
                Added::Same(new)
            } else {
                Added::Changed(new)
            }
        }
    }
}

fn sorted(oracle: &Oracle) -> Vec<(Vec<u8>, f64)> {
    let mut all: Vec<_> = oracle.iter().map(|(m, s)| (m.clone(), *s)).collect();
    all.sort_by(|a, b| a.1.partial_cmp(&b.1).expect("no NaN").then_with(|| a.0.cmp(&b.0)));
    all
}

fn apply(set: &mut Zset, oracle: &mut Oracle, op: &Op, limits: &ZsetLimits) {
    match op {
        Op::Add(m, s, flags) => {
            let expected = expected_outcome(oracle.get(m).copied(), *s, *flags);
            assert_eq!(set.add(m, *s, *flags, limits), expected);
            if let Added::New(s) | Added::Changed(s) = expected {
                oracle.insert(m.clone(), s);
            }
        }
        Op::AddMany(seed, s) => {
            for i in 0..150u32 {
                let (m, s) = (format!("many:{}", u32::from(*seed) + i * 7), s + f64::from(i % 40));
                let there = oracle.insert(m.clone().into_bytes(), s);
                let added = set.add(m.as_bytes(), s, AddFlags::default(), limits);
                assert_eq!(matches!(added, Added::New(_)), there.is_none());
            }
        }
        Op::Remove(m) => assert_eq!(set.remove(m), oracle.remove(m)),
        Op::RemoveSpan(start, n) => {
            let gone: Vec<_> = sorted(oracle).into_iter().skip(*start).take(*n).collect();
            assert_eq!(set.remove_span(*start, *n), gone.len());
            gone.iter().for_each(|(m, _)| assert!(oracle.remove(m).is_some()));
        }
        Op::Settle => {
            set.settle(limits);
            let small = oracle.len() <= limits.listpack_entries
                && oracle.keys().all(|m| m.len() <= limits.listpack_value);
            assert!(!small || set.as_ref().encoding() == "listpack");
        }
    }
}

fn contents(set: ZsetRef<'_>, start: usize, count: usize, reverse: bool) -> Vec<(Vec<u8>, f64)> {
    let mut out = Vec::new();
    set.for_each_in(start, count, reverse, |m, s| out.push((m.to_vec(), s)));
    out
}

fn check(set: &Zset, oracle: &Oracle) {
    let (read, expected) = (set.as_ref(), sorted(oracle));
    assert_eq!(read.len(), expected.len());
    assert_eq!(contents(read, 0, usize::MAX, false), expected);
    let mut reversed = contents(read, 0, usize::MAX, true);
    reversed.reverse();
    assert_eq!(reversed, expected);
    if let ZsetRef::Packed(lp) = read {
        assert_eq!(validate(lp.bytes()), Ok(2 * oracle.len()));
    }
}

fn check_spans(read: ZsetRef<'_>, expected: &[(Vec<u8>, f64)], bounds: &[f64]) {
    for &min in bounds {
        for &max in bounds {
            for ex in 0..4 {
                let range = ScoreRange { min, max, min_excluded: ex & 1 != 0, max_excluded: ex & 2 != 0 };
                let inside = |s: f64| range.reaches_min(s) && range.within_max(s);
                let count = expected.iter().filter(|e| inside(e.1)).count();
                let start = expected.iter().position(|e| inside(e.1)).unwrap_or(0);
                assert_eq!(read.score_span(&range), (start, count), "{range:?}");
            }
        }
    }
    for (start, stop) in [(0, -1), (1, 3), (-3, -2), (5, 2), (0, 1 << 40), (i64::MIN, i64::MAX), (-1, 0)] {
        let (from, count) = read.rank_span(start, stop);
        let picked: Vec<_> = expected.iter().skip(from).take(count).cloned().collect();
        assert_eq!(contents(read, from, count, false), picked);
    }
}

fn check_reads(set: &Zset, oracle: &Oracle, limits: &ZsetLimits, words: &mut dyn FnMut() -> u64) {
    let (read, expected) = (set.as_ref(), sorted(oracle));
    for (i, (m, s)) in expected.iter().enumerate() {
        assert_eq!(read.rank(m, false), Some((i, *s)));
        assert_eq!(read.rank(m, true), Some((expected.len() - 1 - i, *s)));
        assert_eq!(read.score(m), Some(*s));
    }
    assert_eq!((read.rank(b"no such member", false), read.score(b"no such member")), (None, None));
    check_spans(read, &expected, &[f64::NEG_INFINITY, -3.0, 0.0, 1.5, 5.0, 1.7e12, f64::INFINITY]);
    let (mut cursor, mut seen) = (0, BTreeMap::new());
    loop {
        cursor = read.scan(cursor, 7, |m, s| assert!(seen.insert(m.to_vec(), s).is_none()));
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(&seen, oracle);
    for count in [0, 1, 2, oracle.len() / 10, oracle.len() / 2, oracle.len() + 3] {
        let mut picks = BTreeSet::new();
        read.sample(count, words, |m, s| {
            assert_eq!(oracle.get(&m.to_vec()), Some(&s));
            assert!(picks.insert(m.to_vec()));
        });
        assert_eq!(picks.len(), count.min(oracle.len()));
    }
    assert_eq!(
        read.random(words(), |m, s| assert_eq!(oracle.get(&m.to_vec()), Some(&s))),
        !oracle.is_empty()
    );
    let copy = set.duplicate(limits.hasher);
    assert_eq!(copy.as_ref().encoding(), read.encoding());
    check(&copy, oracle);
    if let Some(mut free) = copy.into_free() {
        while !free.step(1) {}
    }
}

fn words(seed: u64) -> impl FnMut() -> u64 {
    let mut word = seed;
    move || {
        word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        word ^ word >> 31
    }
}

proptest! {
    #[test]
    fn zset_is_a_map_in_order(
        ops in vec(op(), 1..80),
        entries in 0usize..60,
        value in prop_oneof![Just(64usize), 0usize..8],
        seed in any::<(u64, u64)>(),
    ) {
        let limits = ZsetLimits {
            listpack_entries: entries,
            listpack_value: value,
            hasher: Hasher::new(seed.0, seed.1),
        };
        let (mut set, mut oracle) = (Zset::for_members(1, 1, &limits), Oracle::new());
        for (i, op) in ops.iter().enumerate() {
            apply(&mut set, &mut oracle, op, &limits);
            if i % 8 == 0 || oracle.len() < 60 {
                check(&set, &oracle);
            }
        }
        check(&set, &oracle);
        check_reads(&set, &oracle, &limits, &mut words(seed.0));
    }

    #[test]
    fn lex_ranges_of_equal_scores(
        members in vec(vec(b'a'..b'e', 0..4), 1..200),
        bounds in vec((vec(b'a'..b'f', 0..4), 0u8..4), 2..12),
        big in any::<bool>(),
    ) {
        let limits = ZsetLimits {
            listpack_entries: if big { 0 } else { 1000 },
            listpack_value: 64,
            hasher: Hasher::new(1, 2),
        };
        let mut set = Zset::for_members(1, 1, &limits);
        let all: BTreeSet<_> = members.into_iter().collect();
        for m in all.iter().rev() {
            prop_assert_eq!(set.add(m, 0.0, AddFlags::default(), &limits), Added::New(0.0));
        }
        let bound = |(text, kind): &(Vec<u8>, u8)| match kind {
            0 => b"-".to_vec(),
            1 => b"+".to_vec(),
            2 => [b"[", text.as_slice()].concat(),
            _ => [b"(", text.as_slice()].concat(),
        };
        for pair in bounds.windows(2) {
            let (min, max) = (bound(&pair[0]), bound(&pair[1]));
            let range = LexRange {
                min: LexBound::parse(&min).expect("a bound"),
                max: LexBound::parse(&max).expect("a bound"),
            };
            let inside = |m: &Vec<u8>| range.reaches_min(m) && range.within_max(m);
            let count = all.iter().filter(|m| inside(m)).count();
            let start = all.iter().position(inside).unwrap_or(0);
            prop_assert_eq!(set.as_ref().lex_span(&range, false), (start, count));
            prop_assert_eq!(set.as_ref().lex_span(&range, true), (start, count));
        }
    }
}

#[test]
fn picks_are_fair() {
    for entries in [128, 0] {
        let limits = ZsetLimits { listpack_entries: entries, listpack_value: 64, hasher: Hasher::new(7, 9) };
        let mut set = Zset::for_members(1, 1, &limits);
        for i in 0..100 {
            set.add(i.to_string().as_bytes(), f64::from(i), AddFlags::default(), &limits);
        }
        let mut words = words(1);
        let (mut one, mut few, mut many) = ([0; 100], [0; 100], [0; 100]);
        let at = |m: Value<'_>| m.as_int().expect("a number") as usize;
        for _ in 0..10_000 {
            assert!(set.as_ref().random(words(), |m, _| one[at(m)] += 1));
        }
        for _ in 0..1000 {
            set.as_ref().sample(10, &mut words, |m, _| few[at(m)] += 1);
            set.as_ref().sample(50, &mut words, |m, _| many[at(m)] += 1);
        }
        // Five standard deviations of the binomial law.
        for (counts, mean, spread) in [(one, 100, 50), (few, 100, 48), (many, 500, 80)] {
            assert!(counts.iter().all(|&c: &i32| (c - mean).abs() <= spread), "{entries}: {counts:?}");
        }
    }
}
