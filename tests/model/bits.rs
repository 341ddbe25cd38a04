//! Bits of strings against digests recorded from the referee, and against an array of plain booleans.

use super::recorded::{Dice, Digest};
use proptest::prelude::*;
use spinel::types::bits::{self, Field, Operation, Overflow, Range, Unit};

/// An index that is near the string's length half of the time.
fn index(dice: &mut Dice) -> i64 {
    if dice.coin() { dice.roll(80) as i64 - 40 } else { dice.roll(700) as i64 - 350 }
}

#[test]
fn counts_and_positions_as_recorded() {
    let (mut dice, mut digest) = (Dice::new(1), Digest::default());
    for _ in 0..3000 {
        let (len, kind) = (dice.roll(40), dice.roll(3));
        let mut string: Vec<u8> = match kind {
            0 => vec![0; len as usize],
            1 => vec![255; len as usize],
            _ => dice.bytes(len),
        };
        if len > 0 && dice.coin() {
            let at = dice.roll(len) as usize;
            string[at] = dice.roll(256) as u8;
        }
        let bit = dice.coin();
        let (start, end) = (index(&mut dice), index(&mut dice));
        let unit = if dice.coin() { Unit::Bit } else { Unit::Byte };
        let range = Range { start, end: Some(end), unit };
        digest.word(bits::count(&string, range) as i64);
        digest.word(bits::position(&string, bit, range));
        digest.word(bits::position(&string, bit, Range { start, end: None, unit: Unit::Byte }));
        digest.word(bits::position(&string, bit, Range::ALL));
        digest.word(bits::count(&string, Range::ALL) as i64);
    }
    assert_eq!(digest, Digest(0xb5c6aed17d47d585));
}

#[test]
fn fields_as_recorded() {
    let (mut dice, mut digest) = (Dice::new(2), Digest::default());
    let mut string = Vec::new();
    for i in 0..4000 {
        let signed = dice.coin();
        let width = dice.roll(if signed { 64 } else { 63 }) + 1;
        let (offset, op) = (dice.roll(300), dice.roll(3));
        let overflow = [Overflow::Wrap, Overflow::Saturate, Overflow::Fail][dice.roll(3) as usize];
        let value =
            (dice.roll(1 << 31) << 33 | dice.roll(1 << 31) << 2 | dice.roll(4)).wrapping_sub(1 << 63) as i64;
        let value = value >> dice.roll(64);
        let field = Field::parse(format!("{}{width}", if signed { 'i' } else { 'u' }).as_bytes()).unwrap();
        let reply = match op {
            0 => Some(field.get(&string, offset)),
            1 => {
                field.reserve(&mut string, offset);
                field.set(&mut string, offset, value, overflow).reply
            }
            _ => {
                field.reserve(&mut string, offset);
                field.increment(&mut string, offset, value, overflow).reply
            }
        };
        digest.word(reply.unwrap_or(12345));
        if i % 16 == 0 {
            digest.bytes(&string);
        }
    }
    assert_eq!(digest, Digest(0x8cba4598cb348cdb));
}

#[test]
fn combines_as_recorded() {
    let (mut dice, mut digest) = (Dice::new(3), Digest::default());
    for _ in 0..1500 {
        let inputs = 1 + dice.roll(4);
        let op = [Operation::And, Operation::Or, Operation::Xor, Operation::Not][dice.roll(4) as usize];
        let inputs = if op == Operation::Not { 1 } else { inputs };
        let strings: Vec<Vec<u8>> = (0..inputs)
            .map(|_| {
                let len = dice.roll(90);
                dice.bytes(len)
            })
            .collect();
        let out = bits::combine(op, &strings.iter().map(Vec::as_slice).collect::<Vec<_>>());
        digest.word(out.len() as i64);
        digest.bytes(&out);
    }
    assert_eq!(digest, Digest(0x1044ae9189b99d17));
}

proptest! {
    #[test]
    fn single_bits_and_ranges(
        writes in proptest::collection::vec((0u64..400, any::<bool>()), 0..60),
        start in -500i64..500,
        end in -500i64..500,
    ) {
        let (mut string, mut plain) = (Vec::new(), Vec::<bool>::new());
        for (offset, on) in writes {
            let at = offset as usize;
            let len = plain.len().max((at / 8 + 1) * 8);
            let grown = len != plain.len();
            plain.resize(len, false);
            let replaced = bits::set(&mut string, offset, on);
            prop_assert_eq!(replaced.old, plain[at]);
            prop_assert_eq!(replaced.changed, grown || plain[at] != on);
            plain[at] = on;
        }
        for i in 0..plain.len() + 9 {
            prop_assert_eq!(bits::get(&string, i as u64), plain.get(i).copied().unwrap_or(false));
        }
        let total = plain.len() as i64;
        let clamp = |i: i64| if i < 0 { (i + total).max(0) } else { i };
        let (from, to) = (clamp(start), clamp(end).min(total - 1));
        let inside = if from <= to { &plain[from as usize..=to as usize] } else { &[] };
        let range = Range { start, end: Some(end), unit: Unit::Bit };
        if !(start < 0 && end < 0 && start > end) {
            prop_assert_eq!(bits::count(&string, range), inside.iter().filter(|b| **b).count() as u64);
        }
        for bit in [false, true] {
            let found = inside.iter().position(|b| *b == bit).map_or(-1, |at| at as i64 + from);
            prop_assert_eq!(bits::position(&string, bit, range), found);
        }
    }
}
