//! Binary floating point of any width: rounding an exact value to it, and reading the hexadecimal form that
//! C's strtod accepts beside the decimal one. Knows no particular format.

/// The shape of a binary format: significand bits, and the exponents that its last bit may have.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub precision: u32,
    pub min_exponent: i32,
    pub max_exponent: i32,
}

/// `bits` x 2^`exponent`. The top bit of the precision is set unless `exponent` is the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rounded {
    pub bits: u64,
    pub exponent: i32,
}

/// An exact value above or at zero: `bits` x 2^`exponent`, and a little more if `more`, which is less than
/// one in the last place and asks for at least two bits more than a format's precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    pub bits: u128,
    pub exponent: i32,
    pub more: bool,
}

impl Exact {
    /// Rounds to nearest, ties to even. `None` if the format has no number that large.
    pub fn round(self, shape: Shape) -> Option<Rounded> {
        let length = 128 - self.bits.leading_zeros() as i32;
        let drop = (length - shape.precision as i32).max(shape.min_exponent - self.exponent);
        let exponent = self.exponent + drop;
        if length == 0 {
            return Some(Rounded { bits: 0, exponent: shape.min_exponent });
        }
        if exponent > shape.max_exponent {
            return None;
        }
        if drop <= 0 {
            return Some(Rounded { bits: (self.bits << -drop) as u64, exponent });
        }
        let shift = drop as u32;
        let kept = self.bits.checked_shr(shift).unwrap_or(0) as u64;
        let half = self.bits.checked_shr(shift - 1).unwrap_or(0) & 1 == 1;
        let below = 1u128.checked_shl(shift - 1).map_or(u128::MAX, |bit| bit - 1);
        let round_up = half && (self.more || self.bits & below != 0 || kept & 1 == 1);
        match kept.checked_add(u64::from(round_up)) {
            Some(bits) if bits >> (shape.precision - 1) <= 1 => Some(Rounded { bits, exponent }),
            _ if exponent == shape.max_exponent => None,
            _ => Some(Rounded { bits: 1 << (shape.precision - 1), exponent: exponent + 1 }),
        }
    }
}

/// Reads what follows `0x` in a hexadecimal number: digits with an optional point and an optional binary
/// exponent.
pub fn parse_hex(text: &[u8]) -> Option<Exact> {
    let (digits, power) = match text.iter().position(|byte| byte | 0x20 == b'p') {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (mut bits, mut exponent, mut more) = (0u128, power, false);
    let (mut seen_point, mut seen_digit) = (false, false);
    for &byte in digits {
        if byte == b'.' && !seen_point {
            seen_point = true;
            continue;
        }
        let digit = char::from(byte).to_digit(16)?;
        seen_digit = true;
        if bits >> 124 == 0 {
            bits = bits << 4 | u128::from(digit);
            exponent -= if seen_point { 4 } else { 0 };
        } else {
            more |= digit != 0;
            exponent += if seen_point { 0 } else { 4 };
        }
    }
    seen_digit.then_some(Exact { bits, exponent: clamp(exponent), more })
}

/// Reads the digits of an exponent with an optional sign. Ones beyond all formats come back as some such
/// number.
pub fn parse_exponent(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] | digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0i64;
    for &byte in digits {
        let digit = char::from(byte).to_digit(10)?;
        value = (value * 10 + i64::from(digit)).min(1 << 50);
    }
    Some(if negative { -value } else { value })
}

/// Brings an exponent into a range that no format reaches the ends of.
fn clamp(exponent: i64) -> i32 {
    exponent.clamp(-1_000_000, 1_000_000) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Eight bits, of which the last may weigh 2^-4 to 2^4.
    const TINY: Shape = Shape { precision: 8, min_exponent: -4, max_exponent: 4 };

    fn round(bits: u128, exponent: i32, more: bool) -> Option<(u64, i32)> {
        Exact { bits, exponent, more }.round(TINY).map(|r| (r.bits, r.exponent))
    }

    #[test]
    fn rounds_to_even_at_every_border() {
        assert_eq!(round(0, 0, false), Some((0, -4)));
        assert_eq!(round(1, 0, false), Some((16, -4)), "as fine as the format goes");
        assert_eq!(round(200, 0, false), Some((200, 0)));
        assert_eq!(round(0b1_0000_0001, 0, false), Some((0b1000_0000, 1)), "a tie goes down to even");
        assert_eq!(round(0b1_0000_0011, 0, false), Some((0b1000_0010, 1)), "and up to even");
        assert_eq!(round(0b10_0000_0010, 0, true), Some((0b1000_0001, 2)), "no tie if there is more");
        assert_eq!(round(0b1_1111_1111, 0, false), Some((0b1000_0000, 2)), "a carry out of the top");
        assert_eq!(round(0b1_1111_1111, 3, false), None, "the carry leaves the format");
        assert_eq!(round(1, 20, false), None);
        assert_eq!(round(1, -5, false), Some((0, -4)), "half of the smallest is a tie");
        assert_eq!(round(3, -6, false), Some((1, -4)));
        assert_eq!(round(u128::MAX, -200, false), Some((0, -4)));
        assert_eq!(round(u128::MAX, -132, false), Some((1, -4)));
        assert_eq!(round(1 << 127, -132, false), Some((0, -4)));
    }

    #[test]
    fn hexadecimal_text() {
        let exact = |bits, exponent| Some(Exact { bits, exponent, more: false });
        assert_eq!(parse_hex(b"1f"), exact(0x1f, 0));
        assert_eq!(parse_hex(b"1.8P-3"), exact(0x18, -7));
        assert_eq!(parse_hex(b".8"), exact(8, -4));
        assert_eq!(parse_hex(b"8."), exact(8, 0));
        let long = parse_hex(format!("1{}1p4", "0".repeat(40)).as_bytes());
        assert_eq!(long, Some(Exact { bits: 1 << 124, exponent: 44, more: true }));
        for bad in ["", ".", "p1", ".p1", "1p", "1p+", "1pz", "1..2", "1g", "1p1.0", "-1"] {
            assert_eq!(parse_hex(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse_hex(b"1p99999999999999999999").map(|e| e.exponent), Some(1_000_000));
    }
}
