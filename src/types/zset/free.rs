//! Freeing a big sorted set in slices. Must not know when or on which thread.

use super::arena::Arena;
use super::big::BigZset;
use super::tree::TreeFree;
use crate::table::Drain;

/// A sorted set that is gone for everybody and only has to be freed.
#[derive(Debug)]
pub struct ZsetFree {
    arena: Arena,
    tree: TreeFree,
    dict: Drain,
}

impl ZsetFree {
    pub(super) fn new(set: BigZset) -> ZsetFree {
        ZsetFree { arena: set.arena, tree: set.tree.into_free(), dict: Drain::new(set.dict) }
    }

    /// Frees up to `max` pieces of about a kilobyte; true when nothing is left.
    pub fn step(&mut self, max: usize) -> bool {
        // A chunk of the arena is one large allocation, as quick to free as a small one.
        self.tree.step(max) && self.arena.drop_some(max) && self.dict.step(max, |_| ())
    }
}
