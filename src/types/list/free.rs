//! Freeing a list in slices. Must not know when or on which thread.

use super::value::List;

/// A list that is gone for everybody and only has to be freed.
#[derive(Debug)]
pub struct ListFree {
    list: List,
}

impl ListFree {
    pub(super) fn new(list: List) -> ListFree {
        ListFree { list }
    }

    /// Frees up to `max` nodes; true when nothing is left.
    pub fn step(&mut self, max: usize) -> bool {
        match &mut self.list {
            List::Packed(_) => true,
            List::Quick(list) => list.spine.drop_some(max),
        }
    }
}
