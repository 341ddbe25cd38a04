//! BITFIELD: integers of 1 to 64 bits at any bit of a string.

use super::single::grow;

/// The type of an integer in a string.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Field {
    signed: bool,
    bits: u8,
}

/// What to do with a result that does not fit its field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overflow {
    /// Keep the low bits.
    #[default]
    Wrap,
    /// Go to the nearest value that fits.
    Saturate,
    /// Leave the string as it is and answer nothing.
    Fail,
}

/// What a write did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stored {
    /// To answer: the old value for `set`, the new one for `increment`; `None` when the write failed by `Fail`.
    pub reply: Option<i64>,
    /// Whether the field's value changed.
    pub changed: bool,
}

impl Field {
    /// Reads `i1` to `i64` and `u1` to `u63`; there is no `u64` because no reply could carry it.
    pub fn parse(text: &[u8]) -> Option<Field> {
        let (signed, digits) = match text {
            [b'i', digits @ ..] => (true, digits),
            [b'u', digits @ ..] => (false, digits),
            _ => return None,
        };
        let bits = crate::util::numbers::parse_u64(digits)?;
        let most = if signed { 64 } else { 63 };
        (1..=most).contains(&bits).then_some(Field { signed, bits: bits as u8 })
    }

    /// How many bits it takes.
    pub fn bits(self) -> u64 {
        u64::from(self.bits)
    }

    /// The value at bit `offset`, bits past the end being zero.
    pub fn get(self, bytes: &[u8], offset: u64) -> i64 {
        let byte = usize::try_from(offset / 8).unwrap_or(usize::MAX);
        let mut window = [0; 16];
        let rest = bytes.get(byte..).unwrap_or_default();
        let take = rest.len().min(9);
        window[..take].copy_from_slice(&rest[..take]);
        let top = u128::from_be_bytes(window) << (offset % 8);
        if self.signed {
            (top as i128 >> (128 - u32::from(self.bits))) as i64
        } else {
            (top >> (128 - u32::from(self.bits))) as i64
        }
    }

    /// Writes `value`, answering the old one. `bytes` grows with zeros to hold what is written.
    pub fn set(self, bytes: &mut Vec<u8>, offset: u64, value: i64, overflow: Overflow) -> Stored {
        let old = self.get(bytes, offset);
        match self.fit(value, 0, overflow) {
            Some(new) => {
                self.put(bytes, offset, new);
                Stored { reply: Some(old), changed: old != new }
            }
            None => Stored { reply: None, changed: false },
        }
    }

    /// Adds `by`, answering the new value. Grows `bytes` as `set` does.
    pub fn increment(self, bytes: &mut Vec<u8>, offset: u64, by: i64, overflow: Overflow) -> Stored {
        let old = self.get(bytes, offset);
        match self.fit(old, by, overflow) {
            Some(new) => {
                self.put(bytes, offset, new);
                Stored { reply: Some(new), changed: old != new }
            }
            None => Stored { reply: None, changed: false },
        }
    }

    /// Makes room for the field, as the command does for its farthest write before it runs any; true when it grew.
    pub fn reserve(self, bytes: &mut Vec<u8>, offset: u64) -> bool {
        grow(bytes, ((offset + self.bits() - 1) / 8 + 1) as usize)
    }

    fn max(self) -> i64 {
        let value_bits = self.bits - u8::from(self.signed);
        (u64::MAX >> (64 - value_bits.max(1)) >> u8::from(value_bits == 0)) as i64
    }

    /// `value + by` as it is to be stored, or `None` when it does not fit and may not be bent.
    fn fit(self, value: i64, by: i64, overflow: Overflow) -> Option<i64> {
        let max = self.max();
        let min = if self.signed { -max - 1 } else { 0 };
        let sum = i128::from(value) + i128::from(by);
        // COMPAT: a value to set below the range of a field narrower than 64 bits, so far below that the room up to
        // the field's maximum overflows an i64, counts as too large.
        let far_below = self.bits < 64 && max.checked_sub(value).is_none();
        let above =
            if self.signed { sum > i128::from(max) || far_below } else { value < 0 || sum > i128::from(max) };
        if !above && sum >= i128::from(min) {
            return Some(sum as i64);
        }
        match overflow {
            Overflow::Wrap => {
                let unused = 64 - u32::from(self.bits);
                let shifted = (value as u64).wrapping_add(by as u64) << unused;
                Some(if self.signed { shifted as i64 >> unused } else { (shifted >> unused) as i64 })
            }
            Overflow::Saturate => Some(if above { max } else { min }),
            Overflow::Fail => None,
        }
    }

    fn put(self, bytes: &mut Vec<u8>, offset: u64, value: i64) {
        self.reserve(bytes, offset);
        let byte = (offset / 8) as usize;
        let span = bytes.len().min(byte + 9);
        let mut window = [0; 16];
        window[..span - byte].copy_from_slice(&bytes[byte..span]);
        let shift = 128 - u32::from(self.bits) - (offset % 8) as u32;
        let ones = u128::MAX >> (128 - u32::from(self.bits));
        let old = u128::from_be_bytes(window);
        let new = old & !(ones << shift) | (value as u128 & ones) << shift;
        bytes[byte..span].copy_from_slice(&new.to_be_bytes()[..span - byte]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> Field {
        Field::parse(text.as_bytes()).expect("a type")
    }

    #[test]
    fn types() {
        for bad in ["", "i", "u", "i0", "u64", "i65", "x8", "u08", "u+8", "I8", "u-1"] {
            assert_eq!(Field::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(["i1", "u1", "u63", "i64", "i8"].map(|t| field(t).max()), [0, 1, i64::MAX, i64::MAX, 127]);
    }

    #[test]
    fn reads_and_writes_across_bytes() {
        let mut bytes = Vec::new();
        assert_eq!(field("u5").set(&mut bytes, 7, 23, Overflow::Wrap).reply, Some(0));
        assert_eq!(bytes, [0x01, 0x70]);
        assert_eq!(field("u5").get(&bytes, 7), 23);
        assert_eq!(field("i5").get(&bytes, 7), -9);
        let mut bytes = vec![0xaa; 9];
        field("i64").set(&mut bytes, 3, i64::MIN + 5, Overflow::Fail);
        assert_eq!(field("i64").get(&bytes, 3), i64::MIN + 5);
        assert_eq!((bytes[0] >> 5, bytes[8] & 0x1f), (0xaa >> 5, 0x0a));
        assert_eq!(field("u8").get(b"\xff", u64::MAX), 0);
    }

    #[test]
    fn overflows() {
        let mut bytes = vec![0xff];
        let u8_ = field("u8");
        assert_eq!(u8_.increment(&mut bytes, 0, 2, Overflow::Fail), Stored { reply: None, changed: false });
        assert_eq!(u8_.increment(&mut bytes, 0, 2, Overflow::Saturate).reply, Some(255));
        assert_eq!(u8_.increment(&mut bytes, 0, 2, Overflow::Wrap).reply, Some(1));
        assert_eq!(u8_.increment(&mut bytes, 0, -2, Overflow::Saturate).reply, Some(0));
        assert_eq!(u8_.set(&mut bytes, 0, -1, Overflow::Saturate).reply, Some(0));
        assert_eq!(bytes, [255]);
        let i8_ = field("i8");
        assert_eq!(i8_.set(&mut bytes, 0, -129, Overflow::Saturate).reply, Some(-1));
        assert_eq!(i8_.get(&bytes, 0), -128);
        assert_eq!(i8_.increment(&mut bytes, 0, -1, Overflow::Wrap).reply, Some(127));
        assert_eq!(i8_.set(&mut bytes, 0, i64::MIN, Overflow::Saturate).reply, Some(127));
        assert_eq!(i8_.get(&bytes, 0), 127);
    }
}
