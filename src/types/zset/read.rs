//! Reading a sorted set, whatever its encoding: by member, rank, score or bytes, from either end. Must not
//! change anything.

use super::big::BigZset;
use super::leaf::Bound;
use super::packed;
use super::range::{LexRange, ScoreRange};
use super::score::sort_key;
use crate::types::packed::{ListpackRef, Value};
use crate::types::sampling::{Selection, below};

/// A sorted set to read.
#[derive(Clone, Copy, Debug)]
pub enum ZsetRef<'a> {
    Packed(ListpackRef<'a>),
    Big(&'a BigZset),
}

impl<'a> ZsetRef<'a> {
    /// Number of members. O(1).
    pub fn len(self) -> usize {
        match self {
            ZsetRef::Packed(lp) => lp.len() / 2,
            ZsetRef::Big(set) => set.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// What OBJECT ENCODING says.
    pub fn encoding(self) -> &'static str {
        match self {
            ZsetRef::Packed(_) => "listpack",
            ZsetRef::Big(_) => "skiplist",
        }
    }

    /// Bytes allocated, for MEMORY USAGE.
    pub fn memory(self) -> usize {
        match self {
            ZsetRef::Packed(lp) => lp.bytes().len(),
            ZsetRef::Big(set) => set.memory(),
        }
    }

    /// The member's score. O(1) in a big set.
    pub fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            ZsetRef::Packed(lp) => packed::find(lp, member).map(|(_, score)| score),
            ZsetRef::Big(set) => set.score(member),
        }
    }

    /// The member's rank, from the lowest or from the highest, and its score. O(log n) in a big set.
    pub fn rank(self, member: &[u8], reverse: bool) -> Option<(usize, f64)> {
        let (rank, score) = match self {
            ZsetRef::Packed(lp) => packed::rank(lp, member),
            ZsetRef::Big(set) => set.rank(member),
        }?;
        Some((if reverse { self.len() - 1 - rank } else { rank }, score))
    }

    /// Rank of the lowest member and number of members from rank `start` to `stop`, both included, negative
    /// from the highest, cut to the set.
    pub fn rank_span(self, start: i64, stop: i64) -> (usize, usize) {
        let len = self.len() as i64;
        let from_end = |i: i64| if i < 0 { len.saturating_add(i) } else { i };
        let (start, stop) = (from_end(start).max(0), from_end(stop).min(len - 1));
        if start > stop || start >= len { (0, 0) } else { (start as usize, (stop - start + 1) as usize) }
    }

    /// Rank of the lowest member and number of members with scores in a range. O(log n) in a big set.
    pub fn score_span(self, range: &ScoreRange) -> (usize, usize) {
        let set = match self {
            ZsetRef::Packed(lp) => return packed::score_span(lp, range),
            ZsetRef::Big(set) => set,
        };
        if range.is_empty() {
            return (0, 0);
        }
        let (min, max) = (sort_key(range.min), sort_key(range.max));
        let min = if range.min_excluded { Bound::AfterKey(min) } else { Bound::BeforeKey(min) };
        let max = if range.max_excluded { Bound::BeforeKey(max) } else { Bound::AfterKey(max) };
        let start = set.count_before(&min);
        match set.count_before(&max).saturating_sub(start) {
            0 => (0, 0),
            count => (start, count),
        }
    }

    /// Rank of the lowest member and number of members in a range of bytes, in a set whose scores are all
    /// equal; in others some of them, which may depend on whether the search begins at the highest. O(log n)
    /// in a big set.
    pub fn lex_span(self, range: &LexRange<'_>, reverse: bool) -> (usize, usize) {
        let set = match self {
            ZsetRef::Packed(lp) => return packed::lex_span(lp, range, reverse),
            ZsetRef::Big(set) => set,
        };
        if range.is_empty() {
            return (0, 0);
        }
        let start = set.count_where(|member| !range.reaches_min(member));
        match set.count_where(|member| range.within_max(member)).saturating_sub(start) {
            0 => (0, 0),
            count => (start, count),
        }
    }

    /// Hands `f` members and scores from rank `start` on, towards either end, while it returns true.
    pub fn walk(self, start: usize, reverse: bool, mut f: impl FnMut(Value<'a>, f64) -> bool) {
        match self {
            ZsetRef::Packed(lp) => packed::walk(lp, start, reverse, f),
            ZsetRef::Big(set) => set.walk(start, reverse, |member, score| f(Value::Str(member), score)),
        }
    }

    /// Hands `f` the `count` members from rank `start` on, lowest first, or highest first if `reverse`.
    pub fn for_each_in(self, start: usize, count: usize, reverse: bool, mut f: impl FnMut(Value<'a>, f64)) {
        let count = count.min(self.len().saturating_sub(start));
        let Some(last) = count.checked_sub(1) else { return };
        let mut left = count;
        self.walk(if reverse { start + last } else { start }, reverse, |member, score| {
            f(member, score);
            left -= 1;
            left > 0
        });
    }

    /// Hands `f` all members, lowest first.
    pub fn for_each(self, f: impl FnMut(Value<'a>, f64)) {
        self.for_each_in(0, usize::MAX, false, f);
    }

    /// ZSCAN: hands some members to `f` and returns the next cursor, 0 at the end. A small set is told whole.
    pub fn scan(self, cursor: u64, count: usize, mut f: impl FnMut(Value<'_>, f64)) -> u64 {
        match self {
            ZsetRef::Packed(_) => {
                self.for_each(f);
                0
            }
            ZsetRef::Big(set) => set.scan(cursor, count, |member, score| f(Value::Str(member), score)),
        }
    }

    /// Hands `f` a member picked by a random word, all with the same chance. False if there is none.
    pub fn random(self, word: u64, f: impl FnOnce(Value<'_>, f64)) -> bool {
        if self.is_empty() {
            return false;
        }
        let mut f = Some(f);
        self.walk(below(word, self.len()), false, |member, score| {
            if let Some(f) = f.take() {
                f(member, score);
            }
            false
        });
        true
    }

    /// Hands `f` `count` different members, or all if there are fewer, every choice of them with the same
    /// chance. The order is not random. O(n), or O(count log n) where that is much less.
    pub fn sample(self, count: usize, words: &mut dyn FnMut() -> u64, mut f: impl FnMut(Value<'_>, f64)) {
        let len = self.len();
        if let ZsetRef::Big(set) = self
            && count < len / 8
        {
            let mut ranks = hashbrown::HashSet::with_capacity(count);
            while ranks.len() < count {
                let rank = below(words(), len);
                if ranks.insert(rank)
                    && let Some((member, score)) = set.at(rank)
                {
                    f(Value::Str(member), score);
                }
            }
            return;
        }
        let mut selection = Selection::new(count, len);
        self.walk(0, false, |member, score| {
            if selection.take(words()) {
                f(member, score);
            }
            !selection.is_done()
        });
    }
}
