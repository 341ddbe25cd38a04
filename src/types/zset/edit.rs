//! Changing a sorted set, whatever its encoding. Must not know replies and events.

use super::packed;
use super::value::{AddFlags, Added, Zset, ZsetLimits};

/// What ZADD's flags make of a member with the score so far.
fn decide(old: Option<f64>, score: f64, flags: AddFlags) -> Added {
    let Some(old) = old else {
        return if flags.xx { Added::Skipped } else { Added::New(score) };
    };
    if flags.nx {
        return Added::Skipped;
    }
    let score = if flags.incr { old + score } else { score };
    if score.is_nan() {
        return Added::NotANumber;
    }
    if (flags.lt && score >= old) || (flags.gt && score <= old) {
        Added::Skipped
    } else if score == old {
        Added::Same(score)
    } else {
        Added::Changed(score)
    }
}

impl Zset {
    /// ZADD of one member. O(log n).
    pub fn add(&mut self, member: &[u8], score: f64, flags: AddFlags, limits: &ZsetLimits) -> Added {
        if score.is_nan() {
            return Added::NotANumber;
        }
        if let Zset::Packed(lp) = self {
            let found = packed::find(lp.as_ref(), member);
            let outcome = decide(found.map(|(_, old)| old), score, flags);
            match (outcome, found) {
                (Added::Changed(score), Some((pos, _))) => {
                    lp.delete(pos, 2);
                    packed::insert(lp, member, score);
                }
                (Added::New(score), _) => {
                    let small =
                        member.len() <= limits.listpack_value && lp.len() / 2 < limits.listpack_entries;
                    if small && lp.as_ref().fits(member.len()) {
                        packed::insert(lp, member, score);
                    } else {
                        self.to_big(limits).update(member, |_| Some(score));
                    }
                }
                _ => {}
            }
            return outcome;
        }
        let mut outcome = Added::Skipped;
        self.to_big(limits).update(member, |old| {
            outcome = decide(old, score, flags);
            match outcome {
                Added::New(score) | Added::Changed(score) => Some(score),
                _ => None,
            }
        });
        outcome
    }

    /// ZREM of one member: its score, if it was there. The encoding stays.
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        match self {
            Zset::Packed(lp) => {
                let (pos, score) = packed::find(lp.as_ref(), member)?;
                lp.delete(pos, 2);
                Some(score)
            }
            Zset::Big(set) => set.remove(member),
        }
    }

    /// Removes `count` members from rank `start` on, as the `_span` calls of [`ZsetRef`](super::ZsetRef) give
    /// them. Returns how many went. O(count log n).
    pub fn remove_span(&mut self, start: usize, count: usize) -> usize {
        let count = count.min(self.len().saturating_sub(start));
        match self {
            Zset::Packed(lp) => {
                lp.delete_range(2 * start as i64, 2 * count);
            }
            Zset::Big(set) => (0..count).for_each(|_| set.remove_at(start)),
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::super::ZsetRef;
    use super::*;
    use crate::table::hash::Hasher;
    use crate::types::packed::validate;

    const LIMITS: ZsetLimits =
        ZsetLimits { listpack_entries: 4, listpack_value: 6, hasher: Hasher::new(1, 2) };
    const PLAIN: AddFlags = AddFlags { incr: false, nx: false, xx: false, gt: false, lt: false };

    #[test]
    fn flags_decide() {
        for start in [1usize, 5] {
            let mut set = Zset::for_members(start, 1, &LIMITS);
            let mut add = |score, flags| set.add(b"m", score, flags, &LIMITS);
            assert_eq!(add(1.0, AddFlags { xx: true, ..PLAIN }), Added::Skipped);
            assert_eq!(add(1.0, AddFlags { gt: true, incr: true, ..PLAIN }), Added::New(1.0));
            assert_eq!(add(2.0, AddFlags { nx: true, ..PLAIN }), Added::Skipped);
            assert_eq!(add(2.0, AddFlags { incr: true, ..PLAIN }), Added::Changed(3.0));
            assert_eq!(add(2.0, AddFlags { gt: true, ..PLAIN }), Added::Skipped);
            assert_eq!(add(3.0, AddFlags { lt: true, ..PLAIN }), Added::Skipped);
            assert_eq!(add(3.0, PLAIN), Added::Same(3.0));
            assert_eq!(add(2.0, AddFlags { lt: true, xx: true, ..PLAIN }), Added::Changed(2.0));
            assert_eq!(add(f64::INFINITY, PLAIN), Added::Changed(f64::INFINITY));
            assert_eq!(add(f64::NEG_INFINITY, AddFlags { incr: true, ..PLAIN }), Added::NotANumber);
            assert_eq!(add(f64::NAN, PLAIN), Added::NotANumber);
            assert_eq!(set.as_ref().score(b"m"), Some(f64::INFINITY));
        }
    }

    #[test]
    fn bytes_are_redis_bytes() {
        let mut set = Zset::for_members(1, 1, &LIMITS);
        for (member, score) in [("b", 1.0), ("a", 1.0), ("10", -2.5), ("9", 1.0)] {
            set.add(member.as_bytes(), score, PLAIN, &LIMITS);
        }
        let ZsetRef::Packed(lp) = set.as_ref() else { panic!("small") };
        assert_eq!(validate(lp.bytes()), Ok(8));
        let expected =
            b"\x1d\0\0\0\x08\0\x0a\x01\x84-2.5\x05\x09\x01\x01\x01\x81a\x02\x01\x01\x81b\x02\x01\x01\xff";
        assert_eq!(lp.bytes(), expected);
    }

    #[test]
    fn encodings_change_at_the_limits() {
        let mut set = Zset::for_members(1, 1, &LIMITS);
        for member in ["a", "b", "c", "d"] {
            set.add(member.as_bytes(), 1.0, PLAIN, &LIMITS);
        }
        assert_eq!(set.as_ref().encoding(), "listpack");
        set.add(b"e", 1.0, PLAIN, &LIMITS);
        assert_eq!((set.as_ref().encoding(), set.len()), ("skiplist", 5));
        assert_eq!(set.remove(b"e"), Some(1.0));
        assert_eq!(set.as_ref().encoding(), "skiplist");
        set.settle(&LIMITS);
        assert_eq!((set.as_ref().encoding(), set.len()), ("listpack", 4));
        assert_eq!(set.remove_span(1, 9), 3);
        set.add(b"1234567", 1.0, PLAIN, &LIMITS);
        set.settle(&LIMITS);
        assert_eq!(set.as_ref().encoding(), "skiplist");
        assert_eq!(set.remove_span(0, 1) + set.remove_span(1, 1), 1);
    }
}
