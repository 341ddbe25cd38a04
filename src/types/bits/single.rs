//! One bit: GETBIT and SETBIT.

/// The bit at `offset`; clear past the end.
pub fn get(bytes: &[u8], offset: u64) -> bool {
    usize::try_from(offset / 8)
        .ok()
        .and_then(|byte| bytes.get(byte))
        .is_some_and(|byte| byte & mask(offset) != 0)
}

/// What SETBIT found and did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replaced {
    /// The bit before.
    pub old: bool,
    /// Whether the string changed: the bit flipped or the string grew.
    pub changed: bool,
}

/// Writes the bit at `offset`, growing `bytes` with zeros to reach it. The caller has held `offset` to its limit on
/// the length of strings.
pub fn set(bytes: &mut Vec<u8>, offset: u64, on: bool) -> Replaced {
    let byte = (offset / 8) as usize;
    let grown = grow(bytes, byte + 1);
    let old = bytes[byte] & mask(offset) != 0;
    if on {
        bytes[byte] |= mask(offset);
    } else {
        bytes[byte] &= !mask(offset);
    }
    Replaced { old, changed: grown || old != on }
}

/// Zero bytes up to `len`; whether any were needed.
pub(super) fn grow(bytes: &mut Vec<u8>, len: usize) -> bool {
    let grown = bytes.len() < len;
    if grown {
        bytes.resize(len, 0);
    }
    grown
}

fn mask(offset: u64) -> u8 {
    0x80 >> (offset % 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_tells_what_changed() {
        let mut bytes = Vec::new();
        assert_eq!(set(&mut bytes, 9, false), Replaced { old: false, changed: true });
        assert_eq!(bytes, [0, 0]);
        assert_eq!(set(&mut bytes, 9, false), Replaced { old: false, changed: false });
        assert_eq!(set(&mut bytes, 9, true), Replaced { old: false, changed: true });
        assert_eq!(set(&mut bytes, 9, true), Replaced { old: true, changed: false });
        assert_eq!(bytes, [0, 0x40]);
        assert!(get(&bytes, 9) && !get(&bytes, 8) && !get(&bytes, 16) && !get(&bytes, u64::MAX));
    }
}
