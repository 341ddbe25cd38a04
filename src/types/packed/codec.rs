//! The bytes of one listpack entry (encoding byte, payload, back length) and the check of a whole listpack
//! from an untrusted source. Must not know who holds the bytes.

use super::value::Value;

/// Bytes before the first entry: total length (u32 LE) and entry count (u16 LE).
pub(super) const HEADER: usize = 6;
/// The byte after the last entry.
pub(super) const EOF: u8 = 0xff;
/// Count in the header that means "too many to say: walk".
pub(super) const COUNT_UNKNOWN: u16 = u16::MAX;
/// Largest encoding byte plus length prefix plus integer payload.
const MAX_HEAD: usize = 9;

/// The bytes are not what their format demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrupt;

impl std::fmt::Display for Corrupt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("corrupt packed encoding")
    }
}

impl std::error::Error for Corrupt {}

/// Reads the entry at the start of `bytes`: its value and its length without the back length. `None` at the
/// end mark, at an unknown encoding and where the entry would run past `bytes`.
#[inline]
pub(super) fn decode(bytes: &[u8]) -> Option<(Value<'_>, usize)> {
    let (&head, rest) = bytes.split_first()?;
    Some(match head {
        0..0x80 => (Value::Int(i64::from(head)), 1),
        0x80..0xc0 => string(rest, usize::from(head & 0x3f), 1)?,
        0xc0..0xe0 => {
            // 13 bits, sign in the topmost.
            let raw = u16::from(head & 0x1f) << 8 | u16::from(*rest.first()?);
            (Value::Int(i64::from((raw << 3) as i16 >> 3)), 2)
        }
        0xe0..0xf0 => {
            let len = usize::from(head & 0x0f) << 8 | usize::from(*rest.first()?);
            string(rest.get(1..)?, len, 2)?
        }
        0xf0 => {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            string(rest, usize::try_from(u32::from_le_bytes(*len)).ok()?, 5)?
        }
        0xf1 => (Value::Int(i64::from(i16::from_le_bytes(*rest.first_chunk()?))), 3),
        0xf2 => {
            let [a, b, c] = *rest.first_chunk()?;
            (Value::Int(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8)), 4)
        }
        0xf3 => (Value::Int(i64::from(i32::from_le_bytes(*rest.first_chunk()?))), 5),
        0xf4 => (Value::Int(i64::from_le_bytes(*rest.first_chunk()?)), 9),
        _ => return None,
    })
}

#[inline]
fn string(rest: &[u8], len: usize, head: usize) -> Option<(Value<'_>, usize)> {
    Some((Value::Str(rest.get(..len)?), head + len))
}

/// Length of the entry at the start of `bytes` without its back length, not looking at a string's content.
#[inline]
pub(super) fn entry_len(bytes: &[u8]) -> Option<usize> {
    let head = *bytes.first()?;
    Some(match head {
        0..0x80 => 1,
        0x80..0xc0 => 1 + usize::from(head & 0x3f),
        0xc0..0xe0 => 2,
        0xe0..0xf0 => 2 + (usize::from(head & 0x0f) << 8 | usize::from(*bytes.get(1)?)),
        0xf0 => 5 + usize::try_from(u32::from_le_bytes(*bytes.get(1..)?.first_chunk()?)).ok()?,
        0xf1 => 3,
        0xf2 => 4,
        0xf3 => 5,
        0xf4 => 9,
        _ => return None,
    })
}

/// Bytes taken by the back length of an entry of `len` bytes. The steps are Redis': one less than seven bits
/// a byte would hold from two bytes on.
#[inline]
pub(super) fn back_len_size(len: usize) -> usize {
    match len {
        0..=127 => 1,
        128..=16382 => 2,
        16383..=2097150 => 3,
        2097151..=268435454 => 4,
        _ => 5,
    }
}

/// The back length of an entry of `len` bytes, and how many bytes it takes. All but its first byte say with their top
/// bit that one more is to the left.
#[inline]
pub(super) fn back_len(len: usize) -> ([u8; 5], usize) {
    let (mut back, size) = ([0; 5], back_len_size(len));
    for (i, slot) in back[..size].iter_mut().rev().enumerate() {
        *slot = (len >> (7 * i)) as u8 & 0x7f | if i + 1 < size { 0x80 } else { 0 };
    }
    debug_assert_eq!(decode_back_len(&back[..size]), Some(len));
    (back, size)
}

/// Reads the back length whose last byte is the last of `bytes`: the entry's length without the back length.
#[inline]
pub(super) fn decode_back_len(bytes: &[u8]) -> Option<usize> {
    let mut len = 0u64;
    for (i, &b) in bytes.iter().rev().take(5).enumerate() {
        len |= u64::from(b & 0x7f) << (7 * i);
        if b & 0x80 == 0 {
            return usize::try_from(len).ok();
        }
    }
    None
}

/// An entry ready to be copied into a listpack: a short head, a payload, a back length.
pub(super) struct Encoded<'a> {
    head: [u8; MAX_HEAD],
    head_len: u8,
    payload: &'a [u8],
    back: [u8; 5],
    back_len: u8,
}

impl<'a> Encoded<'a> {
    #[inline]
    pub(super) fn new(value: Value<'a>) -> Encoded<'a> {
        let mut e = Encoded { head: [0; MAX_HEAD], head_len: 0, payload: &[], back: [0; 5], back_len: 0 };
        match value {
            Value::Int(n) => e.set_int(n),
            Value::Str(s) => e.set_str(s),
        }
        let (back, size) = back_len(usize::from(e.head_len) + e.payload.len());
        (e.back, e.back_len) = (back, size as u8);
        e
    }

    fn set_int(&mut self, n: i64) {
        let le = n.to_le_bytes();
        let (tag, bytes) = match n {
            0..=127 => {
                self.head[0] = n as u8;
                self.head_len = 1;
                return;
            }
            -4096..=4095 => {
                self.head[0] = 0xc0 | (n >> 8) as u8 & 0x1f;
                self.head[1] = n as u8;
                self.head_len = 2;
                return;
            }
            -0x8000..=0x7fff => (0xf1, 2),
            -0x80_0000..=0x7f_ffff => (0xf2, 3),
            -0x8000_0000..=0x7fff_ffff => (0xf3, 4),
            _ => (0xf4, 8),
        };
        self.head[0] = tag;
        self.head[1..=bytes].copy_from_slice(&le[..bytes]);
        self.head_len = bytes as u8 + 1;
    }

    fn set_str(&mut self, s: &'a [u8]) {
        let len = s.len();
        self.payload = s;
        if len < 64 {
            self.head[0] = 0x80 | len as u8;
            self.head_len = 1;
        } else if len < 4096 {
            self.head[0] = 0xe0 | (len >> 8) as u8;
            self.head[1] = len as u8;
            self.head_len = 2;
        } else {
            let len = u32::try_from(len).expect("the caller asked whether the string fits");
            self.head[0] = 0xf0;
            self.head[1..5].copy_from_slice(&len.to_le_bytes());
            self.head_len = 5;
        }
    }

    /// Size in the listpack, back length included.
    #[inline]
    pub(super) fn size(&self) -> usize {
        usize::from(self.head_len) + self.payload.len() + usize::from(self.back_len)
    }

    /// Fills `out`, which is exactly `size` long.
    #[inline]
    pub(super) fn write(&self, out: &mut [u8]) {
        let (head, rest) = out.split_at_mut(usize::from(self.head_len));
        let (payload, back) = rest.split_at_mut(self.payload.len());
        head.copy_from_slice(&self.head[..usize::from(self.head_len)]);
        payload.copy_from_slice(self.payload);
        back.copy_from_slice(&self.back[..usize::from(self.back_len)]);
    }

    /// Appends the entry to `out`.
    #[inline]
    pub(super) fn append(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.head[..usize::from(self.head_len)]);
        out.extend_from_slice(self.payload);
        out.extend_from_slice(&self.back[..usize::from(self.back_len)]);
    }
}

/// Bytes that `value` takes in a listpack, back length included.
pub(super) fn encoded_size(value: Value<'_>) -> usize {
    Encoded::new(value).size()
}

/// Checks every entry of a listpack that came from outside: header, encodings, bounds, back lengths, count.
/// Returns the number of entries. O(entries).
pub fn validate(bytes: &[u8]) -> Result<usize, Corrupt> {
    let (total, rest) = bytes.split_first_chunk::<4>().ok_or(Corrupt)?;
    let (count, rest) = rest.split_first_chunk::<2>().ok_or(Corrupt)?;
    let (count, mut rest) = (u16::from_le_bytes(*count), rest);
    if u32::from_le_bytes(*total) as usize != bytes.len() || bytes.last() != Some(&EOF) {
        return Err(Corrupt);
    }
    let mut entries = 0;
    while rest.first() != Some(&EOF) {
        let (_, len) = decode(rest).ok_or(Corrupt)?;
        let size = len + back_len_size(len);
        if decode_back_len(rest.get(len..size).ok_or(Corrupt)?) != Some(len) {
            return Err(Corrupt);
        }
        rest = &rest[size..];
        entries += 1;
    }
    // The end mark that stopped the walk must be the last byte, not one in the middle.
    if rest.len() != 1 || (count != COUNT_UNKNOWN && usize::from(count) != entries) {
        return Err(Corrupt);
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(value: Value<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        Encoded::new(value).append(&mut out);
        let mut exact = vec![0; encoded_size(value)];
        Encoded::new(value).write(&mut exact);
        assert_eq!(out, exact);
        out
    }

    #[test]
    fn integers_take_the_shortest_form() {
        let sizes = [
            (0, 2),
            (127, 2),
            (128, 3),
            (-1, 3),
            (4095, 3),
            (-4096, 3),
            (4096, 4),
            (-4097, 4),
            (32767, 4),
            (32768, 5),
            (-32769, 5),
            (8388607, 5),
            (8388608, 6),
            (-8388609, 6),
            (i64::from(i32::MAX), 6),
            (i64::from(i32::MIN), 6),
            (i64::from(i32::MAX) + 1, 10),
            (i64::MIN, 10),
            (i64::MAX, 10),
        ];
        for (n, size) in sizes {
            let bytes = encoded(Value::Int(n));
            assert_eq!(bytes.len(), size, "{n}");
            assert_eq!(decode(&bytes), Some((Value::Int(n), size - 1)), "{n}");
            assert_eq!(entry_len(&bytes), Some(size - 1));
        }
        assert_eq!(encoded(Value::Int(-1)), [0xdf, 0xff, 2]);
        assert_eq!(encoded(Value::Int(-8388608)), [0xf2, 0, 0, 0x80, 4]);
    }

    #[test]
    fn strings_and_back_lengths_at_their_borders() {
        for len in
            [0, 1, 63, 64, 125, 126, 127, 4095, 4096, 16376, 16377, 16378, 16379, 2097145, 2097146, 2097147]
        {
            let text = vec![b'x'; len];
            let bytes = encoded(Value::Str(&text));
            let entry = len
                + if len < 64 {
                    1
                } else if len < 4096 {
                    2
                } else {
                    5
                };
            assert_eq!(bytes.len(), entry + back_len_size(entry), "{len}");
            assert_eq!(decode(&bytes), Some((Value::Str(&text), entry)));
            assert_eq!(entry_len(&bytes), Some(entry));
            assert_eq!(decode_back_len(&bytes), Some(entry));
        }
        assert_eq!([127, 128, 16382, 16383].map(back_len_size), [1, 2, 2, 3]);
        assert_eq!([2097150, 2097151, 268435454, 268435455].map(back_len_size), [3, 4, 4, 5]);
    }

    #[test]
    fn nothing_reads_past_its_bytes() {
        for head in 0..=255u8 {
            for len in 0..12 {
                let mut bytes = vec![0xff; len];
                if let Some(first) = bytes.first_mut() {
                    *first = head;
                }
                if let Some((_, n)) = decode(&bytes) {
                    assert!(n <= len);
                }
            }
        }
        assert_eq!(decode_back_len(&[0x80; 9]), None);
    }
}
