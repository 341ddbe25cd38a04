//! Integers as Redis reads them from text, amounts of memory among them. Knows no reply and no error text.

/// Reads `text` as a signed 64-bit integer in its one canonical spelling: an optional minus, no plus, no
/// spaces, no leading zeros, no `-0`. So a value that parses prints back to the same bytes, and may be stored
/// as an integer.
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    match text {
        [b'-', digits @ ..] => {
            let magnitude = canonical_digits(digits)?;
            if magnitude == 0 {
                return None;
            }
            0i64.checked_sub_unsigned(magnitude)
        }
        digits => i64::try_from(canonical_digits(digits)?).ok(),
    }
}

/// Reads `text` as an unsigned 64-bit integer in its canonical spelling; see [`parse_i64`].
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    canonical_digits(text)
}

#[inline]
fn canonical_digits(digits: &[u8]) -> Option<u64> {
    let (&first, rest) = digits.split_first()?;
    if first == b'0' {
        return rest.is_empty().then_some(0);
    }
    // 19 digits cannot overflow a u64, so only the twentieth needs a checked step.
    if digits.len() > 20 {
        return None;
    }
    let mut value = 0u64;
    for &byte in digits.iter().take(19) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    if let Some(&last) = digits.get(19) {
        let digit = last.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    Some(value)
}

/// Reads an amount of memory in bytes: digits and a unit of any case, `b`, `k m g` (powers of 1000), `kb mb
/// gb` (powers of 1024) or none. COMPAT: no digits at all mean zero, as the referee's `CONFIG SET maxmemory
/// gb` shows.
pub fn parse_memory(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1_000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let mut value = 0u64;
    for &byte in number {
        value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
    }
    value.checked_mul(unit)
}

/// Reads a percentage, `5%`. May be above 100.
pub fn parse_percent(text: &[u8]) -> Option<u64> {
    canonical_digits(text.strip_suffix(b"%")?).filter(|&value| i64::try_from(value).is_ok())
}

/// An amount of memory in the form of INFO's `_human` fields: `1.50M`.
pub fn human_bytes(bytes: u64) -> String {
    const UNITS: [(u32, char); 5] = [(50, 'P'), (40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')];
    match UNITS.iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) if bytes >> 60 == 0 => {
            format!("{:.2}{unit}", bytes as f64 / (1u64 << shift) as f64)
        }
        _ => format!("{bytes}B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_one_spelling() {
        for good in [0, 1, -1, 9, 10, 1234567890123456789, i64::MAX, i64::MIN, i64::MAX - 1] {
            assert_eq!(parse_i64(good.to_string().as_bytes()), Some(good));
        }
        for bad in [
            "",
            "-",
            "-0",
            "00",
            "01",
            "-01",
            "+1",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "0x10",
            "--1",
            "1-",
            "/1",
            "1:",
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "99999999999999999999",
            "123456789012345678901",
        ] {
            assert_eq!(parse_i64(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn unsigned_reaches_its_maximum() {
        assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
        assert_eq!(parse_u64(b"18446744073709551616"), None);
        assert_eq!(parse_u64(b"28446744073709551615"), None);
        assert_eq!(parse_u64(b"1844674407370955161x"), None);
        assert_eq!(parse_u64(b"-1"), None);
    }
    #[test]
    fn amounts_of_memory() {
        for (text, expected) in [
            ("100", Some(100)),
            ("1b", Some(1)),
            ("1k", Some(1000)),
            ("1Kb", Some(1024)),
            ("64mb", Some(64 << 20)),
            ("2M", Some(2_000_000)),
            ("1gB", Some(1 << 30)),
            ("3g", Some(3_000_000_000)),
            ("gb", Some(0)),
            ("", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("18446744073709551615kb", None),
            ("-1", None),
            ("1tb", None),
            ("1 mb", None),
            ("1.5gb", None),
        ] {
            assert_eq!(parse_memory(text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(parse_percent(b"5%"), Some(5));
        for bad in ["%", "5", "-1%", "05%", "5%%", "9223372036854775808%"] {
            assert_eq!(parse_percent(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn human_amounts() {
        for (bytes, expected) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1_572_864, "1.50M"),
            (1 << 30, "1.00G"),
            ((1 << 30) - 1, "1024.00M"),
            (3 << 40, "3.00T"),
            (1 << 50, "1.00P"),
            (1 << 60, "1152921504606846976B"),
        ] {
            assert_eq!(human_bytes(bytes), expected);
        }
    }
}
