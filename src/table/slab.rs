//! The allocator of entries: one thread, 8-byte size classes, exact figures. It owns chunks of 2 MB cut into pages
//! of 16 KB, each of one class at a time; it must not know what an entry is.
//!
//! General allocators round 54 bytes to 64; here it is 56. Freed objects of a page form a list through the objects
//! themselves; an untouched rest is handed out in order, so that memory becomes resident only as it is used. A page
//! whose last object goes serves any class again, and chunks without a used page can be given back.

use super::chunks::Chunks;
use crate::sys::heap;
use crate::sys::pages::{CHUNK_BYTES, Chunk};
use crate::sys::prefetch::prefetch;
use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::ops::{Index, IndexMut};
use std::ptr::NonNull;

/// Objects up to this size live in the slab, larger ones in the global allocator.
pub const LARGEST: usize = 1024;
const UNIT: usize = 8;
const CLASSES: usize = LARGEST / UNIT + 1;
const PAGE_BYTES: usize = 16 << 10;
const PAGE_UNITS: u16 = (PAGE_BYTES / UNIT) as u16;
const PAGES: usize = CHUNK_BYTES / PAGE_BYTES;
const NONE: u32 = u32::MAX;
/// No freed object. Offsets within a page are counted in units and lie below [`PAGE_UNITS`].
const NO_OBJECT: u16 = u16::MAX;

/// A page's state. While it has room it is in its class's ring-less double list.
#[derive(Clone, Copy, Debug)]
struct Page {
    /// Class in units, 0 while the page is free.
    class: u16,
    /// Objects handed out.
    used: u16,
    /// The freed object to hand out next.
    freed: u16,
    /// Where the part begins that was never handed out.
    fresh: u16,
    next: u32,
    previous: u32,
}

const FREE_PAGE: Page = Page { class: 0, used: 0, freed: NO_OBJECT, fresh: 0, next: NONE, previous: NONE };

impl Page {
    fn has_room(&self) -> bool {
        self.freed != NO_OBJECT || self.fresh + self.class <= PAGE_UNITS
    }
}

/// All pages, those of a chunk together: one array of all would be copied as it grows, which at some 10 million keys
/// takes a millisecond.
#[derive(Debug)]
#[expect(clippy::vec_box, reason = "without the boxes growth copies every page")]
struct Pages(Vec<Box<[Page; PAGES]>>);

impl Pages {
    fn get(&self, number: u32) -> Option<&Page> {
        Some(&self.0.get(number as usize / PAGES)?[number as usize % PAGES])
    }

    fn get_mut(&mut self, number: u32) -> Option<&mut Page> {
        Some(&mut self.0.get_mut(number as usize / PAGES)?[number as usize % PAGES])
    }
}

impl Index<usize> for Pages {
    type Output = Page;

    #[inline]
    fn index(&self, number: usize) -> &Page {
        &self.0[number / PAGES][number % PAGES]
    }
}

impl IndexMut<usize> for Pages {
    #[inline]
    fn index_mut(&mut self, number: usize) -> &mut Page {
        &mut self.0[number / PAGES][number % PAGES]
    }
}

/// A bit for each page of a chunk.
#[derive(Clone, Copy, Debug, Default)]
struct PageBits {
    free: u128,
    /// Free pages that were used before and are resident.
    dirty: u128,
}

/// See the module. Not for sharing between threads; dropping it unmaps everything at once.
#[derive(Debug)]
pub struct Slab {
    /// For each class the first page with room.
    open: [u32; CLASSES],
    pages: Pages,
    chunks: Chunks,
    bits: Vec<PageBits>,
    /// A bit for each chunk that has a free page.
    available: Vec<u64>,
    used_bytes: usize,
    large_bytes: usize,
    resident_pages: usize,
}

impl Default for Slab {
    fn default() -> Slab {
        Slab::new()
    }
}

impl Slab {
    /// An empty slab, which has mapped nothing.
    pub const fn new() -> Slab {
        Slab {
            open: [NONE; CLASSES],
            pages: Pages(Vec::new()),
            chunks: Chunks::new(),
            bits: Vec::new(),
            available: Vec::new(),
            used_bytes: 0,
            large_bytes: 0,
            resident_pages: 0,
        }
    }

    /// How many bytes an allocation of `size` takes, all of which its owner may use.
    #[inline]
    pub fn usable(size: usize) -> usize {
        if size <= LARGEST { size.next_multiple_of(UNIT).max(UNIT) } else { heap::usable_size(size) }
    }

    /// Allocates `size` bytes aligned to 8, of no particular content.
    #[inline]
    pub fn alloc(&mut self, size: usize) -> NonNull<u8> {
        if size > LARGEST {
            return self.alloc_large(size);
        }
        let class = size.div_ceil(UNIT).max(1);
        let number = match self.open[class] {
            NONE => self.open_page(class),
            number => number as usize,
        };
        let base = self.chunks.base(number / PAGES) + number % PAGES * PAGE_BYTES;
        let page = &mut self.pages[number];
        let offset = if page.freed == NO_OBJECT {
            let offset = page.fresh;
            page.fresh += page.class;
            offset
        } else {
            let offset = page.freed;
            let object = std::ptr::with_exposed_provenance::<u16>(base + usize::from(offset) * UNIT);
            // SAFETY: the object lies in a mapped page and is free: `free` wrote the next one's offset there.
            page.freed = unsafe { object.read() };
            if page.freed != NO_OBJECT {
                prefetch(base + usize::from(page.freed) * UNIT);
            }
            offset
        };
        page.used += 1;
        self.used_bytes += class * UNIT;
        if !page.has_room() {
            self.unlink(number);
        }
        let object = std::ptr::with_exposed_provenance_mut(base + usize::from(offset) * UNIT);
        NonNull::new(object).expect("no chunk is mapped at zero")
    }

    /// Gives an allocation of `size` bytes back.
    ///
    /// # Safety
    /// `object` came from [`Slab::alloc`] of this slab with a size of the same [`Slab::usable`], was not given back
    /// since, and is not used afterwards.
    #[inline]
    pub unsafe fn free(&mut self, object: NonNull<u8>, size: usize) {
        if size > LARGEST {
            // SAFETY: the caller's promise is the same.
            return unsafe { self.free_large(object, size) };
        }
        let address = object.as_ptr().addr();
        let chunk = self.chunks.find(address).expect("an object lies in one of the slab's chunks");
        let number = chunk * PAGES + address % CHUNK_BYTES / PAGE_BYTES;
        let page = &mut self.pages[number];
        debug_assert_eq!(usize::from(page.class), size.div_ceil(UNIT).max(1), "freed with another size");
        let had_room = page.has_room();
        // SAFETY: the object is no longer used by anyone, is 8 bytes long at least and aligned to them.
        unsafe { object.cast::<u16>().write(page.freed) };
        page.freed = (address % PAGE_BYTES / UNIT) as u16;
        page.used -= 1;
        self.used_bytes -= usize::from(page.class) * UNIT;
        if page.used == 0 {
            self.close_page(number, had_room);
        } else if !had_room {
            self.link(number);
        }
    }

    /// The sum of [`Slab::usable`] over all that is allocated, the large ones included.
    #[inline]
    pub fn used_bytes(&self) -> usize {
        self.used_bytes + self.large_bytes
    }

    /// The same without the large ones: those come from the process' heap, which counts them too.
    pub fn own_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Bytes of pages that were touched, an upper bound by less than a page for each class in use, and of large
    /// allocations.
    pub fn resident_bytes(&self) -> usize {
        self.resident_pages * PAGE_BYTES + self.large_bytes
    }

    /// Whether chunks mapped from now on, except for the first, are backed by huge pages.
    pub fn set_huge_pages(&mut self, on: bool) {
        self.chunks.set_huge_pages(on);
    }

    /// See [`Chunks::mend`].
    pub fn mend_huge_pages(&self) {
        self.chunks.mend();
    }

    /// Takes out up to `max` chunks that hold nothing, except for one kept for what comes next. The caller drops
    /// them on a thread that may pause: unmapping one takes some 150 us.
    pub fn take_free_chunks(&mut self, max: usize) -> Vec<Chunk> {
        let unused = |number: &usize| self.bits[*number].free == u128::MAX && self.chunks.base(*number) != 0;
        let numbers: Vec<usize> = (0..self.bits.len()).filter(unused).skip(1).take(max).collect();
        for &number in &numbers {
            self.resident_pages -= self.bits[number].dirty.count_ones() as usize;
            self.bits[number] = PageBits::default();
            self.available[number / 64] &= !(1 << (number % 64));
        }
        self.chunks.remove(&numbers)
    }

    /// Gives the memory of up to `max` free pages in chunks that are in use back to the system, some 2 us each.
    /// Tells how many bytes that were. Not for chunks in huge pages, which it would break up.
    pub fn trim(&mut self, max: usize) -> usize {
        let mut trimmed = 0;
        for number in 0..self.bits.len() {
            let Some(chunk) = self.chunks.get(number) else { continue };
            while self.bits[number].dirty != 0 && trimmed < max {
                let page = self.bits[number].dirty.trailing_zeros() as usize;
                // SAFETY: dirty pages are free: no object is in this one, and it is written anew when taken.
                unsafe { chunk.discard(page * PAGE_BYTES, PAGE_BYTES) };
                self.bits[number].dirty &= !(1 << page);
                trimmed += 1;
            }
        }
        self.resident_pages -= trimmed;
        trimmed * PAGE_BYTES
    }

    #[cold]
    fn alloc_large(&mut self, size: usize) -> NonNull<u8> {
        let layout = large_layout(size);
        self.large_bytes += Slab::usable(size);
        // SAFETY: the size is above LARGEST, so not zero.
        NonNull::new(unsafe { alloc(layout) }).unwrap_or_else(|| handle_alloc_error(layout))
    }

    /// # Safety
    /// As [`Slab::free`].
    #[cold]
    unsafe fn free_large(&mut self, object: NonNull<u8>, size: usize) {
        self.large_bytes -= Slab::usable(size);
        // SAFETY: `alloc_large` got it with this layout, as a size of equal `usable` gives the same one.
        unsafe { dealloc(object.as_ptr(), large_layout(size)) };
    }

    /// Makes a free page one of `class`, the lowest numbered chunk first so that high ones become free.
    #[cold]
    fn open_page(&mut self, class: usize) -> usize {
        let word = self.available.iter().position(|&word| word != 0);
        let chunk = match word {
            Some(word) => word * 64 + self.available[word].trailing_zeros() as usize,
            None => self.add_chunk(),
        };
        let page = self.bits[chunk].free.trailing_zeros() as usize;
        self.bits[chunk].free &= !(1 << page);
        if self.bits[chunk].dirty >> page & 1 == 0 {
            self.resident_pages += 1;
        }
        self.bits[chunk].dirty &= !(1 << page);
        if self.bits[chunk].free == 0 {
            self.available[chunk / 64] &= !(1 << (chunk % 64));
        }
        let number = chunk * PAGES + page;
        self.pages[number] = Page { class: class as u16, ..FREE_PAGE };
        self.link(number);
        number
    }

    /// Takes the class away from a page without objects.
    #[cold]
    fn close_page(&mut self, number: usize, linked: bool) {
        if linked {
            self.unlink(number);
        }
        self.pages[number] = FREE_PAGE;
        let (chunk, page) = (number / PAGES, number % PAGES);
        self.bits[chunk].free |= 1 << page;
        self.bits[chunk].dirty |= 1 << page;
        self.available[chunk / 64] |= 1 << (chunk % 64);
    }

    fn add_chunk(&mut self) -> usize {
        let number = self.chunks.add();
        if number == self.bits.len() {
            self.bits.push(PageBits::default());
            self.pages.0.push(Box::new([FREE_PAGE; PAGES]));
            self.available.resize(self.bits.len().div_ceil(64), 0);
        }
        self.bits[number] = PageBits { free: u128::MAX, dirty: 0 };
        self.available[number / 64] |= 1 << (number % 64);
        number
    }

    /// Puts a page with room first in its class's list.
    fn link(&mut self, number: usize) {
        let class = usize::from(self.pages[number].class);
        let next = self.open[class];
        if let Some(page) = self.pages.get_mut(next) {
            page.previous = number as u32;
        }
        let page = &mut self.pages[number];
        (page.next, page.previous) = (next, NONE);
        self.open[class] = number as u32;
    }

    /// Takes a page out of its class's list.
    fn unlink(&mut self, number: usize) {
        let Page { class, next, previous, .. } = self.pages[number];
        if let Some(page) = self.pages.get_mut(next) {
            page.previous = previous;
        }
        match self.pages.get_mut(previous) {
            Some(page) => page.next = next,
            None => self.open[usize::from(class)] = next,
        }
    }

    /// Verifies the figures and lists; for tests.
    pub fn check(&self) {
        let (mut used, mut resident) = (0, 0);
        for (number, page) in self.pages.0.iter().flat_map(|pages| pages.iter()).enumerate() {
            let bits = self.bits[number / PAGES];
            let free = bits.free >> (number % PAGES) & 1 != 0;
            let dirty = bits.dirty >> (number % PAGES) & 1 != 0;
            assert!(free || !dirty);
            if self.chunks.get(number / PAGES).is_some() {
                assert_eq!(free, page.class == 0);
                assert_eq!(page.used == 0, free, "a page without objects is free");
            }
            used += usize::from(page.used) * usize::from(page.class) * UNIT;
            resident += usize::from(!free && page.class != 0 || dirty);
        }
        assert_eq!((used, resident), (self.used_bytes, self.resident_pages));
        for class in 1..CLASSES {
            let (mut at, mut previous, mut listed) = (self.open[class], NONE, 0);
            while let Some(page) = self.pages.get(at) {
                assert!(page.previous == previous && usize::from(page.class) == class && page.has_room());
                (previous, at, listed) = (at, page.next, listed + 1);
            }
            let with_room = |page: &&Page| usize::from(page.class) == class && page.has_room();
            assert_eq!(listed, self.pages.0.iter().flat_map(|pages| pages.iter()).filter(with_room).count());
        }
    }
}

fn large_layout(size: usize) -> Layout {
    Layout::from_size_align(Slab::usable(size), UNIT).expect("the caller has such a slice, so it fits")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(object: NonNull<u8>, size: usize, byte: u8) {
        // SAFETY: the tests pass live allocations of that size.
        unsafe { object.write_bytes(byte, size) };
    }

    fn holds(object: NonNull<u8>, size: usize, byte: u8) -> bool {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts(object.as_ptr(), size) }.iter().all(|&found| found == byte)
    }

    #[test]
    fn objects_of_all_sizes_keep_their_bytes() {
        let mut slab = Slab::new();
        let mut live: Vec<(NonNull<u8>, usize, u8)> = Vec::new();
        let mut state = 7u32;
        for round in 0..60_000usize {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 30 == 0 && !live.is_empty() {
                let (object, size, byte) = live.swap_remove(state as usize % live.len());
                assert!(holds(object, size, byte));
                // SAFETY: taken from the list of live ones, with its size.
                unsafe { slab.free(object, size) };
            } else {
                let size = (state >> 8) as usize % 1100;
                let object = slab.alloc(size);
                assert_eq!(object.as_ptr().addr() % 8, 0);
                fill(object, size, round as u8);
                live.push((object, size, round as u8));
            }
            if round % 20_000 == 0 {
                slab.check();
            }
        }
        slab.check();
        let sum: usize = live.iter().map(|&(_, size, _)| Slab::usable(size)).sum();
        assert_eq!(slab.used_bytes(), sum);
        assert!(slab.resident_bytes() >= sum && slab.resident_bytes() < sum + sum / 20 + (3 << 20));
        for (object, size, byte) in live {
            assert!(holds(object, size, byte));
            // SAFETY: each live one once.
            unsafe { slab.free(object, size) };
        }
        slab.check();
        assert_eq!(slab.used_bytes(), 0);
    }

    #[test]
    fn free_memory_goes_back() {
        let mut slab = Slab::new();
        let objects: Vec<NonNull<u8>> = (0..200_000).map(|_| slab.alloc(54)).collect();
        for pair in objects.windows(2) {
            fill(pair[0], 54, 1);
        }
        assert_eq!(slab.used_bytes(), 200_000 * 56);
        let (last, rest) = objects.split_last().expect("many");
        // SAFETY: each once, all but the last.
        rest.iter().for_each(|&object| unsafe { slab.free(object, 54) });
        assert_eq!(slab.take_free_chunks(2).len(), 2);
        slab.take_free_chunks(usize::MAX);
        slab.check();
        let trimmed = slab.trim(usize::MAX);
        assert!(trimmed > 0 && slab.trim(usize::MAX) == 0);
        assert_eq!(slab.resident_bytes(), PAGE_BYTES);
        slab.check();
        fill(*last, 54, 3);
        let again = slab.alloc(100);
        fill(again, 100, 4);
        assert!(holds(*last, 54, 3));
        // SAFETY: both are live.
        unsafe {
            slab.free(*last, 50);
            slab.free(again, 100);
        }
        assert_eq!(slab.used_bytes(), 0);
    }

    #[test]
    fn sizes_round_to_eight() {
        let usable = [0, 1, 8, 9, 54, 1024].map(Slab::usable);
        assert_eq!(usable, [8, 8, 8, 16, 56, 1024]);
        assert!(Slab::usable(1025) >= 1025);
    }
}
