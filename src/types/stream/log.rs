//! The entries of a stream: adding, deleting, looking up, and the marks that follow from it. Trimming and ranges have
//! files of their own. Knows no consumer group.

use super::id::{AddId, StreamId};
use super::index::Index;
use super::marks::Marks;
use super::node::{self, Entry, NodeRef, Pair};
use super::range::Range;
use crate::types::packed::{Corrupt, Listpack, Run, dense};
use std::borrow::Cow;
use std::fmt;

/// No node grows past this, whatever the configuration says: its length has to fit 32 bits.
const MAX_NODE_BYTES: usize = 1 << 30;
/// A node is made with room for as much as the one before came to hold, and some more, within reason.
const SLACK: usize = 32;
const MAX_FIRST_CAPACITY: usize = 8 << 10;

/// When a node is full; 0 means no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeLimits {
    /// stream-node-max-bytes
    pub max_bytes: usize,
    /// stream-node-max-entries
    pub max_entries: u64,
}

/// Why an entry was not added. `Display` gives the error line without its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddError {
    /// The given ID is 0-0.
    ZeroId,
    /// The last ID there can be was given out.
    Exhausted,
    /// The given ID is not above the last one.
    NotAbove,
    /// More than 1 GB in one entry.
    TooLarge,
}

impl fmt::Display for AddError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AddError::ZeroId => "The ID specified in XADD must be greater than 0-0",
            AddError::Exhausted => "The stream has exhausted the last possible ID, unable to add more items",
            AddError::NotAbove => {
                "The ID specified in XADD is equal or smaller than the target stream top item"
            }
            AddError::TooLarge => "Elements are too large to be stored",
        })
    }
}

/// Why XSETID was refused. `Display` gives the error line without its code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetIdError {
    BelowGivenDeleted,
    BelowDeleted,
    BelowTop,
    AddedBelowLength,
}

impl fmt::Display for SetIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SetIdError::BelowGivenDeleted => {
                "The ID specified in XSETID is smaller than the provided max_deleted_entry_id"
            }
            SetIdError::BelowDeleted => {
                "The ID specified in XSETID is smaller than current max_deleted_entry_id"
            }
            SetIdError::BelowTop => "The ID specified in XSETID is smaller than the target stream top item",
            SetIdError::AddedBelowLength => {
                "The entries_added specified in XSETID is smaller than the target stream length"
            }
        })
    }
}

/// The entries of a stream. Cloning shares the nodes until one side changes them.
#[derive(Clone, Default)]
pub struct Log {
    pub(super) nodes: Index,
    pub(super) marks: Marks,
}

impl Log {
    pub fn marks(&self) -> Marks {
        self.marks
    }

    /// Entries there now.
    pub fn len(&self) -> u64 {
        self.marks.len
    }

    pub fn is_empty(&self) -> bool {
        self.marks.len == 0
    }

    /// The ID that an entry added now would get.
    ///
    /// # Errors
    /// All of [`AddError`] but `TooLarge`.
    pub fn next_id(&self, id: AddId, now_ms: u64) -> Result<StreamId, AddError> {
        let last = self.marks.last_id;
        if id == AddId::Given(StreamId::MIN) {
            return Err(AddError::ZeroId);
        }
        let following = last.next().ok_or(AddError::Exhausted)?;
        let id = match id {
            AddId::Auto if now_ms > last.ms => StreamId { ms: now_ms, seq: 0 },
            AddId::Auto => following,
            AddId::AutoSeq(ms) if ms == last.ms => {
                StreamId { ms, seq: last.seq.checked_add(1).ok_or(AddError::NotAbove)? }
            }
            AddId::AutoSeq(ms) => StreamId { ms, seq: 0 },
            AddId::Given(id) => id,
        };
        if id > last { Ok(id) } else { Err(AddError::NotAbove) }
    }

    /// Appends an entry and gives its ID. O(length of the entry and of the node's field names).
    ///
    /// # Errors
    /// See [`AddError`].
    pub fn add<'a>(
        &mut self,
        id: AddId,
        now_ms: u64,
        pairs: impl Iterator<Item = Pair<'a>> + Clone,
        limits: NodeLimits,
    ) -> Result<StreamId, AddError> {
        let id = self.next_id(id, now_ms)?;
        let bytes: usize = pairs.clone().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_NODE_BYTES {
            return Err(AddError::TooLarge);
        }
        let mut capacity = 0;
        let mut open = None;
        if let Some(at) = self.nodes.last() {
            if self.nodes.is_packed(at) {
                // So that what the head says of places holds for the edit. The nodes behind this one were deleted.
                self.nodes.edit(at);
            }
            let node = self.nodes.get(at);
            if let Some(head) = node.head() {
                let room = limits.max_bytes.wrapping_sub(1).min(MAX_NODE_BYTES - 1);
                let entries = head.live + head.deleted;
                let held = node.run.listpack_bytes();
                if held + bytes > room || limits.max_entries != 0 && entries >= limits.max_entries {
                    capacity = (held + SLACK).min(MAX_FIRST_CAPACITY);
                } else {
                    open = Some((at, head, node.id));
                }
            }
        }
        match open {
            Some((at, head, node)) => node::append(self.nodes.edit(at), &head, node, id, pairs),
            None => self.nodes.push(id, node::create(pairs, capacity)),
        }
        self.marks.len += 1;
        self.marks.entries_added = self.marks.entries_added.wrapping_add(1);
        self.marks.last_id = id;
        if self.marks.len == 1 {
            self.marks.first_id = id;
        }
        Ok(id)
    }

    /// Deletes entries, as XDEL does, and tells how many were there.
    pub fn delete(&mut self, ids: impl IntoIterator<Item = StreamId>) -> u64 {
        let (mut deleted, mut first_went) = (0, false);
        for id in ids {
            if self.delete_one(id) {
                deleted += 1;
                first_went |= id == self.marks.first_id;
                self.marks.max_deleted_id = self.marks.max_deleted_id.max(id);
            }
        }
        if first_went || self.marks.len == 0 && deleted > 0 {
            self.find_first();
        }
        deleted
    }

    fn delete_one(&mut self, id: StreamId) -> bool {
        let Some(at) = self.nodes.floor(id) else { return false };
        if self.nodes.is_packed(at) {
            if !self.contains(id) {
                return false;
            }
            self.nodes.edit(at);
        }
        let node = self.nodes.get(at);
        let Some(head) = node.head() else { return false };
        let Some(place) = node.find(&head, id) else { return false };
        if head.live == 1 {
            self.nodes.remove(at);
        } else {
            let lp = self.nodes.edit(at);
            node::mark_deleted(lp, &place);
            node::set_counters(lp, head.live - 1, head.deleted + 1);
        }
        self.marks.len -= 1;
        true
    }

    /// Brings the mark of the first entry up to date after entries went.
    pub(super) fn find_first(&mut self) {
        let first = self.range(StreamId::MIN, StreamId::MAX, false).next();
        self.marks.first_id = first.map_or(StreamId::MIN, |entry| entry.id);
    }

    /// The entry with this ID.
    pub fn get(&self, id: StreamId) -> Option<Entry<'_>> {
        let node = self.nodes.get(self.nodes.floor(id)?);
        let head = node.head()?;
        let place = node.find(&head, id)?;
        Some(node.entry(&head, &place))
    }

    /// Whether there is an entry with this ID.
    pub fn contains(&self, id: StreamId) -> bool {
        self.get(id).is_some()
    }

    /// The entries from `start` to `end`, both included, from the last to the first if `reverse`.
    pub fn range(&self, start: StreamId, end: StreamId, reverse: bool) -> Range<'_> {
        Range::new(&self.nodes, start, end, reverse)
    }

    /// The last ID among the entries there are.
    pub fn last_entry_id(&self) -> Option<StreamId> {
        self.range(StreamId::MIN, StreamId::MAX, true).next().map(|entry| entry.id)
    }

    /// The ID of the first entry that takes room, deleted or not, and the last possible ID if there is none: what a
    /// trim by MINID ~ propagates as its outcome.
    pub fn first_stored_id(&self) -> StreamId {
        let node = self.nodes.first().map(|at| self.nodes.get(at));
        let place = node.and_then(|node| {
            let head = node.head()?;
            node.place(&head, head.first)
        });
        place.map_or(StreamId::MAX, |place| place.id)
    }

    /// Sets what XSETID sets.
    ///
    /// # Errors
    /// See [`SetIdError`]; nothing is changed then.
    pub fn set_id(
        &mut self,
        id: StreamId,
        entries_added: Option<u64>,
        max_deleted_id: Option<StreamId>,
    ) -> Result<(), SetIdError> {
        if max_deleted_id.is_some_and(|deleted| id < deleted) {
            return Err(SetIdError::BelowGivenDeleted);
        }
        if id < self.marks.max_deleted_id {
            return Err(SetIdError::BelowDeleted);
        }
        if self.last_entry_id().is_some_and(|last| id < last) {
            return Err(SetIdError::BelowTop);
        }
        if self.marks.len > 0 && entries_added.is_some_and(|added| added < self.marks.len) {
            return Err(SetIdError::AddedBelowLength);
        }
        self.marks.last_id = id;
        self.marks.entries_added = entries_added.unwrap_or(self.marks.entries_added);
        if let Some(deleted) = max_deleted_id.filter(|deleted| *deleted != StreamId::MIN) {
            self.marks.max_deleted_id = deleted;
        }
        Ok(())
    }

    /// Number of nodes.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes' IDs in order.
    pub fn node_ids(&self) -> impl Iterator<Item = StreamId> {
        self.nodes.iter().map(|node| node.id)
    }

    /// The nodes, ID and listpack bytes, in the order and form in which Redis' files have them.
    pub fn nodes(&self) -> impl Iterator<Item = (StreamId, Cow<'_, [u8]>)> {
        self.nodes.iter().map(|NodeRef { id, run }| {
            let bytes = match run {
                Run::Listpack(lp) => Cow::Borrowed(lp.bytes()),
                Run::Dense(bytes) => Cow::Owned(dense::restore(bytes).into_bytes()),
            };
            (id, bytes)
        })
    }

    /// Appends a node that came from outside, checking all of it. The last ID and the length follow; the other marks
    /// are set by `restore_marks`, which comes last.
    ///
    /// # Errors
    /// `Corrupt`.
    pub fn restore_node(&mut self, id: StreamId, bytes: Vec<u8>) -> Result<(), Corrupt> {
        let (head, last) = node::check(id, &bytes)?;
        if self.nodes.len() > 0 && id <= self.marks.last_id {
            return Err(Corrupt);
        }
        self.nodes.push(id, Listpack::from_trusted(bytes));
        self.marks.len += head.live;
        self.marks.last_id = last;
        Ok(())
    }

    /// Sets the marks that a file gives after its nodes. Length and first entry are taken from the nodes, since only
    /// those can be true.
    ///
    /// # Errors
    /// `Corrupt` if an entry lies above the last ID.
    pub fn restore_marks(
        &mut self,
        last_id: StreamId,
        max_deleted_id: StreamId,
        entries_added: u64,
    ) -> Result<(), Corrupt> {
        if last_id < self.marks.last_id {
            return Err(Corrupt);
        }
        self.marks.last_id = last_id;
        self.marks.max_deleted_id = max_deleted_id;
        self.marks.entries_added = entries_added;
        self.find_first();
        Ok(())
    }

    /// Bytes allocated for entries, about. O(nodes).
    pub fn memory(&self) -> usize {
        self.nodes.memory()
    }
}
