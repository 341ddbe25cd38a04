//! The dictionary of one database: table words are its entries.

use super::entry::EntryRef;
use crate::table::Word;
use crate::table::hash::Hasher;

/// Entries by key.
#[derive(Default)]
pub struct Dict(crate::table::Dict);

/// The words of this dictionary are entries, and one is taken out before it is freed.
fn entry(word: Word) -> EntryRef {
    EntryRef::from_word(word)
}

impl Dict {
    pub fn new() -> Self {
        Dict::default()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<EntryRef> {
        self.0.find(hash, |word| entry(word).key() == key).map(entry)
    }

    /// Finds by hash alone an entry that `eq` accepts. The table compares 23 bits of it, so the rest is looked at here.
    pub fn find_by_hash(
        &self,
        hash: u64,
        hasher: &Hasher,
        eq: impl Fn(EntryRef) -> bool,
    ) -> Option<EntryRef> {
        self.0.find(hash, |word| eq(entry(word)) && hasher.hash(entry(word).key()) == hash).map(entry)
    }

    pub fn insert(&mut self, hash: u64, new: EntryRef, hasher: &Hasher) {
        self.0.insert(hash, new.to_word(), |word| hasher.hash(entry(word).key()));
    }

    pub fn replace(&mut self, hash: u64, old: EntryRef, new: EntryRef) {
        let found = self.0.replace(hash, old.to_word(), new.to_word());
        debug_assert!(found, "an entry that is replaced is in its dictionary");
    }

    pub fn remove(&mut self, hash: u64, key: &[u8]) -> Option<EntryRef> {
        self.0.remove(hash, |word| entry(word).key() == key).map(entry)
    }

    #[inline]
    pub fn prefetch_line(&self, hash: u64) {
        self.0.prefetch_bucket(hash);
    }

    #[inline]
    pub fn prefetch_room(&self, hash: u64) {
        self.0.prefetch_room(hash);
    }

    #[inline]
    pub fn prefetch_entry(&self, hash: u64) {
        self.0.prefetch_item(hash);
    }

    /// See [`crate::table::Dict::scan`].
    pub fn scan(&self, cursor: u64, count: usize, hasher: &Hasher, mut f: impl FnMut(EntryRef)) -> u64 {
        self.0.scan(cursor, count, |word| hasher.hash(entry(word).key()), |word| f(entry(word)))
    }

    pub fn random(&self, random: u64) -> Option<EntryRef> {
        self.0.random(random).map(entry)
    }

    /// Up to `count` entries that lie next to one another.
    pub fn sample(&self, random: u64, count: usize, mut f: impl FnMut(EntryRef)) {
        self.0.sample(random, count, |word| f(entry(word)));
    }

    pub fn iter(&self) -> impl Iterator<Item = EntryRef> {
        self.0.iter().map(entry)
    }

    /// The same for whoever reads each entry: they are asked for in time.
    pub fn iter_ahead(&self) -> impl Iterator<Item = EntryRef> {
        self.0.iter_entries().map(entry)
    }

    pub fn memory_bytes(&self) -> usize {
        self.0.memory_bytes()
    }

    /// Whether [`Dict::maintain`] would find work. Constant time.
    pub fn is_sparse(&self) -> bool {
        self.0.is_sparse()
    }

    /// Bytes of the table's parts that were outgrown since `forget_moved`.
    pub fn moved_bytes(&self) -> usize {
        self.0.moved_bytes()
    }

    pub fn forget_moved(&mut self) {
        self.0.forget_moved();
    }

    /// Looks after up to `steps` sparse segments; says whether there is more to do.
    pub fn maintain(&mut self, steps: usize) -> bool {
        self.0.maintain(steps)
    }

    /// See [`crate::table::Dict::expect`].
    pub fn expect(&mut self, count: usize) {
        self.0.expect(count);
    }

    pub fn expect_no_more(&mut self) {
        self.0.expect_no_more();
    }

    /// Everything, in constant time; this dictionary is empty afterwards.
    pub fn take(&mut self) -> Dict {
        Dict(self.0.take())
    }

    /// Begins to empty the dictionary in slices.
    pub fn into_drain(self) -> Drain {
        Drain(crate::table::Drain::new(self.0))
    }
}

/// A dictionary on its way out.
pub struct Drain(crate::table::Drain);

impl Drain {
    pub fn remaining(&self) -> usize {
        self.0.remaining()
    }

    /// Hands the entries of up to `buckets` lines over; true once nothing is left.
    pub fn step(&mut self, buckets: usize, mut f: impl FnMut(EntryRef)) -> bool {
        self.0.step(buckets, |word| f(entry(word)))
    }
}
