//! Identifiers and units shared by every room. No behaviour beyond construction.

/// A client's place in the engine's slab. The generation tells a reused place from the client that had it before.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct ClientId {
    pub index: u32,
    pub generation: u32,
}

impl ClientId {
    /// One word for registries that keep subscribers by number.
    pub fn to_u64(self) -> u64 {
        (u64::from(self.generation) << 32) | u64::from(self.index)
    }

    pub fn from_u64(word: u64) -> Self {
        ClientId { index: word as u32, generation: (word >> 32) as u32 }
    }
}

/// The number of a database, as SELECT takes it.
pub type DbIndex = u16;

/// Milliseconds since the epoch, by the wall clock.
pub type UnixMs = i64;
