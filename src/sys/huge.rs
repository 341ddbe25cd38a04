//! Huge pages without waiting for them: a thread that maps and touches chunks before they are needed, and that makes
//! one page again of chunks whose pages a child's copy-on-write took apart. Owns that thread and the chunks on its
//! shelf; must not know what they are for.
//!
//! A huge page costs some 150 us to clear, and the kernel may first move others' pages out of the way for it: 50 ms
//! were seen on a machine whose memory was full of cached files. Whoever touches the page waits for all of that.

use super::pages::{CHUNK_BYTES, Chunk};
use parking_lot::{Condvar, Mutex};
use std::io;

/// One chunk is kept ready for every so many that are in use.
const HELD_A_SPARE: usize = 128;
/// No more are kept ready than this.
const MOST_SPARES: usize = 16;

struct Shelf {
    running: bool,
    ready: Vec<Chunk>,
    /// How many shall be ready.
    wanted: usize,
    /// Addresses of chunks to be put into one page each.
    torn: Vec<usize>,
}

static SHELF: Mutex<Shelf> =
    Mutex::new(Shelf { running: false, ready: Vec::new(), wanted: 0, torn: Vec::new() });
static WORK: Condvar = Condvar::new();

/// Starts the thread, which ends with the process. Without it [`take`] has nothing and [`mend`] does nothing.
///
/// # Errors
/// When no thread can be made.
pub fn start() -> io::Result<()> {
    std::thread::Builder::new().name("huge_pages".into()).spawn(work)?;
    SHELF.lock().running = true;
    Ok(())
}

/// A chunk that is backed by a huge page already, for one who holds `held` of them. Where there is none the caller
/// maps one by itself: small pages cost it less at a time. A child of the process, which has no such thread and may
/// have been forked while the thread held the lock, finds none.
pub fn take(held: usize) -> Option<Chunk> {
    let mut shelf = SHELF.try_lock()?;
    shelf.wanted = spares(held);
    let chunk = shelf.ready.pop();
    drop(shelf);
    WORK.notify_one();
    chunk
}

/// What is ready beyond the need of one who now holds `held` chunks.
pub fn surplus(held: usize) -> Vec<Chunk> {
    let Some(mut shelf) = SHELF.try_lock() else { return Vec::new() };
    shelf.wanted = if held > 1 { spares(held) } else { 0 };
    let keep = shelf.wanted.min(shelf.ready.len());
    shelf.ready.split_off(keep)
}

/// Has the chunks at these addresses put into one huge page each. One that was unmapped meanwhile is passed over.
pub fn mend(bases: impl IntoIterator<Item = usize>) {
    let Some(mut shelf) = SHELF.try_lock() else { return };
    if !shelf.running {
        return;
    }
    shelf.torn.extend(bases);
    drop(shelf);
    WORK.notify_one();
}

fn spares(held: usize) -> usize {
    (1 + held / HELD_A_SPARE).min(MOST_SPARES)
}

fn work() {
    super::cpu::join_helpers();
    let mut shelf = SHELF.lock();
    loop {
        if shelf.ready.len() < shelf.wanted {
            drop(shelf);
            let chunk = Chunk::map();
            if let Some(chunk) = &chunk {
                chunk.advise_huge();
                chunk.populate();
            }
            shelf = SHELF.lock();
            match chunk {
                Some(chunk) => shelf.ready.push(chunk),
                None => shelf.wanted = 0,
            }
        } else if let Some(base) = shelf.torn.pop() {
            drop(shelf);
            collapse(base);
            shelf = SHELF.lock();
        } else {
            WORK.wait(&mut shelf);
        }
    }
}

/// Puts 2 MB at this address into one page, if they are mapped. Whoever touches them meanwhile waits, some 200 us.
fn collapse(base: usize) {
    let at = std::ptr::with_exposed_provenance_mut::<libc::c_void>(base);
    // SAFETY: both calls are advice on how pages are backed: they change no content, whatever is mapped there.
    unsafe {
        libc::madvise(at, CHUNK_BYTES, libc::MADV_HUGEPAGE);
        libc::madvise(at, CHUNK_BYTES, libc::MADV_COLLAPSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_ready_grows_with_what_is_held() {
        assert_eq!([0, 127, 128, 1000, 1 << 20].map(spares), [1, 1, 2, 8, MOST_SPARES]);
    }

    #[test]
    fn a_mended_chunk_keeps_its_bytes() {
        let chunk = Chunk::map().expect("2 MB");
        chunk.populate();
        let base = chunk.base();
        // SAFETY: inside the chunk, which nothing else uses.
        unsafe { base.add(5000).write(9) };
        collapse(base.as_ptr().expose_provenance());
        // SAFETY: as above.
        assert_eq!(unsafe { [base.add(5000).read(), base.read()] }, [9, 0]);
    }
}
