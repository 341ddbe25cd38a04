//! The sequence of a list's nodes, in chunks, so that a node is inserted or removed anywhere in bounded time
//! and an element's node is found by skipping chunks. Keeps the sums. Must not know when nodes split or
//! merge.

use std::collections::VecDeque;

use super::node::Node;

/// Nodes in a chunk, at most.
const CHUNK_NODES: usize = 64;
/// Listpacks that are laid into one buffer together, or as many as have these bytes.
const SHARING_NODES: usize = 16;
const SHARING_BYTES: usize = 128 << 10;
/// A chunk left with fewer is joined to a neighbour that has room for it.
const SPARSE_NODES: usize = 16;

#[derive(Clone, Debug, Default)]
struct Chunk {
    nodes: Vec<Node>,
    elements: usize,
}

impl Chunk {
    fn of(nodes: Vec<Node>) -> Chunk {
        let elements = nodes.iter().map(Node::count).sum();
        Chunk { nodes, elements }
    }
}

/// Where a node is. Stale after any insertion or removal of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NodePos {
    chunk: usize,
    index: usize,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Spine {
    chunks: VecDeque<Chunk>,
    nodes: usize,
    elements: usize,
    /// Bytes of all nodes' contents.
    content: usize,
}

impl Spine {
    pub(super) fn node_count(&self) -> usize {
        self.nodes
    }

    pub(super) fn elements(&self) -> usize {
        self.elements
    }

    /// Bytes allocated, contents included.
    pub(super) fn memory(&self) -> usize {
        let chunks = self.chunks.iter().map(|c| c.nodes.capacity() * size_of::<Node>()).sum::<usize>();
        self.content + chunks + self.chunks.capacity() * size_of::<Chunk>()
    }

    #[inline]
    pub(super) fn first(&self) -> Option<NodePos> {
        (!self.chunks.is_empty()).then_some(NodePos { chunk: 0, index: 0 })
    }

    #[inline]
    pub(super) fn last(&self) -> Option<NodePos> {
        let chunk = self.chunks.len().checked_sub(1)?;
        Some(NodePos { chunk, index: self.chunks[chunk].nodes.len().checked_sub(1)? })
    }

    #[inline]
    pub(super) fn next(&self, pos: NodePos) -> Option<NodePos> {
        let NodePos { chunk, index } = pos;
        if index + 1 < self.chunks[chunk].nodes.len() {
            Some(NodePos { chunk, index: index + 1 })
        } else {
            (chunk + 1 < self.chunks.len()).then_some(NodePos { chunk: chunk + 1, index: 0 })
        }
    }

    #[inline]
    pub(super) fn prev(&self, pos: NodePos) -> Option<NodePos> {
        let NodePos { chunk, index } = pos;
        if index > 0 {
            return Some(NodePos { chunk, index: index - 1 });
        }
        let chunk = chunk.checked_sub(1)?;
        Some(NodePos { chunk, index: self.chunks[chunk].nodes.len().checked_sub(1)? })
    }

    #[inline]
    pub(super) fn node(&self, pos: NodePos) -> &Node {
        &self.chunks[pos.chunk].nodes[pos.index]
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Node> {
        self.chunks.iter().flat_map(|c| c.nodes.iter())
    }

    /// Changes a node and puts the sums right.
    #[inline]
    pub(super) fn edit<R>(&mut self, pos: NodePos, f: impl FnOnce(&mut Node) -> R) -> R {
        let chunk = &mut self.chunks[pos.chunk];
        let node = &mut chunk.nodes[pos.index];
        let (count, content) = (node.count(), node.memory());
        let result = f(node);
        let now = node.count();
        self.content = self.content - content + node.memory();
        chunk.elements = chunk.elements - count + now;
        self.elements = self.elements - count + now;
        result
    }

    /// The node that holds the element at `index`, and the element's offset in it. Skips from the nearer end.
    pub(super) fn locate(&self, index: usize) -> Option<(NodePos, usize)> {
        if index >= self.elements {
            return None;
        }
        let (mut chunk, mut rest) = (0, index);
        if index < self.elements / 2 {
            while rest >= self.chunks[chunk].elements {
                rest -= self.chunks[chunk].elements;
                chunk += 1;
            }
        } else {
            chunk = self.chunks.len() - 1;
            let mut before = self.elements - self.chunks[chunk].elements;
            while before > index {
                chunk -= 1;
                before -= self.chunks[chunk].elements;
            }
            rest -= before;
        }
        for (index, node) in self.chunks[chunk].nodes.iter().enumerate() {
            if rest < node.count() {
                return Some((NodePos { chunk, index }, rest));
            }
            rest -= node.count();
        }
        None
    }

    /// Inserts before the node at `at`, or at the end. Returns where the new node is.
    pub(super) fn insert_before(&mut self, at: Option<NodePos>, node: Node) -> NodePos {
        match at.and_then(|at| self.prev(at)) {
            // Behind the last node of a chunk rather than before the first of the next: ends fill up that
            // way.
            Some(prev) => self.insert_after(Some(prev), node),
            None if at.is_none() => self.insert_after(self.last(), node),
            None => self.insert_after(None, node),
        }
    }

    /// Inserts after the node at `at`, or at the start. Returns where the new node is.
    pub(super) fn insert_after(&mut self, at: Option<NodePos>, node: Node) -> NodePos {
        self.nodes += 1;
        self.elements += node.count();
        self.content += node.memory();
        let (mut chunk, mut index) = match at {
            Some(NodePos { chunk, index }) => (chunk, index + 1),
            None => (0, 0),
        };
        if self.chunks.is_empty() {
            self.chunks.push_back(Chunk::default());
        }
        let len = self.chunks[chunk].nodes.len();
        if len >= CHUNK_NODES {
            if index == len {
                chunk += 1;
                index = 0;
                self.chunks.insert(chunk, Chunk::default());
            } else if index == 0 {
                self.chunks.insert(chunk, Chunk::default());
            } else {
                let tail = Chunk::of(self.chunks[chunk].nodes.split_off(len / 2));
                self.chunks[chunk].elements -= tail.elements;
                self.chunks.insert(chunk + 1, tail);
                if index > len / 2 {
                    chunk += 1;
                    index -= len / 2;
                }
            }
        }
        let target = &mut self.chunks[chunk];
        target.elements += node.count();
        target.nodes.insert(index, node);
        NodePos { chunk, index }
    }

    /// Removes a node. Returns it and where the one behind it is now.
    pub(super) fn remove(&mut self, pos: NodePos) -> (Node, Option<NodePos>) {
        let NodePos { chunk, index } = pos;
        let home = &mut self.chunks[chunk];
        let node = home.nodes.remove(index);
        home.elements -= node.count();
        self.nodes -= 1;
        self.elements -= node.count();
        self.content -= node.memory();
        let len = home.nodes.len();
        if len == 0 {
            self.chunks.remove(chunk);
            return (node, (chunk < self.chunks.len()).then_some(NodePos { chunk, index: 0 }));
        }
        let mut next = NodePos { chunk, index };
        if len < SPARSE_NODES && chunk > 0 && self.chunks[chunk - 1].nodes.len() + len < CHUNK_NODES {
            let shift = self.chunks[chunk - 1].nodes.len();
            self.join_with_next(chunk - 1);
            next = NodePos { chunk: chunk - 1, index: index + shift };
        } else if len < SPARSE_NODES
            && chunk + 1 < self.chunks.len()
            && self.chunks[chunk + 1].nodes.len() + len < CHUNK_NODES
        {
            self.join_with_next(chunk);
        }
        if next.index < self.chunks[next.chunk].nodes.len() {
            return (node, Some(next));
        }
        (node, (next.chunk + 1 < self.chunks.len()).then_some(NodePos { chunk: next.chunk + 1, index: 0 }))
    }

    fn join_with_next(&mut self, chunk: usize) {
        if let Some(mut next) = self.chunks.remove(chunk + 1) {
            let into = &mut self.chunks[chunk];
            into.nodes.append(&mut next.nodes);
            into.elements += next.elements;
        }
    }

    /// Lays the listpacks at and next to `pos` into one buffer if there are enough of them in the chunk, towards the
    /// head if `back`. General allocators keep some 150 bytes for each that has a buffer of its own.
    pub(super) fn share_buffer(&mut self, pos: NodePos, back: bool) {
        let chunk = &mut self.chunks[pos.chunk];
        let (mut count, mut bytes) = (0, 0);
        let mut take = |node: &Node| {
            let more = count < SHARING_NODES && bytes < SHARING_BYTES && node.is_listpack();
            (count, bytes) = if more { (count + 1, bytes + node.size()) } else { (count, bytes) };
            more
        };
        if back {
            chunk.nodes[..=pos.index].iter().rev().all(&mut take);
        } else {
            chunk.nodes[pos.index..].iter().all(&mut take);
        }
        if count == SHARING_NODES || bytes >= SHARING_BYTES {
            let first = if back { pos.index + 1 - count } else { pos.index };
            let nodes = &mut chunk.nodes[first..first + count];
            self.content -= nodes.iter().map(Node::memory).sum::<usize>();
            Node::share_buffer(nodes);
            self.content += nodes.iter().map(Node::memory).sum::<usize>();
        }
    }

    /// Drops up to `max` nodes from the end; true when none is left.
    pub(super) fn drop_some(&mut self, max: usize) -> bool {
        for _ in 0..max {
            match self.last() {
                Some(last) => drop(self.remove(last)),
                None => return true,
            }
        }
        self.nodes == 0
    }

    /// Compares the sums with what they sum.
    #[cfg(test)]
    pub(super) fn check(&self) {
        assert!(self.chunks.iter().all(|c| !c.nodes.is_empty() && c.nodes.len() <= CHUNK_NODES));
        assert!(self.iter().all(|n| n.count() > 0));
        for chunk in &self.chunks {
            assert_eq!(chunk.elements, chunk.nodes.iter().map(Node::count).sum::<usize>());
        }
        assert_eq!(self.nodes, self.chunks.iter().map(|c| c.nodes.len()).sum::<usize>());
        assert_eq!(self.elements, self.chunks.iter().map(|c| c.elements).sum::<usize>());
        assert_eq!(self.content, self.iter().map(Node::memory).sum::<usize>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(n: usize) -> Node {
        Node::plain(n.to_string().into_bytes())
    }

    fn order(spine: &Spine) -> Vec<usize> {
        spine.check();
        let texts = spine.iter().map(|n| match n.view() {
            super::super::NodeView::Plain(b) => b.into_owned(),
            _ => unreachable!("only plain nodes here"),
        });
        texts.map(|t| String::from_utf8(t).expect("digits").parse().expect("digits")).collect()
    }

    #[test]
    fn grows_and_shrinks_at_any_place() {
        let (mut spine, mut oracle) = (Spine::default(), Vec::new());
        let mut word = 1u64;
        for step in 0..4000 {
            word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (word >> 33) as usize % (oracle.len() + 1);
            let pos = spine.locate(at).map(|(pos, _)| pos);
            if step % 1000 > 600
                && let Some(here) = pos
            {
                let (_, next) = spine.remove(here);
                oracle.remove(at);
                assert_eq!(next, spine.locate(at).map(|(pos, _)| pos));
            } else if word & 1 == 0 {
                let new = spine.insert_before(pos, node(step));
                oracle.insert(at, step);
                assert_eq!(spine.locate(at), Some((new, 0)));
            } else {
                spine.insert_after(pos, node(step));
                let after = if pos.is_some() { at + 1 } else { 0 };
                oracle.insert(after, step);
            }
        }
        assert_eq!(order(&spine), oracle);
        let mut pos = spine.first();
        for _ in 1..oracle.len() {
            let next = pos.and_then(|p| spine.next(p));
            assert_eq!(next.and_then(|n| spine.prev(n)), pos);
            pos = next;
        }
        assert_eq!(pos, spine.last());
        assert_eq!(pos.and_then(|p| spine.next(p)), None);
        while !spine.drop_some(7) {
            spine.check();
        }
        assert_eq!((spine.elements(), spine.first()), (0, None));
    }
}
