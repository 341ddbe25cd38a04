//! The ziplist, which held small collections before the listpack did: read once, entry by entry, and checked as it is
//! read. Knows no type.
//!
//! ```text
//! total u32, offset of the last entry u32, entries u16 | entries | 0xff
//! entry: length of the entry before (1 byte, or 0xfe and u32), encoding, integer or bytes
//! ```

use crate::types::packed::{Corrupt, Value};

const HEADER: usize = 10;
const END: u8 = 0xff;
/// The number of entries that stands for "count them".
const UNCOUNTED: u16 = u16::MAX;
/// In the place of the length of the entry before: it follows in four bytes.
const LONG_PREVIOUS: u8 = 0xfe;

/// One entry, and the bytes it takes.
struct Entry<'a> {
    previous: usize,
    value: Value<'a>,
    size: usize,
}

fn first_u32(bytes: &[u8]) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.first_chunk()?)).ok()
}

fn entry(bytes: &[u8]) -> Option<Entry<'_>> {
    let (&first, rest) = bytes.split_first()?;
    let (previous, rest) = match first {
        END => return None,
        LONG_PREVIOUS => (first_u32(rest)?, rest.get(4..)?),
        short => (usize::from(short), rest),
    };
    let (value, rest) = value(rest)?;
    Some(Entry { previous, value, size: bytes.len() - rest.len() })
}

fn value(bytes: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (&head, rest) = bytes.split_first()?;
    let (len, rest) = match head >> 6 {
        0 => (usize::from(head & 0x3f), rest),
        1 => {
            let (&low, rest) = rest.split_first()?;
            (usize::from(head & 0x3f) << 8 | usize::from(low), rest)
        }
        2 => {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_be_bytes(*len)).ok()?, rest)
        }
        _ => return integer(head, rest),
    };
    let (text, rest) = rest.split_at_checked(len)?;
    Some((Value::of(text), rest))
}

fn integer(head: u8, rest: &[u8]) -> Option<(Value<'_>, &[u8])> {
    let (n, len) = match head {
        0xc0 => (i64::from(i16::from_le_bytes(*rest.first_chunk()?)), 2),
        0xd0 => (i64::from(i32::from_le_bytes(*rest.first_chunk()?)), 4),
        0xe0 => (i64::from_le_bytes(*rest.first_chunk()?), 8),
        0xf0 => {
            let [a, b, c] = *rest.first_chunk()?;
            (i64::from(i32::from_le_bytes([0, a, b, c]) >> 8), 3)
        }
        0xfe => (i64::from(i8::from_le_bytes(*rest.first_chunk()?)), 1),
        0xf1..=0xfd => (i64::from(head & 0x0f) - 1, 0),
        _ => return None,
    };
    Some((Value::Int(n), rest.get(len..)?))
}

/// Hands `f` the entries in order.
///
/// # Errors
/// `Corrupt` if anything in it is not as it should be, possibly after some entries were handed out, or if `f` refuses
/// one.
pub fn for_each<'a>(bytes: &'a [u8], mut f: impl FnMut(Value<'a>) -> bool) -> Result<(), Corrupt> {
    let total = first_u32(bytes).ok_or(Corrupt)?;
    let last = bytes.get(4..).and_then(first_u32).ok_or(Corrupt)?;
    let count = u16::from_le_bytes(*bytes.get(8..).and_then(|b| b.first_chunk()).ok_or(Corrupt)?);
    if total != bytes.len() || bytes.len() <= HEADER || bytes.last() != Some(&END) {
        return Err(Corrupt);
    }
    let (mut at, mut before, mut size_before, mut entries) = (HEADER, HEADER, 0, 0);
    while bytes.get(at) != Some(&END) {
        let entry = bytes.get(at..bytes.len() - 1).and_then(entry).ok_or(Corrupt)?;
        if entry.previous != size_before || !f(entry.value) {
            return Err(Corrupt);
        }
        (before, size_before) = (at, entry.size);
        at += entry.size;
        entries += 1;
    }
    let counted = count == UNCOUNTED || usize::from(count) == entries;
    if at + 1 == bytes.len() && last == before && counted { Ok(()) } else { Err(Corrupt) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, Corrupt> {
        let mut out = Vec::new();
        for_each(bytes, |value| {
            out.push(value.to_vec());
            true
        })?;
        Ok(out)
    }

    fn sealed(entries: &[&[u8]]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER];
        let (mut last, mut size) = (HEADER, 0);
        for entry in entries {
            last = bytes.len();
            bytes.push(size as u8);
            bytes.extend_from_slice(entry);
            size = entry.len() + 1;
        }
        bytes.push(END);
        let total = bytes.len() as u32;
        bytes[..4].copy_from_slice(&total.to_le_bytes());
        bytes[4..8].copy_from_slice(&(last as u32).to_le_bytes());
        bytes[8..10].copy_from_slice(&(entries.len() as u16).to_le_bytes());
        bytes
    }

    #[test]
    fn every_encoding_is_read() {
        let bytes = sealed(&[
            b"\x03abc",
            b"\x40\x02hi",
            b"\x80\0\0\0\x01x",
            b"\xc0\xff\xff",
            b"\xd0\0\0\x01\0",
            b"\xe0\0\0\0\0\x01\0\0\0",
            b"\xf0\0\0\x80",
            b"\xfe\x80",
            b"\xf1",
            b"\xfd",
        ]);
        let texts = read(&bytes).expect("sound");
        let texts: Vec<_> = texts.iter().map(|t| String::from_utf8_lossy(t).into_owned()).collect();
        assert_eq!(texts, ["abc", "hi", "x", "-1", "65536", "4294967296", "-8388608", "-128", "0", "12"]);
        assert_eq!(read(&sealed(&[])), Ok(vec![]));
    }

    #[test]
    fn broken_ones_are_refused() {
        let bytes = sealed(&[b"\x03abc", b"\xc0\xff\xff", b"\x02hi"]);
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut]), Err(Corrupt));
        }
        // Flips of text and of integers make other sound ones; all others are seen.
        let mut accepted = 0;
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            accepted += usize::from(read(&flipped).is_ok());
        }
        assert_eq!(accepted, 7);
        assert_eq!(for_each(&bytes, |_| false), Err(Corrupt));
    }
}
