//! Doubles to text, as scores and RESP3 doubles print. Knows no reply type.

/// Appends `value` as Redis 7.2 prints doubles: the shortest digits that read back to the same value,
/// integers up to 2^62 without a fraction or exponent, `inf`, `-inf`, `nan`, `-0`.
pub fn write_f64(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    if value.is_infinite() {
        return out.extend_from_slice(if value < 0.0 { b"-inf" } else { b"inf" });
    }
    if value == 0.0 {
        return out.extend_from_slice(if value.is_sign_negative() { b"-0" } else { b"0" });
    }
    const EXACT: f64 = (i64::MAX / 2) as f64;
    if (-EXACT..=EXACT).contains(&value) && value.trunc() == value {
        return out.extend_from_slice(itoa::Buffer::new().format(value as i64).as_bytes());
    }
    if value < 0.0 {
        out.push(b'-');
    }
    let mut digits = [0u8; 20];
    let (count, exponent) = shortest_digits(value.abs(), &mut digits);
    lay_out(out, &digits[..count], exponent);
}

/// Fills `digits` with the shortest decimal digits of a positive finite `value` and returns their count and
/// the power of ten of the last one: value = digits x 10^exponent.
fn shortest_digits(value: f64, digits: &mut [u8; 20]) -> (usize, i32) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value).as_bytes();
    let (mut count, mut exponent, mut after_point) = (0, 0i32, false);
    for (i, &byte) in text.iter().enumerate() {
        match byte {
            b'.' => after_point = true,
            b'e' => {
                let written = std::str::from_utf8(&text[i + 1..]).ok().and_then(|e| e.parse::<i32>().ok());
                exponent += written.expect("a float formatter writes a decimal exponent");
                break;
            }
            _ => {
                exponent -= i32::from(after_point);
                if count > 0 || byte != b'0' {
                    digits[count] = byte;
                    count += 1;
                }
            }
        }
    }
    while count > 1 && digits[count - 1] == b'0' {
        count -= 1;
        exponent += 1;
    }
    (count, exponent)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, value);
        String::from_utf8(out).expect("ascii")
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
            (2.718281828459, "2.718281828459"),
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
}
