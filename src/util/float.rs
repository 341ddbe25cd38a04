//! Doubles from text and to text, as scores and RESP3 doubles are read and printed. Knows no reply type.

use super::binary_float::{Shape, parse_hex};
use super::grisu;

/// Reads a double as C's strtod does, but without white space around it: decimal, `0x` hexadecimal, `inf`, `infinity`.
/// `None` for anything else, for not-a-number, and for numbers too large or too small to be told from infinity or zero.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let unsigned = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if let [b'0', b'x' | b'X', digits @ ..] = unsigned {
        let value = parse_hex_f64(digits)?;
        return Some(if text[0] == b'-' { -value } else { value });
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let is_number = unsigned.first().is_some_and(|byte| !byte.is_ascii_alphabetic());
    let mantissa = unsigned.iter().take_while(|&byte| byte | 0x20 != b'e');
    let underflow = value == 0.0 && mantissa.copied().any(|byte| matches!(byte, b'1'..=b'9'));
    (!value.is_nan() && !underflow && (value.is_finite() || !is_number)).then_some(value)
}

fn parse_hex_f64(digits: &[u8]) -> Option<f64> {
    const SHAPE: Shape = Shape { precision: 53, min_exponent: -1074, max_exponent: 971 };
    let exact = parse_hex(digits)?;
    let rounded = exact.round(SHAPE)?;
    if rounded.bits == 0 && (exact.bits != 0 || exact.more) {
        return None;
    }
    // A significand without its top bit belongs to the smallest exponent, whose biased form is 0 and not 1.
    let biased = (rounded.exponent + 1074) as u64 + (rounded.bits >> 52);
    Some(f64::from_bits(rounded.bits & ((1 << 52) - 1) | biased << 52))
}

/// Appends `value` as Redis 7.2 prints doubles: the shortest digits that read back to the same value,
/// integers up to 2^62 without a fraction or exponent, `inf`, `-inf`, `nan`, `-0`.
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    const EXACT: f64 = (i64::MAX / 2) as f64;
    if value != 0.0 && (-EXACT..=EXACT).contains(&value) && value.trunc() == value {
        return out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    }
    write_shortest(out, value);
}

/// The same with integers, too, in no more digits than it takes to read them back: `2^60` ends in a zero.
pub fn write_shortest(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value < 0.0 { b"-inf" } else { b"inf" });
    }
    if value == 0.0 {
        return out.extend_from_slice(if value.is_sign_negative() { b"-0" } else { b"0" });
    }
    if value < 0.0 {
        out.push(b'-');
    }
    let digits = grisu::digits(value.abs());
    lay_out(out, digits.as_bytes(), digits.exponent);
}

/// Writes digits x 10^exponent in the layout Redis' formatter chooses. COMPAT: a number with four or more
/// digits before the point goes to exponent form as soon as it has seven or more after it
/// (`1.2345678901234e+4`).
fn lay_out(out: &mut Vec<u8>, digits: &[u8], exponent: i32) {
    let count = digits.len() as i32;
    let scientific = exponent + count - 1;
    if (0..8).contains(&exponent) {
        out.extend_from_slice(digits);
        out.resize(out.len() + exponent as usize, b'0');
        return;
    }
    if exponent < 0 && (exponent > -7 || scientific.abs() < 4) {
        let whole = count + exponent;
        if whole > 0 {
            let (before, after) = digits.split_at(whole as usize);
            out.extend_from_slice(before);
            out.push(b'.');
            out.extend_from_slice(after);
        } else {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + (-whole) as usize, b'0');
            out.extend_from_slice(digits);
        }
        return;
    }
    out.push(digits[0]);
    if count > 1 {
        out.push(b'.');
        out.extend_from_slice(&digits[1..]);
    }
    out.extend_from_slice(if scientific < 0 { b"e-" } else { b"e+" });
    out.extend_from_slice(itoa::Buffer::new().format(scientific.unsigned_abs()).as_bytes());
}

/// Appends `value` as C's `%.17g` prints it: 17 digits, whether they are needed or not, without trailing zeros.
pub fn write_g17(out: &mut Vec<u8>, value: f64) {
    if !value.is_finite() || value == 0.0 {
        return write_f64(out, value);
    }
    let text = format!("{value:.16e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..17).contains(&exponent) {
        let digits =
            if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
        out.extend_from_slice(digits.as_bytes());
        let sign = if exponent < 0 { '-' } else { '+' };
        return out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    }
    let fixed = format!("{value:.*}", (16 - exponent).max(0) as usize);
    let fixed = if fixed.contains('.') { fixed.trim_end_matches('0').trim_end_matches('.') } else { &fixed };
    out.extend_from_slice(fixed.as_bytes());
}

/// Appends `value` with exactly `digits` digits after the point (at most 17), rounded half to even as scaled
/// up. For distances and other values far below 2^63 when scaled.
pub fn write_fixed(out: &mut Vec<u8>, value: f64, digits: u32) {
    let digits = digits.min(17);
    let scale = 10u64.pow(digits);
    let scaled = (value * scale as f64).round_ties_even() as i64;
    if scaled < 0 {
        out.push(b'-');
    }
    let (whole, fraction) = (scaled.unsigned_abs() / scale, scaled.unsigned_abs() % scale);
    out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    if digits > 0 {
        let mut text = itoa::Buffer::new();
        let text = text.format(fraction).as_bytes();
        out.push(b'.');
        out.resize(out.len() + digits as usize - text.len(), b'0');
        out.extend_from_slice(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, value);
        String::from_utf8(out).expect("ascii")
    }

    #[test]
    fn seventeen_digits() {
        for (value, expected) in [
            (0.1, "0.10000000000000001"),
            (-2.5, "-2.5"),
            (3.0, "3"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1e-5, "1.0000000000000001e-05"),
            (1.0 / 3.0, "0.33333333333333331"),
            (123456.789, "123456.789"),
            (-1.5e300, "-1.5000000000000001e+300"),
            (f64::INFINITY, "inf"),
            (0.0, "0"),
        ] {
            let mut out = Vec::new();
            write_g17(&mut out, value);
            assert_eq!(String::from_utf8(out).expect("ascii"), expected);
        }
    }

    #[test]
    fn large_integers_are_exact_or_short() {
        let both = |value| {
            let mut short = Vec::new();
            write_shortest(&mut short, value);
            (text(value), String::from_utf8(short).expect("ascii"))
        };
        let pair = |a: &str, b: &str| (a.to_string(), b.to_string());
        assert_eq!(both((1u64 << 60) as f64), pair("1152921504606846976", "1152921504606847000"));
        assert_eq!(both(-12.0), pair("-12", "-12"));
        assert_eq!(both(-0.0), pair("-0", "-0"));
    }

    #[test]
    fn layouts_of_the_referee() {
        for (value, expected) in [
            (3.0, "3"),
            (-3.0, "-3"),
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1, "0.1"),
            (100000000000000000.0, "100000000000000000"),
            (1e18, "1000000000000000000"),
            (1e20, "1e+20"),
            (-1.5e300, "-1.5e+300"),
            (0.001, "0.001"),
            (0.000001, "0.000001"),
            (1e-7, "1e-7"),
            (1.5e-6, "1.5e-6"),
            (12345.678901234, "1.2345678901234e+4"),
            (1234.5678901234, "1234.5678901234"),
            (3.718281828459, "3.718281828459"),
            (0.30000000000000004, "0.30000000000000004"),
            (0.0012345678901234, "0.0012345678901234"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
        ] {
            assert_eq!(text(value), expected);
        }
    }
    #[test]
    fn reads_what_strtod_reads_whole() {
        for (text, expected) in [
            ("1.5", 1.5),
            ("+5", 5.0),
            (".5", 0.5),
            ("5.", 5.0),
            ("1E5", 1e5),
            ("00012", 12.0),
            ("-0", 0.0),
            ("0e-9999", 0.0),
            ("4e-324", 5e-324),
            ("1e-320", 1e-320),
            ("0x10", 16.0),
            ("-0X1.8p1", -3.0),
            ("0x1p-1074", 5e-324),
            ("0x0.8p-1021", f64::MIN_POSITIVE),
            ("0x1.fffffffffffff8p0", 2.0),
            ("0x1.fffffffffffff7p0", 1.9999999999999998),
            ("+inf", f64::INFINITY),
            ("-INFINITY", f64::NEG_INFINITY),
        ] {
            assert_eq!(parse_f64(text.as_bytes()), Some(expected), "{text}");
        }
        for bad in [
            "",
            "+",
            "-",
            "+-1",
            ".",
            "e5",
            "1e",
            "1e+",
            "1 ",
            " 1",
            "\t1",
            "1_0",
            "1f",
            "0x",
            "0x1p",
            "nan",
            "-NaN",
            "nan(1)",
            "infin",
            "1e400",
            "-1e400",
            "1e-400",
            "0x1p1024",
            "0x1p-1080",
            "1\0",
            "\u{661}",
        ] {
            assert_eq!(parse_f64(bad.as_bytes()), None, "{bad:?}");
        }
        assert!(parse_f64(b"-0").is_some_and(f64::is_sign_negative));
    }

    #[test]
    fn fixed_point() {
        for (value, digits, expected) in [
            (0.0, 4, "0.0000"),
            (166274.1516, 4, "166274.1516"),
            (0.00005, 4, "0.0000"),
            (-0.00004, 4, "0.0000"),
            (-1.5, 1, "-1.5"),
            (0.05, 2, "0.05"),
            (12.0, 0, "12"),
        ] {
            let mut out = Vec::new();
            write_fixed(&mut out, value, digits);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
    }
}
