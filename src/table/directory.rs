//! From a hash to its segment: directories of segments by the top bits of the hash. Owns the segments' memory and
//! the doubling, halving, joining and parting of directories; must not know what an entry is.
//!
//! A directory of 2^n words covers the first n bits; a segment of depth d < n stands in 2^(n-d) words in a row.
//! Once the one directory has [`PROMOTE_BITS`], it is cut into 64 by the top six bits, each of which doubles when
//! it must: so a doubling never copies much.

use super::bucket::Bucket;
use super::granules;
use super::segment::MAX_DEPTH;
use std::ptr::NonNull;

/// A single directory of this many bits is cut into parts instead of doubled.
const PROMOTE_BITS: u32 = if cfg!(test) { 7 } else { 12 };
/// Bits of the hash that choose among parts.
const PART_BITS: u32 = 6;

/// A segment as a directory word: address (48 bits, aligned to 64) | depth (in the low 6) | bucket count (top 16).
/// Zero stands for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Segment(u64);

const ADDRESS: u64 = 0x0000_ffff_ffff_ffc0;

impl Segment {
    const NONE: Segment = Segment(0);

    /// An empty segment of `count` buckets. It belongs to whoever called; a directory takes it over.
    pub fn allocate(count: usize, depth: u32) -> Segment {
        let at = granules::allocate(count).as_ptr().expose_provenance() as u64;
        assert!(at & !ADDRESS == 0 && count < 1 << 16 && depth <= MAX_DEPTH, "a segment fits its word");
        Segment(at | u64::from(depth) | (count as u64) << 48)
    }

    /// How many bits of the hash all its entries share.
    #[inline]
    pub fn depth(self) -> u32 {
        self.0 as u32 & 63
    }

    /// How many buckets it has.
    #[inline]
    pub fn count(self) -> usize {
        (self.0 >> 48) as usize
    }

    /// Where it starts.
    #[inline]
    pub fn address(self) -> usize {
        (self.0 & ADDRESS) as usize
    }

    fn is_none(self) -> bool {
        self == Segment::NONE
    }

    #[inline]
    fn start(self) -> *mut Bucket {
        std::ptr::with_exposed_provenance_mut(self.address())
    }

    /// # Safety
    /// The segment was not released, and nobody writes to it as long as the slice lives.
    #[inline]
    pub unsafe fn buckets<'a>(self) -> &'a [Bucket] {
        // SAFETY: `allocate` made that many buckets at that address; the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts(self.start(), self.count()) }
    }

    /// # Safety
    /// The segment was not released, and nobody else reads or writes it as long as the slice lives.
    #[inline]
    pub unsafe fn buckets_mut<'a>(self) -> &'a mut [Bucket] {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.count()) }
    }

    /// # Safety
    /// The segment was not released, and is not used afterwards.
    pub unsafe fn release(self) {
        let at = NonNull::new(self.start()).expect("an allocated segment has an address");
        // SAFETY: `allocate` got it from there with the same count.
        unsafe { granules::release(at, self.count()) };
    }
}

/// One directory. `at_full` counts its segments whose depth is all of it: while there are none, half would do.
#[derive(Debug)]
struct Part {
    words: Box<[Segment]>,
    bits: u32,
    at_full: u32,
}

impl Part {
    /// `prefix_bits` were used to choose the part.
    fn new(words: Box<[Segment]>, prefix_bits: u32) -> Part {
        let bits = words.len().trailing_zeros();
        let full = words.iter().filter(|segment| segment.depth() == prefix_bits + bits).count() as u32;
        Part { words, bits, at_full: full }
    }
}

/// All segments of a dictionary. Every word of it is a live segment that nothing else owns, as long as `parts` is
/// not empty and except while a drain empties it.
#[derive(Debug, Default)]
pub struct Directory {
    parts: Vec<Part>,
    part_bits: u32,
    segments: usize,
    buckets: usize,
}

impl Directory {
    /// No segment at all. Allocates nothing.
    pub const fn new() -> Directory {
        Directory { parts: Vec::new(), part_bits: 0, segments: 0, buckets: 0 }
    }

    /// How many segments there are.
    pub fn segments(&self) -> usize {
        self.segments
    }

    /// How many buckets they have.
    pub fn buckets(&self) -> usize {
        self.buckets
    }

    /// Bytes of segments and directories.
    pub fn memory_bytes(&self) -> usize {
        let words: usize = self.parts.iter().map(|part| part.words.len()).sum();
        self.buckets * size_of::<Bucket>()
            + words * size_of::<Segment>()
            + self.parts.capacity() * size_of::<Part>()
    }

    /// No segment is deeper than this.
    pub fn depth(&self) -> u32 {
        self.part_bits + self.parts.iter().map(|part| part.bits).max().unwrap_or(0)
    }

    /// Words of the largest directory, which is what the next doubling copies.
    pub fn largest(&self) -> usize {
        self.parts.iter().map(|part| part.words.len()).max().unwrap_or(0)
    }

    #[inline]
    fn part_of(&self, hash: u64) -> usize {
        (hash >> 1 >> (63 - self.part_bits)) as usize
    }

    #[inline]
    fn word_of(&self, hash: u64, bits: u32) -> usize {
        (hash << self.part_bits >> 1 >> (63 - bits)) as usize
    }

    /// The segment of that hash. There must be one: a dictionary that is not empty has one for every hash.
    #[inline]
    pub fn segment(&self, hash: u64) -> Segment {
        let part = &self.parts[self.part_of(hash)];
        part.words[self.word_of(hash, part.bits)]
    }

    /// The address of the directory's word for that hash.
    #[inline]
    pub fn word_address(&self, hash: u64) -> usize {
        let part = &self.parts[self.part_of(hash)];
        part.words.as_ptr().addr() + self.word_of(hash, part.bits) * size_of::<Segment>()
    }

    /// The buckets of that hash's segment, and its depth.
    #[inline]
    pub fn view(&self, hash: u64) -> (&[Bucket], u32) {
        let segment = self.segment(hash);
        // SAFETY: the directory owns its segments and is borrowed as long as the slice.
        (unsafe { segment.buckets() }, segment.depth())
    }

    /// The same to write to.
    #[inline]
    pub fn view_mut(&mut self, hash: u64) -> (&mut [Bucket], u32) {
        let segment = self.segment(hash);
        // SAFETY: the directory owns its segments and is borrowed mutably as long as the slice.
        (unsafe { segment.buckets_mut() }, segment.depth())
    }

    /// Whether there is no segment yet.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Puts the first segment in.
    pub fn start(&mut self, segment: Segment) {
        debug_assert!(self.parts.is_empty() && segment.depth() == 0);
        self.parts.reserve_exact(1);
        self.parts.push(Part::new(Box::new([segment]), 0));
        self.segments = 1;
        self.buckets = segment.count();
    }

    /// Releases every segment. Takes as long as there are many.
    pub fn clear(&mut self) {
        for part in 0..self.parts.len() {
            let mut at = 0;
            while let Some(next) = self.release_at(part, at) {
                at = next;
            }
        }
        self.parts = Vec::new();
        self.part_bits = 0;
    }

    /// Puts `new` in the place of the segment of that hash, which has the same depth, and releases the old one.
    pub fn replace(&mut self, hash: u64, new: Segment) {
        let old = self.segment(hash);
        debug_assert_eq!(old.depth(), new.depth());
        let (part, start, width) = self.range(hash, old.depth());
        self.parts[part].words[start..start + width].fill(new);
        self.buckets = self.buckets + new.count() - old.count();
        // SAFETY: no word names it any more, and `&mut self` says that no slice of it is left.
        unsafe { old.release() };
    }

    /// Puts two segments that are one deeper in the place of the segment of that hash, and releases it.
    pub fn split(&mut self, hash: u64, left: Segment, right: Segment) {
        let old = self.segment(hash);
        let depth = old.depth();
        debug_assert!(left.depth() == depth + 1 && right.depth() == depth + 1);
        if depth == self.part_bits + self.parts[self.part_of(hash)].bits {
            self.widen(hash);
        }
        let (at, start, width) = self.range(hash, depth);
        let full = self.part_bits + self.parts[at].bits;
        let part = &mut self.parts[at];
        part.words[start..start + width / 2].fill(left);
        part.words[start + width / 2..start + width].fill(right);
        part.at_full += if depth + 1 == full { 2 } else { 0 };
        self.segments += 1;
        self.buckets = self.buckets + left.count() + right.count() - old.count();
        // SAFETY: as in `replace`.
        unsafe { old.release() };
    }

    /// Whether the segment of that hash and its buddy, the segment that differs in the last bit of the prefix, are
    /// equally deep and in the same directory.
    pub fn has_buddy(&self, hash: u64) -> bool {
        let depth = self.segment(hash).depth();
        depth > self.part_bits && self.segment(buddy(hash, depth)).depth() == depth
    }

    /// Puts `joined` in the place of the segment of that hash and its buddy, and releases both.
    pub fn join(&mut self, hash: u64, joined: Segment) {
        let old = self.segment(hash);
        let depth = old.depth();
        let other = self.segment(buddy(hash, depth));
        debug_assert!(self.has_buddy(hash) && joined.depth() + 1 == depth);
        let (at, start, width) = self.range(hash, depth - 1);
        let full = self.part_bits + self.parts[at].bits;
        let part = &mut self.parts[at];
        part.words[start..start + width].fill(joined);
        part.at_full -= if depth == full { 2 } else { 0 };
        self.segments -= 1;
        self.buckets = self.buckets + joined.count() - old.count() - other.count();
        // SAFETY: as in `replace`, for both.
        unsafe {
            old.release();
            other.release();
        }
        self.narrow(at);
    }

    /// The part, first word and number of words that stand for the prefix of `depth` bits of that hash.
    fn range(&self, hash: u64, depth: u32) -> (usize, usize, usize) {
        let at = self.part_of(hash);
        let bits = self.parts[at].bits;
        let width = 1 << (self.part_bits + bits - depth);
        (at, self.word_of(hash, bits) & !(width - 1), width)
    }

    /// Makes the directory of that hash cover one bit more: doubles it, or first cuts it into parts.
    fn widen(&mut self, hash: u64) {
        if self.part_bits == 0 && self.parts[0].bits == PROMOTE_BITS {
            let words = &self.parts[0].words;
            // With a keyed hash all segments are about equally deep; should one not be, doubling goes on.
            if words.iter().all(|segment| segment.depth() >= PART_BITS) {
                let parts = words.chunks(words.len() >> PART_BITS);
                self.parts = parts.map(|chunk| Part::new(chunk.into(), PART_BITS)).collect();
                self.part_bits = PART_BITS;
            }
        }
        let at = self.part_of(hash);
        let part = &mut self.parts[at];
        let mut words = Vec::with_capacity(part.words.len() * 2);
        part.words.iter().for_each(|&segment| words.extend([segment, segment]));
        *part = Part { words: words.into(), bits: part.bits + 1, at_full: 0 };
    }

    /// Halves a directory as long as no segment needs all of its bits, and makes one of all when each is at its
    /// smallest.
    fn narrow(&mut self, at: usize) {
        while self.parts[at].at_full == 0 && self.parts[at].bits > 0 {
            let half: Box<[Segment]> = self.parts[at].words.iter().step_by(2).copied().collect();
            self.parts[at] = Part::new(half, self.part_bits);
        }
        if self.part_bits > 0 && self.segments == self.parts.len() {
            let words: Box<[Segment]> = self.parts.iter().map(|part| part.words[0]).collect();
            self.parts = vec![Part::new(words, 0)];
            self.part_bits = 0;
        }
    }

    /// How many directories there are.
    pub fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The segment in word `at` of directory `part`, and the next word that stands for another one.
    pub fn segment_at(&self, part: usize, at: usize) -> Option<(Segment, usize)> {
        let part = self.parts.get(part)?;
        let segment = *part.words.get(at)?;
        if segment.is_none() {
            return Some((segment, at + 1));
        }
        Some((segment, at + (1 << (self.part_bits + part.bits - segment.depth()))))
    }

    /// The buckets of the segment in word `at` of directory `part`, and the next word that stands for another one.
    pub fn view_at(&self, part: usize, at: usize) -> Option<(&[Bucket], usize)> {
        let (segment, next) = self.segment_at(part, at)?;
        if segment.is_none() {
            return Some((&[], next));
        }
        // SAFETY: the directory owns its segments and is borrowed as long as the slice.
        Some((unsafe { segment.buckets() }, next))
    }

    /// Releases the segment in word `at` of directory `part` if there is one, leaving no segment there; only a
    /// drain may leave it so. Tells the next word that stands for another segment, none at the end.
    pub fn release_at(&mut self, part: usize, at: usize) -> Option<usize> {
        let (segment, next) = self.segment_at(part, at)?;
        if !segment.is_none() {
            self.parts[part].words[at..next].fill(Segment::NONE);
            self.segments -= 1;
            self.buckets -= segment.count();
            // SAFETY: no word names it any more, and `&mut self` says that no slice of it is left.
            unsafe { segment.release() };
        }
        Some(next)
    }

    /// Drops the words of a directory that a drain has emptied.
    pub fn forget_part(&mut self, part: usize) {
        debug_assert!(self.parts[part].words.iter().all(|segment| segment.is_none()));
        self.parts[part].words = Box::default();
    }

    /// Verifies everything this file promises; for tests.
    pub fn check(&self) {
        assert!(self.parts.is_empty() || self.parts.len() == 1 << self.part_bits);
        let (mut segments, mut buckets) = (0, 0);
        for part in &self.parts {
            assert_eq!(part.words.len(), 1 << part.bits);
            let full = self.part_bits + part.bits;
            let (mut at, mut at_full) = (0, 0);
            while at < part.words.len() {
                let segment = part.words[at];
                assert!(!segment.is_none() && segment.depth() >= self.part_bits && segment.depth() <= full);
                let width = 1 << (full - segment.depth());
                assert_eq!(at % width, 0, "a segment starts at its prefix");
                assert!(part.words[at..at + width].iter().all(|&other| other == segment));
                segments += 1;
                buckets += segment.count();
                at_full += u32::from(segment.depth() == full);
                at += width;
            }
            assert_eq!(part.at_full, at_full);
            assert!(at_full > 0 || part.bits == 0, "a directory is as small as can be");
        }
        assert_eq!((self.segments, self.buckets), (segments, buckets));
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        self.clear();
    }
}

/// A hash whose segment is the buddy of that of `hash`, at depth `depth`.
pub fn buddy(hash: u64, depth: u32) -> u64 {
    hash ^ 1 << (64 - depth)
}
