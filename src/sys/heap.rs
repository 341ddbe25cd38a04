//! The process' heap: jemalloc behind an allocator that counts every usable byte it hands out, and jemalloc's own
//! statistics. Memory that the keyspace maps for itself is not seen here.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use tikv_jemalloc_sys as je;

/// The global allocator: jemalloc, counted. Register it in the binary:
/// `#[global_allocator] static HEAP: CountingAllocator = CountingAllocator;`
///
/// It asks jemalloc itself rather than through `tikv_jemallocator`, which takes for granted that any block of 16 bytes
/// and more is aligned to 16. With size classes of 8 bytes a block of 40 is not, and a hash table of that layout would
/// fault on its first aligned load.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator;

/// What every jemalloc block is aligned to without asking.
const FREE_ALIGN: usize = 8;

/// The size to ask for and the flags to ask with, so that `layout` gets its alignment.
///
/// Every size class that is reached from a multiple of 16 is itself one, and slabs start on a page: rounding up costs
/// less than jemalloc's path for explicit alignment.
#[inline(always)]
fn request(size: usize, align: usize) -> (usize, c_int) {
    if align <= FREE_ALIGN {
        (size, 0)
    } else if align == 16 {
        (size.next_multiple_of(16), 0)
    } else {
        (size, je::MALLOCX_ALIGN(align))
    }
}

/// The usable bytes of a block that was asked for so.
#[inline(always)]
fn usable(size: usize, flags: c_int) -> i64 {
    if flags == 0 && size <= SMALL {
        size_class(size) as i64
    } else {
        // SAFETY: nallocx only computes; the size is not 0 (no layout reaches an allocator with size 0).
        unsafe { je::nallocx(size, flags) as i64 }
    }
}

/// Up to here the rounding is known; beyond, options of jemalloc decide it.
const SMALL: usize = 8192;

/// jemalloc's rounding of small sizes: steps of 8 up to 64, then four classes to each doubling. A call of nallocx
/// would cost more than the rest of a small allocation.
#[inline(always)]
fn size_class(size: usize) -> usize {
    const LG_QUANTUM: u32 = 3;
    let log = usize::BITS - 1 - (size * 2 - 1).leading_zeros();
    let step = 1usize << log.saturating_sub(3).max(LG_QUANTUM);
    (size + step - 1) & !(step - 1)
}

// SAFETY: every method forwards to jemalloc with a size and flags computed alike from the same layout, so that a block
// is freed and resized with what it was allocated with; `request` argues for the alignment. Counting neither
// allocates nor unwinds.
unsafe impl GlobalAlloc for CountingAllocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let (size, flags) = request(layout.size(), layout.align());
        // SAFETY: the size is not 0, by the caller's contract.
        let ptr = unsafe { if flags == 0 { je::malloc(size) } else { je::mallocx(size, flags) } };
        if !ptr.is_null() {
            count(usable(size, flags));
        }
        ptr.cast()
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let (size, flags) = request(layout.size(), layout.align());
        // SAFETY: the size is not 0, by the caller's contract.
        let ptr = unsafe {
            if flags == 0 { je::calloc(1, size) } else { je::mallocx(size, flags | je::MALLOCX_ZERO) }
        };
        if !ptr.is_null() {
            count(usable(size, flags));
        }
        ptr.cast()
    }

    #[inline]
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        let (size, flags) = request(layout.size(), layout.align());
        count(-usable(size, flags));
        // SAFETY: the block came from this allocator with this layout, by the caller's contract, so with this size
        // and these flags.
        unsafe { je::sdallocx(ptr.cast(), size, flags) }
    }

    #[inline]
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let (old, flags) = request(layout.size(), layout.align());
        let (size, _) = request(new_size, layout.align());
        // SAFETY: the block came from this allocator with this alignment, and the new size is not 0, both by the
        // caller's contract.
        let new = unsafe {
            if flags == 0 { je::realloc(ptr.cast(), size) } else { je::rallocx(ptr.cast(), size, flags) }
        };
        if !new.is_null() {
            count(usable(size, flags) - usable(old, flags));
        }
        new.cast()
    }
}

/// Threads with a counter of their own; the last counter is for all that come after.
const COUNTERS: usize = 64;
const SHARED: usize = COUNTERS - 1;
const UNCLAIMED: usize = usize::MAX;

/// One thread's balance, alone on its cache lines. It goes below zero in a thread that frees what others allocate.
#[repr(align(128))]
struct Counter(AtomicI64);

static BALANCES: [Counter; COUNTERS] = [const { Counter(AtomicI64::new(0)) }; COUNTERS];
static CLAIMED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(UNCLAIMED) };
}

/// Adds to the calling thread's balance. Only this thread writes its counter, so a plain load and store will do.
#[inline(always)]
fn count(delta: i64) {
    let mine = MINE.get();
    if mine < SHARED {
        let balance = &BALANCES[mine].0;
        balance.store(balance.load(Ordering::Relaxed).wrapping_add(delta), Ordering::Relaxed);
    } else {
        count_apart(mine, delta);
    }
}

#[cold]
#[inline(never)]
fn count_apart(mine: usize, delta: i64) {
    if mine == UNCLAIMED {
        let claimed = CLAIMED.fetch_add(1, Ordering::Relaxed).min(SHARED);
        MINE.set(claimed);
        if claimed < SHARED {
            return count(delta);
        }
    }
    BALANCES[SHARED].0.fetch_add(delta, Ordering::Relaxed);
}

/// Usable bytes of all blocks in use, of all threads, exact but for what other threads do at this very moment.
/// O(threads that ever allocated), at most 64 loads.
#[inline]
pub fn used_memory() -> usize {
    let claimed = CLAIMED.load(Ordering::Relaxed).min(COUNTERS);
    let sum: i64 = BALANCES[..claimed].iter().map(|c| c.0.load(Ordering::Relaxed)).sum();
    usize::try_from(sum).unwrap_or(0)
}

/// Usable bytes that a block of `size` bytes takes from the heap; 0 for 0 and for what no heap can hold.
#[inline]
pub fn usable_size(size: usize) -> usize {
    match size {
        0 => 0,
        1..=SMALL => size_class(size),
        // SAFETY: nallocx only computes, and the size is not 0. It answers 0 for what can never be allocated.
        _ => unsafe { je::nallocx(size, 0) },
    }
}

/// jemalloc's view of the heap, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapStats {
    /// In blocks that are in use.
    pub allocated: usize,
    /// In pages that hold at least one such block.
    pub active: usize,
    /// Of the allocator's own bookkeeping.
    pub metadata: usize,
    /// Physically resident, at most.
    pub resident: usize,
    /// In mapped extents.
    pub mapped: usize,
    /// Given back to the system but still reserved as addresses.
    pub retained: usize,
    /// In pages marked as free for the taking and not taken yet.
    pub muzzy: usize,
}

/// Reads the statistics. Merges those of all arenas: some 10 to 100 us, so for INFO and cron, not for a hot path.
pub fn heap_stats() -> HeapStats {
    use tikv_jemalloc_ctl::{epoch, stats};
    // Without an advance the numbers are those of the last one; stale is better than none.
    let _ = epoch::advance();
    let mut muzzy_name = *b"stats.arenas.4096.pmuzzy\0";
    let muzzy_pages = read_size(&mut muzzy_name);
    HeapStats {
        allocated: stats::allocated::read().unwrap_or(0),
        active: stats::active::read().unwrap_or(0),
        metadata: stats::metadata::read().unwrap_or(0),
        resident: stats::resident::read().unwrap_or(0),
        mapped: stats::mapped::read().unwrap_or(0),
        retained: stats::retained::read().unwrap_or(0),
        muzzy: muzzy_pages.saturating_mul(super::memory::page_size()),
    }
}

fn read_size(name: &mut [u8]) -> usize {
    // SAFETY: the names asked for with this function are of size_t nodes of the control tree and end in a zero byte.
    unsafe { tikv_jemalloc_ctl::raw::read::<usize>(name).unwrap_or(0) }
}

/// Gives all unused dirty pages back to the system. May take milliseconds.
pub fn purge() {
    // SAFETY: the name ends in a zero byte and is of a node that neither reads nor writes a value.
    unsafe {
        je::mallctl(
            c"arena.4096.purge".as_ptr(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            0,
        )
    };
}

/// Lets jemalloc purge from a thread of its own, or stops that.
///
/// # Errors
/// What jemalloc answers when it cannot start the thread.
pub fn set_background_thread(on: bool) -> std::io::Result<()> {
    // SAFETY: the name ends in a zero byte and is of a node of type bool.
    unsafe { tikv_jemalloc_ctl::raw::write(b"background_thread\0", on) }
        .map_err(|e| std::io::Error::other(e.to_string()))
}

/// Name and version as INFO's `mem_allocator` shows them.
pub fn allocator_name() -> String {
    let version = tikv_jemalloc_ctl::version::read().unwrap_or_default();
    format!("jemalloc-{}", version.split('-').next().unwrap_or_default())
}

/// jemalloc's full report, for MEMORY MALLOC-STATS.
pub fn malloc_stats() -> String {
    unsafe extern "C" fn append(out: *mut c_void, text: *const c_char) {
        // SAFETY: `out` is the String given below, borrowed by nobody else meanwhile; `text` is a C string of
        // jemalloc's that lives as long as this call.
        let (out, text) = unsafe { (&mut *out.cast::<String>(), CStr::from_ptr(text)) };
        out.push_str(&text.to_string_lossy());
    }
    let mut out = String::new();
    // SAFETY: the callback gets the pointer passed with it, during this call only.
    unsafe { je::malloc_stats_print(Some(append), (&raw mut out).cast(), std::ptr::null()) };
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs with the allocator's own methods, whatever the test binary's global allocator is.
    const HEAP: CountingAllocator = CountingAllocator;

    fn balance() -> i64 {
        let mine = MINE.get();
        if mine < SHARED { BALANCES[mine].0.load(Ordering::Relaxed) } else { 0 }
    }

    #[test]
    fn size_classes_are_those_of_jemalloc() {
        for size in 1..=SMALL {
            // SAFETY: nallocx only computes, and the size is not 0.
            assert_eq!(size_class(size), unsafe { je::nallocx(size, 0) }, "size {size}");
        }
        assert_eq!(usable_size(0), 0);
        assert_eq!(usable_size(33), 40);
        assert_eq!(usable_size(usize::MAX), 0);
        assert!(usable_size(1_000_001) >= 1_000_001);
    }

    #[test]
    fn blocks_are_aligned_and_sized_as_counted() {
        for align in [1, 2, 8, 16, 32, 64, 4096] {
            for size in (1..600).chain([4095, 4096, 20_000, 1 << 20]) {
                let layout = Layout::from_size_align(size, align).expect("a power of two and a small size");
                let (asked, flags) = request(size, align);
                // SAFETY: the size is not 0; the block is freed with the layout it was allocated with.
                unsafe {
                    let ptr = HEAP.alloc(layout);
                    assert!(!ptr.is_null());
                    assert_eq!(ptr as usize % align, 0, "size {size} align {align}");
                    assert_eq!(je::sallocx(ptr.cast(), flags) as i64, usable(asked, flags));
                    HEAP.dealloc(ptr, layout);
                }
            }
        }
    }

    #[test]
    fn counting_comes_back_to_where_it_was() {
        count(0);
        let before = balance();
        let layout = Layout::from_size_align(100, 16).expect("a power of two and a small size");
        let grown = Layout::from_size_align(5000, 16).expect("a power of two and a small size");
        // SAFETY: sizes are not 0; each block is resized and freed with the layout it has.
        unsafe {
            let ptr = HEAP.alloc_zeroed(layout);
            assert!((0..100).all(|i| *ptr.add(i) == 0));
            let ptr = HEAP.realloc(ptr, layout, 5000);
            if MINE.get() < SHARED {
                assert!(balance() >= before + 5000);
            }
            HEAP.dealloc(ptr, grown);
        }
        assert_eq!(balance(), before);
    }

    #[test]
    fn statistics_are_there() {
        let layout = Layout::from_size_align(1 << 20, 8).expect("a power of two and a small size");
        // SAFETY: the size is not 0; the block is freed with the layout it was allocated with.
        let stats = unsafe {
            let ptr = HEAP.alloc(layout);
            let stats = heap_stats();
            HEAP.dealloc(ptr, layout);
            stats
        };
        assert!(stats.allocated >= 1 << 20 && stats.active >= stats.allocated);
        assert!(stats.resident > 0 && stats.mapped >= stats.active);
        assert!(allocator_name().starts_with("jemalloc-5."));
        assert!(malloc_stats().contains("jemalloc"));
        purge();
    }
}
