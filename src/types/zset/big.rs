//! A big sorted set: the arena with its members, the tree with their order, the dictionary with the way from
//! a member to its record. Keeps the three in step. Must not know small sets, nor commands.

use super::arena::{Arena, Frozen, Handle};
use super::leaf::Bound;
use super::score::sort_key;
use super::tree::Tree;
use crate::table::hash::Hasher;
use crate::table::{Dict, Word};

/// After how many removals one leaf is looked after while records move together, or a segment of a sparse
/// dictionary.
const TEND_EVERY: usize = 16;

/// A sorted set too large for a listpack.
#[derive(Debug)]
pub struct BigZset {
    pub(super) arena: Arena,
    pub(super) tree: Tree,
    pub(super) dict: Dict,
    hasher: Hasher,
    /// Where the next leaf of records to move is.
    sweep: usize,
    removals: usize,
}

fn word(handle: Handle) -> Word {
    Word::new(handle + 1).expect("handles have 40 bits")
}

fn handle(word: Word) -> Handle {
    word.get() - 1
}

/// A sorted set as it was: read on, whatever becomes of the set. Costs no more than its chunks' count.
#[derive(Clone, Debug)]
pub struct ZsetSnapshot {
    arena: Frozen,
    tree: Tree,
}

impl ZsetSnapshot {
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands `f` members and scores from rank `start` on, towards either end, while it returns true.
    pub fn walk(&self, start: usize, reverse: bool, mut f: impl FnMut(&[u8], f64) -> bool) {
        self.tree.walk_with(start, reverse, &|_| (), &mut |handle| {
            let (score, member) = self.arena.get(handle);
            f(member, score)
        });
    }
}

impl BigZset {
    pub fn new(hasher: Hasher) -> BigZset {
        BigZset {
            arena: Arena::default(),
            tree: Tree::default(),
            dict: Dict::new(),
            hasher,
            sweep: 0,
            removals: 0,
        }
    }

    /// Number of members. O(1).
    #[inline]
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes allocated. O(n / 5000).
    pub fn memory(&self) -> usize {
        size_of::<BigZset>() + self.arena.memory() + self.tree.memory() + self.dict.memory_bytes()
    }

    /// The set as it is now, to be read later. O(n / 2000).
    pub fn snapshot(&self) -> ZsetSnapshot {
        ZsetSnapshot { arena: self.arena.freeze(), tree: self.tree.clone() }
    }

    /// Asks for the line in which a member is looked up.
    pub fn prefetch(&self, member: &[u8]) {
        self.dict.prefetch_bucket(self.hasher.hash(member));
    }

    #[inline]
    fn find(&self, hash: u64, member: &[u8]) -> Option<Handle> {
        self.dict.find(hash, |word| self.arena.member(handle(word)) == member).map(handle)
    }

    /// The member's score. O(1).
    #[inline]
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        let found = self.find(self.hasher.hash(member), member)?;
        Some(self.arena.get(found).0)
    }

    /// The member's rank from the lowest, and its score. O(log n).
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        let score = self.score(member)?;
        Some((self.tree.rank(&self.arena, &Bound::At(sort_key(score), member)), score))
    }

    /// Number of members before the bound. O(log n).
    pub(super) fn count_before(&self, bound: &Bound<'_>) -> usize {
        self.tree.rank(&self.arena, bound)
    }

    /// Number of members at the start for which `before` holds. O(log n).
    pub(super) fn count_where(&self, before: impl Fn(&[u8]) -> bool) -> usize {
        self.tree.rank_where(|handle| before(self.arena.member(handle)))
    }

    /// Hands `f` members and scores from rank `start` on, towards either end, while it returns true.
    pub fn walk<'a>(&'a self, start: usize, reverse: bool, mut f: impl FnMut(&'a [u8], f64) -> bool) {
        self.tree.walk(start, reverse, &self.arena, |handle| {
            let (score, member) = self.arena.get(handle);
            f(member, score)
        });
    }

    /// As [`Map::scan`](crate::table::Map::scan), in the order of hashes.
    pub fn scan(&self, cursor: u64, count: usize, mut f: impl FnMut(&[u8], f64)) -> u64 {
        let rehash = |word| self.hasher.hash(self.arena.member(handle(word)));
        self.dict.scan(cursor, count, rehash, |word| {
            let (score, member) = self.arena.get(handle(word));
            f(member, score);
        })
    }

    /// The member at a rank. O(log n).
    pub fn at(&self, rank: usize) -> Option<(&[u8], f64)> {
        let (score, member) = self.arena.get(self.tree.get(rank)?);
        Some((member, score))
    }

    /// Adds a member or changes its score, as `decide` wants: it is told the score so far and returns the one
    /// to come, or
    /// `None` to leave all as it is. O(log n).
    pub(super) fn update(&mut self, member: &[u8], decide: impl FnOnce(Option<f64>) -> Option<f64>) {
        let hash = self.hasher.hash(member);
        let Some(found) = self.find(hash, member) else {
            if let Some(score) = decide(None) {
                self.add_new(hash, member, score);
            }
            return;
        };
        let old = self.arena.get(found).0;
        let Some(score) = decide(Some(old)).filter(|score| *score != old) else { return };
        let rank = self.tree.rank(&self.arena, &Bound::At(sort_key(old), member));
        self.tree.remove(rank, &self.arena);
        self.arena.set_score(found, score);
        let rank = self.tree.rank(&self.arena, &Bound::At(sort_key(score), member));
        self.tree.insert(rank, sort_key(score), found, &self.arena);
    }

    /// Adds a member that is not in yet.
    fn add_new(&mut self, hash: u64, member: &[u8], score: f64) {
        let rank = self.tree.rank(&self.arena, &Bound::At(sort_key(score), member));
        self.add_at(rank, hash, member, score);
    }

    /// Adds a member that belongs behind all others.
    pub(super) fn push(&mut self, member: &[u8], score: f64) {
        self.add_at(self.len(), self.hasher.hash(member), member, score);
    }

    fn add_at(&mut self, rank: usize, hash: u64, member: &[u8], score: f64) {
        let new = self.arena.insert(score, member);
        self.tree.insert(rank, sort_key(score), new, &self.arena);
        let (arena, hasher) = (&self.arena, self.hasher);
        self.dict.insert(hash, word(new), |word| hasher.hash(arena.member(handle(word))));
    }

    /// Removes a member; returns its score. O(log n).
    pub fn remove(&mut self, member: &[u8]) -> Option<f64> {
        let hash = self.hasher.hash(member);
        let (score, _) = self.arena.get(self.find(hash, member)?);
        let rank = self.tree.rank(&self.arena, &Bound::At(sort_key(score), member));
        self.remove_entry(rank, |_| hash);
        Some(score)
    }

    /// Removes the member at a rank. O(log n).
    pub(super) fn remove_at(&mut self, rank: usize) {
        let hasher = self.hasher;
        self.remove_entry(rank, |member| hasher.hash(member));
    }

    fn remove_entry(&mut self, rank: usize, hash: impl FnOnce(&[u8]) -> u64) {
        let Some(gone) = self.tree.remove(rank, &self.arena) else { return };
        let hash = hash(self.arena.member(gone));
        self.dict.remove(hash, |other| other == word(gone));
        self.arena.remove(gone);
        if self.is_empty() {
            *self = BigZset::new(self.hasher);
            return;
        }
        self.removals += 1;
        if self.removals.is_multiple_of(TEND_EVERY) {
            self.tend();
        }
    }

    /// Gives memory back, a bit at a time.
    fn tend(&mut self) {
        if self.dict.is_sparse() {
            self.dict.maintain(1);
        }
        if self.arena.is_sparse() {
            self.arena.start_moving();
        }
        if !self.arena.is_moving() {
            return;
        }
        if self.sweep >= self.len() {
            self.sweep = 0;
        }
        let (arena, dict, hasher) = (&mut self.arena, &mut self.dict, self.hasher);
        let entries = self.tree.remap_leaf(self.sweep, &mut |old| {
            let new = arena.relocate(old)?;
            let replaced = dict.replace(hasher.hash(arena.member(new)), word(old), word(new));
            debug_assert!(replaced, "every record is in the dictionary");
            Some(new)
        });
        self.sweep += entries;
    }

    /// Verifies that the three agree.
    #[cfg(test)]
    pub(super) fn check(&self) {
        self.tree.check(&self.arena);
        let mut handles = Vec::new();
        self.tree.walk(0, false, &self.arena, |h| {
            handles.push(h);
            true
        });
        for &h in &handles {
            assert_eq!(self.find(self.hasher.hash(self.arena.member(h)), self.arena.member(h)), Some(h));
        }
        assert_eq!(self.dict.len(), handles.len());
        self.dict.check(|word| self.hasher.hash(self.arena.member(handle(word))));
        self.arena.check(handles.into_iter());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(count: u32) -> BigZset {
        let mut set = BigZset::new(Hasher::new(1, 2));
        for i in 0..count {
            set.update(format!("member:{i:09}").as_bytes(), |old| old.is_none().then_some(f64::from(i)));
        }
        set
    }

    #[test]
    fn a_member_of_16_bytes_takes_at_most_55() {
        for count in [200_000, 280_000] {
            let set = filled(count);
            let bytes = set.memory() as f64 / f64::from(count);
            assert!(bytes < 53.0, "{bytes} bytes a member of {count}");
        }
    }

    #[test]
    fn removal_gives_memory_back_and_readers_keep_theirs() {
        let mut set = filled(20_000);
        let (before, snapshot) = (set.memory(), set.snapshot());
        for i in 0..19_500u32 {
            let member = format!("member:{i:09}");
            assert_eq!(set.remove(member.as_bytes()), Some(f64::from(i)));
            assert_eq!(set.remove(member.as_bytes()), None);
            if i % 4000 == 0 {
                set.check();
            }
        }
        set.check();
        assert!(set.memory() * 15 < before, "{} of {before}", set.memory());
        let mut seen = 0;
        snapshot.walk(0, false, |member, score| {
            assert_eq!((member, score), (format!("member:{seen:09}").as_bytes(), f64::from(seen)));
            seen += 1;
            true
        });
        assert_eq!((seen, snapshot.len()), (20_000, 20_000));
        while let Some((member, _)) = set.at(set.len() / 2) {
            let member = member.to_vec();
            assert!(set.remove(&member).is_some());
        }
        assert_eq!(set.memory(), size_of::<BigZset>());
    }

    #[test]
    fn scores_that_change_keep_their_order() {
        let mut set = filled(3000);
        for i in 0..3000u32 {
            let member = format!("member:{i:09}");
            set.update(member.as_bytes(), |old| old.map(|s| (s * 7.0) % 101.0));
        }
        set.check();
        let (rank, score) = set.rank(b"member:000000100").expect("there");
        assert_eq!((set.at(rank), score), (Some((&b"member:000000100"[..], 94.0)), 94.0));
        assert_eq!(
            set.count_before(&Bound::BeforeKey(sort_key(94.0))),
            (0..3000).filter(|i| i * 7 % 101 < 94).count()
        );
        assert_eq!(
            set.count_before(&Bound::AfterKey(sort_key(94.0))),
            (0..3000).filter(|i| i * 7 % 101 <= 94).count()
        );
        assert_eq!(set.score(b"nobody"), None);
    }
}
