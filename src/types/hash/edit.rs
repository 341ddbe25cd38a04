//! Changing a hash, whatever its form. Must not know replies and events.

use super::value::{Hash, HashLimits};
use crate::ids::UnixMs;
use crate::table::map::Inserted;
use crate::types::packed::Value;

/// What became of a field that was set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Put {
    /// It was not there.
    New,
    /// It had another (or the same) value before.
    Replaced,
    /// It was there, but its time was over: it counts as gone and new.
    Revived,
}

/// What a set field's time to live becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldExpiry {
    /// It has none from now on.
    Clear,
    /// It keeps what it has.
    Keep,
    At(UnixMs),
}

impl Hash {
    /// Sets a field. `now_ms` is the moment at which it happens. O(1) in a table, O(n) in a listpack.
    pub fn put(
        &mut self,
        field: &[u8],
        value: &[u8],
        expiry: FieldExpiry,
        now_ms: UnixMs,
        limits: &HashLimits,
    ) -> Put {
        if let FieldExpiry::At(_) = expiry {
            self.make_timed(limits.hasher);
        }
        let inserted = match self {
            Hash::Packed(_) => return self.put_packed(field, value, limits),
            Hash::Table(map) => map.insert(field, value),
            Hash::Timed(timed) => timed.map.insert(field, value),
        };
        let mut outcome = if inserted == Inserted::New { Put::New } else { Put::Replaced };
        if let Hash::Timed(timed) = self {
            let due = timed.times.is_due(field, now_ms);
            if due {
                outcome = Put::Revived;
            }
            match expiry {
                FieldExpiry::At(ms) => timed.times.set(field, ms),
                FieldExpiry::Keep if !due => {}
                _ => drop(timed.times.clear(field)),
            }
            self.settle_times();
        }
        outcome
    }

    /// The same for a listpack, which may become a table by it.
    fn put_packed(&mut self, field: &[u8], value: &[u8], limits: &HashLimits) -> Put {
        let Hash::Packed(lp) = self else { return Put::Replaced };
        let read = lp.as_ref();
        let found = read.find_key(field).and_then(|pos| read.next(pos));
        let small = field.len().max(value.len()) <= limits.listpack_value
            && read.len() / 2 + usize::from(found.is_none()) <= limits.listpack_entries
            && read.fits(field.len().saturating_add(value.len()));
        match found {
            _ if !small => {
                self.make_table(limits.hasher);
                if let Hash::Table(map) = self {
                    map.insert(field, value);
                }
            }
            Some(pos) => lp.replace(pos, Value::of(value)),
            None => {
                lp.append_text(field);
                lp.append_text(value);
            }
        }
        if found.is_some() { Put::Replaced } else { Put::New }
    }

    /// Removes a field; false if it was not there, or is due: a due field is told to go by its time alone. The form
    /// stays.
    pub fn remove(&mut self, field: &[u8], now_ms: UnixMs) -> bool {
        match self {
            Hash::Packed(lp) => match lp.as_ref().find_key(field) {
                Some(pos) => lp.delete(pos, 2) == 2,
                None => false,
            },
            Hash::Table(map) => map.remove(field),
            Hash::Timed(timed) => {
                let removed = !timed.times.is_due(field, now_ms) && timed.map.remove(field);
                if removed {
                    timed.times.clear(field);
                    self.settle_times();
                }
                removed
            }
        }
    }

    /// Gives a field a time to live; the caller saw that it is there, and what the rules say.
    pub fn set_expiry(&mut self, field: &[u8], ms: UnixMs, limits: &HashLimits) {
        let timed = self.make_timed(limits.hasher);
        if timed.map.contains(field) {
            timed.times.set(field, ms);
        }
        self.settle_times();
    }

    /// Takes a field's time to live away; false if it had none.
    pub fn persist(&mut self, field: &[u8]) -> bool {
        let Hash::Timed(timed) = self else { return false };
        let had = timed.times.clear(field).is_some();
        self.settle_times();
        had
    }

    /// Removes up to `max` fields whose time is over at `now_ms`, the longest first, and hands each to `f` before.
    /// Returns how many went.
    pub fn expire(&mut self, now_ms: UnixMs, max: usize, mut f: impl FnMut(&[u8])) -> usize {
        let Hash::Timed(timed) = self else { return 0 };
        let mut gone = 0;
        let mut name = Vec::new();
        while gone < max
            && let Some(field) = timed.times.first_due(now_ms)
        {
            name.clear();
            name.extend_from_slice(field);
            timed.times.clear(&name);
            timed.map.remove(&name);
            f(&name);
            gone += 1;
        }
        self.settle_times();
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::super::HashRef;
    use super::*;
    use crate::table::hash::Hasher;

    const LIMITS: HashLimits =
        HashLimits { listpack_entries: 3, listpack_value: 6, hasher: Hasher::new(1, 2) };

    fn put(hash: &mut Hash, field: &[u8], value: &[u8]) -> Put {
        hash.put(field, value, FieldExpiry::Clear, 0, &LIMITS)
    }

    #[test]
    fn bytes_are_redis_bytes() {
        let mut hash = Hash::default();
        put(&mut hash, b"f", b"v");
        put(&mut hash, b"7", b"-1");
        assert_eq!(put(&mut hash, b"f", b"12"), Put::Replaced);
        let HashRef::Packed(lp) = hash.whole() else { panic!("small") };
        assert_eq!(lp.bytes(), b"\x11\0\0\0\x04\0\x81f\x02\x0c\x01\x07\x01\xdf\xff\x02\xff");
    }

    #[test]
    fn encodings_change_at_the_limits() {
        let mut hash = Hash::default();
        for field in [b"a", b"b", b"c"] {
            assert_eq!(put(&mut hash, field, b"1"), Put::New);
        }
        assert_eq!(put(&mut hash, b"c", b"123456"), Put::Replaced);
        assert_eq!(hash.whole().encoding(), "listpack");
        assert_eq!(put(&mut hash, b"d", b""), Put::New);
        assert_eq!((hash.whole().encoding(), hash.len()), ("hashtable", 4));
        for (pairs, longest, encoding) in [(3, 6, "listpack"), (4, 1, "hashtable"), (1, 7, "hashtable")] {
            let mut hash = Hash::default();
            hash.expect(pairs, longest, 10, &LIMITS);
            assert_eq!(hash.whole().encoding(), encoding);
        }
        let mut hash = Hash::default();
        put(&mut hash, b"a", b"1234567");
        assert_eq!(hash.whole().encoding(), "hashtable");
    }

    #[test]
    fn times_come_and_go_with_their_fields() {
        let mut hash = Hash::default();
        for field in [b"a", b"b", b"c"] {
            put(&mut hash, field, b"1");
        }
        hash.set_expiry(b"x", 10, &LIMITS);
        assert_eq!((hash.next_due(), hash.whole().encoding()), (None, "hashtable"));
        hash.set_expiry(b"a", 10, &LIMITS);
        hash.set_expiry(b"b", 20, &LIMITS);
        assert_eq!((hash.next_due(), hash.at(10).expiry(b"a")), (Some(10), Some(Some(10))));
        assert_eq!((hash.at(11).get(b"a"), hash.at(11).expiry(b"c")), (None, Some(None)));
        assert!(!hash.remove(b"a", 11), "it is not there any more");
        assert_eq!(hash.put(b"b", b"2", FieldExpiry::Keep, 15, &LIMITS), Put::Replaced);
        assert_eq!(hash.at(15).expiry(b"b"), Some(Some(20)));
        assert_eq!(hash.put(b"a", b"2", FieldExpiry::Keep, 15, &LIMITS), Put::Revived);
        assert_eq!((hash.at(15).expiry(b"a"), hash.next_due()), (Some(None), Some(20)));
        assert!(hash.persist(b"b") && !hash.persist(b"b"));
        assert!(matches!(hash, Hash::Table(_)), "what no field needs is gone");
        assert_eq!(hash.put(b"n", b"3", FieldExpiry::At(30), 15, &LIMITS), Put::New);
        let mut gone = Vec::new();
        assert_eq!(hash.expire(30, 9, |_| panic!("not yet")), 0);
        assert_eq!(hash.expire(31, 9, |field| gone.push(field.to_vec())), 1);
        assert_eq!((gone, hash.len(), hash.next_due()), (vec![b"n".to_vec()], 3, None));
    }
}
