//! Bits within a range: BITCOUNT and BITPOS, with indexes in bytes or bits that may count from the end.

use super::popcount::popcount;

/// What the indexes of a range count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    Byte,
    Bit,
}

/// A range as a client gives it: both ends included, negative ones counting from the end of the string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    pub start: i64,
    /// `None`: up to the end of the string.
    pub end: Option<i64>,
    pub unit: Unit,
}

impl Range {
    /// The whole string, as when no range is given.
    pub const ALL: Range = Range { start: 0, end: None, unit: Unit::Byte };

    /// The first and last bit within a string of `len` bytes; `None` when there is none.
    fn resolve(self, len: usize) -> Option<(u64, u64)> {
        let total = match self.unit {
            Unit::Byte => len as i64,
            Unit::Bit => (len as i64).checked_mul(8)?,
        };
        let from_end = |index: i64| if index < 0 { (total + index).max(0) } else { index };
        let start = from_end(self.start);
        let end = from_end(self.end.unwrap_or(total - 1)).min(total - 1);
        if start > end {
            return None;
        }
        let (start, end) = (start as u64, end as u64);
        Some(match self.unit {
            Unit::Byte => (start * 8, end * 8 + 7),
            Unit::Bit => (start, end),
        })
    }
}

/// Set bits within `range`.
pub fn count(bytes: &[u8], range: Range) -> u64 {
    // COMPAT: two negative ends in the wrong order are empty even where both would be moved up to the first element.
    if let Some(end) = range.end
        && range.start < 0
        && end < 0
        && range.start > end
    {
        return 0;
    }
    let Some((first, last)) = range.resolve(bytes.len()) else { return 0 };
    let stretch = &bytes[(first / 8) as usize..=(last / 8) as usize];
    let before = stretch[0] & !from_mask(first);
    let after = stretch[stretch.len() - 1] & !to_mask(last);
    popcount(stretch) - u64::from(before.count_ones()) - u64::from(after.count_ones())
}

/// The first bit equal to `bit` within `range`, or -1. Looking for a clear bit up to an end that was not given, the
/// string counts as followed by zeros. A missing key is the caller's case: 0 for a clear bit, -1 for a set one.
pub fn position(bytes: &[u8], bit: bool, range: Range) -> i64 {
    let Some((first, last)) = range.resolve(bytes.len()) else { return -1 };
    match find(bytes, bit, first, last) {
        Some(found) => found as i64,
        None if !bit && range.end.is_none() => last as i64 + 1,
        None => -1,
    }
}

fn find(bytes: &[u8], bit: bool, first: u64, last: u64) -> Option<u64> {
    let flip = if bit { 0 } else { 0xff };
    let (first_byte, last_byte) = ((first / 8) as usize, (last / 8) as usize);
    let within = |byte: usize, mask: u8| {
        let hit = (bytes[byte] ^ flip) & mask;
        (hit != 0).then(|| byte as u64 * 8 + u64::from(hit.leading_zeros()))
    };
    if first_byte == last_byte {
        return within(first_byte, from_mask(first) & to_mask(last));
    }
    let middle = &bytes[first_byte + 1..last_byte];
    within(first_byte, from_mask(first))
        .or_else(|| Some((first_byte as u64 + 1) * 8 + find_in(middle, flip)?))
        .or_else(|| within(last_byte, to_mask(last)))
}

/// The first bit of `bytes` that is set after flipping with `flip`.
fn find_in(bytes: &[u8], flip: u8) -> Option<u64> {
    let (words, tail) = bytes.as_chunks::<8>();
    let skip = u64::from_ne_bytes([flip; 8]);
    if let Some(at) = words.iter().position(|word| u64::from_ne_bytes(*word) != skip) {
        let zeros = (u64::from_be_bytes(words[at]) ^ skip).leading_zeros();
        return Some(at as u64 * 64 + u64::from(zeros));
    }
    let at = tail.iter().position(|byte| *byte != flip)?;
    Some((words.len() * 8 + at) as u64 * 8 + u64::from((tail[at] ^ flip).leading_zeros()))
}

/// The bits of a byte from the one at `bit` on.
fn from_mask(bit: u64) -> u8 {
    0xff >> (bit % 8)
}

/// The bits of a byte up to the one at `bit`.
fn to_mask(bit: u64) -> u8 {
    !(0x7f >> (bit % 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(start: i64, end: i64) -> Range {
        Range { start, end: Some(end), unit: Unit::Bit }
    }

    #[test]
    fn counts_within_bytes() {
        assert_eq!(count(b"foobar", Range::ALL), 26);
        assert_eq!(count(b"foobar", Range { start: 1, end: Some(1), unit: Unit::Byte }), 6);
        assert_eq!(count(b"foobar", bits(5, 30)), 17);
        assert_eq!(count(b"xxxxx", Range { start: -10, end: Some(-20), unit: Unit::Byte }), 0);
        assert_eq!(count(b"", Range::ALL), 0);
        assert_eq!(count(b"a", bits(i64::MIN, i64::MAX)), 3);
    }

    #[test]
    fn a_clear_bit_lies_after_the_end_only_when_no_end_was_given() {
        assert_eq!(position(b"\xff\xff", false, Range::ALL), 16);
        assert_eq!(position(b"\xff\xff", false, Range { start: 0, end: Some(-1), unit: Unit::Byte }), -1);
        assert_eq!(position(b"\xff\xff", false, bits(3, 9)), -1);
        assert_eq!(position(b"\x00\x00", true, Range::ALL), -1);
        assert_eq!(position(b"", false, Range::ALL), -1);
        assert_eq!(position(b"\x00\xff\xf0", true, Range { start: 2, end: None, unit: Unit::Byte }), 16);
    }
}
