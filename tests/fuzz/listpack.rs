//! Listpacks and intsets from outside: what passes the check reads the same from both ends and can be edited.

use super::mutator::{Rng, mutate, rounds};
use spinel::types::packed::{IntsetRef, Listpack, ListpackRef, Value};

const TOKENS: &[&[u8]] = &[
    b"\xff",
    b"\xf0\xff\xff\xff\xff",
    b"\xf1\x00\x00\x02",
    b"\xf4\xff\xff\xff\xff\xff\xff\xff\x7f\x09",
    b"\xef\xff",
    b"\x81a\x02",
    b"\x80\x01",
    b"\x7f\x01",
    b"\xff\xff\xff\xff\x0f",
];

fn listpack(rng: &mut Rng) -> Listpack {
    let mut lp = Listpack::new();
    for _ in 0..rng.below(12) {
        match rng.below(4) {
            0 => lp.append_int(rng.word() as i64 >> rng.below(64)),
            1 => lp.append_text(&rng.bytes(6)),
            2 => lp.append_text(&rng.bytes(200)),
            _ if rng.one_in(10) => lp.append_text(&rng.bytes(5000)),
            _ => lp.append_text(rng.below(300).to_string().as_bytes()),
        }
    }
    lp
}

/// Its entries, read in every way there is.
fn entries(lp: ListpackRef<'_>, seed: u64) -> Vec<Vec<u8>> {
    let forth: Vec<Vec<u8>> = lp.iter().map(|value| value.to_vec()).collect();
    let mut back: Vec<Vec<u8>> = lp.iter().rev().map(|value| value.to_vec()).collect();
    back.reverse();
    assert_eq!(forth, back, "seed {seed}");
    assert_eq!(lp.len(), forth.len(), "seed {seed}");
    for (at, entry) in forth.iter().enumerate() {
        let found = lp.at(at as i64).map(|value| value.to_vec());
        assert_eq!(found.as_ref(), Some(entry), "seed {seed}");
        let found = lp.at(at as i64 - forth.len() as i64).map(|value| value.to_vec());
        assert_eq!(found.as_ref(), Some(entry), "seed {seed}");
        assert!(lp.find(entry).is_some(), "seed {seed}");
    }
    assert!(lp.at(forth.len() as i64).is_none() && lp.at(-1 - forth.len() as i64).is_none(), "seed {seed}");
    forth
}

#[test]
fn listpacks_that_pass_the_check_can_be_read_and_edited() {
    let (mut passed, mut refused) = (0, 0);
    for seed in 0..rounds(6_000) {
        let mut rng = Rng::new(seed);
        let mut bytes = listpack(&mut rng).into_bytes();
        if !rng.one_in(10) {
            mutate(&mut rng, &mut bytes, TOKENS);
        }
        if !rng.one_in(4) && bytes.len() >= 7 {
            // A header that tells the truth lets more of the damage through.
            let total = bytes.len() as u32;
            bytes[..4].copy_from_slice(&total.to_le_bytes());
            if rng.one_in(2) {
                bytes[4..6].copy_from_slice(b"\xff\xff");
            }
        }
        let Ok(mut lp) = Listpack::from_bytes(bytes) else {
            refused += 1;
            continue;
        };
        passed += 1;
        let mut model = entries(lp.as_ref(), seed);
        for _ in 0..6 {
            let at = rng.below(model.len() + 1);
            let pos = lp.as_ref().seek(at as i64);
            match (rng.below(4), pos) {
                (0, Some(pos)) => {
                    assert_eq!(lp.delete(pos, 1), 1, "seed {seed}");
                    model.remove(at);
                }
                (1, Some(pos)) => {
                    lp.replace(pos, Value::Str(b"another text"));
                    model[at] = b"another text".to_vec();
                }
                (2, Some(pos)) => {
                    lp.insert(pos, Value::Int(-70_000));
                    model.insert(at, b"-70000".to_vec());
                }
                _ => {
                    lp.append(Value::Str(b"z"));
                    model.push(b"z".to_vec());
                }
            }
            assert_eq!(entries(lp.as_ref(), seed), model, "seed {seed}");
        }
        assert!(Listpack::from_bytes(lp.into_bytes()).is_ok(), "seed {seed}");
    }
    assert!(passed > 600 && refused > 1_200, "{passed} {refused}");
}

#[test]
fn intsets_that_pass_the_check_are_in_order() {
    let (mut passed, mut refused) = (0, 0);
    for seed in 0..rounds(6_000) {
        let mut rng = Rng::new(seed);
        let width = *rng.pick(&[2usize, 4, 8]);
        let mut numbers: Vec<i64> =
            (0..rng.below(12)).map(|_| rng.word() as i64 >> (65 - 8 * width)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut bytes = [(width as u32).to_le_bytes(), (numbers.len() as u32).to_le_bytes()].concat();
        numbers.iter().for_each(|n| bytes.extend_from_slice(&n.to_le_bytes()[..width]));
        if !rng.one_in(10) {
            mutate(&mut rng, &mut bytes, &[b"\xff\xff", b"\0\0\0\0", b"\x80", b"\x7f"]);
        }
        let Ok(set) = IntsetRef::validated(&bytes) else {
            refused += 1;
            continue;
        };
        passed += 1;
        let found: Vec<i64> = set.iter().collect();
        assert!(found.is_sorted() && found.len() == set.len() && !found.is_empty(), "seed {seed}");
        for (at, n) in found.iter().enumerate() {
            assert_eq!((set.get(at), set.search(*n)), (Some(*n), Ok(at)), "seed {seed}");
        }
        assert_eq!((set.min(), set.max()), (found.first().copied(), found.last().copied()), "seed {seed}");
        assert!(set.get(found.len()).is_none(), "seed {seed}");
    }
    assert!(passed > 600 && refused > 1_200, "{passed} {refused}");
}
