//! The dictionary: from hashes to words, with pauses that do not grow with its size. It owns finding, inserting
//! and removing; it must not know what the words mean, so whoever needs a word's hash again passes a function.
//!
//! The hash must be a keyed pseudo-random function (see [`super::hash`]): with another one the structure stays
//! sound, but segments may have to split without end, which it refuses with a panic.

use super::bucket::{Bucket, Word};
use super::directory::{Directory, Segment};
use super::segment;
use crate::sys::prefetch::{LINE_BYTES, prefetch};

/// A multiset of words under their hashes. Dropping it frees its own memory, not what the words stand for.
///
/// An insert takes at worst as long as splitting one segment: some 20 us, and every eighth doubling some 65 us, as
/// the segment's entries are then read again for their hashes. Empty, it allocates nothing.
#[derive(Debug, Default)]
pub struct Dict {
    pub(super) dir: Directory,
    pub(super) len: usize,
    /// The hash at which [`Dict::maintain`] goes on.
    pub(super) sweep: u64,
    /// Bytes of segments that were outgrown, since [`Dict::forget_moved`].
    moved_bytes: usize,
    /// The size that segments are going to need, if it is known.
    pub(super) expected_buckets: usize,
}

impl Dict {
    /// An empty dictionary.
    pub const fn new() -> Dict {
        Dict { dir: Directory::new(), len: 0, sweep: 0, moved_bytes: 0, expected_buckets: 0 }
    }

    /// How many words it holds.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that it takes itself, without what the words stand for.
    pub fn memory_bytes(&self) -> usize {
        self.dir.memory_bytes()
    }

    /// Bytes of the segments whose words moved to larger ones since [`Dict::forget_moved`] was called. They are given
    /// back already: a segment grows at once.
    pub fn moved_bytes(&self) -> usize {
        self.moved_bytes
    }

    /// Starts the count of [`Dict::moved_bytes`] anew.
    pub fn forget_moved(&mut self) {
        self.moved_bytes = 0;
    }

    /// How many segments there are, and how many buckets of [`super::bucket::SLOTS`] slots they have.
    pub fn shape(&self) -> (usize, usize) {
        (self.dir.segments(), self.dir.buckets())
    }

    /// Finds the word of that hash that `eq` accepts. `eq` is asked only about words of which 23 bits of the hash
    /// agree, practically always the right one.
    #[inline]
    pub fn find(&self, hash: u64, eq: impl FnMut(Word) -> bool) -> Option<Word> {
        if self.len == 0 {
            return None;
        }
        let (buckets, depth) = self.dir.view(hash);
        let at = segment::find(buckets, depth, hash, eq)?;
        Some(buckets[at.bucket].word(at.slot))
    }

    /// Adds a word. Whether an equal one is there already is the caller's affair. `rehash` tells the hash of a word
    /// that was inserted before; it is asked about the words of one segment, in one insert of many thousands.
    #[inline]
    pub fn insert(&mut self, hash: u64, word: Word, rehash: impl Fn(Word) -> u64) {
        loop {
            if !self.dir.is_empty() {
                let (buckets, depth) = self.dir.view_mut(hash);
                if segment::place(buckets, depth, segment::fragment(hash, depth), word) {
                    self.len += 1;
                    return;
                }
            }
            self.make_room(hash, &rehash);
        }
    }

    /// Puts `new` in the place of `old`, a word of the same hash: an entry that moved. False if `old` is not there.
    #[inline]
    pub fn replace(&mut self, hash: u64, old: Word, new: Word) -> bool {
        if self.len == 0 {
            return false;
        }
        let (buckets, depth) = self.dir.view_mut(hash);
        match segment::find(buckets, depth, hash, |word| word == old) {
            Some(at) => {
                buckets[at.bucket].set_word(at.slot, new);
                true
            }
            None => false,
        }
    }

    /// Takes out the word of that hash that `eq` accepts.
    #[inline]
    pub fn remove(&mut self, hash: u64, eq: impl FnMut(Word) -> bool) -> Option<Word> {
        if self.len == 0 {
            return None;
        }
        let (buckets, depth) = self.dir.view_mut(hash);
        let at = segment::find(buckets, depth, hash, eq)?;
        let word = segment::remove(buckets, depth, at);
        self.len -= 1;
        if self.len == 0 && self.dir.segments() <= AT_ONCE {
            self.dir.clear();
        }
        Some(word)
    }

    /// First of three hints before a lookup among many: asks for the directory's word. Worth it only for
    /// dictionaries of many millions.
    #[inline]
    pub fn prefetch_word(&self, hash: u64) {
        if !self.dir.is_empty() {
            prefetch(self.dir.word_address(hash));
        }
    }

    /// Second hint: asks for the line of the home bucket.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        if !self.dir.is_empty() {
            prefetch(self.home_address(hash));
        }
    }

    /// The same before an insert, which often finds the home full and takes the next bucket.
    #[inline]
    pub fn prefetch_room(&self, hash: u64) {
        if !self.dir.is_empty() {
            let home = self.home_address(hash);
            prefetch(home);
            prefetch(home + size_of::<Bucket>());
        }
    }

    #[inline]
    fn home_address(&self, hash: u64) -> usize {
        let segment = self.dir.segment(hash);
        let fragment = segment::fragment(hash, segment.depth());
        let home = segment::home(fragment, segment.depth(), segment.count());
        segment.address() + home * size_of::<Bucket>()
    }

    /// Third hint, after the line had time to come: takes words for addresses and asks for the first two lines of
    /// the entry, if there is one of that hash.
    #[inline]
    pub fn prefetch_item(&self, hash: u64) {
        self.find(hash, |word| {
            let address = word.get() as usize;
            prefetch(address);
            prefetch(address + LINE_BYTES);
            true
        });
    }

    /// Removes all words by handing them over in a dictionary of their own, in constant time; see
    /// [`super::drain::Drain`].
    pub fn take(&mut self) -> Dict {
        std::mem::take(self)
    }

    /// Enlarges the segment of that hash, or splits it when it is as large as segments get.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, hash: u64, rehash: &dyn Fn(Word) -> u64) {
        if self.dir.is_empty() {
            self.dir.start(Segment::allocate(usize::from(segment::SIZES[0]), 0));
            return;
        }
        let (buckets, depth) = self.dir.view(hash);
        self.moved_bytes += size_of_val(buckets);
        let mut size = segment::next_size(buckets.len().max(self.expected_buckets.saturating_sub(1)));
        while let Some(count) = size {
            if let Some(larger) = filled(count, depth, segment::all(buckets)) {
                self.dir.replace(hash, larger);
                return;
            }
            size = segment::next_size(count);
        }
        self.split(hash, rehash);
    }

    fn split(&mut self, hash: u64, rehash: &dyn Fn(Word) -> u64) {
        let (buckets, depth) = self.dir.view(hash);
        let uniform = depth < segment::MAX_DEPTH && self.dir.largest() <= self.len + NEEDLESS_WORDS;
        assert!(
            uniform,
            "the hashes share a prefix of {depth} bits: their function is not fit for a dictionary"
        );
        // The window of bits that are kept moves on at this depth: read every hash again.
        let reread = (depth + 1).is_multiple_of(8);
        let room = segment::entries(buckets) * 5 / 8;
        let mut sides = [Vec::with_capacity(room), Vec::with_capacity(room)];
        for (at, line) in buckets.iter().enumerate() {
            if reread && let Some(ahead) = buckets.get(at + READ_AHEAD) {
                prefetch_entries(ahead);
            }
            for slot in line.occupied() {
                let (fragment, word) = (line.fragment(slot), line.word(slot));
                let right = segment::goes_right(fragment, depth);
                let fragment = if reread { segment::fragment(rehash(word), depth + 1) } else { fragment };
                sides[usize::from(right)].push((fragment, word));
            }
        }
        let [left, right] = sides.map(|entries| {
            packed(&entries, depth + 1, SPLIT_LIMIT)
                .expect("a keyed hash does not put hundreds into one bucket")
        });
        self.dir.split(hash, left, right);
    }

    /// Verifies the structure's invariants, `rehash` telling the hash of each word. For tests: takes long.
    pub fn check(&self, rehash: impl Fn(Word) -> u64) {
        self.dir.check();
        let mut seen = 0;
        for part in 0..self.dir.parts() {
            let mut at = 0;
            while let Some((buckets, next)) = self.dir.view_at(part, at) {
                let (segment, _) = self.dir.segment_at(part, at).expect("it was just viewed");
                for (fragment, word) in segment::all(buckets) {
                    let hash = rehash(word);
                    assert_eq!(self.dir.segment(hash), segment, "the word is in another hash's segment");
                    assert_eq!(fragment, segment::fragment(hash, segment.depth()));
                    let found = segment::find(buckets, segment.depth(), hash, |other| other == word);
                    assert!(found.is_some(), "a search reaches the word");
                }
                segment::check(buckets, segment.depth());
                seen += segment::entries(buckets);
                at = next;
            }
        }
        assert_eq!(seen, self.len);
    }
}

/// An empty dictionary of up to this many segments is freed at once; a larger one is left to `maintain`.
pub(super) const AT_ONCE: usize = 64;
/// A directory with so many more words than there are entries is the sign of an unfit hash.
const NEEDLESS_WORDS: usize = 1 << 16;
/// Buckets to which a split goes for entries that are spread very badly.
const SPLIT_LIMIT: usize = 512;
/// How many buckets ahead a segment's entries are asked for when all of them are read.
const READ_AHEAD: usize = 3;

/// Asks for the first two lines of each entry of a bucket.
pub(super) fn prefetch_entries(line: &Bucket) {
    for slot in line.occupied() {
        let address = line.word(slot).get() as usize;
        prefetch(address);
        prefetch(address + LINE_BYTES);
    }
}

/// A new segment of `count` buckets with these entries, unless they do not fit.
pub(super) fn filled(
    count: usize,
    depth: u32,
    entries: impl Iterator<Item = (u32, Word)>,
) -> Option<Segment> {
    let segment = Segment::allocate(count, depth);
    // SAFETY: just allocated, and nobody else knows it.
    let buckets = unsafe { segment.buckets_mut() };
    for (fragment, word) in entries {
        if !segment::place(buckets, depth, fragment, word) {
            // SAFETY: the slice above is not used again, and the segment is in no directory.
            unsafe { segment.release() };
            return None;
        }
    }
    Some(segment)
}

/// A new segment with these entries, of the size that suits their number or, if they are badly spread, a larger one
/// of up to `most` buckets; none if that is not enough either.
pub(super) fn packed(entries: &[(u32, Word)], depth: u32, most: usize) -> Option<Segment> {
    let mut count = segment::size_for(entries.len());
    loop {
        if let Some(segment) = filled(count, depth, entries.iter().copied()) {
            return Some(segment);
        }
        count = segment::next_size(count).unwrap_or(2 * count);
        if count > most {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(word: Word) -> u64 {
        super::super::Hasher::new(3, 4).hash(&word.get().to_le_bytes())
    }

    fn word(i: u64) -> Word {
        Word::new(i + 1).expect("a small number")
    }

    fn filled(count: u64) -> Dict {
        let mut dict = Dict::new();
        for i in 0..count {
            dict.insert(hash(word(i)), word(i), hash);
        }
        dict
    }

    fn has(dict: &Dict, i: u64) -> bool {
        dict.find(hash(word(i)), |found| found == word(i)).is_some()
    }

    #[test]
    fn grows_through_parts_and_back_to_nothing() {
        const COUNT: u64 = 150_000;
        let mut dict = filled(COUNT);
        dict.check(hash);
        assert!(dict.dir.parts() == 64 && dict.dir.depth() >= 8, "promoted, and read again at depth 8");
        let bytes = dict.memory_bytes() as f64 / COUNT as f64;
        assert!((10.0..16.0).contains(&bytes), "{bytes} bytes a word");
        for i in 0..COUNT {
            assert!(has(&dict, i));
            assert_eq!(dict.remove(hash(word(i)), |found| found == word(i)), Some(word(i)));
            if i % 16 == 0 {
                dict.maintain(1);
            }
            if i % 30_000 == 0 {
                dict.check(hash);
            }
        }
        assert_eq!((dict.len(), has(&dict, 5)), (0, false));
        assert_eq!(dict.memory_bytes(), 0, "joined along the way and freed with the last");
    }

    #[test]
    fn what_nobody_maintained_is_freed_later() {
        let mut dict = filled(100_000);
        (0..100_000).for_each(|i| assert!(dict.remove(hash(word(i)), |found| found == word(i)).is_some()));
        assert!(dict.dir.segments() > AT_ONCE);
        while dict.maintain(10) {
            dict.dir.check();
        }
        assert_eq!((dict.memory_bytes(), dict.dir.parts()), (0, 0));
        dict.insert(hash(word(1)), word(1), hash);
        dict.check(hash);
    }

    #[test]
    fn equal_words_count_each_and_moved_ones_are_found() {
        let mut dict = filled(500);
        dict.insert(hash(word(9)), word(9), hash);
        assert_eq!(dict.len(), 501);
        assert!(dict.replace(hash(word(7)), word(7), word(7_000)));
        assert!(!dict.replace(hash(word(7)), word(7), word(7_000)));
        assert_eq!(dict.find(hash(word(7)), |found| found == word(7_000)), Some(word(7_000)));
        assert!(
            has(&dict, 9) && dict.remove(hash(word(9)), |found| found == word(9)).is_some() && has(&dict, 9)
        );
    }

    #[test]
    fn empty_ones_cost_nothing() {
        let mut dict = Dict::new();
        assert_eq!((dict.memory_bytes(), dict.iter().count(), dict.scan(0, 10, hash, |_| ())), (0, 0, 0));
        assert_eq!((dict.random(1), dict.remove(1, |_| true), dict.maintain(5)), (None, None, false));
        dict.prefetch_bucket(1);
        dict.prefetch_item(1);
        dict.insert(1, word(1), hash);
        assert!(dict.memory_bytes() <= 128, "one line, its directory word and its part");
        dict.remove(1, |_| true);
        assert_eq!(dict.memory_bytes(), 0);
    }

    #[test]
    #[should_panic(expected = "not fit for a dictionary")]
    fn a_constant_hash_is_refused() {
        let mut dict = Dict::new();
        (0..100_000).for_each(|i| dict.insert(1, word(i), |_| 1));
    }
}
