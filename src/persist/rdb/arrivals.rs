//! Keys on their way from a file into the keyspace. They go in by batches: while one key is read, the lines of the
//! table where the keys before it belong come from memory. Owns the bytes of keys and short strings until then; it
//! must not know how a file is laid out.

use super::error::{Cause, LoadError};
use super::source::Result;
use crate::ids::{DbIndex, UnixMs};
use crate::keyspace::{Key, Keyspace, Object, PastUse};
use std::ops::Range;

/// Keys in a batch: with more of them on their way nothing is gained.
const MOST: usize = 16;
/// A buffer that had to grow beyond this is not kept.
const KEPT: usize = 64 * 1024;

/// A value on its way.
pub enum Content {
    /// A string, where it lies in [`Arrivals::bytes`].
    Text(Range<usize>),
    Object(Object),
}

/// A key on its way.
pub struct Arrival {
    pub db: DbIndex,
    /// Where it lies in [`Arrivals::bytes`].
    pub key: Range<usize>,
    pub content: Content,
    pub expiry: Option<UnixMs>,
    pub past: Option<PastUse>,
    /// Where in the file its value ends.
    pub offset: u64,
}

/// The keys of a batch.
#[derive(Default)]
pub struct Arrivals {
    /// Keys and short strings.
    pub bytes: Vec<u8>,
    waiting: Vec<(u64, Arrival)>,
}

impl Arrivals {
    /// What lies at a place of `bytes`.
    pub fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.bytes.get(range.clone()).unwrap_or_default()
    }

    /// Takes a key that was read. True once there are enough of them.
    pub fn push(&mut self, space: &Keyspace, arrival: Arrival) -> bool {
        let hash = space.hash(self.slice(&arrival.key));
        space.prefetch_room(arrival.db, hash);
        self.waiting.push((hash, arrival));
        self.waiting.len() >= MOST
    }

    /// Puts the keys where they belong; a key that is there already is replaced if `replace` says so.
    ///
    /// # Errors
    /// A key that is there already. Those after it are gone.
    pub fn settle(&mut self, space: &mut Keyspace, replace: bool) -> Result<()> {
        let mut refused = None;
        for (hash, arrival) in self.waiting.drain(..) {
            let Arrival { db, key, content, expiry, past, offset } = arrival;
            let name = self.bytes.get(key).unwrap_or_default();
            if replace {
                space.drop_key(db, name);
            }
            let key = Key::with_hash(name, hash);
            let is_new = match content {
                Content::Text(range) => {
                    let text = self.bytes.get(range).unwrap_or_default();
                    space.load_text(db, key, text, expiry, past)
                }
                Content::Object(object) => space.load(db, key, object, expiry, past),
            };
            if !is_new {
                refused = Some(LoadError { offset, cause: Cause::DuplicateKey { key: name.to_vec(), db } });
                break;
            }
        }
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
        refused.map_or(Ok(()), Err)
    }
}
