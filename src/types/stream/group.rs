//! Consumer groups: what was delivered to whom and not acknowledged yet. A pending entry lives once, in the group,
//! and names its consumer by number; each consumer has the ordered set of its IDs. Knows no entry's content.

use super::id::StreamId;
use super::log::Log;
use crate::types::packed::Corrupt;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

/// A consumer within its group. Numbers of deleted consumers are given out again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ConsumerId(u32);

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nack {
    pub consumer: ConsumerId,
    /// Unix milliseconds of the last delivery.
    pub delivery_time: i64,
    pub delivery_count: u64,
}

impl Nack {
    /// As many deliveries as XCLAIM can be told in the log.
    pub const MOST_DELIVERIES: u64 = i64::MAX as u64;

    /// Notes one delivery more.
    pub(super) fn count_delivery(&mut self) {
        self.delivery_count = self.delivery_count.saturating_add(1).min(Self::MOST_DELIVERIES);
    }

    /// Milliseconds since the last delivery; negative if that lies in the future.
    pub fn idle(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(self.delivery_time)
    }
}

/// A consumer of a group.
#[derive(Clone, Debug)]
pub struct Consumer {
    name: Arc<[u8]>,
    /// Unix milliseconds of its last attempt to read or claim.
    pub seen_time: i64,
    /// Unix milliseconds of its last success; -1 if there was none.
    pub active_time: i64,
    pub(super) pending: BTreeSet<StreamId>,
}

impl Consumer {
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// How many entries it has not acknowledged.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// The IDs it has not acknowledged.
    pub fn pending_ids(&self) -> impl Iterator<Item = StreamId> {
        self.pending.iter().copied()
    }
}

/// A pending entry with its owner.
#[derive(Clone, Copy, Debug)]
pub struct Pending<'a> {
    pub id: StreamId,
    pub nack: Nack,
    pub consumer: &'a Consumer,
}

/// Owner of an entry that a file listed for the group and not yet for a consumer.
const NOBODY: ConsumerId = ConsumerId(u32::MAX);

/// A consumer group.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The last ID delivered.
    pub last_id: StreamId,
    /// How many entries of the stream's whole life it has read, where that is known.
    pub entries_read: Option<i64>,
    pub(super) pending: BTreeMap<StreamId, Nack>,
    names: BTreeMap<Arc<[u8]>, ConsumerId>,
    consumers: Vec<Option<Consumer>>,
    /// Numbers of deleted consumers.
    free: Vec<ConsumerId>,
}

impl Group {
    pub fn new(last_id: StreamId, entries_read: Option<i64>) -> Group {
        Group { last_id, entries_read, ..Group::default() }
    }

    /// How many entries are still to be read, where that can be known.
    pub fn lag(&self, log: &Log) -> Option<i64> {
        log.marks().lag(self.last_id, self.entries_read)
    }

    /// Number of consumers.
    pub fn consumer_count(&self) -> usize {
        self.names.len()
    }

    /// The consumers in order of their names.
    pub fn consumers(&self) -> impl Iterator<Item = (ConsumerId, &Consumer)> {
        self.names.values().filter_map(|id| Some((*id, self.consumer(*id)?)))
    }

    pub fn find_consumer(&self, name: &[u8]) -> Option<ConsumerId> {
        self.names.get(name).copied()
    }

    /// The consumer with this number; there is one for every number that was not deleted.
    pub fn consumer(&self, id: ConsumerId) -> Option<&Consumer> {
        self.consumers.get(id.0 as usize)?.as_ref()
    }

    pub fn consumer_mut(&mut self, id: ConsumerId) -> Option<&mut Consumer> {
        self.consumers.get_mut(id.0 as usize)?.as_mut()
    }

    /// The name of a pending entry's owner.
    pub fn owner_name(&self, nack: &Nack) -> &[u8] {
        self.consumer(nack.consumer).map_or(&[], Consumer::name)
    }

    /// Creates a consumer, seen now; `None` if the name is taken.
    pub fn create_consumer(&mut self, name: &[u8], now_ms: i64) -> Option<ConsumerId> {
        if self.names.contains_key(name) {
            return None;
        }
        let name: Arc<[u8]> = name.into();
        let pending = BTreeSet::new();
        let consumer = Some(Consumer { name: name.clone(), seen_time: now_ms, active_time: -1, pending });
        let id = match self.free.pop() {
            Some(id) => {
                *self.consumers.get_mut(id.0 as usize)? = consumer;
                id
            }
            None => {
                let id = u32::try_from(self.consumers.len()).ok().filter(|id| *id < NOBODY.0)?;
                self.consumers.push(consumer);
                ConsumerId(id)
            }
        };
        self.names.insert(name, id);
        Some(id)
    }

    /// Deletes a consumer together with what it has pending, and tells how much that was; `None` if there is none of
    /// that name.
    pub fn delete_consumer(&mut self, name: &[u8]) -> Option<usize> {
        let id = self.names.remove(name)?;
        let consumer = self.consumers.get_mut(id.0 as usize)?.take()?;
        for entry in &consumer.pending {
            self.pending.remove(entry);
        }
        self.free.push(id);
        Some(consumer.pending.len())
    }

    /// Number of entries delivered and not acknowledged.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// The lowest and highest of them.
    pub fn pending_bounds(&self) -> Option<(StreamId, StreamId)> {
        Some((*self.pending.first_key_value()?.0, *self.pending.last_key_value()?.0))
    }

    /// What is known about one of them.
    pub fn pending_entry(&self, id: StreamId) -> Option<Nack> {
        self.pending.get(&id).copied()
    }

    /// Those between two IDs, both included, of one consumer or of all.
    pub fn pending_range(
        &self,
        start: StreamId,
        end: StreamId,
        consumer: Option<ConsumerId>,
    ) -> impl Iterator<Item = Pending<'_>> {
        // An empty range, where BTreeMap would panic over a start behind the end.
        let end = if start <= end { Bound::Included(end) } else { Bound::Excluded(start) };
        let bounds = (Bound::Included(start), end);
        let of_one = consumer
            .and_then(|id| self.consumer(id))
            .map(|owner| owner.pending.range(bounds).filter_map(|id| Some((*id, *self.pending.get(id)?))));
        let of_all = consumer.is_none().then(|| self.pending.range(bounds).map(|(id, nack)| (*id, *nack)));
        of_one
            .into_iter()
            .flatten()
            .chain(of_all.into_iter().flatten())
            .filter_map(|(id, nack)| Some(Pending { id, nack, consumer: self.consumer(nack.consumer)? }))
    }

    /// Acknowledges an entry; false if it was not pending.
    pub fn ack(&mut self, id: StreamId) -> bool {
        self.take_pending(id).is_some()
    }

    /// Takes an entry out of both lists.
    pub(super) fn take_pending(&mut self, id: StreamId) -> Option<Nack> {
        let nack = self.pending.remove(&id)?;
        if let Some(owner) = self.consumer_mut(nack.consumer) {
            owner.pending.remove(&id);
        }
        Some(nack)
    }

    /// Puts an entry into both lists, taking it from its owner before if it has one.
    pub(super) fn put_pending(&mut self, id: StreamId, nack: Nack) {
        let before = self.pending.insert(id, nack).map(|old| old.consumer);
        if before == Some(nack.consumer) {
            return;
        }
        if let Some(owner) = before.and_then(|owner| self.consumer_mut(owner)) {
            owner.pending.remove(&id);
        }
        if let Some(owner) = self.consumer_mut(nack.consumer) {
            owner.pending.insert(id);
        }
    }

    /// Adds a pending entry as a file lists it for the group; its owner is named later, by `restore_owner`.
    ///
    /// # Errors
    /// `Corrupt` if it is there already.
    pub fn restore_pending(
        &mut self,
        id: StreamId,
        delivery_time: i64,
        delivery_count: u64,
    ) -> Result<(), Corrupt> {
        let nack = Nack { consumer: NOBODY, delivery_time, delivery_count };
        if self.pending.insert(id, nack).is_some() { Err(Corrupt) } else { Ok(()) }
    }

    /// Names the owner of an entry that `restore_pending` added.
    ///
    /// # Errors
    /// `Corrupt` if the group has no such entry, or it has an owner.
    pub fn restore_owner(&mut self, id: StreamId, consumer: ConsumerId) -> Result<(), Corrupt> {
        let nack = self.pending.get_mut(&id).filter(|nack| nack.consumer == NOBODY).ok_or(Corrupt)?;
        nack.consumer = consumer;
        self.consumer_mut(consumer).ok_or(Corrupt)?.pending.insert(id);
        Ok(())
    }

    /// Ends restoring.
    ///
    /// # Errors
    /// `Corrupt` if an entry got no owner.
    pub fn check_restored(&self) -> Result<(), Corrupt> {
        let owned: usize = self.consumers().map(|(_, consumer)| consumer.pending.len()).sum();
        if owned == self.pending.len() { Ok(()) } else { Err(Corrupt) }
    }

    /// Bytes allocated, about. O(consumers).
    pub fn memory(&self) -> usize {
        // A B-tree's nodes are two thirds full, and have some overhead.
        let tree = |len: usize, item: usize| len * (item + item / 2 + 2);
        let owned = self.consumers().map(|(_, consumer)| {
            2 * consumer.name.len() + tree(consumer.pending.len(), size_of::<StreamId>())
        });
        self.consumers.capacity() * size_of::<Option<Consumer>>()
            + tree(self.names.len(), size_of::<(Arc<[u8]>, ConsumerId)>())
            + tree(self.pending.len(), size_of::<(StreamId, Nack)>())
            + owned.sum::<usize>()
    }

    /// Drops up to `budget` pending entries, for a group that is being freed in slices; what is left of the budget.
    pub(super) fn shed(&mut self, mut budget: usize) -> usize {
        for consumer in self.consumers.iter_mut().flatten() {
            while budget > 0 && consumer.pending.pop_last().is_some() {
                budget -= 1;
            }
        }
        while budget > 0 && self.pending.pop_last().is_some() {
            budget -= 1;
        }
        budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> StreamId {
        StreamId::new(ms, 0)
    }

    fn nack(consumer: ConsumerId) -> Nack {
        Nack { consumer, delivery_time: 7, delivery_count: 1 }
    }

    #[test]
    fn entries_have_one_owner() {
        let mut group = Group::new(id(0), None);
        let [a, b] = [b"a", b"b"].map(|name| group.create_consumer(name, 5).expect("a new name"));
        assert_eq!(group.create_consumer(b"a", 6), None);
        for ms in 1..=4 {
            group.put_pending(id(ms), nack(a));
        }
        group.put_pending(id(2), nack(b));
        let owned = |group: &Group, owner| {
            let ids: Vec<u64> =
                group.consumer(owner).expect("it is there").pending_ids().map(|i| i.ms).collect();
            ids
        };
        assert_eq!((owned(&group, a), owned(&group, b)), (vec![1, 3, 4], vec![2]));
        assert!(group.ack(id(3)) && !group.ack(id(3)));
        let range: Vec<u64> = group.pending_range(id(2), id(9), None).map(|p| p.id.ms).collect();
        assert_eq!(range, [2, 4]);
        assert_eq!(group.pending_range(id(2), id(9), Some(b)).count(), 1);
        assert_eq!(group.pending_range(id(9), id(2), None).count(), 0);
        assert_eq!((group.delete_consumer(b"a"), group.delete_consumer(b"a")), (Some(2), None));
        assert_eq!((group.pending_len(), group.consumer_count()), (1, 1));
        assert_eq!(group.create_consumer(b"c", 5), Some(a));
    }

    #[test]
    fn restoring_refuses_what_does_not_fit() {
        let mut group = Group::new(id(0), None);
        group.restore_pending(id(1), 5, 1).expect("new");
        assert_eq!(group.restore_pending(id(1), 5, 1), Err(Corrupt));
        let [a, b] = [b"a", b"b"].map(|name| group.create_consumer(name, 5).expect("a new name"));
        assert_eq!(group.check_restored(), Err(Corrupt));
        assert_eq!(group.restore_owner(id(2), a), Err(Corrupt));
        assert_eq!(group.restore_owner(id(1), a), Ok(()));
        assert_eq!(group.restore_owner(id(1), b), Err(Corrupt));
        assert_eq!(group.check_restored(), Ok(()));
    }

    #[test]
    fn sheds_in_slices() {
        let mut group = Group::new(id(0), None);
        let a = group.create_consumer(b"a", 5).expect("a new name");
        (0..50).for_each(|ms| group.put_pending(id(ms), nack(a)));
        assert_eq!((group.shed(60), group.shed(60)), (0, 20));
    }
}
