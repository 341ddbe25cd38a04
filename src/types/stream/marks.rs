//! What a stream remembers about itself besides its entries, and what can be told from that: how far a group has read,
//! how far it lags. Knows no node and no group.

use super::id::StreamId;

/// Counters and edges of a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks {
    /// Entries there now.
    pub len: u64,
    /// The first of them; 0-0 when there is none.
    pub first_id: StreamId,
    /// The last ID ever given out.
    pub last_id: StreamId,
    /// The highest ID that XDEL removed; 0-0 if none.
    pub max_deleted_id: StreamId,
    /// Entries ever added.
    pub entries_added: u64,
}

impl Marks {
    /// Whether something at or after `start` was deleted, so that counting from there is not certain.
    pub(super) fn has_gap_from(&self, start: StreamId) -> bool {
        self.len > 0 && self.max_deleted_id != StreamId::MIN && start <= self.max_deleted_id
    }

    /// How many entries were ever added up to `id`, where that can be known: at the ends of a stream with no gap
    /// ahead of `id`, and before it.
    pub fn entries_up_to(&self, id: StreamId) -> Option<i64> {
        let added = self.entries_added as i64;
        if added == 0 {
            return Some(0);
        }
        if self.len == 0 && id <= self.last_id {
            return Some(added);
        }
        if id != StreamId::MIN && id < self.max_deleted_id {
            return None;
        }
        if id >= self.last_id {
            return (id == self.last_id).then_some(added);
        }
        let whole = self.max_deleted_id == StreamId::MIN || self.max_deleted_id < self.first_id;
        let before_first = added.wrapping_sub(self.len as i64);
        if !whole || id > self.first_id {
            None
        } else if id == self.first_id {
            Some(before_first.wrapping_add(1))
        } else {
            Some(before_first)
        }
    }

    /// How many entries a group that has read up to `last_id`, `entries_read` of them if it knows, has still to read.
    pub fn lag(&self, last_id: StreamId, entries_read: Option<i64>) -> Option<i64> {
        let added = self.entries_added as i64;
        if added == 0 {
            return Some(0);
        }
        let known = entries_read.filter(|_| !self.has_gap_from(last_id));
        known.or_else(|| self.entries_up_to(last_id)).map(|read| added.wrapping_sub(read))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> StreamId {
        StreamId::new(ms, 0)
    }

    #[test]
    fn known_at_the_ends_only() {
        // Ten were added, 4 to 10 are left.
        let marks = Marks { len: 7, first_id: id(4), last_id: id(10), entries_added: 10, ..Marks::default() };
        let up_to = [0, 2, 4, 5, 9, 10, 11].map(|ms| marks.entries_up_to(id(ms)));
        assert_eq!(up_to, [Some(3), Some(3), Some(4), None, None, Some(10), None]);
        let gap = Marks { max_deleted_id: id(6), len: 6, ..marks };
        assert_eq!([0, 2, 4, 6, 10].map(|ms| gap.entries_up_to(id(ms))), [None, None, None, None, Some(10)]);
        assert_eq!((gap.has_gap_from(id(6)), gap.has_gap_from(id(7))), (true, false));
        assert_eq!((gap.lag(id(7), Some(7)), gap.lag(id(5), Some(5))), (Some(3), None));
        assert_eq!(Marks::default().entries_up_to(id(5)), Some(0));
        let emptied = Marks { len: 0, first_id: id(0), ..gap };
        assert_eq!([5, 10, 11].map(|ms| emptied.entries_up_to(id(ms))), [Some(10), Some(10), None]);
    }
}
