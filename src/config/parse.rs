//! The number formats of redis.conf that nothing else has. Knows no directive.

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
