//! The number formats of redis.conf. Knows no directive.

use crate::util::numbers::parse_i64;

/// Bytes: digits and one of `b k kb m mb g gb` in any case; the two-letter units are powers of 1024.
// COMPAT: as in Redis no digits at all mean 0. Unlike there an amount beyond 64 bits is refused, where it would
// wrap around and might evict the whole data set.
pub(super) fn memory(text: &[u8]) -> Option<u64> {
    let at = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(at)?;
    let scale: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1000 * 1000,
        b"mb" => 1 << 20,
        b"g" => 1000 * 1000 * 1000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let amount: u64 = match digits {
        b"" => 0,
        _ => std::str::from_utf8(digits).ok()?.parse().ok()?,
    };
    amount.checked_mul(scale)
}

/// A percentage such as `12%`.
pub(super) fn percent(text: &[u8]) -> Option<i64> {
    parse_i64(text.strip_suffix(b"%")?).filter(|percent| *percent >= 0)
}

/// An octal number such as `700` or `0700`.
// COMPAT: an empty one is 0.
pub(super) fn octal(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    i64::from_str_radix(std::str::from_utf8(text).ok()?, 8).ok()
}

/// An integer as C's strtoll reads it when all of the text must be used: blanks and a sign may come first.
// COMPAT: an empty text is 0. Numbers beyond 64 bits are refused instead of clipped.
pub(super) fn loose_integer(text: &[u8]) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    std::str::from_utf8(text.trim_ascii_start()).ok()?.parse().ok()
}

/// Bytes as `CONFIG REWRITE` writes them: in the largest unit that divides them.
pub(super) fn show_memory(bytes: u64) -> String {
    let units = [(30, "gb"), (20, "mb"), (10, "kb")];
    let fits = units.into_iter().find(|(shift, _)| bytes != 0 && bytes.is_multiple_of(1 << shift));
    fits.map_or_else(|| bytes.to_string(), |(shift, unit)| format!("{}{unit}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_units() {
        assert_eq!(memory(b"1k"), Some(1000));
        assert_eq!(memory(b"1KB"), Some(1024));
        assert_eq!(memory(b"64mb"), Some(64 << 20));
        assert_eq!(memory(b"2G"), Some(2_000_000_000));
        assert_eq!(
            (memory(b""), memory(b"mb"), memory(b"18446744073709551615b")),
            (Some(0), Some(0), Some(u64::MAX))
        );
        for bad in ["-1", "1t", "1 mb", "1.5gb", "99999999999gb", "18446744073709551616", "+1"] {
            assert_eq!(memory(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn memory_is_shown_in_its_largest_unit() {
        let shown = [0, 1, 1 << 10, 3 << 20, 5 << 30, (1 << 20) + 1].map(show_memory);
        assert_eq!(shown, ["0", "1", "1kb", "3mb", "5gb", "1048577"]);
    }

    #[test]
    fn loose_integers() {
        assert_eq!([b"+900".as_slice(), b" -4", b""].map(loose_integer), [Some(900), Some(-4), Some(0)]);
        assert_eq!([b"4 ".as_slice(), b" ", b"1a"].map(loose_integer), [None; 3]);
        assert_eq!((octal(b"0700"), octal(b"8")), (Some(0o700), None));
    }
}
