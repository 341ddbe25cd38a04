//! Integers as Redis reads them from text. Knows no reply and no error text.

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
}
