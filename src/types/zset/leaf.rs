//! A leaf of the tree of a sorted set: handles in order, each beside 24 bits of its sort key, so that most
//! comparisons need no look at the record. Owns the choice of those bits; must not know of the levels above.

use super::arena::{Arena, Handle};

/// Entries of a leaf: with header and reference counts it takes 1024 bytes, an allocator's size class.
pub(super) const LEAF_ENTRIES: usize = 124;
const HINT_BITS: u32 = 24;
const HINT_MASK: u64 = (1 << HINT_BITS) - 1;
const HANDLE_BITS: u32 = 40;
const HANDLE_MASK: u64 = (1 << HANDLE_BITS) - 1;
/// With so many leading bits in common, the hint is all the rest of the key.
const MAX_SHIFT: u32 = u64::BITS - HINT_BITS;

#[derive(Clone, Debug)]
pub(super) struct Leaf {
    /// The leading bits that all keys have in common, `shift` of them.
    prefix: u64,
    shift: u8,
    len: u8,
    /// Key bits after the prefix on top, handle below.
    entries: [u64; LEAF_ENTRIES],
}

/// Where an entry stands: before or behind all of a sort key, or of a member with that key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bound<'a> {
    BeforeKey(u64),
    AfterKey(u64),
    At(u64, &'a [u8]),
}

impl Bound<'_> {
    #[inline]
    pub(super) fn key(&self) -> u64 {
        match *self {
            Bound::BeforeKey(key) | Bound::AfterKey(key) | Bound::At(key, _) => key,
        }
    }

    /// Is an entry of the bound's very key before the bound?
    #[inline]
    pub(super) fn is_behind_equal(&self, arena: &Arena, handle: Handle) -> bool {
        match *self {
            Bound::BeforeKey(_) => false,
            Bound::AfterKey(_) => true,
            Bound::At(_, member) => arena.member(handle) < member,
        }
    }
}

fn top_bits(key: u64, count: u32) -> u64 {
    key.checked_shr(u64::BITS - count).unwrap_or(0)
}

impl Leaf {
    pub(super) fn new() -> Leaf {
        Leaf { prefix: 0, shift: 0, len: 0, entries: [0; LEAF_ENTRIES] }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() == LEAF_ENTRIES
    }

    #[inline]
    pub(super) fn handle(&self, index: usize) -> Handle {
        self.entries[index] & HANDLE_MASK
    }

    pub(super) fn handles(&self) -> impl DoubleEndedIterator<Item = Handle> + ExactSizeIterator + Clone {
        self.entries[..self.len()].iter().map(|e| e & HANDLE_MASK)
    }

    fn hint(&self, key: u64) -> u64 {
        (key << self.shift) >> (u64::BITS - HINT_BITS)
    }

    /// Number of entries before `bound`.
    pub(super) fn rank(&self, arena: &Arena, bound: &Bound<'_>) -> usize {
        let (key, entries) = (bound.key(), &self.entries[..self.len()]);
        match top_bits(key, u32::from(self.shift)).cmp(&self.prefix) {
            std::cmp::Ordering::Less => return 0,
            std::cmp::Ordering::Greater => return self.len(),
            std::cmp::Ordering::Equal => {}
        }
        let hint = self.hint(key);
        entries.partition_point(|&entry| {
            let (its, handle) = (entry >> HANDLE_BITS, entry & HANDLE_MASK);
            if its != hint {
                return its < hint;
            }
            let its = arena.key(handle);
            if its == key { bound.is_behind_equal(arena, handle) } else { its < key }
        })
    }

    /// Puts an entry at `index`, where its order belongs. The leaf is not full.
    pub(super) fn insert(&mut self, index: usize, key: u64, handle: Handle) {
        if self.len == 0 {
            self.shift = MAX_SHIFT as u8;
            self.prefix = top_bits(key, MAX_SHIFT);
        } else {
            self.admit(key);
        }
        let len = self.len();
        self.entries.copy_within(index..len, index + 1);
        self.entries[index] = self.hint(key) << HANDLE_BITS | handle;
        self.len += 1;
    }

    /// Shortens the common prefix until `key` shares it. What the entries keep of their keys suffices for
    /// that.
    fn admit(&mut self, key: u64) {
        let shift = u32::from(self.shift);
        let differing = top_bits(key, shift) ^ self.prefix;
        if differing == 0 {
            return;
        }
        let common = differing.leading_zeros() - (u64::BITS - shift);
        let lost = shift - common;
        for entry in &mut self.entries[..usize::from(self.len)] {
            let known = self.prefix << HINT_BITS | *entry >> HANDLE_BITS;
            *entry = (known >> lost & HINT_MASK) << HANDLE_BITS | *entry & HANDLE_MASK;
        }
        self.shift = common as u8;
        self.prefix = top_bits(key, common);
    }

    pub(super) fn remove(&mut self, index: usize) -> Handle {
        let handle = self.handle(index);
        let len = self.len();
        self.entries.copy_within(index + 1..len, index);
        self.len -= 1;
        handle
    }

    /// Moves the entries from `index` on into a new leaf.
    pub(super) fn split_off(&mut self, index: usize, arena: &Arena) -> Leaf {
        let mut right = Leaf { prefix: self.prefix, shift: self.shift, ..Leaf::new() };
        let moved = self.len() - index;
        right.entries[..moved].copy_from_slice(&self.entries[index..self.len()]);
        right.len = moved as u8;
        self.len = index as u8;
        self.sharpen(arena);
        right.sharpen(arena);
        right
    }

    /// Moves `count` entries from the front of `right` behind those of `self`.
    pub(super) fn take_front(&mut self, right: &mut Leaf, count: usize, arena: &Arena) {
        for index in 0..count {
            let handle = right.handle(index);
            self.insert(self.len(), arena.key(handle), handle);
        }
        let len = right.len();
        right.entries.copy_within(count..len, 0);
        right.len -= count as u8;
        right.sharpen(arena);
    }

    /// Moves `count` entries from the end of `left` before those of `self`.
    pub(super) fn take_back(&mut self, left: &mut Leaf, count: usize, arena: &Arena) {
        for index in (left.len() - count..left.len()).rev() {
            let handle = left.handle(index);
            self.insert(0, arena.key(handle), handle);
        }
        left.len -= count as u8;
        left.sharpen(arena);
    }

    /// Lengthens the common prefix as far as the keys allow, so that hints tell more of them apart.
    fn sharpen(&mut self, arena: &Arena) {
        let Some(last) = self.len().checked_sub(1) else { return };
        let (low, high) = (arena.key(self.handle(0)), arena.key(self.handle(last)));
        let shift = (low ^ high).leading_zeros().min(MAX_SHIFT);
        if shift <= u32::from(self.shift) {
            return;
        }
        self.shift = shift as u8;
        self.prefix = top_bits(low, shift);
        for index in 0..=last {
            let handle = self.handle(index);
            self.entries[index] = self.hint(arena.key(handle)) << HANDLE_BITS | handle;
        }
    }

    /// Puts other handles in the place of those for which `f` gives one.
    pub(super) fn remap(&mut self, mut f: impl FnMut(Handle) -> Option<Handle>) {
        for entry in &mut self.entries[..usize::from(self.len)] {
            if let Some(handle) = f(*entry & HANDLE_MASK) {
                *entry = *entry & !HANDLE_MASK | handle;
            }
        }
    }

    #[cfg(test)]
    pub(super) fn check(&self, arena: &Arena) {
        for index in 0..self.len() {
            let key = arena.key(self.handle(index));
            assert_eq!(top_bits(key, u32::from(self.shift)), self.prefix);
            assert_eq!(self.hint(key), self.entries[index] >> HANDLE_BITS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::sort_key;
    use super::*;

    /// Fills a leaf in the order given and checks that every entry is found where it is.
    fn fill(scores: &[f64]) -> (Arena, Leaf) {
        let (mut arena, mut leaf) = (Arena::default(), Leaf::new());
        for (i, &score) in scores.iter().enumerate() {
            let member = i.to_string().into_bytes();
            let handle = arena.insert(score, &member);
            let index = leaf.rank(&arena, &Bound::At(sort_key(score), &member));
            leaf.insert(index, sort_key(score), handle);
            leaf.check(&arena);
        }
        let in_order: Vec<_> = leaf.handles().map(|h| (arena.key(h), arena.member(h))).collect();
        assert!(in_order.windows(2).all(|w| w[0] < w[1]));
        for (i, &(key, member)) in in_order.iter().enumerate() {
            assert_eq!(leaf.rank(&arena, &Bound::At(key, member)), i);
            assert_eq!(leaf.rank(&arena, &Bound::BeforeKey(key)), in_order.partition_point(|e| e.0 < key));
            assert_eq!(leaf.rank(&arena, &Bound::AfterKey(key)), in_order.partition_point(|e| e.0 <= key));
        }
        (arena, leaf)
    }

    #[test]
    fn takes_1008_bytes() {
        assert_eq!(size_of::<Leaf>(), 1024 - 2 * size_of::<usize>());
    }

    #[test]
    fn keys_of_every_spread_are_told_apart() {
        fill(&[5.0, 1.0, 3.0, 2.0, 4.0, -1.0, 1e300, f64::NEG_INFINITY, f64::INFINITY, 0.0, -0.0]);
        fill(&(0..124).map(|i| 1.7e12 + f64::from(i)).collect::<Vec<_>>());
        fill(&(0..124).map(|i| 1.7e12 - f64::from(i) * 1e6).collect::<Vec<_>>());
        fill(&[7.5; 50]);
        fill(&(0..100).map(|i| 1.0 + f64::from(i % 7) * f64::EPSILON).collect::<Vec<_>>());
        fill(&(0..100).map(|i| f64::from(i * 7919 % 101) / 3.0 - 12.0).collect::<Vec<_>>());
    }

    #[test]
    fn entries_move_between_leaves() {
        let (arena, mut left) = fill(&(0..100).map(|i| f64::from(i) * 1e9).collect::<Vec<_>>());
        let all: Vec<_> = left.handles().collect();
        let mut right = left.split_off(60, &arena);
        left.take_front(&mut right, 10, &arena);
        assert_eq!((left.len(), right.len()), (70, 30));
        right.take_back(&mut left, 25, &arena);
        left.check(&arena);
        right.check(&arena);
        assert!(left.handles().chain(right.handles()).eq(all.iter().copied()));
        assert_eq!(right.remove(3), all[48]);
        right.remap(|h| (h == all[46]).then_some(12345));
        assert_eq!((right.handle(1), right.handle(3), right.len()), (12345, all[49], 54));
    }
}
