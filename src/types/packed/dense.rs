//! The dense form of a listpack: its entries alone, without header, back lengths and end mark. What nobody is about to
//! edit needs no way back: a byte is saved for each entry, a quarter of a small integer. Must not know who holds the
//! bytes.
//!
//! Readers never panic, as those of the listpack: bytes that break the format read as if they ended there.

use super::codec::{self, COUNT_UNKNOWN, EOF, HEADER};
use super::listpack::{Listpack, ListpackRef, Pos};
use super::value::Value;

/// Entries up to this size are copied as so many bytes: that takes two instructions, where a length known only at run
/// time takes a call.
const SHORT: usize = 16;

/// Appends the entries of `lp`. O(entries), some nanoseconds each.
pub fn condense(lp: ListpackRef<'_>, out: &mut Vec<u8>) {
    let bytes = lp.bytes().get(..lp.end()).unwrap_or_default();
    out.reserve(bytes.len() + SHORT);
    let mut at = HEADER;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(len) = codec::entry_len(rest).filter(|&len| len <= rest.len()) else { break };
        copy(rest, len, out);
        at += len + codec::back_len_size(len);
    }
}

/// The listpack of entries in the dense form. O(entries).
pub fn restore(dense: &[u8]) -> Listpack {
    let (count, size) = measure(dense);
    let mut bytes = Vec::with_capacity(size + SHORT);
    bytes.extend_from_slice(&u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&u16::try_from(count).unwrap_or(COUNT_UNKNOWN).to_le_bytes());
    let mut rest = dense;
    while let Some(len) = codec::entry_len(rest).filter(|&len| len <= rest.len()) {
        copy(rest, len, &mut bytes);
        let (back, size) = codec::back_len(len);
        bytes.extend_from_slice(&back[..size]);
        rest = &rest[len..];
    }
    bytes.push(EOF);
    Listpack::from_trusted(bytes)
}

/// How many entries there are, and how many bytes their listpack takes.
pub fn measure(dense: &[u8]) -> (usize, usize) {
    let (mut count, mut size, mut rest) = (0, HEADER + 1, dense);
    while let Some(len) = codec::entry_len(rest).filter(|&len| len <= rest.len()) {
        count += 1;
        size += len + codec::back_len_size(len);
        rest = &rest[len..];
    }
    (count, size)
}

#[inline]
fn copy(from: &[u8], len: usize, out: &mut Vec<u8>) {
    match from.first_chunk::<SHORT>() {
        Some(chunk) if len <= SHORT => {
            let end = out.len() + len;
            out.extend_from_slice(chunk);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&from[..len]),
    }
}

/// Entries in either form, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum Run<'a> {
    Listpack(ListpackRef<'a>),
    Dense(&'a [u8]),
}

impl<'a> Run<'a> {
    /// All entries.
    #[inline]
    pub fn iter(self) -> Entries<'a> {
        self.iter_from(if matches!(self, Run::Dense(_)) { 0 } else { HEADER })
    }

    /// The entries from the one at `at` on.
    #[inline]
    pub fn iter_from(self, at: Pos) -> Entries<'a> {
        match self {
            Run::Listpack(lp) => {
                Entries { bytes: lp.bytes().get(..lp.end()).unwrap_or_default(), at, dense: false }
            }
            Run::Dense(bytes) => Entries { bytes, at, dense: true },
        }
    }

    /// Where the last entry ends.
    pub fn end(self) -> Pos {
        match self {
            Run::Listpack(lp) => lp.end(),
            Run::Dense(bytes) => bytes.len(),
        }
    }

    /// Bytes of the listpack that the entries make. O(entries) of the dense form.
    pub fn listpack_bytes(self) -> usize {
        match self {
            Run::Listpack(lp) => lp.bytes().len(),
            Run::Dense(bytes) => measure(bytes).1,
        }
    }
}

/// The entries of a [`Run`], forwards.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: Pos,
    dense: bool,
}

impl Entries<'_> {
    /// Position of the entry that `next` gives.
    pub fn pos(&self) -> Pos {
        self.at
    }

    /// Passes over `count` entries without reading them; `None` if there are fewer.
    pub fn pass_over(&mut self, count: usize) -> Option<()> {
        for _ in 0..count {
            let rest = self.bytes.get(self.at..)?;
            let len = codec::entry_len(rest).filter(|&len| len <= rest.len())?;
            self.pass(len);
        }
        Some(())
    }

    #[inline]
    fn pass(&mut self, len: usize) {
        self.at += len + if self.dense { 0 } else { codec::back_len_size(len) };
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        let (value, len) = codec::decode(self.bytes.get(self.at..)?)?;
        self.pass(len);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Listpack {
        let texts: Vec<Vec<u8>> =
            [0, 1, 14, 15, 16, 63, 64, 126, 127, 128, 5000, 17000].map(|len| vec![b'x'; len]).into();
        let numbers = [0, 127, 128, -1, 4096, -40_000, 1 << 22, 1 << 30, i64::MIN].map(Value::Int);
        Listpack::from_values(texts.iter().map(|text| Value::Str(text)).chain(numbers))
    }

    #[test]
    fn the_way_there_and_back_changes_nothing() {
        for lp in [Listpack::new(), sample(), Listpack::from_values((0..70_000).map(Value::Int))] {
            let mut dense = Vec::new();
            condense(lp.as_ref(), &mut dense);
            assert!(dense.len() + lp.as_ref().iter().count() < lp.bytes().len());
            assert_eq!(restore(&dense), lp);
            assert_eq!(measure(&dense), (lp.as_ref().iter().count(), lp.bytes().len()));
        }
    }

    #[test]
    fn both_forms_read_alike() {
        let lp = sample();
        let mut dense = Vec::new();
        condense(lp.as_ref(), &mut dense);
        let forms = [Run::Listpack(lp.as_ref()), Run::Dense(&dense)];
        for run in forms {
            assert!(run.iter().eq(lp.as_ref().iter()));
            assert_eq!(run.listpack_bytes(), lp.bytes().len());
            let mut entries = run.iter();
            assert_eq!(entries.pass_over(11), Some(()));
            assert!(run.iter_from(entries.pos()).eq(lp.as_ref().iter().skip(11)));
            assert_eq!((entries.pass_over(10), entries.pos(), entries.next()), (Some(()), run.end(), None));
            assert_eq!(entries.pass_over(1), None);
        }
    }

    #[test]
    fn cut_bytes_end_early() {
        let lp = sample();
        let mut dense = Vec::new();
        condense(lp.as_ref(), &mut dense);
        for len in 0..200 {
            let cut = &dense[..len];
            assert_eq!(Run::Dense(cut).iter().count(), restore(cut).len());
        }
    }
}
