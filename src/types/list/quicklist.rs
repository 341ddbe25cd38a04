//! A list of packed nodes: where an element goes, when nodes split, merge and are compressed. Follows Redis'
//! rules to the node, since they decide which encoding a list shows. Must not know small lists, nor commands.

use super::limits::ListLimits;
use super::node::Node;
use super::spine::{NodePos, Spine};
use super::value::End;
use crate::types::packed::{Listpack, Value};

/// Largest `list-max-listpack-size` a list keeps.
const MAX_FILL: i32 = i16::MAX as i32;
/// Largest `list-compress-depth` a list keeps.
const MAX_COMPRESS: u32 = u16::MAX as u32;
/// A packed node that came from outside and is this large takes no longer element.
const MAX_NODE: usize = 1 << 30;

/// A list too long for one listpack. Keeps the limits it was made with.
#[derive(Clone, Debug)]
pub struct Quicklist {
    pub(super) spine: Spine,
    limits: ListLimits,
}

/// What `DEBUG OBJECT` tells of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QuicklistInfo {
    pub nodes: usize,
    /// Compressed nodes, their bytes and what those were before.
    pub compressed: usize,
    pub compressed_bytes: usize,
    /// Bytes of all nodes, uncompressed.
    pub bytes: usize,
    pub fill: i32,
    pub compress: u32,
}

impl Quicklist {
    pub fn new(limits: ListLimits) -> Quicklist {
        let fill = limits.fill.clamp(-5, MAX_FILL);
        let compress = limits.compress.min(MAX_COMPRESS);
        Quicklist { spine: Spine::default(), limits: ListLimits { fill, compress, ..limits } }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.spine.elements()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn info(&self) -> QuicklistInfo {
        let mut info = QuicklistInfo {
            nodes: self.spine.node_count(),
            fill: self.limits.fill,
            compress: self.limits.compress,
            ..QuicklistInfo::default()
        };
        for node in self.spine.iter() {
            info.bytes += node.size();
            if let Some((bytes, _)) = node.compressed() {
                info.compressed += 1;
                info.compressed_bytes += bytes;
            }
        }
        info
    }

    /// The threshold is not a property of a list: whoever edits brings the one of today.
    pub(super) fn set_packed_threshold(&mut self, bytes: usize) {
        self.limits.packed_threshold = bytes;
    }

    /// Appends a node made elsewhere; an empty one is dropped.
    pub fn append_listpack(&mut self, lp: Listpack) {
        if !lp.is_empty() {
            self.add_node_at_end(Node::packed(lp), End::Tail);
        }
    }

    /// Appends an element as a node of its own.
    pub fn append_plain(&mut self, bytes: Vec<u8>) {
        self.add_node_at_end(Node::plain(bytes), End::Tail);
    }

    fn end(&self, end: End) -> Option<NodePos> {
        match end {
            End::Head => self.spine.first(),
            End::Tail => self.spine.last(),
        }
    }

    fn add_node_at_end(&mut self, node: Node, end: End) {
        if let Some(old) = self.end(end) {
            self.spine.edit(old, Node::seal);
        }
        let new = match end {
            End::Head => self.spine.insert_after(None, node),
            End::Tail => self.spine.insert_before(None, node),
        };
        let behind = match end {
            End::Head => self.spine.next(new),
            End::Tail => self.spine.prev(new),
        };
        if let Some(behind) = behind.filter(|_| self.limits.compress == 0) {
            self.spine.share_buffer(behind, end == End::Tail);
        }
        self.settle(Some(new));
    }

    #[inline]
    fn admits(&self, pos: Option<NodePos>, len: usize) -> bool {
        pos.map(|p| self.spine.node(p))
            .is_some_and(|n| !n.is_plain() && self.limits.admits(n.size(), n.count(), len))
    }

    /// Adds an element at an end. O(bytes of a node).
    pub(super) fn push(&mut self, end: End, text: &[u8]) {
        match self.end(end) {
            Some(pos) if self.admits(Some(pos), text.len()) => {
                self.spine.edit(pos, |node| {
                    node.edit(|lp| match end {
                        End::Head => lp.prepend(Value::of(text)),
                        End::Tail => lp.append_text(text),
                    })
                });
            }
            _ => {
                let large = self.limits.is_large(text.len());
                self.add_node_at_end(Node::with_element(text, large), end);
            }
        }
    }

    /// Inserts next to the element at `offset` of the node at `at`.
    pub(super) fn insert(&mut self, at: NodePos, offset: usize, text: &[u8], after: bool) {
        let node = self.spine.node(at);
        let room = self.admits(Some(at), text.len());
        let at_edge = if after { offset + 1 == node.count() } else { offset == 0 };
        let neighbour = if after { self.spine.next(at) } else { self.spine.prev(at) };
        if self.limits.is_large(text.len()) {
            self.insert_plain(at, offset, text, after, at_edge);
        } else if room {
            self.edit_node(at, |lp| {
                let pos = lp.as_ref().seek((offset + usize::from(after)) as i64);
                lp.insert(pos.unwrap_or(lp.as_ref().end()), Value::of(text));
            });
        } else if at_edge && self.admits(neighbour, text.len()) {
            let neighbour = neighbour.expect("nothing is admitted to a node that is not there");
            self.edit_node(
                neighbour,
                |lp| if after { lp.prepend(Value::of(text)) } else { lp.append_text(text) },
            );
        } else if at_edge {
            self.insert_node(at, Node::with_element(text, false), after);
        } else {
            let mut part = self.split(at, offset, after);
            part.edit(|lp| if after { lp.prepend(Value::of(text)) } else { lp.append_text(text) });
            let new = self.insert_node(at, part, after);
            let center = if after { self.spine.prev(new) } else { self.spine.next(new) };
            self.merge_around(center.expect("the node that was split"));
        }
    }

    fn insert_plain(&mut self, at: NodePos, offset: usize, text: &[u8], after: bool, at_edge: bool) {
        let element = Node::with_element(text, true);
        if at_edge {
            self.insert_node(at, element, after);
        } else {
            let part = self.split(at, offset, after);
            let new = self.insert_node(at, element, after);
            self.insert_node(new, part, after);
        }
    }

    /// Inserts a node next to another; returns where the new one is. The other may have moved.
    fn insert_node(&mut self, at: NodePos, node: Node, after: bool) -> NodePos {
        let (new, old) = if after {
            let new = self.spine.insert_after(Some(at), node);
            (new, self.spine.prev(new))
        } else {
            let new = self.spine.insert_before(Some(at), node);
            (new, self.spine.next(new))
        };
        self.settle(old);
        self.settle(Some(new));
        new
    }

    /// Splits the elements behind (`after`) or before the one at `offset` off the node.
    fn split(&mut self, at: NodePos, offset: usize, after: bool) -> Node {
        let part = self.spine.edit(at, |node| {
            node.edit(|lp| {
                if after {
                    return lp.split_off(offset + 1);
                }
                let keep = lp.split_off(offset);
                std::mem::replace(lp, keep)
            })
        });
        Node::packed(part.expect("only packed nodes have an inside"))
    }

    /// Puts another element in the place of one.
    pub(super) fn replace(&mut self, at: NodePos, offset: usize, text: &[u8]) {
        let node = self.spine.node(at);
        let large = self.limits.is_large(text.len()) || node.size().saturating_add(text.len()) > MAX_NODE;
        match (node.is_plain(), large) {
            (false, false) => self.edit_node(at, |lp| {
                if let Some(pos) = lp.as_ref().seek(offset as i64) {
                    lp.replace(pos, Value::of(text));
                }
            }),
            (true, false) => {
                let next = self.spine.next(at);
                if let Some(next) = next.filter(|_| self.admits(next, text.len())) {
                    self.edit_node(next, |lp| lp.prepend(Value::of(text)));
                    self.remove_node(at);
                } else {
                    self.spine.edit(at, |node| *node = Node::with_element(text, false));
                    self.settle(Some(at));
                }
            }
            (true, true) => {
                self.spine.edit(at, |node| *node = Node::with_element(text, true));
                self.settle(Some(at));
            }
            (false, true) => self.replace_by_plain(at, offset, text),
        }
    }

    fn replace_by_plain(&mut self, at: NodePos, offset: usize, text: &[u8]) {
        let element = Node::with_element(text, true);
        let new = if offset + 1 < self.spine.node(at).count() {
            let tail = self.split(at, offset, true);
            let tail = self.insert_node(at, tail, true);
            self.insert_node(tail, element, false)
        } else {
            self.insert_node(at, element, true)
        };
        let Some(old) = self.spine.prev(new) else { return };
        if self.spine.node(old).count() == 1 {
            self.remove_node(old);
            return;
        }
        self.spine.edit(old, |node| node.edit(|lp| lp.delete_range(-1, 1)));
        let new = self.merge_around(new);
        for pos in [Some(new), self.spine.prev(new), self.spine.next(new)] {
            self.settle(pos);
        }
    }

    fn edit_node<R>(&mut self, at: NodePos, f: impl FnOnce(&mut Listpack) -> R) {
        self.spine.edit(at, |node| {
            node.edit(f);
        });
        self.settle(Some(at));
    }

    /// Removes a node; returns where the one behind it is now.
    pub(super) fn remove_node(&mut self, at: NodePos) -> Option<NodePos> {
        let (_, next) = self.spine.remove(at);
        self.settle(None);
        next
    }

    /// Removes `count` elements from `offset` of one node on, and the node if that empties it. Returns where
    /// the next node is.
    pub(super) fn remove_in_node(&mut self, at: NodePos, offset: usize, count: usize) -> Option<NodePos> {
        let node = self.spine.node(at);
        if node.is_plain() || (offset == 0 && count >= node.count()) {
            return self.remove_node(at);
        }
        self.spine.edit(at, |node| node.edit(|lp| lp.delete_range(offset as i64, count)));
        self.settle(Some(at));
        self.spine.next(at)
    }

    fn may_merge(&self, a: Option<NodePos>, b: Option<NodePos>) -> Option<(NodePos, NodePos)> {
        let (a, b) = (a?, b?);
        let (left, right) = (self.spine.node(a), self.spine.node(b));
        if left.is_plain() || right.is_plain() {
            return None;
        }
        // One header and end mark go.
        let bytes = (left.size() + right.size()).saturating_sub(7);
        (!self.limits.exceeded_by(bytes, left.count() + right.count())).then_some((a, b))
    }

    /// Joins two adjacent packed nodes; returns where the joined one is.
    fn join(&mut self, (left, right): (NodePos, NodePos)) -> NodePos {
        let (node, next) = self.spine.remove(right);
        let left = match next {
            Some(next) => self.spine.prev(next),
            None => self.spine.last(),
        }
        .unwrap_or(left);
        if let Some(tail) = node.into_listpack() {
            self.spine.edit(left, |node| node.edit(|lp| lp.append_all(tail.as_ref())));
        }
        self.settle(Some(left));
        left
    }

    /// Merges small nodes around `center`: the two before it, the two behind it, then it with either side.
    /// Returns where its elements are now.
    fn merge_around(&mut self, mut center: NodePos) -> NodePos {
        let prev = self.spine.prev(center);
        if let Some(pair) = self.may_merge(prev.and_then(|p| self.spine.prev(p)), prev) {
            let joined = self.join(pair);
            center = self.spine.next(joined).unwrap_or(joined);
        }
        let next = self.spine.next(center);
        if let Some(pair) = self.may_merge(next, next.and_then(|n| self.spine.next(n))) {
            let joined = self.join(pair);
            center = self.spine.prev(joined).unwrap_or(joined);
        }
        if let Some(pair) = self.may_merge(self.spine.prev(center), Some(center)) {
            center = self.join(pair);
        }
        if let Some(pair) = self.may_merge(Some(center), self.spine.next(center)) {
            center = self.join(pair);
        }
        center
    }

    /// Keeps the ends uncompressed and the rest compressed: looks at `touched`, at the ends, and at the first
    /// node beyond them on either side.
    pub(super) fn settle(&mut self, touched: Option<NodePos>) {
        let depth = self.limits.compress as usize;
        if depth == 0 || self.spine.node_count() == 0 {
            return;
        }
        let (mut front, mut back) = (self.spine.first(), self.spine.last());
        let mut inside = touched;
        for _ in 0..depth {
            let (Some(f), Some(b)) = (front, back) else { return };
            self.spine.edit(f, Node::uncompress);
            self.spine.edit(b, Node::uncompress);
            if touched == Some(f) || touched == Some(b) {
                inside = None;
            }
            front = self.spine.next(f);
            back = self.spine.prev(b);
            if f == b || front == Some(b) {
                return;
            }
        }
        for pos in [inside, front, back].into_iter().flatten() {
            self.spine.edit(pos, Node::compress);
        }
    }
}
