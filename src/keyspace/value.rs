//! The kinds of values and the boxed form of those too large, or too rich, to lie in their key's entry.

use super::strings::Str;
use crate::ids::UnixMs;
use crate::table::hash::Hasher;
use crate::types::hash::Hash;
use crate::types::list::List;
use crate::types::set::Set;
use crate::types::stream::Stream;
use crate::types::zset::Zset;
use std::sync::Arc;

/// A type of Redis, numbered as in an entry's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    String = 0,
    List = 1,
    Set = 2,
    Zset = 3,
    Hash = 4,
    Stream = 5,
}

impl Kind {
    pub const ALL: [Kind; 6] = [Kind::String, Kind::List, Kind::Set, Kind::Zset, Kind::Hash, Kind::Stream];

    pub(super) fn from_bits(bits: u32) -> Self {
        Self::ALL[bits as usize]
    }

    /// As TYPE answers it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::String => "string",
            Kind::List => "list",
            Kind::Set => "set",
            Kind::Zset => "zset",
            Kind::Hash => "hash",
            Kind::Stream => "stream",
        }
    }
}

/// Bytes that are given back in about the time of one allocation.
const PAGES_AT_ONCE: usize = 16 * 1024;

/// A value with an allocation of its own.
#[derive(Debug)]
pub enum Object {
    Str(Str),
    /// A long string, which replies on their way out share until an edit makes it a [`Object::Str`].
    Shared(Arc<Vec<u8>>),
    List(List),
    Set(Set),
    Zset(Zset),
    Hash(Hash),
    Stream(Box<Stream>),
}

/// From this length on a string is worth sharing with the replies that show it, in bytes.
const SHARED_FROM: usize = 48 * 1024;

impl Object {
    /// A string in the form its length asks for.
    pub fn string(bytes: Vec<u8>) -> Object {
        if bytes.len() < SHARED_FROM { Object::Str(Str(bytes)) } else { Object::Shared(Arc::new(bytes)) }
    }

    /// A copy of its own; its tables hash as the keyspace does. O(size), lists and streams share their nodes.
    pub fn duplicate(&self, hasher: Hasher) -> Object {
        match self {
            Object::Str(bytes) => Object::Str(Str(bytes.0.clone())),
            Object::Shared(bytes) => Object::Shared(Arc::clone(bytes)),
            Object::List(list) => Object::List(list.clone()),
            Object::Set(set) => Object::Set(set.duplicate(hasher)),
            Object::Zset(set) => Object::Zset(set.duplicate(hasher)),
            Object::Hash(hash) => Object::Hash(hash.duplicate(hasher)),
            Object::Stream(stream) => Object::Stream(stream.clone()),
        }
    }

    /// When the first part of it goes: a field of a hash with a time to live.
    #[inline]
    pub fn next_due(&self) -> Option<UnixMs> {
        if let Object::Hash(hash) = self { hash.next_due() } else { None }
    }

    /// The encoding's name, as OBJECT ENCODING tells it.
    pub fn encoding(&self) -> &'static str {
        match self {
            Object::Str(_) | Object::Shared(_) => "raw",
            Object::List(list) => list.as_ref().encoding(),
            Object::Set(set) => set.as_ref().encoding(),
            Object::Zset(set) => set.as_ref().encoding(),
            Object::Hash(hash) => hash.whole().encoding(),
            Object::Stream(_) => "stream",
        }
    }

    /// How much work freeing this is, in allocations: what decides whether it is freed at once or handed on.
    pub fn free_effort(&self) -> usize {
        match self {
            // Giving the pages of a long string back takes its time, too.
            Object::Str(Str(bytes)) => 1 + bytes.capacity() / PAGES_AT_ONCE,
            Object::Shared(bytes) => 1 + bytes.capacity() / PAGES_AT_ONCE,
            Object::List(list) => list.as_ref().info().map_or(1, |info| info.nodes),
            Object::Set(Set::Table(map)) => map.len(),
            Object::Zset(Zset::Big(set)) => set.len(),
            Object::Hash(Hash::Table(map)) => map.len(),
            Object::Hash(Hash::Timed(timed)) => timed.map().len() + timed.times().len(),
            Object::Set(_) | Object::Zset(_) | Object::Hash(_) => 1,
            Object::Stream(stream) => stream.free_effort(),
        }
    }

    /// Heap bytes, estimated from capacities.
    pub fn heap_bytes(&self) -> usize {
        let held = match self {
            Object::Str(Str(bytes)) => bytes.capacity(),
            Object::Shared(bytes) => bytes.capacity(),
            Object::List(list) => list.as_ref().memory(),
            Object::Set(set) => set.as_ref().memory(),
            Object::Zset(set) => set.as_ref().memory(),
            Object::Hash(hash) => hash.whole().memory(),
            Object::Stream(stream) => stream.memory(),
        };
        held + std::mem::size_of::<Self>()
    }
}
