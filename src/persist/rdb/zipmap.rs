//! The zipmap, in which Redis before 2.6 kept small hashes: read once, pair by pair, and checked as it is read.
//!
//! ```text
//! pairs u8 | pairs | 0xff
//! pair: length, field, length, value's free bytes u8, value, free bytes
//! ```

use crate::types::packed::Corrupt;

const END: u8 = 0xff;
/// In the place of a length: it follows in four bytes.
const LONG: u8 = 0xfe;
/// The number of pairs that stands for "count them".
const UNCOUNTED: u8 = 0xfe;

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    match first {
        END => None,
        LONG => {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            Some((usize::try_from(u32::from_le_bytes(*len)).ok()?, rest))
        }
        short => Some((usize::from(short), rest)),
    }
}

/// Field, value and what follows.
fn pair(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (len, rest) = length(bytes)?;
    let (field, rest) = rest.split_at_checked(len)?;
    let (len, rest) = length(rest)?;
    let (&free, rest) = rest.split_first()?;
    let (value, rest) = rest.split_at_checked(len)?;
    Some((field, value, rest.get(usize::from(free)..)?))
}

/// Hands `f` fields and values in order.
///
/// # Errors
/// `Corrupt`, possibly after some pairs were handed out.
pub fn for_each<'a>(bytes: &'a [u8], mut f: impl FnMut(&'a [u8], &'a [u8])) -> Result<(), Corrupt> {
    let (&count, mut rest) = bytes.split_first().ok_or(Corrupt)?;
    let mut pairs = 0;
    while rest.first() != Some(&END) {
        let (field, value, next) = pair(rest).ok_or(Corrupt)?;
        f(field, value);
        rest = next;
        pairs += 1;
    }
    let counted = count >= UNCOUNTED || usize::from(count) == pairs;
    if rest.len() == 1 && counted && pairs > 0 { Ok(()) } else { Err(Corrupt) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &[u8] = b"\x02\x01a\x02\x01xy_\x03bcd\xfe\x01\0\0\0\0z\xff";

    #[test]
    fn pairs_are_read() {
        let mut pairs = Vec::new();
        assert_eq!(for_each(SOUND, |field, value| pairs.push((field, value))), Ok(()));
        assert_eq!(pairs, [(&b"a"[..], &b"xy"[..]), (b"bcd", b"z")]);
    }

    #[test]
    fn broken_ones_are_refused() {
        for cut in 0..SOUND.len() {
            assert_eq!(for_each(&SOUND[..cut], |_, _| ()), Err(Corrupt));
        }
        for bytes in
            [&b"\x01\x01a\x01\0x\xff "[..], b"\x02\x01a\x01\0x\xff", b"\x00\xff", b"\x01\xff\x01\0x\xff"]
        {
            assert_eq!(for_each(bytes, |_, _| ()), Err(Corrupt));
        }
    }
}
