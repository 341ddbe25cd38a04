//! The hash as the keyspace holds it, and how it passes from one form to another. Must not know commands.

use super::free::HashFree;
use super::read::HashRef;
use super::times::TimedHash;
use crate::ids::UnixMs;
use crate::table::hash::Hasher;
use crate::table::map::Map;
use crate::types::packed::Listpack;

/// The directives that shape a hash, and the key of the tables' hash.
#[derive(Clone, Copy, Debug)]
pub struct HashLimits {
    /// `hash-max-listpack-entries`.
    pub listpack_entries: usize,
    /// `hash-max-listpack-value`, bytes.
    pub listpack_value: usize,
    pub hasher: Hasher,
}

/// A hash that owns its fields.
#[derive(Debug)]
pub enum Hash {
    /// Fields and values by turns. None has a time to live.
    Packed(Listpack),
    /// None has a time to live.
    Table(Box<Map>),
    /// At least one field has a time to live.
    Timed(Box<TimedHash>),
}

/// An empty hash, which is a listpack.
impl Default for Hash {
    fn default() -> Self {
        Hash::Packed(Listpack::new())
    }
}

impl Hash {
    /// The hash to read at a moment: fields whose time is before `now_ms` are hidden.
    #[inline]
    pub fn at(&self, now_ms: UnixMs) -> HashRef<'_> {
        match self {
            Hash::Packed(lp) => HashRef::Packed(lp.as_ref()),
            Hash::Table(map) => HashRef::Table(map),
            Hash::Timed(timed) => HashRef::Timed(timed, now_ms),
        }
    }

    /// The hash with all its fields, due ones as well.
    #[inline]
    pub fn whole(&self) -> HashRef<'_> {
        self.at(UnixMs::MIN)
    }

    /// Number of fields, due ones included. O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.whole().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the first field goes.
    #[inline]
    pub fn next_due(&self) -> Option<UnixMs> {
        match self {
            Hash::Timed(timed) => timed.times.first(),
            _ => None,
        }
    }

    /// Prepares a small hash for a command that brings `pairs` fields, new or not, the longest field or value being
    /// `longest` bytes and all of them together `bytes`: what is too much for a listpack it does not take.
    pub fn expect(&mut self, pairs: usize, longest: usize, bytes: usize, limits: &HashLimits) {
        let Hash::Packed(lp) = self else { return };
        let small = pairs <= limits.listpack_entries && longest <= limits.listpack_value;
        if !small || !lp.as_ref().fits(bytes) {
            self.make_table(limits.hasher);
        }
    }

    /// A listpack becomes a table. O(fields of a listpack).
    pub fn make_table(&mut self, hasher: Hasher) {
        let Hash::Packed(lp) = self else { return };
        let mut map = Box::new(Map::new(hasher));
        let mut bufs = [itoa::Buffer::new(), itoa::Buffer::new()];
        let [first, second] = &mut bufs;
        for (field, value) in lp.as_ref().pairs() {
            map.insert(field.bytes(first), value.bytes(second));
        }
        *self = Hash::Table(map);
    }

    /// The table with the times of its fields, made if there is none. O(fields of a listpack): a table only moves.
    pub(super) fn make_timed(&mut self, hasher: Hasher) -> &mut TimedHash {
        self.make_table(hasher);
        if let Hash::Table(map) = self {
            let map = std::mem::replace(&mut **map, Map::new(hasher));
            *self = Hash::Timed(Box::new(TimedHash::new(map, hasher)));
        }
        match self {
            Hash::Timed(timed) => timed,
            _ => unreachable!("it was made a timed one above"),
        }
    }

    /// The last time to live is gone: what was kept for it goes, too.
    pub(super) fn settle_times(&mut self) {
        let Hash::Timed(timed) = self else { return };
        if timed.times.is_empty() {
            let hasher = timed.map.hasher();
            let map = std::mem::replace(&mut timed.map, Map::new(hasher));
            *self = Hash::Table(Box::new(map));
        }
    }

    /// A copy of the same form, for COPY. O(n).
    pub fn duplicate(&self, hasher: Hasher) -> Hash {
        match self {
            Hash::Packed(lp) => Hash::Packed(lp.clone()),
            Hash::Table(map) => Hash::Table(Box::new(copy(map, hasher))),
            Hash::Timed(timed) => Hash::Timed(Box::new(TimedHash {
                map: copy(&timed.map, hasher),
                times: timed.times.duplicate(hasher),
            })),
        }
    }

    /// Takes the hash apart in steps, however large it is; nothing is left to do for a small one.
    pub fn into_free(self) -> Option<HashFree> {
        match self {
            Hash::Packed(_) => None,
            Hash::Table(map) => Some(HashFree::new(*map, None)),
            Hash::Timed(timed) => Some(HashFree::new(timed.map, Some(timed.times))),
        }
    }
}

fn copy(map: &Map, hasher: Hasher) -> Map {
    let mut copy = Map::new(hasher);
    for (field, value) in map.iter() {
        copy.insert_new(field, value);
    }
    copy
}
