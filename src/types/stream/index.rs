//! The nodes of a stream in order of their IDs, in blocks. Nodes come at the end and mostly go at the front, so the
//! last one is at hand at once, and any one is found by two binary searches.
//!
//! A full block lays its nodes into one buffer, in the dense form: general allocators round sizes by a tenth, and would
//! waste that on every node. A node that is edited after that leaves the buffer again. Knows nothing of entries.

use super::id::StreamId;
use super::node::NodeRef;
use crate::types::packed::{Listpack, Run, dense};
use std::collections::VecDeque;
use std::sync::Arc;

/// Bytes of nodes after which a block is full.
const BLOCK_BYTES: usize = 64 << 10;
/// Nodes after which a block is full, however small.
const BLOCK_NODES: usize = 128;
/// Larger nodes keep an allocation of their own, where rounding is by pages that stay untouched.
const MAX_PACKED: usize = 16 << 10;

/// Where a node is. Any removal or insertion makes it stale.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct At {
    block: usize,
    slot: usize,
}

#[derive(Clone, Default)]
pub(super) struct Index {
    /// None is empty.
    blocks: VecDeque<Block>,
    nodes: usize,
}

#[derive(Clone)]
struct Block {
    slots: Vec<Slot>,
    /// The packed nodes in the dense form.
    packed: Option<Arc<[u8]>>,
    /// How many of these no node refers to any more.
    unused: usize,
}

#[derive(Clone)]
struct Slot {
    id: StreamId,
    bytes: Bytes,
}

#[derive(Clone)]
enum Bytes {
    /// Shared with whoever still reads it; copied before a write then.
    Own(Arc<Listpack>),
    Packed {
        start: u32,
        len: u32,
    },
}

/// A node that stays as it is however the stream changes: what a long reply is written from.
#[derive(Clone)]
pub(super) enum Pinned {
    Own(Arc<Listpack>),
    Packed { buffer: Arc<[u8]>, start: u32, len: u32 },
}

impl Pinned {
    pub(super) fn run(&self) -> Run<'_> {
        match self {
            Pinned::Own(lp) => Run::Listpack(lp.as_ref().as_ref()),
            Pinned::Packed { buffer, start, len } => Run::Dense(packed_bytes(Some(buffer), *start, *len)),
        }
    }

    /// Bytes held on to.
    pub(super) fn len_bytes(&self) -> usize {
        match self {
            Pinned::Own(lp) => lp.bytes().len(),
            Pinned::Packed { len, .. } => *len as usize,
        }
    }
}

impl Index {
    /// Number of nodes.
    pub(super) fn len(&self) -> usize {
        self.nodes
    }

    pub(super) fn first(&self) -> Option<At> {
        (self.nodes > 0).then_some(At { block: 0, slot: 0 })
    }

    pub(super) fn last(&self) -> Option<At> {
        let block = self.blocks.len().checked_sub(1)?;
        Some(At { block, slot: self.blocks[block].slots.len() - 1 })
    }

    pub(super) fn next(&self, at: At) -> Option<At> {
        let slots = self.blocks.get(at.block)?.slots.len();
        let next = if at.slot + 1 < slots {
            At { slot: at.slot + 1, ..at }
        } else {
            At { block: at.block + 1, slot: 0 }
        };
        (next.block < self.blocks.len()).then_some(next)
    }

    pub(super) fn prev(&self, at: At) -> Option<At> {
        match at.slot.checked_sub(1) {
            Some(slot) => Some(At { slot, ..at }),
            None => {
                let block = at.block.checked_sub(1)?;
                Some(At { block, slot: self.blocks[block].slots.len() - 1 })
            }
        }
    }

    /// The last node whose ID is not above `id`. O(log nodes).
    pub(super) fn floor(&self, id: StreamId) -> Option<At> {
        let block = self.blocks.partition_point(|block| block.slots[0].id <= id).checked_sub(1)?;
        let slot = self.blocks[block].slots.partition_point(|slot| slot.id <= id) - 1;
        Some(At { block, slot })
    }

    pub(super) fn get(&self, at: At) -> NodeRef<'_> {
        let block = &self.blocks[at.block];
        let slot = &block.slots[at.slot];
        let run = match &slot.bytes {
            Bytes::Own(lp) => Run::Listpack(lp.as_ref().as_ref()),
            Bytes::Packed { start, len } => Run::Dense(packed_bytes(block.packed.as_ref(), *start, *len)),
        };
        NodeRef { id: slot.id, run }
    }

    pub(super) fn pin(&self, at: At) -> (StreamId, Pinned) {
        let block = &self.blocks[at.block];
        let slot = &block.slots[at.slot];
        let pinned = match (&slot.bytes, &block.packed) {
            (Bytes::Own(lp), _) => Pinned::Own(Arc::clone(lp)),
            (Bytes::Packed { start, len }, Some(buffer)) => {
                Pinned::Packed { buffer: Arc::clone(buffer), start: *start, len: *len }
            }
            (Bytes::Packed { .. }, None) => Pinned::Own(Arc::default()),
        };
        (slot.id, pinned)
    }

    /// All nodes in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = NodeRef<'_>> {
        std::iter::successors(self.first(), |at| self.next(*at)).map(|at| self.get(at))
    }

    /// The listpack of a node, to be edited. Copies it if a reader holds it, or if it lies in a packed buffer.
    pub(super) fn edit(&mut self, at: At) -> &mut Listpack {
        self.blocks[at.block].edit(at.slot)
    }

    /// Whether a node lies in a packed buffer. Places found in it are stale after the first edit, which takes it out.
    #[inline]
    pub(super) fn is_packed(&self, at: At) -> bool {
        matches!(self.blocks[at.block].slots[at.slot].bytes, Bytes::Packed { .. })
    }

    /// Adds a node behind all others; its ID is above theirs.
    pub(super) fn push(&mut self, id: StreamId, lp: Listpack) {
        if self.blocks.back().is_none_or(Block::is_full) {
            if let Some(block) = self.blocks.back_mut() {
                block.pack();
            }
            let first = self.blocks.is_empty();
            if first {
                self.blocks.reserve_exact(1);
            }
            let slots = Vec::with_capacity(if first { 1 } else { 4 });
            self.blocks.push_back(Block { slots, packed: None, unused: 0 });
        }
        if let Some(block) = self.blocks.back_mut() {
            block.slots.push(Slot { id, bytes: Bytes::Own(Arc::new(lp)) });
            self.nodes += 1;
        }
    }

    /// Takes a node out.
    pub(super) fn remove(&mut self, at: At) {
        let block = &mut self.blocks[at.block];
        let slot = block.slots.remove(at.slot);
        self.nodes -= 1;
        if block.slots.is_empty() {
            self.blocks.remove(at.block);
        } else if let Bytes::Packed { len, .. } = slot.bytes {
            block.unused += len as usize;
            block.repack_if_wasteful();
        }
    }

    /// Bytes allocated, about: nodes, buffers and this index. O(nodes).
    pub(super) fn memory(&self) -> usize {
        let arc = 2 * size_of::<usize>();
        let blocks = self.blocks.iter().map(|block| {
            let own = block.slots.iter().map(|slot| match &slot.bytes {
                Bytes::Own(lp) => arc + size_of::<Listpack>() + lp.capacity(),
                Bytes::Packed { .. } => 0,
            });
            let packed = block.packed.as_ref().map_or(0, |buffer| arc + buffer.len());
            block.slots.capacity() * size_of::<Slot>() + packed + own.sum::<usize>()
        });
        self.blocks.capacity() * size_of::<Block>() + blocks.sum::<usize>()
    }

    /// Drops the last block, for a stream that is being freed in slices; false when none is left.
    pub(super) fn drop_block(&mut self) -> bool {
        let block = self.blocks.pop_back();
        self.nodes -= block.as_ref().map_or(0, |block| block.slots.len());
        !self.blocks.is_empty()
    }
}

impl Block {
    fn is_full(&self) -> bool {
        self.packed.is_some() || self.slots.len() >= BLOCK_NODES || self.own_bytes() >= BLOCK_BYTES
    }

    fn own_bytes(&self) -> usize {
        let len = |slot: &Slot| match &slot.bytes {
            Bytes::Own(lp) => lp.bytes().len(),
            Bytes::Packed { .. } => 0,
        };
        self.slots.iter().map(len).sum()
    }

    fn edit(&mut self, slot: usize) -> &mut Listpack {
        if let Bytes::Packed { start, len } = self.slots[slot].bytes {
            let lp = dense::restore(packed_bytes(self.packed.as_ref(), start, len));
            self.repack_if_wasteful();
            self.unused += len as usize;
            self.slots[slot].bytes = Bytes::Own(Arc::new(lp));
        }
        match &mut self.slots[slot].bytes {
            Bytes::Own(lp) => Arc::make_mut(lp),
            Bytes::Packed { .. } => unreachable!("it was given bytes of its own"),
        }
    }

    /// Half of the buffer may lie idle before the rest is copied out of it, so that a byte is copied about once for
    /// each that was given up.
    fn repack_if_wasteful(&mut self) {
        if self.packed.as_ref().is_some_and(|buffer| self.unused * 2 > buffer.len()) {
            self.pack();
        }
    }

    /// Lays all nodes that are not large into one buffer.
    fn pack(&mut self) {
        let old = self.packed.take();
        let mut buffer = Vec::with_capacity(self.own_bytes() + old.as_ref().map_or(0, |old| old.len()));
        for slot in &mut self.slots {
            let start = buffer.len() as u32;
            match &mut slot.bytes {
                Bytes::Own(lp) if lp.bytes().len() > MAX_PACKED => {
                    if let Some(lp) = Arc::get_mut(lp) {
                        lp.shrink();
                    }
                    continue;
                }
                Bytes::Own(lp) => dense::condense(lp.as_ref().as_ref(), &mut buffer),
                Bytes::Packed { start, len } => {
                    buffer.extend_from_slice(packed_bytes(old.as_ref(), *start, *len))
                }
            }
            slot.bytes = Bytes::Packed { start, len: buffer.len() as u32 - start };
        }
        self.slots.shrink_to_fit();
        self.unused = 0;
        self.packed = Some(buffer.into());
    }
}

fn packed_bytes(buffer: Option<&Arc<[u8]>>, start: u32, len: u32) -> &[u8] {
    let buffer = buffer.expect("a packed node has a buffer");
    &buffer[start as usize..][..len as usize]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::packed::Value;

    fn index(nodes: u64, bytes: usize) -> Index {
        let mut index = Index::default();
        for i in 0..nodes {
            let text = vec![b'x'; bytes];
            let values = [Value::Int(i as i64), Value::Str(&text)];
            index.push(StreamId::new(i * 10, 0), Listpack::from_values(values));
        }
        index
    }

    fn numbers(index: &Index) -> Vec<i64> {
        index.iter().map(|node| node.run.iter().next().and_then(|v| v.as_int()).expect("a number")).collect()
    }

    #[test]
    fn walks_and_finds() {
        for (nodes, bytes) in [(1, 10), (500, 10), (500, 3000), (40, 20_000)] {
            let index = index(nodes, bytes);
            assert_eq!(numbers(&index), (0..nodes as i64).collect::<Vec<_>>());
            let back = std::iter::successors(index.last(), |at| index.prev(*at));
            assert_eq!(back.count(), index.len());
            for i in 0..nodes {
                let at = index.floor(StreamId::new(i * 10 + 9, 3)).expect("one below");
                assert_eq!(index.get(at).id.ms, i * 10);
            }
        }
        assert_eq!(Index::default().floor(StreamId::MAX), None);
    }

    #[test]
    fn packed_nodes_are_edited_and_removed() {
        let mut index = index(500, 3000);
        let held = index.pin(index.floor(StreamId::new(30, 0)).expect("it is there"));
        let mut expected: Vec<i64> = (0..500).collect();
        for i in (0..500).rev() {
            let at = index.floor(StreamId::new(i * 10, 0)).expect("it is there");
            if i % 7 == 3 {
                index.edit(at).replace(6, Value::Int(i as i64 + 1_000_000));
                expected[i as usize] += 1_000_000;
            } else if i % 7 != 5 {
                index.remove(at);
                expected.remove(i as usize);
            }
        }
        assert_eq!(numbers(&index), expected);
        assert_eq!(index.len(), expected.len());
        assert_eq!(held.1.run().iter().next(), Some(Value::Int(3)));
        assert!(index.memory() < expected.len() * 3100 * 2, "{}", index.memory());
        while index.drop_block() {}
        assert_eq!((index.len(), index.first()), (0, None));
    }

    #[test]
    fn full_blocks_waste_little() {
        let index = index(5000, 2300);
        assert!(index.memory() < 5000 * 2310 * 102 / 100, "{}", index.memory());
    }
}
