//! A stream: its entries and its consumer groups, side by side so that both can be borrowed at once.

use super::group::Group;
use super::id::StreamId;
use super::log::Log;
use super::radix;
use std::collections::BTreeMap;

/// The value of a stream key. Cloning it (COPY) shares the nodes until one side changes them.
#[derive(Clone, Default)]
pub struct Stream {
    pub entries: Log,
    /// By name, in the order in which XINFO lists them.
    pub groups: BTreeMap<Box<[u8]>, Group>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("entries", &self.entries.len())
            .field("groups", &self.groups.len())
            .finish()
    }
}

impl Stream {
    pub fn new() -> Stream {
        Stream::default()
    }

    /// Creates a group; false if the name is taken.
    pub fn create_group(&mut self, name: &[u8], last_id: StreamId, entries_read: Option<i64>) -> bool {
        let free = !self.groups.contains_key(name);
        if free {
            self.groups.insert(name.into(), Group::new(last_id, entries_read));
        }
        free
    }

    /// A group, and the entries beside it.
    pub fn group(&mut self, name: &[u8]) -> Option<(&Log, &mut Group)> {
        Some((&self.entries, self.groups.get_mut(name)?))
    }

    /// What XINFO STREAM shows as `radix-tree-nodes`. O(nodes).
    pub fn radix_nodes(&self) -> u64 {
        radix::nodes(self.entries.node_ids())
    }

    /// Bytes allocated, about. O(nodes and consumers).
    pub fn memory(&self) -> usize {
        let groups = self.groups.iter().map(|(name, group)| name.len() + size_of::<Group>() + group.memory());
        size_of::<Stream>() + self.entries.memory() + groups.sum::<usize>()
    }

    /// How much there is to free: nodes and pending entries, the latter twice.
    pub fn free_effort(&self) -> usize {
        self.entries.node_count()
            + self.groups.values().map(|group| 1 + 2 * group.pending_len()).sum::<usize>()
    }

    /// Frees a part of a stream nobody uses any more: about `budget` pending entries or blocks of nodes. False when
    /// nothing large is left.
    pub fn free_some(&mut self, mut budget: usize) -> bool {
        while budget > 0
            && let Some(mut group) = self.groups.first_entry()
        {
            budget = group.get_mut().shed(budget);
            if budget > 0 {
                group.remove();
                budget -= 1;
            }
        }
        while budget > 0 && self.entries.nodes.drop_block() {
            budget -= 1;
        }
        !self.groups.is_empty() || self.entries.nodes.len() > 0
    }
}
