//! A hash to read, whatever its form, at a moment: fields whose time is over are not told. Must not know how it is
//! changed.

use super::times::TimedHash;
use crate::ids::UnixMs;
use crate::table::map::{self, Map};
use crate::types::packed::{self, ListpackRef, Value};
use crate::types::sampling::{Selection, below};

/// A hash to read.
#[derive(Clone, Copy, Debug)]
pub enum HashRef<'a> {
    Packed(ListpackRef<'a>),
    Table(&'a Map),
    /// With the moment at which it is read.
    Timed(&'a TimedHash, UnixMs),
}

impl<'a> HashRef<'a> {
    /// Number of fields, due ones included. O(1).
    #[inline]
    pub fn len(self) -> usize {
        match self {
            HashRef::Packed(lp) => lp.len() / 2,
            HashRef::Table(map) => map.len(),
            HashRef::Timed(timed, _) => timed.map.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// What OBJECT ENCODING says.
    pub fn encoding(self) -> &'static str {
        match self {
            HashRef::Packed(_) => "listpack",
            HashRef::Table(_) | HashRef::Timed(..) => "hashtable",
        }
    }

    /// Bytes allocated, for MEMORY USAGE.
    pub fn memory(self) -> usize {
        match self {
            HashRef::Packed(lp) => lp.bytes().len(),
            HashRef::Table(map) => map.memory_bytes(),
            HashRef::Timed(timed, _) => timed.memory(),
        }
    }

    /// The value of a field. O(1) in a table, O(n) in a listpack.
    #[inline]
    pub fn get(self, field: &[u8]) -> Option<Value<'a>> {
        match self {
            HashRef::Packed(lp) => lp.get(lp.next(lp.find_key(field)?)?),
            HashRef::Table(map) => map.get(field).map(Value::Str),
            HashRef::Timed(timed, now_ms) => timed.get(field, now_ms).map(Value::Str),
        }
    }

    #[inline]
    pub fn contains(self, field: &[u8]) -> bool {
        self.get(field).is_some()
    }

    /// When a field goes: `None` without the field, `Some(None)` if it stays.
    pub fn expiry(self, field: &[u8]) -> Option<Option<UnixMs>> {
        self.get(field)?;
        Some(match self {
            HashRef::Timed(timed, _) => timed.times.get(field),
            _ => None,
        })
    }

    /// Fields and values, in no promised order.
    pub fn iter(self) -> Iter<'a> {
        Iter(match self {
            HashRef::Packed(lp) => Pairs::Packed(lp.iter()),
            HashRef::Timed(timed, now_ms) if timed.times.any_due(now_ms) => {
                Pairs::Timed(timed.map.iter(), timed, now_ms)
            }
            HashRef::Table(map) | HashRef::Timed(TimedHash { map, .. }, _) => Pairs::Table(map.iter()),
        })
    }

    /// HSCAN: hands some fields and values to `f` and returns the next cursor, 0 at the end. A small hash is told
    /// whole.
    pub fn scan(self, cursor: u64, count: usize, mut f: impl FnMut(Value<'_>, Value<'_>)) -> u64 {
        match self {
            HashRef::Packed(lp) => {
                lp.pairs().for_each(|(field, value)| f(field, value));
                0
            }
            HashRef::Table(map) => map.scan(cursor, count, |k, v| f(Value::Str(k), Value::Str(v))),
            HashRef::Timed(timed, now_ms) => timed.map.scan(cursor, count, |k, v| {
                if !timed.times.is_due(k, now_ms) {
                    f(Value::Str(k), Value::Str(v));
                }
            }),
        }
    }

    /// A field with its value picked by random words, all with the same chance. O(1), but while many fields are due.
    pub fn random(self, words: &mut dyn FnMut() -> u64) -> Option<(Value<'a>, Value<'a>)> {
        /// Picks that may meet a due field before the others are told apart.
        const PATIENCE: usize = 32;
        let pick = |(k, v)| (Value::Str(k), Value::Str(v));
        match self {
            HashRef::Packed(lp) => {
                let len = self.len();
                let pos = lp.seek(2 * below(words(), len.max(1)) as i64)?;
                Some((lp.get(pos)?, lp.get(lp.next(pos)?)?))
            }
            HashRef::Table(map) => map.random(words()).map(pick),
            HashRef::Timed(timed, now_ms) => {
                for _ in 0..PATIENCE {
                    let (field, value) = timed.map.random(words())?;
                    if !timed.times.is_due(field, now_ms) {
                        return Some(pick((field, value)));
                    }
                }
                let living = timed.map.len() - timed.times.due(now_ms);
                self.iter().nth(below(words(), living.max(1)))
            }
        }
    }

    /// Hands `f` `count` different fields with their values, or all if there are fewer, every choice of them with the
    /// same chance. The order is not random. O(n), or O(count) where that is much less.
    pub fn sample(
        self,
        count: usize,
        words: &mut dyn FnMut() -> u64,
        mut f: impl FnMut(Value<'_>, Value<'_>),
    ) {
        let (map, due) = match self {
            HashRef::Packed(_) => (None, 0),
            HashRef::Table(map) => (Some(map), 0),
            HashRef::Timed(timed, now_ms) => (Some(&timed.map), timed.times.due(now_ms)),
        };
        let living = self.len() - due;
        if let Some(map) = map
            && due == 0
            && count < living / 3
        {
            let mut seen = hashbrown::HashSet::with_capacity(count);
            while seen.len() < count {
                let Some((field, value)) = map.random(words()) else { return };
                // A node's address tells it from all others.
                if seen.insert(field.as_ptr() as usize) {
                    f(Value::Str(field), Value::Str(value));
                }
            }
            return;
        }
        let mut selection = Selection::new(count, living);
        for (field, value) in self.iter() {
            if selection.is_done() {
                return;
            }
            if selection.take(words()) {
                f(field, value);
            }
        }
    }
}

/// See [`HashRef::iter`].
#[derive(Clone)]
pub struct Iter<'a>(Pairs<'a>);

#[derive(Clone)]
enum Pairs<'a> {
    Packed(packed::Iter<'a>),
    Table(map::Iter<'a>),
    Timed(map::Iter<'a>, &'a TimedHash, UnixMs),
}

impl<'a> Iterator for Iter<'a> {
    type Item = (Value<'a>, Value<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (field, value) = match &mut self.0 {
            Pairs::Packed(iter) => return Some((iter.next()?, iter.next()?)),
            Pairs::Table(iter) => iter.next()?,
            Pairs::Timed(iter, timed, now_ms) => {
                iter.find(|(field, _)| !timed.times.is_due(field, *now_ms))?
            }
        };
        Some((Value::Str(field), Value::Str(value)))
    }
}
