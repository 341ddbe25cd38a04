//! Trimming a stream from its front: XTRIM, and XADD with MAXLEN or MINID.

use super::id::StreamId;
use super::index::At;
use super::log::Log;
use super::node::{self, Head, Place};

/// Entries an approximate trim without LIMIT removes at most, where nodes have no limit of entries.
const DEFAULT_LIMIT: u64 = 10_000;
const MAX_DEFAULT_LIMIT: u64 = 1_000_000;

/// What to keep.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keep {
    /// At most so many entries.
    MaxLen(u64),
    /// Entries from this ID on.
    MinId(StreamId),
}

/// A trim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trim {
    pub keep: Keep,
    /// Remove whole nodes only.
    pub approximate: bool,
    /// Stop before more than so many entries are removed; 0: never.
    pub limit: u64,
}

impl Trim {
    /// The limit of an approximate trim for which none was given: a hundred nodes.
    pub fn default_limit(node_max_entries: u64) -> u64 {
        match node_max_entries.saturating_mul(100) {
            0 => DEFAULT_LIMIT,
            limit => limit.min(MAX_DEFAULT_LIMIT),
        }
    }
}

impl Log {
    /// Removes entries from the front and tells how many. O(nodes removed), and of the last one O(its entries).
    pub fn trim(&mut self, trim: Trim) -> u64 {
        let mut removed = 0;
        while let Some(at) = self.nodes.first() {
            if matches!(trim.keep, Keep::MaxLen(len) if self.marks.len <= len) {
                break;
            }
            let node = self.nodes.get(at);
            let Some(head) = node.head() else { break };
            if trim.limit > 0 && removed + head.live > trim.limit {
                break;
            }
            let whole = match trim.keep {
                Keep::MaxLen(len) => self.marks.len - head.live >= len,
                Keep::MinId(id) => node.last_id(&head).is_some_and(|last| last < id),
            };
            if whole {
                self.nodes.remove(at);
                self.marks.len -= head.live;
                removed += head.live;
                continue;
            }
            if !trim.approximate {
                removed += self.trim_within_first(trim.keep);
            }
            break;
        }
        if removed > 0 || self.marks.len == 0 {
            self.find_first();
        }
        removed
    }

    /// Marks entries of the first node deleted, up to where `keep` begins.
    fn trim_within_first(&mut self, keep: Keep) -> u64 {
        let Some(at) = self.nodes.first() else { return 0 };
        let Some((mut head, mut places)) = self.surplus(at, keep) else { return 0 };
        if self.nodes.is_packed(at) && !places.is_empty() {
            self.nodes.edit(at);
            (head, places) = self.surplus(at, keep).unwrap_or((head, Vec::new()));
        }
        let count = places.len() as u64;
        if count > 0 {
            let lp = self.nodes.edit(at);
            places.iter().for_each(|place| node::mark_deleted(lp, place));
            node::set_counters(lp, head.live - count, head.deleted + count);
            self.marks.len -= count;
        }
        count
    }

    /// The head of a node and the entries of it that lie before what is kept.
    fn surplus(&self, at: At, keep: Keep) -> Option<(Head, Vec<Place>)> {
        let node = self.nodes.get(at);
        let head = node.head()?;
        let mut places = Vec::new();
        for place in node.places(&head) {
            let stop = match keep {
                Keep::MaxLen(len) => self.marks.len - places.len() as u64 <= len,
                Keep::MinId(id) => place.id >= id,
            };
            if stop {
                break;
            }
            if !place.is_deleted() {
                places.push(place);
            }
        }
        Some((head, places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        assert_eq!([0, 1, 100, u64::MAX].map(Trim::default_limit), [10_000, 100, 10_000, 1_000_000]);
    }
}
