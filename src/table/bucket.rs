//! One cache line of the dictionary: seven slots with a tag each, and a mask of where entries went that did not
//! fit. It knows how a slot is laid out and nothing of hashes beyond the 23 bits it keeps of each.

use std::num::NonZeroU64;
use std::ptr::NonNull;

/// Entries in one bucket.
pub const SLOTS: usize = 7;

const OCCUPIED: u64 = 0x0080_8080_8080_8080;
const TAG_BITS: u64 = 0x007f_7f7f_7f7f_7f7f;
const ONES: u64 = 0x0001_0101_0101_0101;
const WORD_MASK: u64 = (1 << 48) - 1;

/// What a dictionary holds for its owner: 48 bits that are not all zero, such as the address of an entry (with
/// tags in its low bits, if the owner likes) or a handle.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Word(NonZeroU64);

impl Word {
    /// The word of that value, unless it is zero or takes more than 48 bits.
    #[inline]
    pub const fn new(value: u64) -> Option<Word> {
        if value > WORD_MASK {
            return None;
        }
        match NonZeroU64::new(value) {
            Some(value) => Some(Word(value)),
            None => None,
        }
    }

    /// The address of an allocation. User space on both targets ends at 2^47 and 2^48.
    #[inline]
    pub fn from_ptr<T>(ptr: NonNull<T>) -> Word {
        let address = ptr.as_ptr().expose_provenance() as u64;
        Word::new(address).expect("user space addresses fit into 48 bits")
    }

    /// The value it was made of.
    #[inline]
    pub const fn get(self) -> u64 {
        self.0.get()
    }

    /// The pointer whose address this is, if it is one; following it is the caller's promise to keep.
    #[inline]
    pub fn ptr<T>(self) -> NonNull<T> {
        let ptr = std::ptr::with_exposed_provenance_mut(self.0.get() as usize);
        NonNull::new(ptr).expect("a word is not zero")
    }
}

/// Positions of slots in a bucket, lowest first.
#[derive(Clone, Copy)]
pub struct Positions(u64);

impl Iterator for Positions {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.0 == 0 {
            return None;
        }
        let at = self.0.trailing_zeros() as usize / 8;
        self.0 &= self.0 - 1;
        Some(at)
    }
}

/// The line itself. `meta` holds a tag byte for each slot (0: empty; else the top bit and 7 hash bits) and above
/// them the overflow mask: bit `i - 1` is set while an entry whose home is this bucket lives in the `i`th bucket
/// after it. A slot holds 16 hash bits above the owner's word.
#[repr(C, align(64))]
#[derive(Clone)]
pub struct Bucket {
    meta: u64,
    slots: [u64; SLOTS],
}

impl Bucket {
    /// A bucket that holds nothing.
    pub const EMPTY: Bucket = Bucket { meta: 0, slots: [0; SLOTS] };

    /// Slots whose kept bits equal `fragment`.
    #[inline]
    pub fn matching(&self, fragment: u32) -> impl Iterator<Item = usize> {
        let wanted = u64::from(fragment & 0x7f | 0x80) * ONES;
        let differs = (self.meta ^ wanted) & (OCCUPIED | TAG_BITS);
        let equal = !(((differs & TAG_BITS) + TAG_BITS) | differs) & OCCUPIED;
        let high = u64::from(fragment >> 7);
        Positions(equal).filter(move |&slot| self.slots[slot] >> 48 == high)
    }

    /// Slots that hold an entry.
    #[inline]
    pub fn occupied(&self) -> Positions {
        Positions(self.meta & OCCUPIED)
    }

    /// How many entries there are.
    #[inline]
    pub fn len(&self) -> usize {
        (self.meta & OCCUPIED).count_ones() as usize
    }

    /// Whether slot `slot` holds an entry.
    #[inline]
    pub fn holds(&self, slot: usize) -> bool {
        self.meta >> (8 * slot) & 0x80 != 0
    }

    /// The first empty slot.
    #[inline]
    pub fn vacant(&self) -> Option<usize> {
        Positions(!self.meta & OCCUPIED).next()
    }

    /// In which of the next seven buckets entries of this home live.
    #[inline]
    pub fn overflow(&self) -> u8 {
        (self.meta >> 56) as u8
    }

    /// Notes that an entry of this home lives `distance` (1 to 7) buckets on, or no longer does.
    #[inline]
    pub fn set_overflow(&mut self, distance: usize, on: bool) {
        debug_assert!((1..=7).contains(&distance), "the window is eight buckets");
        let bit = 1 << (55 + distance);
        self.meta = if on { self.meta | bit } else { self.meta & !bit };
    }

    /// The 23 hash bits kept of the entry in `slot`.
    #[inline]
    pub fn fragment(&self, slot: usize) -> u32 {
        (self.slots[slot] >> 48 << 7) as u32 | (self.meta >> (8 * slot)) as u32 & 0x7f
    }

    /// The owner's word in `slot`, which holds an entry.
    #[inline]
    pub fn word(&self, slot: usize) -> Word {
        debug_assert!(self.holds(slot), "slot {slot} is empty");
        Word::new(self.slots[slot] & WORD_MASK).expect("an occupied slot holds a word")
    }

    /// Fills `slot`.
    #[inline]
    pub fn put(&mut self, slot: usize, fragment: u32, word: Word) {
        let tag = u64::from(fragment & 0x7f | 0x80);
        self.meta = self.meta & !(0xff << (8 * slot)) | tag << (8 * slot);
        self.slots[slot] = u64::from(fragment >> 7) << 48 | word.get();
    }

    /// Puts another word in the place of the one in `slot`, of the same hash.
    #[inline]
    pub fn set_word(&mut self, slot: usize, word: Word) {
        self.slots[slot] = self.slots[slot] & !WORD_MASK | word.get();
    }

    /// Empties `slot`.
    #[inline]
    pub fn clear(&mut self, slot: usize) {
        self.meta &= !(0xff << (8 * slot));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: u64) -> Word {
        Word::new(value).expect("a small number")
    }

    #[test]
    fn words_are_48_bits_and_not_zero() {
        assert_eq!(Word::new(0), None);
        assert_eq!(Word::new(1 << 48), None);
        assert_eq!(word(WORD_MASK).get(), WORD_MASK);
        let boxed = Box::new(5u32);
        let as_word = Word::from_ptr(NonNull::from(&*boxed));
        assert_eq!(as_word.ptr::<u32>(), NonNull::from(&*boxed));
    }

    #[test]
    fn slots_fill_match_and_clear() {
        let mut bucket = Bucket::EMPTY;
        for slot in 0..SLOTS {
            assert_eq!(bucket.vacant(), Some(slot));
            bucket.put(slot, 0x7f_ff00 | (slot as u32 % 3), word(slot as u64 + 1));
        }
        bucket.set_overflow(7, true);
        bucket.set_overflow(1, true);
        assert_eq!((bucket.vacant(), bucket.len(), bucket.overflow()), (None, 7, 0b100_0001));
        assert_eq!(bucket.matching(0x7f_ff01).collect::<Vec<_>>(), [1, 4]);
        assert_eq!(bucket.matching(0x00_0001).count(), 0, "the tag agrees, the other bits do not");
        assert_eq!((bucket.word(4).get(), bucket.fragment(4)), (5, 0x7f_ff01));
        bucket.clear(4);
        bucket.set_word(1, word(99));
        bucket.set_overflow(7, false);
        assert_eq!(bucket.matching(0x7f_ff01).collect::<Vec<_>>(), [1]);
        assert_eq!((bucket.word(1).get(), bucket.fragment(1), bucket.overflow()), (99, 0x7f_ff01, 1));
        assert_eq!(bucket.occupied().collect::<Vec<_>>(), [0, 1, 2, 3, 5, 6]);
    }

    #[test]
    fn tags_match_exactly_beside_near_misses() {
        // A subtraction that borrows into the next byte would report the neighbour of an equal tag.
        let mut bucket = Bucket::EMPTY;
        for (slot, tag) in [0x10, 0x11, 0x10, 0x11, 0x0f, 0x10, 0x00].into_iter().enumerate() {
            bucket.put(slot, tag, word(1));
        }
        assert_eq!(bucket.matching(0x10).collect::<Vec<_>>(), [0, 2, 5]);
        assert_eq!(bucket.matching(0).collect::<Vec<_>>(), [6]);
        assert_eq!(Bucket::EMPTY.matching(0).count(), 0, "an empty slot matches nothing");
    }
}
