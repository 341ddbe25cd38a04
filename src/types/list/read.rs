//! Reading a list, whatever its encoding: by index, by range from either end, by value. Must not change
//! anything.

use super::node::Leaf;
use super::quicklist::{Quicklist, QuicklistInfo};
use crate::types::packed::{ListpackRef, Needle, Value};

/// A list to read.
#[derive(Clone, Copy, Debug)]
pub enum ListRef<'a> {
    Packed(ListpackRef<'a>),
    Quick(&'a Quicklist),
}

impl<'a> ListRef<'a> {
    /// Number of elements. O(1).
    pub fn len(self) -> usize {
        match self {
            ListRef::Packed(lp) => lp.len(),
            ListRef::Quick(list) => list.len(),
        }
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// What OBJECT ENCODING says.
    pub fn encoding(self) -> &'static str {
        match self {
            ListRef::Packed(_) => "listpack",
            ListRef::Quick(_) => "quicklist",
        }
    }

    /// Bytes allocated, for MEMORY USAGE.
    pub fn memory(self) -> usize {
        match self {
            ListRef::Packed(lp) => lp.bytes().len(),
            ListRef::Quick(list) => size_of::<Quicklist>() + list.spine.memory(),
        }
    }

    pub fn info(self) -> Option<QuicklistInfo> {
        match self {
            ListRef::Packed(_) => None,
            ListRef::Quick(list) => Some(list.info()),
        }
    }

    /// `index` as an offset from the head: negative counts from the tail. `None` if it is outside the list.
    pub fn offset(self, index: i64) -> Option<usize> {
        let len = self.len();
        let offset = if index < 0 {
            len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?
        } else {
            usize::try_from(index).ok()?
        };
        (offset < len).then_some(offset)
    }

    /// Hands the element at `index` to `f`; negative counts from the tail. O(nodes / 64 + elements of a
    /// node).
    pub fn at<R>(self, index: i64, f: impl FnOnce(Value<'_>) -> R) -> Option<R> {
        let offset = self.offset(index)?;
        let (mut f, mut result) = (Some(f), None);
        self.walk(offset, false, |value| {
            result = f.take().map(|f| f(value));
            false
        });
        result
    }

    /// The offset of the first and the number of the elements from `start` to `stop`, both included, as
    /// LRANGE, LTRIM and the others count: negative from the tail, cut to the list.
    pub fn range(self, start: i64, stop: i64) -> (usize, usize) {
        let len = self.len() as i64;
        let from_tail = |i: i64| if i < 0 { len.saturating_add(i) } else { i };
        let (start, stop) = (from_tail(start).max(0), from_tail(stop).min(len - 1));
        if start > stop || start >= len { (0, 0) } else { (start as usize, (stop - start + 1) as usize) }
    }

    /// Hands `f` the elements from offset `start` on towards the tail, or towards the head if `reverse`,
    /// while it returns true. O(seek + elements visited).
    pub fn walk(self, start: usize, reverse: bool, mut f: impl FnMut(Value<'_>) -> bool) {
        match self {
            ListRef::Packed(lp) => {
                let Some(pos) = lp.seek(start as i64) else { return };
                if reverse {
                    let mut pos = Some(pos);
                    while let Some(at) = pos
                        && lp.get(at).is_some_and(&mut f)
                    {
                        pos = lp.prev(at);
                    }
                } else {
                    lp.iter_from(pos).all(f);
                }
            }
            ListRef::Quick(list) => {
                let Some((mut pos, mut offset)) = list.spine.locate(start) else { return };
                while list.spine.node(pos).view().walk(offset, reverse, &mut f) {
                    let next = if reverse { list.spine.prev(pos) } else { list.spine.next(pos) };
                    let Some(next) = next else { return };
                    pos = next;
                    offset = if reverse { list.spine.node(pos).count() - 1 } else { 0 };
                }
            }
        }
    }

    /// Hands `f` exactly the `count` elements from offset `start` on, if there are as many.
    pub fn for_each_in(self, start: usize, count: usize, reverse: bool, mut f: impl FnMut(Value<'_>)) {
        let mut left = count;
        if left > 0 {
            self.walk(start, reverse, |value| {
                f(value);
                left -= 1;
                left > 0
            });
        }
    }

    /// LPOS: hands `f` the offsets of the elements equal to `text`. The search starts at the tail if `rank`
    /// is negative, skips `|rank| - 1` matches, compares `max_len` elements at most and reports `count`
    /// matches at most; 0 lifts either bound. `rank` is not zero.
    pub fn positions(self, text: &[u8], rank: i64, count: usize, max_len: usize, mut f: impl FnMut(usize)) {
        let (len, reverse, needle) = (self.len(), rank < 0, Needle::new(text));
        let mut to_skip = rank.unsigned_abs().saturating_sub(1);
        let (mut index, mut found) = (0, 0);
        if len == 0 {
            return;
        }
        self.walk(if reverse { len - 1 } else { 0 }, reverse, |value| {
            if needle.is(value) {
                if to_skip > 0 {
                    to_skip -= 1;
                } else {
                    f(if reverse { len - 1 - index } else { index });
                    found += 1;
                    if found == count {
                        return false;
                    }
                }
            }
            index += 1;
            index != max_len
        });
    }

    /// The nodes of a big list that hold `count` elements from offset `start` on, to be read later, whatever
    /// becomes of the list; and the offset of the first of those elements in the first node. O(nodes).
    pub fn leaves(self, start: usize, count: usize) -> Option<(Vec<Leaf>, usize)> {
        let ListRef::Quick(list) = self else { return None };
        let (mut pos, offset) = list.spine.locate(start)?;
        let (mut leaves, mut held) = (Vec::new(), 0);
        loop {
            let node = list.spine.node(pos);
            leaves.push(node.leaf());
            held += node.count();
            match list.spine.next(pos) {
                Some(next) if held < offset.saturating_add(count) => pos = next,
                _ => return Some((leaves, offset)),
            }
        }
    }

    /// The nodes one by one, as they are saved. A small list is one node.
    pub fn for_each_node(self, mut f: impl FnMut(super::NodeView<'_>)) {
        match self {
            ListRef::Packed(lp) => f(super::NodeView::Packed(lp.bytes().into())),
            ListRef::Quick(list) => list.spine.iter().for_each(|node| f(node.view())),
        }
    }
}
