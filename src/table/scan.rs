//! Walks over a dictionary: by cursor while it changes, and in one go while it does not. Owns what a cursor means.
//!
//! A cursor is a hash, its top 48 bits: everything below it was told, everything from it on is still to come. As an
//! entry's hash never changes, one that is there throughout is told exactly once, whatever grows, splits or joins
//! meanwhile. Calls end at the borders of homes, which need no more than the depth and 16 bits of the hash.

use super::bucket::{Bucket, Word};
use super::dict::{Dict, prefetch_entries};
use super::segment;

/// Cursors are below 2 to this: a double and a JavaScript number hold them exactly.
pub const CURSOR_BITS: u32 = 48;
/// How many homes a call may visit for each entry wanted, so that it ends in a nearly empty table too.
const HOMES_PER_ENTRY: usize = 10;

impl Dict {
    /// Tells `f` the next words in the order of their hashes, about `count` of them (up to a home's worth more),
    /// and returns the cursor to go on with; 0 starts and 0 ends. Any other number is harmless. `rehash` is asked
    /// about a word now and then, when the dictionary shrank meanwhile.
    pub fn scan(
        &self,
        cursor: u64,
        count: usize,
        rehash: impl Fn(Word) -> u64,
        mut f: impl FnMut(Word),
    ) -> u64 {
        if self.len == 0 || cursor >> CURSOR_BITS != 0 {
            return 0;
        }
        let mut walk = Walk { told: 0, homes: count.saturating_mul(HOMES_PER_ENTRY).max(1) };
        let mut floor = cursor << (64 - CURSOR_BITS);
        loop {
            match self.scan_segment(floor, count, &mut walk, &rehash, &mut f) {
                None => return 0,
                Some(next) if walk.told >= count || walk.homes == 0 => return next >> (64 - CURSOR_BITS),
                Some(next) => floor = next,
            }
        }
    }

    /// Tells the words of one segment from `floor` on until there are enough; returns the boundary reached.
    fn scan_segment(
        &self,
        floor: u64,
        count: usize,
        walk: &mut Walk,
        rehash: &dyn Fn(Word) -> u64,
        f: &mut dyn FnMut(Word),
    ) -> Option<u64> {
        let (buckets, depth) = self.dir.view(floor);
        let prefix = segment::prefix(floor, depth);
        let mut home = segment::home_of_hash(floor, depth, buckets.len());
        let mut partial = true;
        while home < buckets.len() && walk.told < count.max(1) && walk.homes > 0 {
            for at in segment::residences(buckets, home) {
                let line = &buckets[at];
                for slot in segment::homed(line, home, depth, buckets.len()) {
                    let word = line.word(slot);
                    if !partial || reaches(line.fragment(slot), prefix, depth, floor, || rehash(word)) {
                        walk.told += 1;
                        f(word);
                    }
                }
            }
            partial = false;
            home += 1;
            walk.homes -= 1;
        }
        let offset = u128::from(segment::first_position(home, buckets.len())) << (48 - depth);
        u64::try_from(u128::from(prefix) + offset).ok()
    }

    /// All words, roughly in the order of their hashes.
    pub fn iter(&self) -> Iter<'_> {
        Iter {
            dict: self,
            part: 0,
            at: 0,
            buckets: &[],
            bucket: 0,
            slots: None,
            ahead: false,
            left: self.len,
        }
    }

    /// The same for words that are addresses of entries which the caller is going to read: they are asked for in
    /// time.
    pub fn iter_entries(&self) -> Iter<'_> {
        Iter { ahead: true, ..self.iter() }
    }
}

struct Walk {
    told: usize,
    homes: usize,
}

/// Whether an entry's hash is at least `floor`. What is kept of it decides, except when the floor was set at a
/// greater depth, which reached further.
fn reaches(fragment: u32, prefix: u64, depth: u32, floor: u64, rehash: impl Fn() -> u64) -> bool {
    let (known, bits) = segment::known_hash(prefix, fragment, depth);
    let unknown = u64::MAX.checked_shr(bits).unwrap_or(0);
    if known != floor & !unknown {
        return known > floor;
    }
    floor & unknown == 0 || rehash() >= floor
}

/// See [`Dict::iter`].
#[derive(Clone)]
pub struct Iter<'a> {
    dict: &'a Dict,
    part: usize,
    at: usize,
    buckets: &'a [Bucket],
    bucket: usize,
    slots: Option<super::bucket::Positions>,
    ahead: bool,
    left: usize,
}

impl Iter<'_> {
    /// Moves on to the next bucket; false at the end.
    fn advance(&mut self) -> bool {
        if self.slots.is_some() {
            self.bucket += 1;
        }
        while self.bucket >= self.buckets.len() {
            match self.dict.dir.view_at(self.part, self.at) {
                Some((buckets, next)) => {
                    (self.buckets, self.at, self.bucket) = (buckets, next, 0);
                }
                None if self.part + 1 < self.dict.dir.parts() => (self.part, self.at) = (self.part + 1, 0),
                None => return false,
            }
        }
        if self.ahead
            && let Some(line) = self.buckets.get(self.bucket + 2)
        {
            prefetch_entries(line);
        }
        self.slots = Some(self.buckets[self.bucket].occupied());
        true
    }
}

impl Iterator for Iter<'_> {
    type Item = Word;

    #[inline]
    fn next(&mut self) -> Option<Word> {
        loop {
            if let Some(slot) = self.slots.as_mut().and_then(Iterator::next) {
                self.left -= 1;
                return Some(self.buckets[self.bucket].word(slot));
            }
            if !self.advance() {
                return None;
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x1234_5678_0000_0000;

    fn word(i: u64) -> Word {
        Word::new(i + 1).expect("a small number")
    }

    fn told(dict: &Dict, rehash: impl Fn(Word) -> u64, mut cursor: u64) -> Vec<u64> {
        let mut told = Vec::new();
        loop {
            cursor = dict.scan(cursor, 3, &rehash, |word| told.push(word.get() - 1));
            if cursor == 0 {
                told.sort_unstable();
                return told;
            }
        }
    }

    #[test]
    fn a_cursor_finer_than_what_is_kept_divides_exactly() {
        // Hashes that differ only below the 23 bits kept, as those do which a cursor from deeper segments divides.
        let rehash = |word: Word| BASE | (word.get() - 1) << 16;
        let mut dict = Dict::new();
        (0..50).for_each(|i| dict.insert(rehash(word(i)), word(i), rehash));
        for i in 0..50 {
            assert_eq!(told(&dict, rehash, rehash(word(i)) >> 16), (i..50).collect::<Vec<_>>());
        }
        assert_eq!(told(&dict, rehash, (rehash(word(49)) >> 16) + 1), [0u64; 0]);
    }

    #[test]
    fn any_number_is_a_cursor() {
        let rehash = |word: Word| super::super::Hasher::new(1, 1).hash(&word.get().to_le_bytes());
        let mut dict = Dict::new();
        (0..2000).for_each(|i| dict.insert(rehash(word(i)), word(i), rehash));
        let mut hashes: Vec<u64> = (0..2000).map(|i| rehash(word(i)) >> 16).collect();
        hashes.sort_unstable();
        for cursor in [1, 0xffff_ffff_ffff, hashes[77], hashes[77] + 1, hashes[1500] - 1] {
            let left = hashes.iter().filter(|&&hash| hash >= cursor).count();
            assert_eq!(told(&dict, rehash, cursor).len(), left);
        }
        for cursor in [1 << 48, 1 << 53, u64::MAX] {
            assert_eq!(dict.scan(cursor, 10, rehash, |_| panic!("past the end")), 0);
        }
        assert_eq!(dict.scan(0, usize::MAX, rehash, |_| ()), 0, "all at once");
        let mut calls = 0;
        let next = dict.scan(0, 0, rehash, |_| calls += 1);
        assert!(next != 0 && calls <= 56, "no count at all still gets on");
    }
}
