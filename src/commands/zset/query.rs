//! Ranges of a sorted set as commands ask for them: by rank, score or bytes, from either end, cut by LIMIT.

use crate::engine::{Args, Error};
use crate::types::zset::{LexBound, LexRange, ScoreRange, ZsetRef};
use crate::util::float::parse_f64;

/// Which members are asked for.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// From one rank to another, counted from the end at which the answer begins.
    Rank(i64, i64),
    Score(ScoreRange),
    Lex(LexRange<'a>),
}

/// What kind of range a command asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Rank,
    Score,
    Lex,
}

/// What a command of the ZRANGE family leaves open to its options.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// `None` where BYSCORE and BYLEX may choose.
    pub kind: Option<Kind>,
    /// `None` where REV may choose.
    pub reverse: Option<bool>,
    /// ZRANGESTORE: the range is stored, with its scores.
    pub store: bool,
}

/// A range with its options.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    by: By<'a>,
    pub reverse: bool,
    offset: i64,
    /// Negative: no limit.
    limit: i64,
    pub with_scores: bool,
}

/// The options behind the ends of a range.
struct Options {
    kind: Option<Kind>,
    reverse: Option<bool>,
    offset: i64,
    limit: i64,
    with_scores: bool,
}

impl Options {
    fn parse(args: &Args<'_>, from: usize, form: Form) -> Result<Self, Error> {
        let Form { kind, reverse, store } = form;
        let mut o = Options { kind, reverse, offset: 0, limit: -1, with_scores: false };
        let mut i = from;
        while i < args.len() {
            if !store && args.is(i, "withscores") {
                o.with_scores = true;
            } else if args.is(i, "limit") && i + 2 < args.len() {
                o.offset = args.int(i + 1)?;
                o.limit = args.int(i + 2)?;
                i += 2;
            } else if o.reverse.is_none() && args.is(i, "rev") {
                o.reverse = Some(true);
            } else if o.kind.is_none() && args.is(i, "bylex") {
                o.kind = Some(Kind::Lex);
            } else if o.kind.is_none() && args.is(i, "byscore") {
                o.kind = Some(Kind::Score);
            } else {
                return Err(Error::Syntax);
            }
            i += 1;
        }
        Ok(o)
    }
}

impl<'a> Query<'a> {
    /// Reads the ends of the range at arguments `at` and `at + 1`, and the options behind them.
    pub fn parse(args: &Args<'a>, at: usize, form: Form) -> Result<Self, Error> {
        let o = Options::parse(args, at + 2, form)?;
        let (kind, reverse) = (o.kind.unwrap_or(Kind::Rank), o.reverse.unwrap_or(false));
        if o.limit != -1 && kind == Kind::Rank {
            return Err(Error::Plain(
                "syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if o.with_scores && kind == Kind::Lex {
            return Err(Error::Plain("syntax error, WITHSCORES not supported in combination with BYLEX"));
        }
        // Backwards, a range is given from its highest end.
        let (low, high) = if reverse { (at + 1, at) } else { (at, at + 1) };
        let by = match kind {
            Kind::Rank => By::Rank(args.int(at)?, args.int(at + 1)?),
            Kind::Score => By::Score(score_range(args.get(low), args.get(high))?),
            Kind::Lex => By::Lex(lex_range(args.get(low), args.get(high))?),
        };
        Ok(Query { by, reverse, offset: o.offset, limit: o.limit, with_scores: o.with_scores })
    }

    /// Rank of the lowest member asked for, and how many there are.
    pub fn span(&self, set: ZsetRef<'_>) -> (usize, usize) {
        let (start, count) = match &self.by {
            By::Rank(start, stop) => {
                let (start, count) = set.rank_span(*start, *stop);
                return (if self.reverse { set.len() - start - count } else { start }, count);
            }
            By::Score(range) => set.score_span(range),
            By::Lex(range) => set.lex_span(range, self.reverse),
        };
        // A negative offset skips everything, a negative limit is none.
        let Ok(offset) = usize::try_from(self.offset) else { return (0, 0) };
        let left = count.saturating_sub(offset);
        let wanted = usize::try_from(self.limit).map_or(left, |limit| limit.min(left));
        (if self.reverse { start + left - wanted } else { start + offset }, wanted)
    }
}

/// A range of scores, `(` before an end that is left out.
pub fn score_range(min: &[u8], max: &[u8]) -> Result<ScoreRange, Error> {
    let end = |text: &[u8]| {
        let (number, excluded) = match text {
            [b'(', number @ ..] => (number, true),
            number => (number, false),
        };
        Some((score_end(number)?, excluded))
    };
    let ends = end(min).zip(end(max));
    let ((min, min_excluded), (max, max_excluded)) = ends.ok_or(Error::Plain("min or max is not a float"))?;
    Ok(ScoreRange { min, max, min_excluded, max_excluded })
}

/// COMPAT: here, unlike in ZADD, no digits at all mean zero, white space may come first, and numbers beyond all doubles
/// are infinite.
fn score_end(text: &[u8]) -> Option<f64> {
    if text.is_empty() {
        return Some(0.0);
    }
    let number = text.trim_ascii_start();
    parse_f64(number).or_else(|| {
        let number = std::str::from_utf8(number).ok()?.parse::<f64>().ok()?;
        (!number.is_nan()).then_some(number)
    })
}

/// A range of bytes.
pub fn lex_range<'a>(min: &'a [u8], max: &'a [u8]) -> Result<LexRange<'a>, Error> {
    let ends = LexBound::parse(min).zip(LexBound::parse(max));
    let (min, max) = ends.ok_or(Error::Plain("min or max not valid string range item"))?;
    Ok(LexRange { min, max })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::hash::Hasher;
    use crate::types::zset::{AddFlags, Zset, ZsetLimits};

    const ANY: Form = Form { kind: None, reverse: None, store: false };

    fn span(words: &[&[u8]]) -> (usize, usize) {
        let limits = ZsetLimits { listpack_entries: 128, listpack_value: 64, hasher: Hasher::new(1, 2) };
        let mut set = Zset::default();
        for (i, member) in [b"a", b"b", b"c", b"d", b"e"].into_iter().enumerate() {
            set.add(member, i as f64, AddFlags::default(), &limits);
        }
        Query::parse(&Args::new(words), 0, ANY).expect("a query").span(set.as_ref())
    }

    #[test]
    fn limits_cut_from_the_end_at_which_the_answer_begins() {
        assert_eq!(span(&[b"1", b"3", b"byscore"]), (1, 3));
        assert_eq!(span(&[b"1", b"3", b"byscore", b"limit", b"1", b"1"]), (2, 1));
        assert_eq!(span(&[b"3", b"1", b"byscore", b"rev", b"limit", b"0", b"2"]), (2, 2));
        assert_eq!(span(&[b"3", b"1", b"byscore", b"rev", b"limit", b"2", b"-1"]), (1, 1));
        assert_eq!(span(&[b"1", b"3", b"byscore", b"limit", b"-1", b"2"]), (0, 0));
        assert_eq!(span(&[b"0", b"1", b"rev"]), (3, 2));
        assert_eq!(span(&[b"-2", b"-1", b"rev"]), (0, 2));
    }

    #[test]
    fn ends_of_scores() {
        let range = score_range(b"(1", b"").expect("a range");
        assert_eq!((range.min, range.min_excluded, range.max, range.max_excluded), (1.0, true, 0.0, false));
        assert_eq!(score_range(b"-inf", b"1e400").map(|range| range.max), Ok(f64::INFINITY));
        assert_eq!(score_range(b"( 1", b"\n2").map(|range| (range.min, range.max)), Ok((1.0, 2.0)));
        assert!(score_range(b" ", b"1").is_err() && score_range(b"1 ", b"2").is_err());
        assert!(score_range(b"nan", b"1").is_err() && score_range(b"1", b"x").is_err());
    }
}
