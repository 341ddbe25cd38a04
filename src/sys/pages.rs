//! Anonymous memory straight from the kernel, in 2 MB pieces aligned to 2 MB. It owns the mapping calls and their
//! flags, and must not know what is put there.

use std::ptr::NonNull;

/// Size and alignment of a [`Chunk`], in bytes: one huge page of x86-64 and of aarch64 with 4 KB pages.
pub const CHUNK_BYTES: usize = 2 << 20;

/// An owned mapping of [`CHUNK_BYTES`] bytes, aligned to its size and zeroed by the kernel. Nothing of it is
/// resident before it is touched. Dropping it unmaps it, which costs some 150 us when all of it was touched: a
/// thread that must not pause hands chunks to another thread to be dropped.
#[derive(Debug)]
pub struct Chunk(NonNull<u8>);

// SAFETY: a chunk is plain memory owned by this value alone; no thread has a special relation to it.
unsafe impl Send for Chunk {}
// SAFETY: sharing a chunk gives out its address and calls that the kernel serialises, nothing more.
unsafe impl Sync for Chunk {}

impl Chunk {
    /// Maps a fresh chunk, or `None` when the kernel refuses.
    pub fn map() -> Option<Chunk> {
        // Kernels since 6.7 align a mapping of this size by themselves, and below an aligned one the next is
        // aligned too; so the cheap attempt mostly succeeds.
        let first = map_anonymous(CHUNK_BYTES)?;
        if first.addr().get().is_multiple_of(CHUNK_BYTES) {
            return Some(Chunk(first));
        }
        unmap(first, CHUNK_BYTES);
        let wide = map_anonymous(2 * CHUNK_BYTES)?;
        let before = wide.addr().get().next_multiple_of(CHUNK_BYTES) - wide.addr().get();
        let after = CHUNK_BYTES - before;
        // SAFETY: `before` and `before + CHUNK_BYTES` lie inside the mapping of twice that size or at its end.
        let (base, end) = unsafe { (wide.add(before), wide.add(before + CHUNK_BYTES)) };
        if before > 0 {
            unmap(wide, before);
        }
        if after > 0 {
            unmap(end, after);
        }
        Some(Chunk(base))
    }

    /// Where the chunk starts.
    pub fn base(&self) -> NonNull<u8> {
        self.0
    }

    /// Asks for a huge page at the next touch of this chunk. A hint: refusal is ignored.
    pub fn advise_huge(&self) {
        // SAFETY: the range is exactly this chunk's mapping; the advice changes no content.
        unsafe { libc::madvise(self.0.as_ptr().cast(), CHUNK_BYTES, libc::MADV_HUGEPAGE) };
    }

    /// Touches every page, so that whoever uses the chunk later need not wait for one. For fresh chunks: it writes
    /// zeros.
    pub fn populate(&self) {
        const SMALLEST_PAGE: usize = 4096;
        for at in (0..CHUNK_BYTES).step_by(SMALLEST_PAGE) {
            // SAFETY: inside the mapping, which is writable. Volatile, as nothing reads what is written.
            unsafe { self.0.add(at).write_volatile(0) };
        }
    }

    /// Gives the pages of `offset..offset + len` back; they read as zero afterwards.
    ///
    /// # Safety
    /// Nothing that is still in use may lie in the range.
    pub unsafe fn discard(&self, offset: usize, len: usize) {
        assert!(offset <= CHUNK_BYTES && len <= CHUNK_BYTES - offset, "the range leaves the chunk");
        // SAFETY: the range is inside this chunk's mapping, and the caller vouches that nothing there is in use.
        unsafe { libc::madvise(self.0.as_ptr().add(offset).cast(), len, libc::MADV_DONTNEED) };
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        unmap(self.0, CHUNK_BYTES);
    }
}

fn map_anonymous(len: usize) -> Option<NonNull<u8>> {
    let protection = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: an anonymous mapping at an address of the kernel's choice touches no existing memory.
    let at = unsafe { libc::mmap(std::ptr::null_mut(), len, protection, flags, -1, 0) };
    if at == libc::MAP_FAILED { None } else { NonNull::new(at.cast()) }
}

fn unmap(at: NonNull<u8>, len: usize) {
    // SAFETY: callers pass (part of) a mapping made by `map_anonymous` that nothing refers to any more.
    let result = unsafe { libc::munmap(at.as_ptr().cast(), len) };
    debug_assert_eq!(result, 0, "munmap of our own mapping");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_aligned_zeroed_and_writable() {
        let chunks: Vec<Chunk> = (0..5).map(|_| Chunk::map().expect("2 MB")).collect();
        for chunk in &chunks {
            assert_eq!(chunk.base().addr().get() % CHUNK_BYTES, 0);
            for at in [0, 4095, CHUNK_BYTES - 1] {
                // SAFETY: inside the mapping just made.
                unsafe {
                    let byte = chunk.base().add(at);
                    assert_eq!(byte.read(), 0);
                    byte.write(7);
                    assert_eq!(byte.read(), 7);
                }
            }
        }
    }

    #[test]
    fn discarded_pages_read_as_zero() {
        let chunk = Chunk::map().expect("2 MB");
        chunk.advise_huge();
        // SAFETY: inside the mapping; nothing else uses it.
        unsafe {
            chunk.base().add(8192).write(1);
            chunk.base().add(16384).write(2);
            chunk.discard(8192, 4096);
            assert_eq!((chunk.base().add(8192).read(), chunk.base().add(16384).read()), (0, 2));
        }
    }
}
