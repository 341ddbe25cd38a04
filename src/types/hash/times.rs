//! When fields of a hash go: what a hash carries beside its table once a field has a time to live. Fields are found by
//! name and by time. Must not know values, nor what time it is.

use std::collections::BTreeSet;

use crate::ids::UnixMs;
use crate::table::hash::Hasher;
use crate::table::map::Map;

/// The times of a hash's fields. A field without one is not in here.
#[derive(Debug)]
pub struct Times {
    /// Field to time, in eight bytes.
    pub(super) at: Map,
    /// Time and hash of the field. Two fields of the same hash and time share an element.
    pub(super) order: BTreeSet<(UnixMs, u64)>,
}

/// A table some of whose fields have a time to live.
#[derive(Debug)]
pub struct TimedHash {
    pub(super) map: Map,
    pub(super) times: Times,
}

impl TimedHash {
    pub(super) fn new(map: Map, hasher: Hasher) -> TimedHash {
        TimedHash { map, times: Times::new(hasher) }
    }

    /// Fields and values, due ones included.
    pub fn map(&self) -> &Map {
        &self.map
    }

    pub fn times(&self) -> &Times {
        &self.times
    }

    /// Bytes allocated.
    pub fn memory(&self) -> usize {
        self.map.memory_bytes() + self.times.memory()
    }

    /// The value of a field that is not due at `now_ms`.
    #[inline]
    pub(super) fn get(&self, field: &[u8], now_ms: UnixMs) -> Option<&[u8]> {
        self.map.get(field).filter(|_| !self.times.is_due(field, now_ms))
    }
}

fn decode(bytes: &[u8]) -> UnixMs {
    bytes.try_into().map_or(UnixMs::MAX, UnixMs::from_le_bytes)
}

impl Times {
    pub(super) fn new(hasher: Hasher) -> Times {
        Times { at: Map::new(hasher), order: BTreeSet::new() }
    }

    /// How many fields have a time.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The time of a field, in ms since the epoch.
    #[inline]
    pub fn get(&self, field: &[u8]) -> Option<UnixMs> {
        self.at.get(field).map(decode)
    }

    /// Whether a field's time is over at `now_ms`: it is in the millisecond after it.
    #[inline]
    pub fn is_due(&self, field: &[u8], now_ms: UnixMs) -> bool {
        self.any_due(now_ms) && self.get(field).is_some_and(|ms| ms < now_ms)
    }

    /// Whether any field's time is over.
    #[inline]
    pub fn any_due(&self, now_ms: UnixMs) -> bool {
        self.first().is_some_and(|ms| ms < now_ms)
    }

    /// The earliest time.
    #[inline]
    pub fn first(&self) -> Option<UnixMs> {
        self.order.first().map(|(ms, _)| *ms)
    }

    /// Fields with their times, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], UnixMs)> {
        self.at.iter().map(|(field, ms)| (field, decode(ms)))
    }

    /// How many fields' time is over. O(as many).
    pub fn due(&self, now_ms: UnixMs) -> usize {
        self.order.range(..(now_ms, 0)).count()
    }

    /// Bytes allocated, the ordered part as if its nodes were two thirds full.
    pub fn memory(&self) -> usize {
        self.at.memory_bytes() + self.order.len() * size_of::<(UnixMs, u64)>() * 3 / 2
    }

    /// Gives a field a time, in place of any it had.
    pub(super) fn set(&mut self, field: &[u8], ms: UnixMs) {
        self.clear(field);
        let hash = self.at.hash(field);
        self.at.insert_hashed(hash, field, &ms.to_le_bytes());
        self.order.insert((ms, hash));
    }

    /// Takes a field's time away and returns it.
    pub(super) fn clear(&mut self, field: &[u8]) -> Option<UnixMs> {
        let ms = self.get(field)?;
        self.at.remove(field);
        let hash = self.at.hash(field);
        if self.field_at(ms, hash).is_none() {
            self.order.remove(&(ms, hash));
        }
        Some(ms)
    }

    /// A field whose time is over: the longest first.
    pub(super) fn first_due(&self, now_ms: UnixMs) -> Option<&[u8]> {
        let (ms, hash) = *self.order.first()?;
        if ms < now_ms { self.field_at(ms, hash) } else { None }
    }

    fn field_at(&self, ms: UnixMs, hash: u64) -> Option<&[u8]> {
        self.at.key_by_hash(hash, |_, bytes| decode(bytes) == ms)
    }

    pub(super) fn duplicate(&self, hasher: Hasher) -> Times {
        let mut copy = Times::new(hasher);
        self.iter().for_each(|(field, ms)| copy.set(field, ms));
        copy
    }

    /// Verifies the structure; for tests.
    pub fn check(&self) {
        self.at.check();
        assert!(self.order.len() <= self.at.len());
        for (field, ms) in self.iter() {
            assert!(self.order.contains(&(ms, self.at.hash(field))), "every time is in the order");
        }
        for (ms, hash) in &self.order {
            assert!(self.field_at(*ms, *hash).is_some(), "nothing else is in the order");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_due_in_the_order_of_their_times() {
        let mut times = Times::new(Hasher::new(1, 2));
        for (field, ms) in [(&b"c"[..], 30), (b"a", 10), (b"b", 20), (b"d", 10)] {
            times.set(field, ms);
        }
        assert_eq!((times.first(), times.len(), times.due(10), times.due(11)), (Some(10), 4, 0, 2));
        times.set(b"a", 40);
        times.check();
        assert_eq!(times.first_due(11), Some(&b"d"[..]));
        assert_eq!((times.clear(b"d"), times.clear(b"d")), (Some(10), None));
        assert_eq!((times.first_due(11), times.first_due(21)), (None, Some(&b"b"[..])));
        assert!(times.is_due(b"b", 21) && !times.is_due(b"b", 20) && !times.is_due(b"x", 99));
        times.check();
        for field in [&b"a"[..], b"b", b"c"] {
            times.clear(field);
        }
        assert!(times.is_empty() && times.first().is_none());
    }
}
