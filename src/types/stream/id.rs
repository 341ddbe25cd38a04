//! Stream IDs: order, neighbours, and the spellings that commands take. Knows no stream.

use std::fmt;
use std::ops::Deref;

/// The ID of an entry: milliseconds and a number within the millisecond.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct StreamId {
    pub ms: u64,
    pub seq: u64,
}

/// The ID argument of XADD.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddId {
    /// `*`
    Auto,
    /// `ms-*`
    AutoSeq(u64),
    Given(StreamId),
}

/// Why an end of a range is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BoundError {
    /// Not an ID. ("Invalid stream ID specified as stream command argument")
    Invalid,
    /// Nothing lies beyond it. ("invalid start ID for the interval", or "end")
    Empty,
}

/// Longest text that is looked at.
const MAX_TEXT: usize = 127;

impl StreamId {
    pub const MIN: StreamId = StreamId { ms: 0, seq: 0 };
    pub const MAX: StreamId = StreamId { ms: u64::MAX, seq: u64::MAX };

    pub const fn new(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    /// The ID after this one, unless it is the last.
    pub fn next(self) -> Option<StreamId> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(StreamId { seq, ..self }),
            None => Some(StreamId { ms: self.ms.checked_add(1)?, seq: 0 }),
        }
    }

    /// The ID before this one, unless it is the first.
    pub fn prev(self) -> Option<StreamId> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(StreamId { seq, ..self }),
            None => Some(StreamId { ms: self.ms.checked_sub(1)?, seq: u64::MAX }),
        }
    }

    /// Reads `ms` or `ms-seq`, a missing seq being `missing_seq`.
    pub fn parse_strict(text: &[u8], missing_seq: u64) -> Option<StreamId> {
        match split(text)? {
            (ms, None) => Some(StreamId { ms: number(ms)?, seq: missing_seq }),
            (ms, Some(seq)) => Some(StreamId { ms: number(ms)?, seq: number(seq)? }),
        }
    }

    /// As `parse_strict`, and `-` and `+` for the first and last ID there can be.
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<StreamId> {
        match text {
            b"-" => Some(StreamId::MIN),
            b"+" => Some(StreamId::MAX),
            _ => StreamId::parse_strict(text, missing_seq),
        }
    }

    /// The first ID of a range that starts as `text` says: `(` before it leaves the ID itself out.
    ///
    /// # Errors
    /// See [`BoundError`].
    pub fn parse_start(text: &[u8]) -> Result<StreamId, BoundError> {
        match open_bound(text) {
            Some(text) => {
                let id = StreamId::parse_strict(text, 0).ok_or(BoundError::Invalid)?;
                id.next().ok_or(BoundError::Empty)
            }
            None => StreamId::parse(text, 0).ok_or(BoundError::Invalid),
        }
    }

    /// The last ID of a range that ends as `text` says; see `parse_start`. An end without seq takes in its
    /// whole millisecond.
    ///
    /// # Errors
    /// See [`BoundError`].
    pub fn parse_end(text: &[u8]) -> Result<StreamId, BoundError> {
        match open_bound(text) {
            Some(text) => {
                let id = StreamId::parse_strict(text, u64::MAX).ok_or(BoundError::Invalid)?;
                id.prev().ok_or(BoundError::Empty)
            }
            None => StreamId::parse(text, u64::MAX).ok_or(BoundError::Invalid),
        }
    }

    /// Its text, without allocating.
    pub fn text(self) -> IdText {
        let mut text = IdText { bytes: [0; 41], len: 0 };
        let mut digits = itoa::Buffer::new();
        text.push(digits.format(self.ms).as_bytes());
        text.push(b"-");
        text.push(digits.format(self.seq).as_bytes());
        text
    }

    /// The 16 bytes by which Redis keys a node in its files: both halves big endian.
    pub fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.ms) << 64 | u128::from(self.seq)).to_be_bytes()
    }

    pub fn from_bytes(bytes: [u8; 16]) -> StreamId {
        let both = u128::from_be_bytes(bytes);
        StreamId { ms: (both >> 64) as u64, seq: both as u64 }
    }
}

impl AddId {
    /// Reads the ID argument of XADD.
    pub fn parse(text: &[u8]) -> Option<AddId> {
        if text == b"*" {
            return Some(AddId::Auto);
        }
        match split(text)? {
            (ms, Some(b"*")) => number(ms).map(AddId::AutoSeq),
            _ => StreamId::parse_strict(text, 0).map(AddId::Given),
        }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// The text of an ID.
#[derive(Clone, Copy)]
pub struct IdText {
    bytes: [u8; 41],
    len: u8,
}

impl IdText {
    fn push(&mut self, part: &[u8]) {
        let from = usize::from(self.len);
        self.bytes[from..from + part.len()].copy_from_slice(part);
        self.len += part.len() as u8;
    }
}

impl Deref for IdText {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

fn open_bound(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"(").filter(|rest| !rest.is_empty())
}

/// Both parts of an ID, the second if there is a dash.
fn split(text: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    if text.len() > MAX_TEXT {
        return None;
    }
    // COMPAT: the text ends at a zero byte, as in C.
    let text = text.split(|byte| *byte == 0).next()?;
    match text.iter().position(|byte| *byte == b'-') {
        Some(dash) => Some((&text[..dash], Some(&text[dash + 1..]))),
        None => Some((text, None)),
    }
}

/// COMPAT: besides the canonical spelling, all that C's strtoull takes: leading spaces, a sign (a negative one, where
/// leading zeros hide it, wraps around) and leading zeros.
fn number(text: &[u8]) -> Option<u64> {
    if let Some(value) = crate::util::numbers::parse_i64(text) {
        return u64::try_from(value).ok();
    }
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().try_fold(0u64, |value, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })?;
    Some(if negative { value.wrapping_neg() } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64, seq: u64) -> StreamId {
        StreamId { ms, seq }
    }

    #[test]
    fn spellings() {
        assert_eq!(StreamId::parse(b"5", 7), Some(id(5, 7)));
        assert_eq!(StreamId::parse(b"5-3", 7), Some(id(5, 3)));
        assert_eq!(StreamId::parse(b"-", 7), Some(StreamId::MIN));
        assert_eq!(StreamId::parse(b"+", 7), Some(StreamId::MAX));
        assert_eq!(StreamId::parse(b"18446744073709551615-18446744073709551615", 0), Some(StreamId::MAX));
        assert_eq!(StreamId::parse(b"007-05", 7), Some(id(7, 5)));
        assert_eq!(StreamId::parse(b" +7", 1), Some(id(7, 1)));
        assert_eq!(StreamId::parse(b"1--03", 0), Some(id(1, u64::MAX - 2)));
        assert_eq!(StreamId::parse(b"1-2\0x", 0), Some(id(1, 2)));
        for bad in ["", "x", "1-", "-1", "1-2-3", "1--3", "18446744073709551616", "1-*", "*", "1 ", "5-x"] {
            assert_eq!(StreamId::parse(bad.as_bytes(), 0), None, "{bad}");
        }
        assert_eq!(StreamId::parse(&[b'0'; 128], 0), None);
        assert_eq!(StreamId::parse(&[b'0'; 127], 0), Some(StreamId::MIN));
        assert_eq!((StreamId::parse_strict(b"-", 0), StreamId::parse_strict(b"+", 0)), (None, None));
    }

    #[test]
    fn ids_to_add() {
        assert_eq!(AddId::parse(b"*"), Some(AddId::Auto));
        assert_eq!(AddId::parse(b"9-*"), Some(AddId::AutoSeq(9)));
        assert_eq!(AddId::parse(b"9"), Some(AddId::Given(id(9, 0))));
        assert_eq!([&b"*-*"[..], b"-*", b"+", b"-", b"9-**"].map(AddId::parse), [None; 5]);
    }

    #[test]
    fn bounds() {
        assert_eq!(StreamId::parse_start(b"(5-3"), Ok(id(5, 4)));
        assert_eq!(StreamId::parse_start(b"(5"), Ok(id(5, 1)));
        assert_eq!(StreamId::parse_end(b"(5"), Ok(id(5, u64::MAX - 1)));
        assert_eq!(StreamId::parse_end(b"(5-0"), Ok(id(4, u64::MAX)));
        assert_eq!(StreamId::parse_end(b"5"), Ok(id(5, u64::MAX)));
        assert_eq!(StreamId::parse_end(b"(0-0"), Err(BoundError::Empty));
        let last = format!("({}", StreamId::MAX);
        assert_eq!(StreamId::parse_start(last.as_bytes()), Err(BoundError::Empty));
        assert_eq!(
            [&b"("[..], b"(-", b"(+", b"((1"].map(StreamId::parse_start),
            [Err(BoundError::Invalid); 4]
        );
    }

    #[test]
    fn text_and_bytes() {
        for id in [StreamId::MIN, id(1, 2), StreamId::MAX] {
            assert_eq!(&*id.text(), id.to_string().as_bytes());
            assert_eq!(StreamId::from_bytes(id.to_bytes()), id);
        }
        assert_eq!((StreamId::MAX.next(), StreamId::MIN.prev()), (None, None));
    }
}
