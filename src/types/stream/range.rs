//! Walking the entries of a stream between two IDs, in either direction, and the same over nodes that were pinned. A
//! walk holds no lock and copies nothing: entries are read where they lie.

use super::id::StreamId;
use super::index::{At, Index, Pinned};
use super::log::Log;
use super::node::{Entry, Head, NodeRef, Place};
use crate::types::packed::{Pos, Run};

/// The entries of a stream from one ID to another; see [`Log::range`].
pub struct Range<'a> {
    nodes: &'a Index,
    /// The node to open next.
    at: Option<At>,
    walk: Option<NodeWalk<'a>>,
    start: StreamId,
    end: StreamId,
    reverse: bool,
}

impl<'a> Range<'a> {
    pub(super) fn new(nodes: &'a Index, start: StreamId, end: StreamId, reverse: bool) -> Self {
        let at = if reverse { nodes.floor(end) } else { nodes.floor(start).or_else(|| nodes.first()) };
        let at = at.filter(|_| start <= end);
        Range { nodes, at, walk: None, start, end, reverse }
    }
}

impl<'a> Iterator for Range<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        loop {
            if let Some(entry) = self.walk.as_mut().and_then(NodeWalk::next) {
                return Some(entry);
            }
            if self.walk.take().is_some_and(|walk| walk.past) {
                self.at = None;
            }
            let at = self.at?;
            self.at = if self.reverse { self.nodes.prev(at) } else { self.nodes.next(at) };
            self.walk = NodeWalk::new(self.nodes.get(at), self.start, self.end, self.reverse);
        }
    }
}

/// The live entries of one node between two IDs.
struct NodeWalk<'a> {
    node: NodeRef<'a>,
    head: Head,
    /// Forwards the next entry, backwards the end of the next.
    at: Pos,
    start: StreamId,
    end: StreamId,
    reverse: bool,
    /// The entries from the first on, of which the last is the next, where there is no other way backwards.
    ahead: Vec<Place>,
    /// Whether an entry beyond the range was seen, so that no further node matters.
    past: bool,
}

impl<'a> NodeWalk<'a> {
    fn new(node: NodeRef<'a>, start: StreamId, end: StreamId, reverse: bool) -> Option<Self> {
        let head = node.head()?;
        let at = if reverse { node.run.end() } else { head.first };
        let one_way = reverse && matches!(node.run, Run::Dense(_));
        let ahead = if one_way { node.places(&head).collect() } else { Vec::new() };
        Some(NodeWalk { node, head, at, start, end, reverse, ahead, past: false })
    }

    fn next(&mut self) -> Option<Entry<'a>> {
        while !self.past {
            let place = if self.reverse {
                self.step_back()?
            } else {
                let place = self.node.place(&self.head, self.at)?;
                self.at = place.next;
                place
            };
            self.past = if self.reverse { place.id < self.start } else { place.id > self.end };
            if !place.is_deleted() && (self.start..=self.end).contains(&place.id) {
                return Some(self.node.entry(&self.head, &place));
            }
        }
        None
    }

    fn step_back(&mut self) -> Option<Place> {
        if let Run::Dense(_) = self.node.run {
            return self.ahead.pop();
        }
        let place = self.node.place_before(&self.head, self.at)?;
        self.at = place.start();
        Some(place)
    }
}

/// A node as it was when it was pinned: long replies are written from these while the stream goes on changing.
#[derive(Clone)]
pub struct PinnedNode {
    id: StreamId,
    bytes: Pinned,
}

impl PinnedNode {
    /// Its live entries between two IDs, both included.
    pub fn range(&self, start: StreamId, end: StreamId, reverse: bool) -> impl Iterator<Item = Entry<'_>> {
        let node = NodeRef { id: self.id, run: self.bytes.run() };
        let mut walk = NodeWalk::new(node, start, end, reverse);
        std::iter::from_fn(move || walk.as_mut()?.next())
    }

    /// Bytes it holds on to.
    pub fn len_bytes(&self) -> usize {
        self.bytes.len_bytes()
    }
}

impl Log {
    /// Pins the nodes that hold the entries between two IDs, in the order in which they will be read.
    pub fn pin(&self, start: StreamId, end: StreamId, reverse: bool) -> Vec<PinnedNode> {
        let mut range = Range::new(&self.nodes, start, end, reverse);
        let mut pinned = Vec::new();
        while let Some(at) = range.at {
            let (id, bytes) = self.nodes.pin(at);
            if id > end {
                break;
            }
            pinned.push(PinnedNode { id, bytes });
            if reverse && id <= start {
                break;
            }
            range.at = if reverse { self.nodes.prev(at) } else { self.nodes.next(at) };
        }
        pinned
    }
}
