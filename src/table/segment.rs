//! A segment: the buckets of all entries whose hashes share a prefix. It owns placement and search within them; it
//! must not know where segments come from or how they are found.
//!
//! Of each hash a segment keeps 23 bits, its fragment, taken from a window that starts at a multiple of 8 bits: at
//! depth d (the prefix's length) the window starts at bit d & !7, so at least 16 bits after the prefix are known.
//! Those 16, read as a fraction, are the position in the segment: homes rise with the hash. So growing and
//! splitting stream from one array into another, hash order is bucket order, and only a split to a depth that is a
//! multiple of 8 has to read the entries again.

use super::bucket::{Bucket, SLOTS, Word};

/// An entry lives in its home bucket or one of the seven after it, around the end of the segment.
pub const WINDOW: usize = 8;
/// Segments do not split at this depth: a scan cursor has room for this many bits and 16.
pub const MAX_DEPTH: u32 = 32;
const FRAGMENT_BITS: u32 = 23;

/// Bucket counts that a segment grows through before it splits. The larger ones are multiples of a granule; with
/// wider gaps entries move less often but more slots stay empty.
pub const SIZES: [u16; 15] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80, 104, 128];

/// The next size after `count` buckets, if the segment need not split yet.
pub fn next_size(count: usize) -> Option<usize> {
    SIZES.iter().map(|&size| usize::from(size)).find(|&size| size > count)
}

/// The smallest size that holds `entries` with a quarter of its slots to spare, or the largest there is.
pub fn size_for(entries: usize) -> usize {
    let fits = |size: &u16| usize::from(*size) * SLOTS * 3 >= entries * 4;
    SIZES.iter().copied().find(fits).map_or(usize::from(SIZES[SIZES.len() - 1]), usize::from)
}

/// The first `depth` bits of a hash, the others zero.
pub fn prefix(hash: u64, depth: u32) -> u64 {
    hash & !(u64::MAX >> depth)
}

/// The first hash after those that share the first `depth` bits of `hash`; 0 after the last.
pub fn next_prefix(hash: u64, depth: u32) -> u64 {
    if depth == 0 { 0 } else { (hash >> (64 - depth)).wrapping_add(1) << (64 - depth) }
}

/// The 23 bits of `hash` that a segment of that depth keeps.
#[inline]
pub fn fragment(hash: u64, depth: u32) -> u32 {
    (hash << (depth & !7) >> (64 - FRAGMENT_BITS)) as u32
}

/// The first 16 bits after the prefix.
#[inline]
fn position(fragment: u32, depth: u32) -> usize {
    (fragment >> (7 - (depth & 7))) as usize & 0xffff
}

/// The home of an entry among `count` buckets.
#[inline]
pub fn home(fragment: u32, depth: u32, count: usize) -> usize {
    (position(fragment, depth) * count) >> 16
}

/// The home bucket in which `hash`, taken as a boundary, falls.
pub fn home_of_hash(hash: u64, depth: u32, count: usize) -> usize {
    home(fragment(hash, depth), depth, count)
}

/// The lowest position whose home is `home`, in 1/65536 of the segment; 65536 for the home past the end.
pub fn first_position(home: usize, count: usize) -> u64 {
    ((home << 16).div_ceil(count)) as u64
}

/// The top bits of an entry's hash as far as they are known: those of the segment's prefix and of the fragment.
/// The second value is how many.
pub fn known_hash(prefix: u64, fragment: u32, depth: u32) -> (u64, u32) {
    let window = depth & !7;
    let kept = u64::from(fragment) << (64 - FRAGMENT_BITS) >> window;
    (prefix & !(u64::MAX >> window) | kept, window + FRAGMENT_BITS)
}

/// Which side of a split to `depth + 1` an entry goes to.
#[inline]
pub fn goes_right(fragment: u32, depth: u32) -> bool {
    fragment >> (FRAGMENT_BITS - 1 - (depth & 7)) & 1 != 0
}

/// The fragment of an entry after its segment's depth went down by one, from `depth`, to whose prefix it belongs.
pub fn widened(fragment: u32, prefix: u64, depth: u32) -> u32 {
    if !depth.is_multiple_of(8) {
        return fragment;
    }
    let eight = (prefix >> (64 - depth)) as u32 & 0xff;
    eight << 15 | fragment >> 8
}

/// Where an entry is in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bucket's number.
    pub bucket: usize,
    /// The slot in it.
    pub slot: usize,
}

#[inline]
fn wrap(at: usize, count: usize) -> usize {
    if at < count { at } else { at - count }
}

/// The buckets in which entries of a home live, the home itself first.
#[inline]
pub fn residences(buckets: &[Bucket], home: usize) -> impl Iterator<Item = usize> {
    let (count, mut mask) = (buckets.len(), buckets[home].overflow());
    std::iter::once(home).chain(std::iter::from_fn(move || {
        (mask != 0).then(|| {
            let distance = mask.trailing_zeros() as usize + 1;
            mask &= mask - 1;
            wrap(home + distance, count)
        })
    }))
}

/// Searches for the entry of that hash that `eq` accepts.
#[inline]
pub fn find(buckets: &[Bucket], depth: u32, hash: u64, mut eq: impl FnMut(Word) -> bool) -> Option<Place> {
    let fragment = fragment(hash, depth);
    for bucket in residences(buckets, home(fragment, depth, buckets.len())) {
        let line = &buckets[bucket];
        if let Some(slot) = line.matching(fragment).find(|&slot| eq(line.word(slot))) {
            return Some(Place { bucket, slot });
        }
    }
    None
}

/// Puts an entry as near to its home as there is room; false if its window is full.
#[inline]
pub fn place(buckets: &mut [Bucket], depth: u32, fragment: u32, word: Word) -> bool {
    let count = buckets.len();
    let home = home(fragment, depth, count);
    for distance in 0..WINDOW.min(count) {
        let line = &mut buckets[wrap(home + distance, count)];
        if let Some(slot) = line.vacant() {
            line.put(slot, fragment, word);
            if distance > 0 {
                buckets[home].set_overflow(distance, true);
            }
            return true;
        }
    }
    false
}

/// Takes the entry at `at` out.
pub fn remove(buckets: &mut [Bucket], depth: u32, at: Place) -> Word {
    let count = buckets.len();
    let line = &mut buckets[at.bucket];
    let word = line.word(at.slot);
    let home = home(line.fragment(at.slot), depth, count);
    line.clear(at.slot);
    if home != at.bucket && homed(line, home, depth, count).next().is_none() {
        buckets[home].set_overflow(wrap(at.bucket + count - home, count), false);
    }
    word
}

/// The slots of a bucket whose entries have their home at `home`.
#[inline]
pub fn homed(line: &Bucket, home: usize, depth: u32, count: usize) -> impl Iterator<Item = usize> {
    line.occupied().filter(move |&slot| self::home(line.fragment(slot), depth, count) == home)
}

/// How many entries there are. Reads each bucket's line.
pub fn entries(buckets: &[Bucket]) -> usize {
    buckets.iter().map(Bucket::len).sum()
}

/// Every entry with its fragment, in the order of the buckets.
pub fn all(buckets: &[Bucket]) -> impl Iterator<Item = (u32, Word)> {
    buckets.iter().flat_map(|line| line.occupied().map(|slot| (line.fragment(slot), line.word(slot))))
}

/// Verifies that every entry is in its window and that the overflow masks are exact; for tests.
pub fn check(buckets: &[Bucket], depth: u32) {
    let count = buckets.len();
    let mut masks = vec![0u8; count];
    for (at, line) in buckets.iter().enumerate() {
        for slot in line.occupied() {
            let home = home(line.fragment(slot), depth, count);
            let distance = wrap(at + count - home, count);
            assert!(distance < WINDOW, "an entry lives {distance} buckets from its home");
            masks[home] |= ((1u32 << distance) >> 1) as u8;
        }
    }
    let kept: Vec<u8> = buckets.iter().map(Bucket::overflow).collect();
    assert_eq!(kept, masks);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Spreads a counter over 64 bits.
    fn hash(i: u64) -> u64 {
        let x = (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let x = (x ^ x >> 31).wrapping_mul(0xd6e8_feb8_6659_fd93);
        x ^ x >> 32
    }

    fn word(i: u64) -> Word {
        Word::new(i + 1).expect("a small number")
    }

    #[test]
    fn prefixes_follow_one_another_around() {
        assert_eq!((next_prefix(5, 0), prefix(5, 0)), (0, 0));
        assert_eq!(next_prefix(0x1234_5678 << 32, 16), 0x1235 << 48);
        assert_eq!(prefix(0x1234_5678 << 32, 16), 0x1234 << 48);
        assert_eq!(next_prefix(u64::MAX, 3), 0);
    }

    #[test]
    fn homes_rise_with_the_hash_at_every_depth() {
        for depth in 0..=MAX_DEPTH {
            let prefix = if depth == 0 { 0 } else { hash(77) & !(u64::MAX >> depth) };
            let mut hashes: Vec<u64> =
                (0..500).map(|i| prefix | hash(i).checked_shr(depth).unwrap_or(0)).collect();
            hashes.sort_unstable();
            for count in [1, 3, 48, 128] {
                let homes: Vec<usize> =
                    hashes.iter().map(|&h| home(fragment(h, depth), depth, count)).collect();
                assert!(homes.is_sorted() && homes.iter().all(|&home| home < count));
                for (&hash, &home) in hashes.iter().zip(&homes) {
                    let low = prefix + (first_position(home, count) << (48 - depth));
                    assert!(hash >= low, "a home's first position bounds its hashes");
                    let high =
                        u128::from(prefix) + (u128::from(first_position(home + 1, count)) << (48 - depth));
                    assert!(u128::from(hash) < high);
                    let (known, bits) = known_hash(prefix, fragment(hash, depth), depth);
                    assert_eq!(known, hash & !(u64::MAX >> bits));
                }
            }
        }
    }

    #[test]
    fn fragments_follow_a_segment_up_and_down() {
        for i in 0..200 {
            let hash = hash(i);
            for depth in 0..MAX_DEPTH {
                let right = goes_right(fragment(hash, depth), depth);
                assert_eq!(right, hash >> (63 - depth) & 1 == 1);
                if (depth + 1) % 8 != 0 {
                    assert_eq!(fragment(hash, depth), fragment(hash, depth + 1), "nothing to read again");
                }
                let prefix = hash & !(u64::MAX >> (depth + 1));
                let wide = widened(fragment(hash, depth + 1), prefix, depth + 1);
                let kept = 23 - if (depth + 1) % 8 == 0 { 0 } else { depth & 7 };
                assert_eq!(wide >> (23 - kept), fragment(hash, depth) >> (23 - kept));
                assert_eq!(wide, fragment(hash, depth));
            }
        }
    }

    #[test]
    fn a_full_small_segment_finds_and_removes_everything() {
        for count in [1usize, 2, 3, 6, 8] {
            let mut buckets = vec![Bucket::EMPTY; count];
            let total = (count * SLOTS) as u64;
            for i in 0..total {
                assert!(place(&mut buckets, 5, fragment(hash(i), 5), word(i)), "a window covers all of it");
            }
            assert!(!place(&mut buckets, 5, fragment(hash(total), 5), word(total)));
            for i in 0..total {
                let at = find(&buckets, 5, hash(i), |found| found == word(i)).expect("it is there");
                assert_eq!(remove(&mut buckets, 5, at), word(i));
                assert_eq!(find(&buckets, 5, hash(i), |found| found == word(i)), None);
            }
            assert!(buckets.iter().all(|line| line.len() == 0 && line.overflow() == 0), "masks are exact");
        }
    }

    #[test]
    fn sizes_rise_and_leave_room() {
        assert!(SIZES.is_sorted());
        assert_eq!((next_size(1), next_size(104), next_size(128)), (Some(2), Some(128), None));
        assert_eq!(
            (size_for(0), size_for(5), size_for(6), size_for(420), size_for(5000)),
            (1, 1, 2, 80, 128)
        );
    }
}
