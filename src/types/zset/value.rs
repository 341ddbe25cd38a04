//! The sorted set as the keyspace holds it, and how it changes its encoding. Must not know commands.

use super::big::BigZset;
use super::free::ZsetFree;
use super::packed;
use super::read::ZsetRef;
use crate::table::hash::Hasher;
use crate::types::packed::{Listpack, Value};

/// The directives that shape a sorted set, and the key of the dictionaries' hash.
#[derive(Clone, Copy, Debug)]
pub struct ZsetLimits {
    /// `zset-max-listpack-entries`.
    pub listpack_entries: usize,
    /// `zset-max-listpack-value`, bytes.
    pub listpack_value: usize,
    pub hasher: Hasher,
}

/// The conditions of ZADD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AddFlags {
    /// Add to the score there is.
    pub incr: bool,
    /// Only members that are not there.
    pub nx: bool,
    /// Only members that are there.
    pub xx: bool,
    /// Only to higher scores.
    pub gt: bool,
    /// Only to lower scores.
    pub lt: bool,
}

/// What became of a member to be added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Added {
    /// It is new, with this score.
    New(f64),
    /// It has this score now, and had another.
    Changed(f64),
    /// It had this score already.
    Same(f64),
    /// The flags forbade it.
    Skipped,
    /// The score is not a number, or the sum would not be one. Nothing changed.
    NotANumber,
}

/// A sorted set that owns its members.
#[derive(Debug)]
pub enum Zset {
    Packed(Listpack),
    Big(Box<BigZset>),
}

/// An empty set, which is a listpack.
impl Default for Zset {
    fn default() -> Self {
        Zset::Packed(Listpack::new())
    }
}

impl Zset {
    /// An empty set fit for about `expected` members of up to `longest` bytes.
    pub fn for_members(expected: usize, longest: usize, limits: &ZsetLimits) -> Zset {
        if expected <= limits.listpack_entries && longest <= limits.listpack_value {
            Zset::Packed(Listpack::new())
        } else {
            Zset::Big(Box::new(BigZset::new(limits.hasher)))
        }
    }

    /// A set of members that come in its order, each once. O(n).
    pub fn from_ordered(members: &[(Value<'_>, f64)], limits: &ZsetLimits) -> Zset {
        let (mut longest, mut bytes) = (0, 0usize);
        for (member, _) in members {
            let len = member.text_len();
            longest = longest.max(len);
            bytes = bytes.saturating_add(len);
        }
        let small = members.len() <= limits.listpack_entries && longest <= limits.listpack_value;
        if small && Listpack::new().as_ref().fits(bytes) {
            let mut lp = Listpack::with_capacity(bytes + 12 * members.len());
            for (member, score) in members {
                packed::append(&mut lp, *member, *score);
            }
            lp.shrink();
            return Zset::Packed(lp);
        }
        let mut set = Box::new(BigZset::new(limits.hasher));
        let mut buf = itoa::Buffer::new();
        for (member, score) in members {
            set.push(member.bytes(&mut buf), *score);
        }
        Zset::Big(set)
    }

    #[inline]
    pub fn as_ref(&self) -> ZsetRef<'_> {
        match self {
            Zset::Packed(lp) => ZsetRef::Packed(lp.as_ref()),
            Zset::Big(set) => ZsetRef::Big(set),
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Prepares a small set for a command that brings `expected` members of up to `longest` bytes, new or
    /// not: so many or so long ones it does not take. ZADD calls it before it adds.
    pub fn expect(&mut self, expected: usize, longest: usize, limits: &ZsetLimits) {
        if expected > limits.listpack_entries || longest > limits.listpack_value {
            self.to_big(limits);
        }
    }

    /// Becomes a listpack if it is small enough for one: what ZUNIONSTORE does with its outcome. O(members of
    /// a listpack).
    pub fn settle(&mut self, limits: &ZsetLimits) {
        let Zset::Big(set) = self else { return };
        let (mut longest, mut bytes) = (0, 0usize);
        if set.len() > limits.listpack_entries {
            return;
        }
        set.walk(0, false, |member, _| {
            longest = longest.max(member.len());
            bytes = bytes.saturating_add(member.len());
            true
        });
        if longest > limits.listpack_value || !Listpack::new().as_ref().fits(bytes) {
            return;
        }
        let mut lp = Listpack::new();
        set.walk(0, false, |member, score| {
            packed::append(&mut lp, Value::Str(member), score);
            true
        });
        lp.shrink();
        *self = Zset::Packed(lp);
    }

    /// Becomes a big set, whatever it is. O(members of a listpack).
    pub fn to_big(&mut self, limits: &ZsetLimits) -> &mut BigZset {
        if let Zset::Packed(lp) = self {
            let mut set = Box::new(BigZset::new(limits.hasher));
            let mut buf = itoa::Buffer::new();
            for (member, score) in packed::pairs(lp.as_ref()) {
                set.update(member.bytes(&mut buf), |old| old.is_none().then_some(score));
            }
            *self = Zset::Big(set);
        }
        match self {
            Zset::Big(set) => set,
            Zset::Packed(_) => unreachable!("it was made a big one above"),
        }
    }

    /// A copy of the same encoding, for COPY. O(n).
    pub fn duplicate(&self, hasher: Hasher) -> Zset {
        match self {
            Zset::Packed(lp) => Zset::Packed(lp.clone()),
            Zset::Big(set) => {
                let mut copy = Box::new(BigZset::new(hasher));
                set.walk(0, false, |member, score| {
                    copy.push(member, score);
                    true
                });
                Zset::Big(copy)
            }
        }
    }

    /// Takes the set apart in steps, however large it is; nothing is left to do for a small one.
    pub fn into_free(self) -> Option<ZsetFree> {
        match self {
            Zset::Packed(_) => None,
            Zset::Big(set) => Some(ZsetFree::new(*set)),
        }
    }
}
