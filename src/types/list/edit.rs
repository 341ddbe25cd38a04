//! Changing a list, whatever its encoding: each operation is one command's work. Must not know replies and
//! events.

use super::limits::ListLimits;
use super::quicklist::Quicklist;
use super::value::{End, List};
use crate::types::packed::{Listpack, Needle, Value};

impl List {
    /// Adds all `texts` at one end, one after the other.
    pub fn push_all<'t, T>(&mut self, end: End, texts: T, limits: ListLimits)
    where
        T: Iterator<Item = &'t [u8]> + Clone,
    {
        self.grow_for(texts.clone(), limits);
        for text in texts {
            match self {
                List::Packed(lp) if end == End::Tail => lp.append_text(text),
                List::Packed(lp) => lp.prepend(Value::of(text)),
                List::Quick(list) => list.push(end, text),
            }
        }
    }

    /// Adds one element at an end.
    pub fn push(&mut self, end: End, text: &[u8], limits: ListLimits) {
        self.push_all(end, std::iter::once(text), limits);
    }

    /// Hands the element at an end to `f` and removes it. `None` if the list is empty.
    pub fn pop<R>(&mut self, end: End, limits: ListLimits, f: impl FnOnce(Value<'_>) -> R) -> Option<R> {
        let index = if end == End::Head { 0 } else { -1 };
        let result = self.as_ref().at(index, f)?;
        self.delete(if end == End::Head { 0 } else { self.len() - 1 }, 1);
        self.shrink(limits);
        Some(result)
    }

    /// Moves the element at one end to an end, perhaps the same, and hands it to `f`. Nothing happens to an empty list.
    pub fn rotate(&mut self, from: End, to: End, limits: ListLimits, f: impl FnOnce(Value<'_>)) {
        let offset = if from == End::Head { 0 } else { self.len().saturating_sub(1) };
        let moved = self.as_ref().at(offset as i64, |value| {
            f(value);
            value.to_vec()
        });
        if let Some(moved) = moved {
            self.delete(offset, 1);
            self.push(to, &moved, limits);
            self.shrink(limits);
        }
    }

    /// Removes up to `count` elements from an end, without showing them. Returns how many went.
    pub fn drop_from(&mut self, end: End, count: usize, limits: ListLimits) -> usize {
        let count = count.min(self.len());
        self.delete(if end == End::Head { 0 } else { self.len() - count }, count);
        self.shrink(limits);
        count
    }

    /// LINSERT: puts `text` before or after the first element equal to `pivot`. False if there is none; the
    /// encoding may change nevertheless. O(n).
    pub fn insert(&mut self, pivot: &[u8], text: &[u8], after: bool, limits: ListLimits) -> bool {
        self.grow_for(std::iter::once(text), limits);
        let mut offset = None;
        self.as_ref().positions(pivot, 1, 1, 0, |at| offset = Some(at));
        let Some(offset) = offset else { return false };
        match self {
            List::Packed(lp) => {
                let pos = lp.as_ref().seek((offset + usize::from(after)) as i64);
                lp.insert(pos.unwrap_or(lp.as_ref().end()), Value::of(text));
            }
            List::Quick(list) => {
                if let Some((pos, offset)) = list.spine.locate(offset) {
                    list.insert(pos, offset, text, after);
                }
            }
        }
        true
    }

    /// LSET: false if `index` is outside the list; the encoding may change nevertheless.
    pub fn set(&mut self, index: i64, text: &[u8], limits: ListLimits) -> bool {
        self.grow_for(std::iter::once(text), limits);
        let Some(offset) = self.as_ref().offset(index) else { return false };
        match self {
            List::Packed(lp) => {
                if let Some(pos) = lp.as_ref().seek(offset as i64) {
                    lp.replace(pos, Value::of(text));
                }
            }
            List::Quick(list) => {
                if let Some((pos, offset)) = list.spine.locate(offset) {
                    list.replace(pos, offset, text);
                }
            }
        }
        self.shrink(limits);
        true
    }

    /// LTRIM: keeps `count` elements from offset `start` on, both as
    /// [`ListRef::range`](super::ListRef::range) gives them. Returns how many went.
    pub fn trim(&mut self, start: usize, count: usize, limits: ListLimits) -> usize {
        let len = self.len();
        let (start, stop) =
            if count == 0 { (len, len) } else { (start, start.saturating_add(count).min(len)) };
        self.delete(0, start);
        self.delete(stop.saturating_sub(start), len - stop);
        self.shrink(limits);
        len - self.len()
    }

    /// LREM: removes the elements equal to `text`: all if `count` is 0, else the first `count`, from the tail
    /// if it is negative. Returns how many went. O(n).
    pub fn remove(&mut self, count: i64, text: &[u8], limits: ListLimits) -> usize {
        let needle = Needle::new(text);
        let max = match usize::try_from(count.unsigned_abs()) {
            Ok(0) | Err(_) => usize::MAX,
            Ok(max) => max,
        };
        let gone = match self {
            List::Packed(lp) => remove_in(lp, &needle, max, count < 0),
            List::Quick(list) => remove_in_nodes(list, &needle, max, count < 0),
        };
        if gone > 0 {
            self.shrink(limits);
        }
        gone
    }

    /// Removes `count` elements from offset `start` on.
    fn delete(&mut self, start: usize, count: usize) {
        match self {
            List::Packed(lp) => {
                lp.delete_range(start as i64, count);
            }
            List::Quick(list) => {
                let mut left = count.min(list.len().saturating_sub(start));
                let Some((pos, mut offset)) = list.spine.locate(start) else { return };
                let mut pos = Some(pos);
                while let Some(at) = pos.filter(|_| left > 0) {
                    let here = left.min(list.spine.node(at).count() - offset);
                    pos = list.remove_in_node(at, offset, here);
                    left -= here;
                    offset = 0;
                }
            }
        }
    }
}

/// Removes up to `max` matches from a listpack, the last ones if `from_tail`.
fn remove_in(lp: &mut Listpack, needle: &Needle<'_>, max: usize, from_tail: bool) -> usize {
    let matches = lp.as_ref().iter().filter(|&v| needle.is(v)).count();
    let gone = matches.min(max);
    let mut keep = if from_tail { matches - gone } else { 0 };
    let mut left = gone;
    if gone > 0 {
        lp.retain(|v| {
            if left == 0 || !needle.is(v) {
                return true;
            }
            if keep > 0 {
                keep -= 1;
                return true;
            }
            left -= 1;
            false
        });
    }
    gone
}

/// Removes up to `max` matches from a list of nodes, from either end. Nodes without a match are only read.
fn remove_in_nodes(list: &mut Quicklist, needle: &Needle<'_>, max: usize, from_tail: bool) -> usize {
    let (mut gone, mut pos) = (0, if from_tail { list.spine.last() } else { list.spine.first() });
    while let Some(at) = pos.filter(|_| gone < max) {
        let node = list.spine.node(at);
        if !node.view().walk(0, false, |v| !needle.is(v)) {
            let edited =
                list.spine.edit(at, |node| node.edit(|lp| remove_in(lp, needle, max - gone, from_tail)));
            gone += edited.unwrap_or(1);
            // A plain node is its one element.
            if edited.is_none() || list.spine.node(at).count() == 0 {
                let next = list.remove_node(at);
                pos = match next {
                    Some(next) if from_tail => list.spine.prev(next),
                    None if from_tail => list.spine.last(),
                    next => next,
                };
                continue;
            }
            list.settle(Some(at));
        }
        pos = if from_tail { list.spine.prev(at) } else { list.spine.next(at) };
    }
    gone
}
