//! Ranges of scores and of members, as commands give them. Must not know how members are stored.

/// From `min` to `max`, either end included or not. Neither is NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    pub min: f64,
    pub max: f64,
    pub min_excluded: bool,
    pub max_excluded: bool,
}

impl ScoreRange {
    /// Every score.
    pub const ALL: ScoreRange =
        ScoreRange { min: f64::NEG_INFINITY, max: f64::INFINITY, min_excluded: false, max_excluded: false };

    pub(super) fn is_empty(&self) -> bool {
        self.min > self.max || (self.min == self.max && (self.min_excluded || self.max_excluded))
    }

    /// Is `score` not below the range?
    #[inline]
    pub fn reaches_min(&self, score: f64) -> bool {
        if self.min_excluded { score > self.min } else { score >= self.min }
    }

    /// Is `score` not above the range?
    #[inline]
    pub fn within_max(&self, score: f64) -> bool {
        if self.max_excluded { score < self.max } else { score <= self.max }
    }
}

/// One end of a range of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// Below every member.
    Lowest,
    /// Above every member.
    Highest,
    Included(&'a [u8]),
    Excluded(&'a [u8]),
}

impl<'a> LexBound<'a> {
    /// Reads `-`, `+`, `[member` or `(member`.
    pub fn parse(text: &'a [u8]) -> Option<LexBound<'a>> {
        match text {
            b"-" => Some(LexBound::Lowest),
            b"+" => Some(LexBound::Highest),
            [b'[', member @ ..] => Some(LexBound::Included(member)),
            [b'(', member @ ..] => Some(LexBound::Excluded(member)),
            _ => None,
        }
    }
}

/// From one bound to another, in the order of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexRange<'a> {
    pub min: LexBound<'a>,
    pub max: LexBound<'a>,
}

impl LexRange<'_> {
    pub(super) fn is_empty(&self) -> bool {
        use LexBound::{Excluded, Highest, Included, Lowest};
        match (self.min, self.max) {
            (Highest, _) | (_, Lowest) => true,
            (Lowest, _) | (_, Highest) => false,
            (Included(min), Included(max)) => min > max,
            (Included(min) | Excluded(min), Included(max) | Excluded(max)) => min >= max,
        }
    }

    /// Is `member` not below the range?
    #[inline]
    pub fn reaches_min(&self, member: &[u8]) -> bool {
        match self.min {
            LexBound::Lowest => true,
            LexBound::Highest => false,
            LexBound::Included(min) => member >= min,
            LexBound::Excluded(min) => member > min,
        }
    }

    /// Is `member` not above the range?
    #[inline]
    pub fn within_max(&self, member: &[u8]) -> bool {
        match self.max {
            LexBound::Lowest => false,
            LexBound::Highest => true,
            LexBound::Included(max) => member <= max,
            LexBound::Excluded(max) => member < max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_and_kept() {
        let range = |min, max| LexRange {
            min: LexBound::parse(min).expect("a bound"),
            max: LexBound::parse(max).expect("a bound"),
        };
        let r = range(b"[b", b"(d");
        assert!(!r.reaches_min(b"a") && r.reaches_min(b"b") && r.within_max(b"cz") && !r.within_max(b"d"));
        for (min, max) in
            [("+", "-"), ("-", "-"), ("+", "+"), ("[b", "[a"), ("(a", "[a"), ("[a", "(a"), ("+", "[a")]
        {
            assert!(range(min.as_bytes(), max.as_bytes()).is_empty(), "{min} {max}");
        }
        for (min, max) in [("-", "+"), ("[a", "[a"), ("(a", "[b"), ("-", "[a"), ("(z", "+")] {
            assert!(!range(min.as_bytes(), max.as_bytes()).is_empty(), "{min} {max}");
        }
        for text in ["", "a", "--", "+a", "-inf"] {
            assert_eq!(LexBound::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(LexBound::parse(b"["), Some(LexBound::Included(b"")));
    }

    #[test]
    fn scores_at_the_ends() {
        let r = ScoreRange { min: 1.0, max: 2.0, min_excluded: true, max_excluded: false };
        assert!(!r.reaches_min(1.0) && r.reaches_min(1.5) && r.within_max(2.0) && !r.within_max(2.5));
        assert!(!r.is_empty() && ScoreRange { max: 1.0, ..r }.is_empty() && !ScoreRange::ALL.is_empty());
    }
}
