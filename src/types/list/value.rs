//! The list as the keyspace holds it and how it changes its encoding: small ones are one listpack, and become
//! one again when they have shrunk well below the limit. Must not know commands.

use super::free::ListFree;
use super::limits::ListLimits;
use super::quicklist::Quicklist;
use super::read::ListRef;
use crate::types::packed::Listpack;

/// Where to push or pop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Head,
    Tail,
}

/// A list that owns its elements.
#[derive(Clone, Debug)]
pub enum List {
    Packed(Listpack),
    Quick(Box<Quicklist>),
}

impl Default for List {
    fn default() -> Self {
        List::new()
    }
}

impl List {
    /// An empty list.
    pub fn new() -> List {
        List::Packed(Listpack::new())
    }

    #[inline]
    pub fn as_ref(&self) -> ListRef<'_> {
        match self {
            List::Packed(lp) => ListRef::Packed(lp.as_ref()),
            List::Quick(list) => ListRef::Quick(list),
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    pub fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    /// A list from nodes that came from a file: the encoding its size asks for.
    pub fn from_nodes(mut nodes: Quicklist, limits: ListLimits) -> List {
        nodes.set_packed_threshold(limits.packed_threshold);
        let mut list = List::Quick(Box::new(nodes));
        list.convert(1, limits);
        list
    }

    /// Chooses the encoding anew after a list was built.
    pub fn settle(&mut self, limits: ListLimits) {
        match self {
            List::Packed(_) => self.grow_for(std::iter::empty(), limits),
            List::Quick(_) => self.convert(1, limits),
        }
    }

    /// Leaves the listpack if `texts` would not fit into it. To be called before they are added, even if they
    /// then are not: a refused LINSERT may change the encoding.
    pub(super) fn grow_for<'t>(&mut self, texts: impl Iterator<Item = &'t [u8]>, limits: ListLimits) {
        let lp = match self {
            List::Packed(lp) => lp,
            List::Quick(list) => return list.set_packed_threshold(limits.packed_threshold),
        };
        let (mut bytes, mut count) = (lp.bytes().len(), lp.len());
        for text in texts {
            bytes = bytes.saturating_add(text.len());
            count += 1;
        }
        if limits.exceeded_by(bytes, count) {
            let mut list = Box::new(Quicklist::new(limits));
            list.append_listpack(std::mem::take(lp));
            *self = List::Quick(list);
        }
    }

    /// Goes back to one listpack once half of what it may hold suffices: a list at the limit should not
    /// change to and fro.
    pub(super) fn shrink(&mut self, limits: ListLimits) {
        self.convert(2, limits);
    }

    fn convert(&mut self, divisor: usize, limits: ListLimits) {
        let List::Quick(list) = self else { return };
        let spine = &mut list.spine;
        let (bytes, count) = limits.node_limit();
        let Some(only) = spine.first().filter(|_| spine.node_count() == 1) else { return };
        let node = spine.node(only);
        if node.is_plain() || node.size() > bytes / divisor || node.count() > count / divisor {
            return;
        }
        if let Some(lp) = spine.remove(only).0.into_listpack() {
            *self = List::Packed(lp);
        }
    }

    /// Takes the list apart in steps, however long it is.
    pub fn into_free(self) -> ListFree {
        ListFree::new(self)
    }
}
