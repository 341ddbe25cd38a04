//! The 80-bit floats of x87 in software, so that INCRBYFLOAT and its kin count the same on every processor:
//! parsing, adding, and the decimal form that users see. Knows no command.

use super::big_uint::{BigUint, write_shifted};
use super::binary_float::{Exact, Shape, parse_exponent, parse_hex};

/// 64 significand bits, an exponent of 15.
const SHAPE: Shape = Shape { precision: 64, min_exponent: -16_445, max_exponent: 16_320 };
/// Longer texts are no numbers.
const MAX_TEXT: usize = 5 * 1024 - 1;
/// Numbers with their first digit beyond these powers of ten are infinite, or zero.
const DECIMAL_RANGE: std::ops::RangeInclusive<i64> = -4_960..=4_940;
/// Digits after the point that are shown.
const SHOWN_FRACTION: usize = 17;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Magnitude {
    /// `bits` x 2^`exponent`, with the top bit set unless the exponent is the smallest.
    Finite {
        bits: u64,
        exponent: i32,
    },
    Infinite,
    Nan,
}

/// A number with 64 significant bits and decimal exponents up to 4932.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LongDouble {
    negative: bool,
    magnitude: Magnitude,
}

impl LongDouble {
    /// Reads a decimal or hexadecimal number or an infinity, as strtold does but without white space around
    /// it. `None` for anything else, for not-a-number, and for numbers too large or too small to be told from
    /// infinity or zero. Takes some 0.2 ms for the longest texts.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let (negative, unsigned) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] | rest => (false, rest),
        };
        if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
            return Some(Self { negative, magnitude: Magnitude::Infinite });
        }
        let exact = match unsigned {
            [b'0', b'x' | b'X', rest @ ..] => parse_hex(rest)?,
            _ => parse_decimal(unsigned)?,
        };
        let value = Self::from_exact(negative, exact);
        let lost = match value.magnitude {
            Magnitude::Finite { bits, .. } => bits == 0 && (exact.bits != 0 || exact.more),
            _ => true,
        };
        (!lost).then_some(value)
    }

    fn from_exact(negative: bool, exact: Exact) -> Self {
        let magnitude = match exact.round(SHAPE) {
            Some(rounded) => Magnitude::Finite { bits: rounded.bits, exponent: rounded.exponent },
            None => Magnitude::Infinite,
        };
        Self { negative, magnitude }
    }

    /// An integer, exactly.
    pub fn from_i64(value: i64) -> Self {
        let exact = Exact { bits: u128::from(value.unsigned_abs()), exponent: 0, more: false };
        Self::from_exact(value < 0, exact)
    }

    /// A double, exactly.
    pub fn from_f64(value: f64) -> Self {
        let negative = value.is_sign_negative();
        if value.is_nan() {
            return Self { negative, magnitude: Magnitude::Nan };
        }
        if value.is_infinite() {
            return Self { negative, magnitude: Magnitude::Infinite };
        }
        let (fraction, biased) = (value.to_bits() & ((1 << 52) - 1), (value.to_bits() >> 52 & 0x7ff) as i32);
        let bits = if biased == 0 { fraction } else { fraction | 1 << 52 };
        Self::from_exact(negative, Exact { bits: bits.into(), exponent: biased.max(1) - 1075, more: false })
    }

    /// Whether commands must refuse the value as a result.
    pub fn is_nan_or_inf(&self) -> bool {
        !matches!(self.magnitude, Magnitude::Finite { .. })
    }

    /// The value with up to 17 digits after the point and no trailing zeros, never in exponent form, as users
    /// get it.
    pub fn to_human_string(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(32);
        let (bits, exponent) = match self.magnitude {
            Magnitude::Nan => return b"nan".to_vec(),
            Magnitude::Infinite if self.negative => return b"-inf".to_vec(),
            Magnitude::Infinite => return b"inf".to_vec(),
            Magnitude::Finite { bits, exponent } => (bits, exponent),
        };
        if self.negative {
            out.push(b'-');
        }
        if exponent >= 0 {
            write_shifted(&mut out, bits, exponent as u32);
        } else {
            write_fraction(&mut out, bits, exponent.unsigned_abs());
        }
        if out == b"-0" { b"0".to_vec() } else { out }
    }
}

impl std::ops::Add for LongDouble {
    type Output = Self;

    /// The sum, rounded to nearest, ties to even.
    fn add(self, other: Self) -> Self {
        use Magnitude::{Finite, Infinite, Nan};
        match (self.magnitude, other.magnitude) {
            (Finite { bits: a, exponent: e }, Finite { bits: b, exponent: f }) => {
                let swap = (f, b) > (e, a);
                let (high, low) = if swap { ((b, f), (a, e)) } else { ((a, e), (b, f)) };
                let negative = if swap { other.negative } else { self.negative };
                let sum = add_magnitudes(high, low, self.negative != other.negative);
                let zero = sum.bits == 0 && self.negative != other.negative;
                Self::from_exact(negative && !zero, sum)
            }
            (Infinite, Infinite) if self.negative != other.negative => {
                Self { negative: false, magnitude: Nan }
            }
            (Infinite | Nan, _) => self,
            (_, Infinite | Nan) => other,
        }
    }
}

/// Appends bits / 2^`shift`, rounded to [`SHOWN_FRACTION`] digits, ties to even.
fn write_fraction(out: &mut Vec<u8>, bits: u64, shift: u32) {
    const SCALE: u128 = 10u128.pow(SHOWN_FRACTION as u32);
    let scaled = Exact { bits: u128::from(bits) * SCALE, exponent: -(shift as i32), more: false };
    let (whole, fraction) = match rounded_integer(scaled) {
        rounded if rounded < SCALE => (0, rounded),
        rounded => (rounded / SCALE, rounded % SCALE),
    };
    out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    if fraction == 0 {
        return;
    }
    out.push(b'.');
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(fraction).as_bytes();
    out.resize(out.len() + SHOWN_FRACTION - digits.len(), b'0');
    out.extend_from_slice(digits);
    while out.last() == Some(&b'0') {
        out.pop();
    }
}

/// The nearest integer to a value without `more`, with an exponent of 0 or less.
fn rounded_integer(value: Exact) -> u128 {
    let shift = value.exponent.unsigned_abs();
    if shift == 0 {
        return value.bits;
    }
    let kept = value.bits.checked_shr(shift).unwrap_or(0);
    let half = value.bits.checked_shr(shift - 1).unwrap_or(0) & 1 == 1;
    let below = 1u128.checked_shl(shift - 1).map_or(u128::MAX, |bit| bit - 1);
    kept + u128::from(half && (value.bits & below != 0 || kept & 1 == 1))
}

/// `high` plus or minus `low`, the smaller one, as significand and exponent each.
fn add_magnitudes(high: (u64, i32), low: (u64, i32), subtract: bool) -> Exact {
    // Two bits of room above for the carry, 62 below for what the smaller operand reaches under the larger
    // one.
    const GUARD: i32 = 62;
    let distance = high.1 - low.1;
    let wide = u128::from(low.0) << GUARD;
    let aligned = u32::try_from(distance).ok().and_then(|shift| wide.checked_shr(shift)).unwrap_or(0);
    let more = aligned.checked_shl(distance as u32).unwrap_or(0) != wide;
    let high_bits = u128::from(high.0) << GUARD;
    let bits = if subtract { high_bits - aligned - u128::from(more) } else { high_bits + aligned };
    Exact { bits, exponent: high.1 - GUARD, more }
}

/// Reads a decimal number without sign, exactly as far as rounding needs it.
fn parse_decimal(text: &[u8]) -> Option<Exact> {
    let (mantissa, power) = match text.iter().position(|byte| byte | 0x20 == b'e') {
        Some(at) => (&text[..at], parse_exponent(&text[at + 1..])?),
        None => (text, 0),
    };
    let (whole, fraction) = match memchr::memchr(b'.', mantissa) {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &[][..]),
    };
    let all = || whole.iter().chain(fraction).copied();
    if mantissa.len() == usize::from(mantissa.contains(&b'.')) || !all().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let zeros_before = all().take_while(|&digit| digit == b'0').count();
    let written = whole.len() + fraction.len();
    if zeros_before == written {
        return Some(Exact { bits: 0, exponent: 0, more: false });
    }
    let zeros_after = all().rev().take_while(|&digit| digit == b'0').count();
    let count = written - zeros_before - zeros_after;
    let power = power - fraction.len() as i64 + zeros_after as i64;
    let digits = all().skip(zeros_before).take(count);
    Some(scale_decimal(digits, count, power))
}

/// `digits` x 10^`power` in binary. The digits start and end with one that is not zero.
fn scale_decimal(digits: impl Iterator<Item = u8>, count: usize, power: i64) -> Exact {
    let first = power + count as i64;
    if first > *DECIMAL_RANGE.end() {
        return Exact { bits: 1, exponent: SHAPE.max_exponent + 64, more: false };
    }
    if first < *DECIMAL_RANGE.start() {
        return Exact { bits: 1, exponent: SHAPE.min_exponent - 64, more: false };
    }
    // In the range checked above, and with texts no longer than MAX_TEXT.
    let power = power as i32;
    // 5^27 is the largest that fits 64 bits, so that product and quotient are exact in 128.
    if count <= 19 && (-27..=27).contains(&power) {
        let value = digits.fold(0u64, |value, digit| value * 10 + u64::from(digit - b'0'));
        let five = 5u128.pow(power.unsigned_abs());
        if power >= 0 {
            return Exact { bits: u128::from(value) * five, exponent: power, more: false };
        }
        let shift = value.leading_zeros() + 64;
        let dividend = u128::from(value) << shift;
        return Exact {
            bits: dividend / five,
            exponent: power - shift as i32,
            more: !dividend.is_multiple_of(five),
        };
    }
    let mut value = BigUint::from_decimal(digits);
    let exact = if power >= 0 {
        value.multiply_power_of_five(power as u32);
        value.to_exact()
    } else {
        value.divide(BigUint::power_of_five(power.unsigned_abs()))
    };
    Exact { exponent: exact.exponent + power, ..exact }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let value = LongDouble::parse(text.as_bytes()).expect(text);
        String::from_utf8(value.to_human_string()).expect("ascii")
    }

    fn sum(a: &str, b: &str) -> String {
        let [a, b] = [a, b].map(|text| LongDouble::parse(text.as_bytes()).expect(text));
        String::from_utf8((a + b).to_human_string()).expect("ascii")
    }

    #[test]
    fn shows_what_users_typed() {
        for (text, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("3.0", "3"),
            ("+5.", "5"),
            (".5", "0.5"),
            ("0.1", "0.1"),
            ("-123.456", "-123.456"),
            ("1e3", "1000"),
            ("5.0e3", "5000"),
            ("0x1.8p1", "3"),
            ("00012.340", "12.34"),
            ("1e-17", "0.00000000000000001"),
            ("-1e-18", "0"),
            ("9223372036854775807", "9223372036854775807"),
            ("18446744073709551617", "18446744073709551616"),
            ("17179869184", "17179869184"),
            ("1e22", "10000000000000000000000"),
            ("inf", "inf"),
            ("-Infinity", "-inf"),
            ("0.99999999999999999999999", "1"),
            ("123456789012345678901234567890e-25", "12345.6789012345678902"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!(shown("1e4932").len(), 4933);
    }

    #[test]
    fn refuses_what_strtold_does_not_take_whole() {
        for bad in [
            "",
            "+",
            "-",
            ".",
            "e1",
            "1e",
            "1e+",
            " 1",
            "1 ",
            "1x",
            "0x",
            "0xg",
            "nan",
            "-nan",
            "nan(1)",
            "1..2",
            "1e1.5",
            "--1",
            "1e5000",
            "-1e99999999999999999999",
            "1e-5000",
            "infinit",
            "1\0",
        ] {
            assert_eq!(LongDouble::parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(LongDouble::parse(&[b'1'; MAX_TEXT + 1]), None);
        assert!(LongDouble::parse(&[b'0'; MAX_TEXT]).is_some());
        assert!(LongDouble::parse(b"0e-99999").is_some());
    }

    #[test]
    fn sums_round_as_in_hardware() {
        for (a, b, expected) in [
            ("0.1", "0.2", "0.3"),
            ("10.5", "0.1", "10.6"),
            ("3", "-3", "0"),
            ("-0", "-0", "0"),
            ("1e18", "0.5", "1000000000000000000.5"),
            ("18446744073709551615", "1", "18446744073709551616"),
            ("18446744073709551616", "1", "18446744073709551616"),
            ("18446744073709551616", "1.5", "18446744073709551618"),
            ("18446744073709551616", "-0.75", "18446744073709551615"),
            ("inf", "1", "inf"),
            ("-inf", "1", "-inf"),
            ("inf", "-inf", "nan"),
            ("1e4932", "1e4932", "inf"),
        ] {
            assert_eq!(sum(a, b), expected, "{a} + {b}");
        }
    }

    #[test]
    fn other_kinds_of_number_come_in_exactly() {
        let text = |value: LongDouble| String::from_utf8(value.to_human_string()).expect("ascii");
        assert_eq!(text(LongDouble::from_i64(i64::MIN)), "-9223372036854775808");
        assert_eq!(text(LongDouble::from_f64(0.1)), "0.10000000000000001");
        assert_eq!(text(LongDouble::from_f64(-13.361_389_338_970_184)), "-13.36138933897018433");
        assert_eq!(text(LongDouble::from_f64(f64::MIN_POSITIVE / 4.0)), "0");
        assert!(
            LongDouble::from_f64(f64::NAN).is_nan_or_inf()
                && LongDouble::from_f64(f64::INFINITY).is_nan_or_inf()
        );
        let smallest = LongDouble::from_f64(5e-324);
        assert_eq!(smallest, LongDouble::parse(b"0x1p-1074").expect("in range"));
    }
}
