//! A map from bytes to bytes of any size without long pauses: the big forms of hashes and sets, and the dictionary
//! of sorted sets. Owns its nodes; safe to use; knows no type of Redis.

use super::Word;
use super::dict::Dict;
use super::drain::Drain;
use super::hash::Hasher;
use super::node::{self, Node};
use super::scan;

/// After how many removals from a sparse map a segment is looked after.
const TEND_EVERY: usize = 16;

/// The map. An insert or removal takes at worst some 65 us whatever the size; dropping a large map takes long,
/// [`Map::into_free_job`] does not.
#[derive(Debug)]
pub struct Map {
    dict: Dict,
    hasher: Hasher,
    node_bytes: usize,
}

/// What [`Map::insert`] did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inserted {
    /// The key was not there.
    New,
    /// The key had another (or the same) value before.
    Replaced,
}

impl Map {
    /// An empty map, which has allocated nothing.
    pub const fn new(hasher: Hasher) -> Map {
        Map { dict: Dict::new(), hasher, node_bytes: 0 }
    }

    /// How many keys there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.dict.len()
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.dict.is_empty()
    }

    /// Bytes of table and nodes, the latter rounded up to 8 as the allocator does for small ones.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Map>() + self.dict.memory_bytes() + self.node_bytes
    }

    /// The hasher it was made with.
    pub fn hasher(&self) -> Hasher {
        self.hasher
    }

    /// The hash of a key, for the hints and the `_hashed` calls.
    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash(key)
    }

    /// Asks for the line in which that hash is looked up.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        self.dict.prefetch_bucket(hash);
    }

    /// After [`Map::prefetch_bucket`]: asks for the entry of that hash.
    #[inline]
    pub fn prefetch_node(&self, hash: u64) {
        self.dict.prefetch_item(hash);
    }

    /// The value under a key.
    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.get_hashed(self.hash(key), key)
    }

    /// The value under a key whose hash is known.
    #[inline]
    pub fn get_hashed(&self, hash: u64, key: &[u8]) -> Option<&[u8]> {
        let word = self.dict.find(hash, |word| self.parts(word).0 == key)?;
        Some(self.parts(word).1)
    }

    /// Whether a key is there.
    #[inline]
    pub fn contains(&self, key: &[u8]) -> bool {
        self.get(key).is_some()
    }

    /// The first key of this hash, all 64 bits of it, that `accept` takes with its value.
    pub fn key_by_hash(&self, hash: u64, accept: impl Fn(&[u8], &[u8]) -> bool) -> Option<&[u8]> {
        let fits = |word| {
            let (key, value) = self.parts(word);
            accept(key, value) && self.hash(key) == hash
        };
        self.dict.find(hash, fits).map(|word| self.parts(word).0)
    }

    /// The value under a key, to overwrite it by one of the same length.
    pub fn value_mut(&mut self, key: &[u8]) -> Option<&mut [u8]> {
        let word = self.find(self.hash(key), key)?;
        // SAFETY: the word is a node of this map, which is borrowed mutably as long as the slice; the node that is
        // made of it here is forgotten, not dropped.
        let mut node = std::mem::ManuallyDrop::new(unsafe { Node::from_raw(word.ptr()) });
        let value = node.value_mut();
        // SAFETY: as above: the bytes belong to the map's node, not to the handle on the stack.
        Some(unsafe { std::slice::from_raw_parts_mut(value.as_mut_ptr(), value.len()) })
    }

    /// Sets the value under a key.
    pub fn insert(&mut self, key: &[u8], value: &[u8]) -> Inserted {
        self.insert_hashed(self.hash(key), key, value)
    }

    /// Sets the value under a key whose hash is known.
    pub fn insert_hashed(&mut self, hash: u64, key: &[u8], value: &[u8]) -> Inserted {
        match self.find(hash, key) {
            None => {
                self.add(hash, Node::new(key, value));
                Inserted::New
            }
            Some(word) => {
                self.set(hash, word, key, value);
                Inserted::Replaced
            }
        }
    }

    /// Adds a key with a value if it is not there; tells whether it was added.
    pub fn insert_new(&mut self, key: &[u8], value: &[u8]) -> bool {
        let hash = self.hash(key);
        let vacant = self.find(hash, key).is_none();
        if vacant {
            self.add(hash, Node::new(key, value));
        }
        vacant
    }

    /// Removes a key; tells whether it was there.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        self.take(key).is_some()
    }

    /// Removes a key and returns it with its value.
    pub fn take(&mut self, key: &[u8]) -> Option<Node> {
        let hash = self.hash(key);
        // SAFETY: all words of the dictionary are live nodes of this map.
        let word = self.dict.remove(hash, |word| unsafe { node::parts_at(word.ptr()) }.0 == key)?;
        Some(self.taken(word))
    }

    /// Removes a key chosen by chance, each with the same, and returns it with its value; `random` is the source.
    pub fn take_random(&mut self, random: u64) -> Option<Node> {
        let word = self.dict.random(random)?;
        let word = self.dict.remove(self.hash(self.parts(word).0), |other| other == word)?;
        Some(self.taken(word))
    }

    /// The node of a word that was just taken out of the dictionary.
    fn taken(&mut self, word: Word) -> Node {
        // SAFETY: the word was this map's node and is in it no more: it is owned by this value alone.
        let node = unsafe { Node::from_raw(word.ptr()) };
        self.node_bytes -= rounded(node.bytes());
        if self.dict.is_sparse() && self.dict.len().is_multiple_of(TEND_EVERY) {
            self.dict.maintain(1);
        }
        node
    }

    /// Tells the next keys and values, about `count` of them, and returns the cursor to go on with, below 2^48; 0
    /// starts and ends. A key that is there from start to end is told exactly once.
    pub fn scan(&self, cursor: u64, count: usize, mut f: impl FnMut(&[u8], &[u8])) -> u64 {
        let rehash = |word| self.hasher.hash(self.parts(word).0);
        self.dict.scan(cursor, count, rehash, |word| {
            let (key, value) = self.parts(word);
            f(key, value);
        })
    }

    /// A random key with its value, each key with the same chance; `random` is the source of it.
    pub fn random(&self, random: u64) -> Option<(&[u8], &[u8])> {
        self.dict.random(random).map(|word| self.parts(word))
    }

    /// All keys and values.
    pub fn iter(&self) -> Iter<'_> {
        Iter { map: self, words: self.dict.iter_entries() }
    }

    /// Detaches everything, leaving the map empty, to be freed in slices.
    pub fn take_free_job(&mut self) -> FreeJob {
        self.node_bytes = 0;
        FreeJob { drain: Drain::new(self.dict.take()) }
    }

    /// Turns the map into the work of freeing it, in constant time.
    pub fn into_free_job(mut self) -> FreeJob {
        self.take_free_job()
    }

    /// Verifies the structure; for tests.
    pub fn check(&self) {
        self.dict.check(|word| self.hasher.hash(self.parts(word).0));
        let bytes: usize = self.dict.iter().map(|word| rounded(node_bytes(self.parts(word)))).sum();
        assert_eq!(bytes, self.node_bytes);
    }

    #[inline]
    fn find(&self, hash: u64, key: &[u8]) -> Option<Word> {
        self.dict.find(hash, |word| self.parts(word).0 == key)
    }

    #[inline]
    fn parts(&self, word: Word) -> (&[u8], &[u8]) {
        // SAFETY: all words of the dictionary are live nodes of this map, which changes them only when borrowed
        // mutably.
        unsafe { node::parts_at(word.ptr()) }
    }

    fn add(&mut self, hash: u64, node: Node) {
        self.node_bytes += rounded(node.bytes());
        let hasher = self.hasher;
        // SAFETY: the dictionary asks about its own words only, all live nodes of this map.
        let rehash = |word: Word| hasher.hash(unsafe { node::parts_at(word.ptr()) }.0);
        self.dict.insert(hash, Word::from_ptr(node.into_raw()), rehash);
    }

    fn set(&mut self, hash: u64, word: Word, key: &[u8], value: &[u8]) {
        // SAFETY: the word is a live node of this map; it is given back to the dictionary or replaced in it below.
        let mut node = unsafe { Node::from_raw(word.ptr()) };
        if node.value().len() == value.len() {
            node.value_mut().copy_from_slice(value);
            node.into_raw();
            return;
        }
        let new = Node::new(key, value);
        self.node_bytes = self.node_bytes + rounded(new.bytes()) - rounded(node.bytes());
        let replaced = self.dict.replace(hash, word, Word::from_ptr(new.into_raw()));
        debug_assert!(replaced, "the node was found under this hash");
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if !self.is_empty() {
            drop(self.take_free_job());
        }
    }
}

fn rounded(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

fn node_bytes((key, value): (&[u8], &[u8])) -> usize {
    node::bytes_of(key.len(), value.len())
}

/// See [`Map::iter`].
#[derive(Clone)]
pub struct Iter<'a> {
    map: &'a Map,
    words: scan::Iter<'a>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        self.words.next().map(|word| self.map.parts(word))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.words.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// The nodes and the table of a map that is no more. Dropped early, it frees the rest at once.
#[derive(Debug)]
pub struct FreeJob {
    drain: Drain,
}

impl FreeJob {
    /// Frees up to `nodes` nodes, give or take a few, each some 50 ns. True once all is freed.
    pub fn step(&mut self, nodes: usize) -> bool {
        // SAFETY: the words were nodes of the map whose dictionary this was, and are handed out once.
        self.drain.step(nodes.div_ceil(super::SLOTS), |word| drop(unsafe { Node::from_raw(word.ptr()) }))
    }

    /// How many nodes are still to be freed.
    pub fn remaining(&self) -> usize {
        self.drain.remaining()
    }
}

impl Drop for FreeJob {
    fn drop(&mut self) {
        while !self.step(usize::MAX) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(i: u32) -> Vec<u8> {
        format!("key:{i}").into_bytes()
    }

    fn filled(count: u32) -> Map {
        let mut map = Map::new(Hasher::new(1, 2));
        for i in 0..count {
            assert_eq!(map.insert(&key(i), &i.to_le_bytes()), Inserted::New);
        }
        map
    }

    #[test]
    fn values_are_set_changed_and_taken() {
        let mut map = filled(1000);
        assert_eq!(map.insert(b"key:7", b"seven and more"), Inserted::Replaced);
        assert_eq!(map.insert(b"key:8", &9u32.to_le_bytes()), Inserted::Replaced);
        assert!(!map.insert_new(b"key:9", b"") && map.insert_new(b"key", b""));
        assert_eq!(map.get(b"key:7"), Some(&b"seven and more"[..]));
        assert_eq!(map.get(b"key:8"), Some(&9u32.to_le_bytes()[..]));
        assert_eq!(map.get(b"key"), Some(&b""[..]));
        assert_eq!(map.get(b"key:1000"), None);
        map.value_mut(b"key:3").expect("it is there").fill(1);
        assert_eq!(map.get(b"key:3"), Some(&[1u8; 4][..]));
        let taken = map.take(b"key:3").expect("it is there");
        assert_eq!(taken.parts(), (&b"key:3"[..], &[1u8; 4][..]));
        assert!(!map.remove(b"key:3") && !map.contains(b"key:3"));
        assert_eq!(map.len(), 1000);
        map.check();
    }

    #[test]
    fn removing_everything_frees_everything() {
        let mut map = filled(20_000);
        let full = map.memory_bytes();
        for i in 0..19_900 {
            assert!(map.remove(&key(i)));
        }
        map.check();
        assert!(map.memory_bytes() < full / 30, "{} of {full} left", map.memory_bytes());
        (19_900..20_000).for_each(|i| assert!(map.remove(&key(i))));
        assert_eq!(map.memory_bytes(), size_of::<Map>());
    }

    #[test]
    fn freeing_goes_in_slices() {
        let mut map = filled(10_000);
        let mut job = map.take_free_job();
        assert_eq!((map.len(), job.remaining()), (0, 10_000));
        map.insert(b"new", b"life");
        let mut steps = 0;
        while !job.step(100) {
            steps += 1;
            assert!(job.remaining() + steps * 105 >= 10_000, "a step frees about as many as asked for");
        }
        assert!((95..300).contains(&steps) && job.remaining() == 0);
        assert_eq!(map.get(b"new"), Some(&b"life"[..]));
        let mut unfinished = filled(3000).into_free_job();
        unfinished.step(10);
    }

    #[test]
    fn walks_and_picks_see_all() {
        let map = filled(3000);
        let mut all: Vec<Vec<u8>> = map.iter().map(|(key, _)| key.to_vec()).collect();
        let mut scanned = Vec::new();
        let mut cursor = 0;
        loop {
            cursor = map.scan(cursor, 10, |key, _| scanned.push(key.to_vec()));
            if cursor == 0 {
                break;
            }
        }
        all.sort();
        scanned.sort();
        assert_eq!((all.len(), map.iter().len()), (3000, 3000));
        assert_eq!(all, scanned);
        assert!(map.random(17).is_some_and(|(key, value)| map.get(key) == Some(value)));
        assert!(Map::new(Hasher::new(0, 0)).random(1).is_none());
        let hash = map.hash(b"key:5");
        map.prefetch_bucket(hash);
        map.prefetch_node(hash);
        assert_eq!(map.get_hashed(hash, b"key:5"), Some(&5u32.to_le_bytes()[..]));
        assert_eq!(map.key_by_hash(hash, |_, value| value == 5u32.to_le_bytes()), Some(&b"key:5"[..]));
        assert_eq!(map.key_by_hash(hash, |_, value| value == 6u32.to_le_bytes()), None);
    }
}
