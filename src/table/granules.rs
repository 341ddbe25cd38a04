//! Memory for the dictionaries' segments, shared by all dictionaries of the process as an allocator is. Owns 2 MB
//! chunks cut into granules of 512 bytes, with a bit for each; knows buckets only as something to zero.
//!
//! Segments of one dictionary grow through the same sizes at about the same time, so lists of free pieces by size
//! would strand whole classes of memory; with a bitmap, what one size left another takes.

use super::bucket::Bucket;
use super::chunks::Chunks;
use crate::sys::pages::{CHUNK_BYTES, Chunk};
use parking_lot::Mutex;
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Buckets in a granule.
pub const GRANULE_BUCKETS: usize = 8;
/// Smaller runs of buckets come from the global allocator, whose classes fit them.
const SMALL_BUCKETS: usize = 16;
/// The longest run that a chunk serves.
const LONGEST: usize = 64;
const GRANULE_BYTES: usize = GRANULE_BUCKETS * size_of::<Bucket>();
const GRANULES: usize = CHUNK_BYTES / GRANULE_BYTES;
const MAP_WORDS: usize = GRANULES / 64;

static POOL: Mutex<Pool> = Mutex::new(Pool::new());
/// Granules in use, beside the pool so that counting them takes no lock.
static USED: AtomicUsize = AtomicUsize::new(0);

/// Allocates `count` empty buckets.
pub fn allocate(count: usize) -> NonNull<Bucket> {
    if count.is_multiple_of(GRANULE_BUCKETS) && (SMALL_BUCKETS..=LONGEST * GRANULE_BUCKETS).contains(&count) {
        let at = POOL.lock().take(count / GRANULE_BUCKETS);
        USED.fetch_add(count / GRANULE_BUCKETS, Ordering::Relaxed);
        let buckets: NonNull<Bucket> = NonNull::new(std::ptr::with_exposed_provenance_mut(at))
            .expect("the pool hands out addresses inside its chunks");
        // SAFETY: the pool gave us this run of granules alone; it is mapped, writable and aligned to 512 bytes, and
        // zero bytes are a valid, empty bucket.
        unsafe { buckets.write_bytes(0, count) };
        return buckets;
    }
    let layout = layout(count);
    // SAFETY: the layout's size is not zero, as no segment has zero buckets.
    let at = unsafe { alloc_zeroed(layout) };
    NonNull::new(at.cast()).unwrap_or_else(|| handle_alloc_error(layout))
}

/// Gives back what [`allocate`] returned for the same `count`.
///
/// # Safety
/// `at` came from `allocate(count)`, was not given back before, and is not used afterwards.
pub unsafe fn release(at: NonNull<Bucket>, count: usize) {
    if count.is_multiple_of(GRANULE_BUCKETS) && (SMALL_BUCKETS..=LONGEST * GRANULE_BUCKETS).contains(&count) {
        POOL.lock().give(at.as_ptr().addr(), count / GRANULE_BUCKETS);
        USED.fetch_sub(count / GRANULE_BUCKETS, Ordering::Relaxed);
    } else {
        // SAFETY: by the caller's promise this came from `alloc_zeroed` with the same layout.
        unsafe { dealloc(at.as_ptr().cast(), layout(count)) };
    }
}

/// Whether chunks mapped from now on are backed by huge pages.
pub fn set_huge_pages(on: bool) {
    POOL.lock().chunks.set_huge_pages(on);
}

/// See [`Chunks::mend`].
pub fn mend_huge_pages() {
    POOL.lock().chunks.mend();
}

/// Bytes of the granules in use.
pub fn used_bytes() -> usize {
    USED.load(Ordering::Relaxed) * GRANULE_BYTES
}

/// Bytes of the chunks held, resident or not.
pub fn mapped_bytes() -> usize {
    POOL.lock().chunks.held() * CHUNK_BYTES
}

/// Takes out up to `max` chunks that nothing uses, except for one kept for what comes next. The caller drops them
/// on a thread that may pause.
pub fn take_free_chunks(max: usize) -> Vec<Chunk> {
    POOL.lock().take_free(max)
}

fn layout(count: usize) -> Layout {
    Layout::array::<Bucket>(count).expect("a segment is far below the address space")
}

/// One bit a granule: set while it is in use.
struct Map {
    used: [u64; MAP_WORDS],
    free: u32,
}

impl Map {
    const FREE: Map = Map { used: [0; MAP_WORDS], free: GRANULES as u32 };

    /// The first run of `count` free granules, at most [`LONGEST`].
    fn find(&self, count: usize) -> Option<usize> {
        let mut low = !self.used[0];
        for at in 0..MAP_WORDS {
            let high = self.used.get(at + 1).map_or(0, |word| !word);
            if low != 0 {
                // Bit i survives if bits i..i + count are all free: ends double until they cover the run.
                let mut runs = u128::from(low) | u128::from(high) << 64;
                let mut covered = 1;
                while covered < count {
                    let step = covered.min(count - covered);
                    runs &= runs >> step;
                    covered += step;
                }
                if runs as u64 != 0 {
                    return Some(at * 64 + runs.trailing_zeros() as usize);
                }
            }
            low = high;
        }
        None
    }

    fn set(&mut self, start: usize, count: usize, used: bool) {
        for at in start..start + count {
            let bit = 1 << (at % 64);
            debug_assert_eq!(self.used[at / 64] & bit == 0, used, "granule {at} is in the other state");
            self.used[at / 64] ^= bit;
        }
        self.free = if used { self.free - count as u32 } else { self.free + count as u32 };
    }
}

/// All chunks. `longest[i]` is an upper bound of the free run in chunk i, so that a search passes over full chunks
/// at a byte each.
struct Pool {
    chunks: Chunks,
    maps: Vec<Map>,
    longest: Vec<u8>,
}

impl Pool {
    const fn new() -> Pool {
        Pool { chunks: Chunks::new(), maps: Vec::new(), longest: Vec::new() }
    }

    /// Takes `count` granules, the lowest numbered chunk first so that high ones become free.
    fn take(&mut self, count: usize) -> usize {
        for number in 0..self.longest.len() {
            if usize::from(self.longest[number]) < count {
                continue;
            }
            match self.maps[number].find(count) {
                Some(start) => {
                    self.maps[number].set(start, count, true);
                    return self.chunks.base(number) + start * GRANULE_BYTES;
                }
                None => self.longest[number] = count as u8 - 1,
            }
        }
        let number = self.chunks.add();
        if number == self.maps.len() {
            self.maps.push(Map::FREE);
            self.longest.push(0);
        }
        self.maps[number] = Map::FREE;
        self.longest[number] = LONGEST as u8;
        self.maps[number].set(0, count, true);
        self.chunks.base(number)
    }

    fn give(&mut self, address: usize, count: usize) {
        let number = self.chunks.find(address).expect("a segment lies in one of the chunks");
        let start = (address - self.chunks.base(number)) / GRANULE_BYTES;
        self.maps[number].set(start, count, false);
        self.longest[number] = LONGEST as u8;
    }

    fn take_free(&mut self, max: usize) -> Vec<Chunk> {
        let free = |map: &Map, base| map.free as usize == GRANULES && base != 0;
        let all: Vec<usize> =
            (0..self.maps.len()).filter(|&at| free(&self.maps[at], self.chunks.base(at))).collect();
        let taken: Vec<usize> = all.into_iter().skip(1).take(max).collect();
        for &number in &taken {
            self.longest[number] = 0;
        }
        self.chunks.remove(&taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_across_words_and_joined_again() {
        let mut map = Map::FREE;
        map.set(0, 60, true);
        assert_eq!(map.find(16), Some(60), "across the border of two words");
        map.set(60, 16, true);
        map.set(76, GRANULES - 76, true);
        assert_eq!((map.find(1), map.free), (None, 0));
        map.set(62, 4, false);
        map.set(66, 4, false);
        assert_eq!((map.find(8), map.find(9)), (Some(62), None));
        map.set(GRANULES - 3, 3, false);
        map.set(62, 8, true);
        assert_eq!((map.find(3), map.find(4)), (Some(GRANULES - 3), None));
        map.set(64, 64, false);
        assert_eq!(map.find(64), Some(64));
    }

    #[test]
    fn pieces_do_not_overlap_and_free_chunks_go() {
        let mut pool = Pool::new();
        let sizes = [2, 6, 8, 10, 13, 16, 64, 1];
        let mut pieces: Vec<(usize, usize)> = (0..2000).map(|i| (0, sizes[i % sizes.len()])).collect();
        for piece in &mut pieces {
            piece.0 = pool.take(piece.1);
        }
        let mut sorted = pieces.clone();
        sorted.sort_unstable();
        for pair in sorted.windows(2) {
            assert!(pair[0].0 + pair[0].1 * GRANULE_BYTES <= pair[1].0, "two pieces overlap");
        }
        let granules: usize = pieces.iter().map(|piece| piece.1).sum();
        assert!(
            pool.chunks.held() <= granules.div_ceil(GRANULES) + 1,
            "chunks are filled before new ones come"
        );
        for &(at, count) in pieces.iter().step_by(2).chain(pieces.iter().skip(1).step_by(2)) {
            pool.give(at, count);
        }
        let held = pool.chunks.held();
        assert_eq!(pool.take_free(usize::MAX).len(), held - 1);
        assert_eq!(pool.chunks.held(), 1);
        assert_ne!(pool.take(16), 0);
        assert_eq!(pool.chunks.held(), 1, "the chunk that was kept serves on");
    }

    #[test]
    fn small_and_large_runs_are_zeroed_again() {
        for count in [1, 3, 8, 12, 16, 48, 128, 1024] {
            let at = allocate(count);
            // SAFETY: just allocated with that many buckets, and not given back before the end.
            let buckets = unsafe { std::slice::from_raw_parts_mut(at.as_ptr(), count) };
            assert!(buckets.iter().all(|bucket| bucket.len() == 0 && bucket.overflow() == 0));
            buckets.fill({
                let mut full = Bucket::EMPTY;
                full.put(3, 5, crate::table::bucket::Word::new(9).expect("not zero"));
                full
            });
            // SAFETY: allocated above with the same count and not used again.
            unsafe { release(at, count) };
        }
    }
}
