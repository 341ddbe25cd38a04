//! How much memory a piece of a test takes at its height, of what its own thread takes from the allocator. Knows no
//! test.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Meter;

#[global_allocator]
static METER: Meter = Meter;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let live = LIVE.get() + bytes;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call is passed on to the system's allocator as it came; counting allocates nothing, for the cells are
// constants without destructors.
unsafe impl GlobalAlloc for Meter {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to what `alloc` asks for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller keeps to what `alloc_zeroed` asks for.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller keeps to what `dealloc` asks for, and what `System` gave out comes back to it.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller keeps to what `realloc` asks for, and what `System` gave out comes back to it.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Runs `f` and tells by how many bytes the memory of this thread grew at most meanwhile.
pub fn peak_bytes<R>(f: impl FnOnce() -> R) -> (R, usize) {
    let before = LIVE.get();
    PEAK.set(before);
    let result = f();
    (result, PEAK.get().saturating_sub(before).max(0) as usize)
}

#[test]
fn the_height_is_told_and_not_the_end() {
    let (len, peak) = peak_bytes(|| {
        let big = vec![1u8; 1 << 20];
        drop(vec![0u8; 1 << 20]);
        big.len()
    });
    assert!(len == 1 << 20 && (2 << 20..3 << 20).contains(&peak), "{peak}");
}
