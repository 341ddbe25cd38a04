//! HyperLogLog against values recorded from the referee, and its forms against one another. Elements are `e0`, `e1`...

use super::recorded::Digest;
use proptest::prelude::*;
use spinel::types::hll::{self, Encoding, HllError, Union};

/// sparse_max_bytes, elements, length, form, FNV of the bytes, PFCOUNT, FNV of the bytes after it
const RECORDED: [(usize, usize, usize, &str, u64, u64, u64); 24] = [
    (3000, 1, 21, "sparse", 0xfffb6faeff77f7cd, 1, 0x546d16fdfd2c805a),
    (3000, 10, 48, "sparse", 0x953ea581c3d6700b, 10, 0xd06c25fbeaa23420),
    (3000, 100, 285, "sparse", 0xdc190eeb2be4c6cc, 100, 0x40dec5e3b1513cfa),
    (3000, 300, 713, "sparse", 0x78fe767f94ca7a14, 302, 0xc7b1bd47db913d5b),
    (3000, 1000, 1906, "sparse", 0xb392116df828af91, 1008, 0x4ded8ea0046b668d),
    (3000, 1500, 2719, "sparse", 0xdf8eccb17c30d277, 1509, 0xf02083a1232a1a76),
    (3000, 2000, 12304, "dense", 0x5864161f4ab7611c, 2000, 0xdd4d26f186b57d33),
    (3000, 5000, 12304, "dense", 0x359526983ee783b3, 4968, 0x9219c5a2921db657),
    (3000, 20000, 12304, "dense", 0xc0a493d253f46c9a, 19901, 0x5b776629ffcdd575),
    (3000, 100000, 12304, "dense", 0x623f957f1558d20a, 100853, 0xfd1fc23694773e63),
    (200, 1, 21, "sparse", 0xfffb6faeff77f7cd, 1, 0x546d16fdfd2c805a),
    (200, 10, 48, "sparse", 0x953ea581c3d6700b, 10, 0xd06c25fbeaa23420),
    (200, 100, 12304, "dense", 0x62b74495536e7ab5, 100, 0x019a893d5cd6cdb3),
    (200, 300, 12304, "dense", 0x0a807c4c15e56d52, 302, 0x47b6e8d785652e43),
    (16000, 1, 21, "sparse", 0xfffb6faeff77f7cd, 1, 0x546d16fdfd2c805a),
    (16000, 10, 48, "sparse", 0x953ea581c3d6700b, 10, 0xd06c25fbeaa23420),
    (16000, 100, 285, "sparse", 0xdc190eeb2be4c6cc, 100, 0x40dec5e3b1513cfa),
    (16000, 300, 713, "sparse", 0x78fe767f94ca7a14, 302, 0xc7b1bd47db913d5b),
    (16000, 1000, 1906, "sparse", 0xb392116df828af91, 1008, 0x4ded8ea0046b668d),
    (16000, 1500, 2719, "sparse", 0xdf8eccb17c30d277, 1509, 0xf02083a1232a1a76),
    (16000, 2000, 3475, "sparse", 0xe316ed1d0adbb6f2, 2000, 0x5803d7ba34698517),
    (16000, 5000, 7116, "sparse", 0x46cad581813db3b4, 4968, 0x730c027419400030),
    (16000, 20000, 12976, "sparse", 0x13e46187713012fe, 19901, 0x63c5ffda212150d9),
    (16000, 100000, 13612, "sparse", 0x4403435e315e032f, 100853, 0x8e6ff97cdedd2562),
];

fn fnv(bytes: &[u8]) -> u64 {
    Digest::of(bytes).0
}

fn add(value: &mut Vec<u8>, prefix: &str, from: usize, to: usize, max: usize) {
    for i in from..to {
        hll::add(value, [format!("{prefix}{i}").as_bytes()], max).expect("a sound value");
    }
}

fn count(value: &mut [u8]) -> u64 {
    let counted = hll::count(value).expect("a sound value");
    counted.remember(value);
    counted.cardinality
}

#[test]
fn adds_and_counts_as_recorded() {
    let (mut value, mut last) = (hll::empty(), (0, 0));
    for (max, elements, len, form, stale, cardinality, fresh) in RECORDED {
        if last.0 != max {
            (value, last) = (hll::empty(), (max, 0));
        }
        add(&mut value, "e", last.1, elements, max);
        last = (max, elements);
        assert_eq!((value.len(), hll::encoding(&value).unwrap().name()), (len, form), "{max} {elements}");
        assert_eq!(fnv(&value), stale, "{max} {elements}");
        assert_eq!(count(&mut value), cardinality, "{max} {elements}");
        assert_eq!(fnv(&value), fresh, "{max} {elements}");
        assert!(!hll::count(&value).unwrap().refreshed);
    }
}

#[test]
fn merges_as_recorded() {
    let (mut a, mut b, mut d) = (hll::empty(), hll::empty(), hll::empty());
    add(&mut a, "x", 0, 400, 3000);
    add(&mut b, "y", 0, 500, 3000);
    add(&mut d, "z", 0, 30000, 3000);
    let mut union = Union::new();
    union.merge(&a).unwrap();
    union.merge(&b).unwrap();
    assert_eq!(union.count(), 902);
    let mut fresh = union.store(None, 3000).unwrap();
    assert_eq!((fnv(&fresh), fresh.len()), (0x350d2436a4174dc2, 1727));
    assert_eq!(count(&mut fresh), 902);
    let over_a = union.store(Some(a.clone()), 3000).unwrap();
    assert_eq!(fnv(&over_a), 0x350d2436a4174dc2);
    union.merge(&d).unwrap();
    assert_eq!(union.count(), 30824);
    let mut big = union.store(Some(fresh), 3000).unwrap();
    assert_eq!(fnv(&big), 0x714e4621b33310bc);
    assert_eq!(count(&mut big), 30824);
}

#[test]
fn lists_opcodes_as_recorded() {
    let mut value = hll::empty();
    assert_eq!(hll::add(&mut value, ["1", "2", "3", "foo", "bar"].map(str::as_bytes), 3000), Ok(5));
    let listing = "Z:7348 v:5,1 Z:178 v:1,1 Z:2479 v:1,1 Z:965 v:1,1 Z:4397 v:4,1 Z:1012";
    assert_eq!(hll::decode_sparse(&value).unwrap().unwrap(), listing);
    assert_eq!(hll::to_dense(&mut value), Ok(true));
    assert_eq!(hll::decode_sparse(&value), Ok(None));
    assert_eq!(hll::registers(&value).unwrap().filter(|r| *r > 0).collect::<Vec<_>>(), [5, 1, 1, 1, 4]);
}

#[test]
fn other_strings_are_refused() {
    let mut short = hll::empty();
    short.truncate(15);
    let mut unknown = hll::empty();
    unknown[4] = 2;
    let mut cut = hll::empty();
    hll::to_dense(&mut cut).unwrap();
    cut.pop();
    for value in [&b""[..], b"HYLL", &short, &unknown, &cut] {
        assert_eq!(hll::count(value), Err(HllError::NotHll));
        assert_eq!(Union::new().merge(value), Err(HllError::NotHll));
    }
    let mut overrun = hll::empty();
    overrun.push(0x40);
    assert_eq!(hll::count(&overrun), Err(HllError::Corrupted));
    assert_eq!(HllError::Corrupted.to_string(), "INVALIDOBJ Corrupted HLL object detected");
}

/// Opcodes that lie about their registers, as in the published attacks on sparse values.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let code =
        proptest::collection::vec(prop_oneof![Just(0x7fu8), Just(0xff), Just(0x80), any::<u8>()], 0..80);
    code.prop_map(|code| [&hll::empty()[..16], &code].concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn forms_agree(elements in proptest::collection::vec(any::<u32>(), 0..2500), max in 0usize..16000) {
        let (mut sparse, mut dense) = (hll::empty(), hll::empty());
        hll::to_dense(&mut dense).unwrap();
        for element in &elements {
            let element = element.to_le_bytes();
            let raised = hll::add(&mut sparse, [&element[..]], max).unwrap();
            prop_assert_eq!(hll::add(&mut dense, [&element[..]], max).unwrap(), raised);
        }
        prop_assert_eq!(hll::count(&sparse).unwrap().cardinality, hll::count(&dense).unwrap().cardinality);
        let mut copy = sparse.clone();
        hll::to_dense(&mut copy).unwrap();
        prop_assert!(copy[16..] == dense[16..]);
        let mut union = Union::new();
        union.merge(&sparse).unwrap();
        let merged = union.store(None, usize::MAX).unwrap();
        if hll::encoding(&sparse) == Ok(Encoding::Sparse) {
            let mut again = Union::new();
            again.merge(&merged).unwrap();
            prop_assert_eq!(again.count(), union.count());
        } else {
            prop_assert!(merged[16..] == dense[16..]);
        }
    }

    #[test]
    fn hostile_bytes_never_panic(mut value in hostile(), elements in proptest::collection::vec(any::<u64>(), 0..40)) {
        let counted = hll::count(&value);
        let mut union = Union::new();
        let merged = union.merge(&value);
        prop_assert!(hll::decode_sparse(&value).is_ok());
        for element in elements {
            let _ = hll::add(&mut value, [&element.to_le_bytes()[..]], 3000);
        }
        let sound = hll::to_dense(&mut value.clone()).is_ok();
        prop_assert!(sound || hll::count(&value) == Err(HllError::Corrupted) || counted.is_ok());
        prop_assert!(merged.is_err() || sound);
    }
}
