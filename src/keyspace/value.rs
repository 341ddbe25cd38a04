//! The kinds of values and the boxed form of those too large, or too rich, to lie in their key's entry.

use super::strings::Str;

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
}

impl Object {
    /// A copy of its own.
    pub fn duplicate(&self) -> Object {
        match self {
            Object::Str(bytes) => Object::Str(Str(bytes.0.clone())),
        }
    }

    /// The encoding's name, as OBJECT ENCODING tells it.
    pub fn encoding(&self) -> &'static str {
        match self {
            Object::Str(_) => "raw",
        }
    }

    /// How much work freeing this is, in allocations: what decides whether it is freed at once or handed on.
    pub fn free_effort(&self) -> usize {
        match self {
            // Giving the pages of a long string back takes its time, too.
            Object::Str(Str(bytes)) => 1 + bytes.capacity() / PAGES_AT_ONCE,
        }
    }

    /// Heap bytes, estimated from capacities.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Object::Str(Str(bytes)) => bytes.capacity() + std::mem::size_of::<Self>(),
        }
    }
}
