//! The set: an intset while it is small and all integers, a listpack while it is small, a table beyond. Owns
//! the rules of passing from one to another, which are Redis' own. Knows no command and no config.

use crate::table::hash::Hasher;
use crate::table::map::{self, Map};
use crate::types::packed::listpack::size_of_repeated;
use crate::types::packed::{self, Intset, IntsetRef, Listpack, ListpackRef, Value, parse_int};
use crate::types::sampling::{Selection, below};

/// An intset takes no more elements than this, whatever the directive says.
const INTSET_ENTRIES: usize = 1 << 30;

/// The directives that shape a set, and the key of the tables' hash.
#[derive(Clone, Copy, Debug)]
pub struct SetLimits {
    /// `set-max-intset-entries`.
    pub intset_entries: usize,
    /// `set-max-listpack-entries`.
    pub listpack_entries: usize,
    /// `set-max-listpack-value`, bytes.
    pub listpack_value: usize,
    pub hasher: Hasher,
}

/// A set to read.
#[derive(Clone, Copy, Debug)]
pub enum SetRef<'a> {
    Intset(IntsetRef<'a>),
    Packed(ListpackRef<'a>),
    Table(&'a Map),
}

impl<'a> SetRef<'a> {
    /// Number of members. O(1).
    pub fn len(self) -> usize {
        match self {
            SetRef::Intset(set) => set.len(),
            SetRef::Packed(lp) => lp.len(),
            SetRef::Table(map) => map.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// What OBJECT ENCODING says.
    pub fn encoding(self) -> &'static str {
        match self {
            SetRef::Intset(_) => "intset",
            SetRef::Packed(_) => "listpack",
            SetRef::Table(_) => "hashtable",
        }
    }

    /// Bytes allocated, for MEMORY USAGE.
    pub fn memory(self) -> usize {
        match self {
            SetRef::Intset(set) => set.bytes().len(),
            SetRef::Packed(lp) => lp.bytes().len(),
            SetRef::Table(map) => map.memory_bytes(),
        }
    }

    /// O(1) in a table, O(log n) in an intset, O(n) in a listpack.
    #[inline]
    pub fn contains(self, member: &[u8]) -> bool {
        match self {
            SetRef::Intset(set) => parse_int(member).is_some_and(|n| set.contains(n)),
            SetRef::Packed(lp) => lp.find(member).is_some(),
            SetRef::Table(map) => map.contains(member),
        }
    }

    /// Is a member of another set in this one?
    pub fn contains_value(self, member: Value<'_>) -> bool {
        match (self, member) {
            (SetRef::Intset(set), Value::Int(n)) => set.contains(n),
            (_, member) => self.contains(member.bytes(&mut itoa::Buffer::new())),
        }
    }

    /// The members, in no promised order.
    pub fn iter(self) -> Iter<'a> {
        Iter(match self {
            SetRef::Intset(set) => Members::Intset(set, 0),
            SetRef::Packed(lp) => Members::Packed(lp.iter()),
            SetRef::Table(map) => Members::Table(map.iter()),
        })
    }

    /// SSCAN: hands some members to `f` and returns the next cursor, 0 at the end. A small set is told whole.
    pub fn scan(self, cursor: u64, count: usize, mut f: impl FnMut(Value<'_>)) -> u64 {
        match self {
            SetRef::Table(map) => map.scan(cursor, count, |member, _| f(Value::Str(member))),
            _ => {
                self.iter().for_each(f);
                0
            }
        }
    }

    /// A member picked by a random word, all with the same chance.
    pub fn random(self, word: u64) -> Option<Value<'a>> {
        match self {
            SetRef::Intset(set) if !set.is_empty() => set.get(below(word, set.len())).map(Value::Int),
            SetRef::Packed(lp) if !lp.is_empty() => lp.at(below(word, lp.len()) as i64),
            SetRef::Table(map) => map.random(word).map(|(member, _)| Value::Str(member)),
            _ => None,
        }
    }

    /// Hands `f` `count` different members, or all if there are fewer, every choice of them with the same
    /// chance. The order is not random. O(n), or O(count) where that is much less.
    pub fn sample(self, count: usize, words: &mut dyn FnMut() -> u64, mut f: impl FnMut(Value<'_>)) {
        if let SetRef::Table(map) = self
            && count < map.len() / 3
        {
            let mut seen = hashbrown::HashSet::with_capacity(count);
            while seen.len() < count {
                let Some((member, _)) = map.random(words()) else { return };
                // A node's address tells it from all others.
                if seen.insert(member.as_ptr() as usize) {
                    f(Value::Str(member));
                }
            }
            return;
        }
        let mut selection = Selection::new(count, self.len());
        for member in self.iter() {
            if selection.is_done() {
                return;
            }
            if selection.take(words()) {
                f(member);
            }
        }
    }
}

/// See [`SetRef::iter`].
#[derive(Clone)]
pub struct Iter<'a>(Members<'a>);

#[derive(Clone)]
enum Members<'a> {
    Intset(IntsetRef<'a>, usize),
    Packed(packed::Iter<'a>),
    Table(map::Iter<'a>),
}

impl<'a> Iterator for Iter<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        match &mut self.0 {
            Members::Intset(set, at) => {
                let n = set.get(*at)?;
                *at += 1;
                Some(Value::Int(n))
            }
            Members::Packed(iter) => iter.next(),
            Members::Table(iter) => iter.next().map(|(member, _)| Value::Str(member)),
        }
    }
}

/// A set that owns its members.
#[derive(Debug)]
pub enum Set {
    Intset(Intset),
    Packed(Listpack),
    Table(Box<Map>),
}

/// An empty set, which is an intset until the first member that is no integer.
impl Default for Set {
    fn default() -> Self {
        Set::Intset(Intset::new())
    }
}

impl Set {
    /// An empty set fit for `first` and about `expected` members in all.
    pub fn for_member(first: &[u8], expected: usize, limits: &SetLimits) -> Set {
        if expected <= limits.intset_entries && parse_int(first).is_some() {
            Set::Intset(Intset::new())
        } else if expected <= limits.listpack_entries {
            Set::Packed(Listpack::new())
        } else {
            Set::Table(Box::new(Map::new(limits.hasher)))
        }
    }

    #[inline]
    pub fn as_ref(&self) -> SetRef<'_> {
        match self {
            Set::Intset(set) => SetRef::Intset(set.as_ref()),
            Set::Packed(lp) => SetRef::Packed(lp.as_ref()),
            Set::Table(map) => SetRef::Table(map),
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    pub fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    /// Prepares a small set for a command that brings `expected` members, new or not: so many it does not
    /// take. SADD calls it before it adds.
    pub fn expect(&mut self, expected: usize, limits: &SetLimits) {
        let most = match self {
            Set::Intset(_) => limits.intset_entries,
            Set::Packed(_) => limits.listpack_entries,
            Set::Table(_) => return,
        };
        if expected > most {
            self.to_table(limits);
        }
    }

    /// Adds a member; false if it was there.
    pub fn insert(&mut self, member: &[u8], limits: &SetLimits) -> bool {
        match self {
            Set::Table(map) => map.insert_new(member, b""),
            Set::Packed(lp) => {
                if lp.as_ref().find(member).is_some() {
                    return false;
                }
                let small = member.len() <= limits.listpack_value && lp.len() < limits.listpack_entries;
                if small && lp.as_ref().fits(member.len()) {
                    lp.append_text(member);
                    return true;
                }
                self.to_table(limits).insert_new(member, b"")
            }
            Set::Intset(_) => match parse_int(member) {
                Some(n) => self.insert_int(n, limits),
                None => self.insert_first_text(member, limits),
            },
        }
    }

    /// Adds a member of another set; false if it was there.
    pub fn insert_value(&mut self, member: Value<'_>, limits: &SetLimits) -> bool {
        match (&self, member) {
            (Set::Intset(_), Value::Int(n)) => self.insert_int(n, limits),
            _ => self.insert(member.bytes(&mut itoa::Buffer::new()), limits),
        }
    }

    fn insert_int(&mut self, n: i64, limits: &SetLimits) -> bool {
        let Set::Intset(set) = self else { return false };
        let added = set.insert(n);
        if added && set.len() > limits.intset_entries.min(INTSET_ENTRIES) {
            self.to_table(limits);
        }
        added
    }

    /// Adds to an intset what no intset holds.
    fn insert_first_text(&mut self, member: &[u8], limits: &SetLimits) -> bool {
        let Set::Intset(set) = self else { return false };
        let set = set.as_ref();
        let (mut longest, mut bytes) = (0, 0);
        for end in [set.min(), set.max()].into_iter().flatten() {
            longest = longest.max(Value::Int(end).text_len());
            bytes = bytes.max(size_of_repeated(end, set.len()));
        }
        let small = member.len().max(longest) <= limits.listpack_value && set.len() < limits.listpack_entries;
        if small && Listpack::new().as_ref().fits(bytes.saturating_add(member.len())) {
            let mut lp = Listpack::with_capacity(bytes + member.len());
            set.iter().for_each(|n| lp.append_int(n));
            lp.append_text(member);
            lp.shrink();
            *self = Set::Packed(lp);
            true
        } else {
            self.to_table(limits).insert_new(member, b"")
        }
    }

    /// Removes a member; false if it was not there. The encoding stays.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        match self {
            Set::Intset(set) => parse_int(member).is_some_and(|n| set.remove(n)),
            Set::Packed(lp) => match lp.as_ref().find(member) {
                Some(pos) => lp.delete(pos, 1) == 1,
                None => false,
            },
            Set::Table(map) => map.remove(member),
        }
    }

    /// SPOP: removes `count` members, or all if there are fewer, every choice of them with the same chance,
    /// handing each to
    /// `f` before.
    pub fn pop(&mut self, count: usize, words: &mut dyn FnMut() -> u64, mut f: impl FnMut(Value<'_>)) {
        let len = self.len();
        let mut selection = Selection::new(count, len);
        match self {
            Set::Intset(set) if count == 1 && len > 0 => {
                let index = below(words(), len);
                f(set.as_ref().get(index).map_or(Value::Int(0), Value::Int));
                set.remove_range(index, 1);
            }
            Set::Intset(set) => set.retain(|n| {
                let chosen = selection.take(words());
                if chosen {
                    f(Value::Int(n));
                }
                !chosen
            }),
            Set::Packed(lp) => {
                lp.retain(|member| {
                    let chosen = selection.take(words());
                    if chosen {
                        f(member);
                    }
                    !chosen
                });
            }
            // Of a few members each is picked on its own, of many all are asked.
            Set::Table(map) if count < len / 3 => {
                for _ in 0..count {
                    let Some(member) = map.take_random(words()) else { return };
                    f(Value::Str(member.key()));
                }
            }
            Set::Table(map) => {
                let chosen = map.iter().filter(|_| selection.take(words()));
                for member in chosen.map(|(member, _)| member.to_vec()).collect::<Vec<_>>() {
                    map.remove(&member);
                    f(Value::Str(&member));
                }
            }
        }
    }

    /// Turns a set that only holds integers into an intset, if it is not too long for one: what SINTERSTORE
    /// does with its outcome. O(n log n).
    pub fn settle_integers(&mut self, limits: &SetLimits) {
        if matches!(self, Set::Intset(_)) || self.len() > limits.intset_entries.min(INTSET_ENTRIES) {
            return;
        }
        let Some(mut all) = self.as_ref().iter().map(Value::as_int).collect::<Option<Vec<i64>>>() else {
            return;
        };
        all.sort_unstable();
        let mut set = Intset::new();
        for n in all {
            set.insert(n);
        }
        *self = Set::Intset(set);
    }

    /// Makes a table small again that has become short: a new set of its members, the first of them in a listpack.
    /// What SPOP does when it took most. O(n).
    pub fn shrink_table(&mut self, limits: &SetLimits) {
        if let Set::Table(map) = self {
            let mut small = Set::Packed(Listpack::new());
            for (member, _) in map.iter() {
                small.insert(member, limits);
            }
            *self = small;
        }
    }

    /// A copy of the same encoding, for COPY. O(n).
    pub fn duplicate(&self, hasher: Hasher) -> Set {
        match self {
            Set::Intset(set) => Set::Intset(set.clone()),
            Set::Packed(lp) => Set::Packed(lp.clone()),
            Set::Table(map) => {
                let mut copy = Box::new(Map::new(hasher));
                for (member, _) in map.iter() {
                    copy.insert_new(member, b"");
                }
                Set::Table(copy)
            }
        }
    }

    /// Takes the set apart in steps, however large it is; nothing is left to do for a small one.
    pub fn into_free(self) -> Option<map::FreeJob> {
        match self {
            Set::Table(map) => Some(map.into_free_job()),
            _ => None,
        }
    }

    /// Becomes a table, whatever it is.
    pub fn to_table(&mut self, limits: &SetLimits) -> &mut Map {
        if !matches!(self, Set::Table(_)) {
            let mut map = Box::new(Map::new(limits.hasher));
            let mut buf = itoa::Buffer::new();
            for member in self.as_ref().iter() {
                map.insert_new(member.bytes(&mut buf), b"");
            }
            *self = Set::Table(map);
        }
        match self {
            Set::Table(map) => map,
            _ => unreachable!("it was made a table above"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(intset_entries: usize, listpack_entries: usize, listpack_value: usize) -> SetLimits {
        SetLimits { intset_entries, listpack_entries, listpack_value, hasher: Hasher::new(1, 2) }
    }

    fn of(members: &[&str], limits: &SetLimits) -> Set {
        let mut set = Set::for_member(members[0].as_bytes(), 1, limits);
        for member in members {
            assert!(set.insert(member.as_bytes(), limits) && !set.insert(member.as_bytes(), limits));
        }
        set
    }

    fn encoding(members: &[&str], limits: &SetLimits) -> &'static str {
        of(members, limits).as_ref().encoding()
    }

    #[test]
    fn encodings_change_at_the_limits() {
        let l = limits(4, 3, 6);
        assert_eq!(encoding(&["1", "2", "3", "4"], &l), "intset");
        assert_eq!(encoding(&["1", "2", "3", "4", "5"], &l), "hashtable");
        assert_eq!(encoding(&["1", "2", "x"], &l), "listpack");
        assert_eq!(encoding(&["1", "2", "3", "x"], &l), "hashtable");
        assert_eq!(encoding(&["a", "b", "123456"], &l), "listpack");
        assert_eq!(encoding(&["a", "b", "c", "d"], &l), "hashtable");
        assert_eq!(encoding(&["a", "1234567"], &l), "hashtable");
        assert_eq!(encoding(&["1", "2345678", "a"], &l), "hashtable");
        assert_eq!(encoding(&["1", "-23456", "a"], &l), "listpack");
        assert_eq!(Set::for_member(b"1", 5, &l).as_ref().encoding(), "hashtable");
        assert_eq!(Set::for_member(b"1", 4, &l).as_ref().encoding(), "intset");
        assert_eq!(Set::for_member(b"a", 3, &l).as_ref().encoding(), "listpack");
        let mut set = of(&["1", "2"], &l);
        set.expect(4, &l);
        assert_eq!(set.as_ref().encoding(), "intset");
        set.expect(5, &l);
        assert_eq!(set.as_ref().encoding(), "hashtable");
        set.settle_integers(&l);
        assert_eq!(set.as_ref().encoding(), "intset");
        let mut mixed = of(&["a", "1"], &l);
        mixed.settle_integers(&l);
        assert_eq!(mixed.as_ref().encoding(), "listpack");
    }

    #[test]
    fn a_bad_limit_harms_nothing() {
        let l = limits(0, 0, 0);
        let set = of(&["1", "a", ""], &l);
        assert_eq!((set.as_ref().encoding(), set.len()), ("hashtable", 3));
        assert!(set.as_ref().contains_value(Value::Int(1)) && set.as_ref().contains(b""));
    }
}
