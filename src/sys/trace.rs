//! The call stack as bare addresses, taken without allocating or locking, so that a signal handler may ask. Names for
//! the addresses are another's business.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The deepest stack that is recorded.
pub const MAX_FRAMES: usize = 100;

#[repr(C)]
struct UnwindContext {
    opaque: [u8; 0],
}

unsafe extern "C" {
    fn _Unwind_Backtrace(
        step: extern "C" fn(*mut UnwindContext, *mut c_void) -> c_int,
        state: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut UnwindContext) -> usize;
}

/// Return addresses, innermost first.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    addresses: [usize; MAX_FRAMES],
    len: usize,
}

impl Frames {
    /// Those of the calling thread. With `from`, an address at which a signal found it, what lies above that (the
    /// handler's own frames) is left out.
    pub fn here(from: Option<usize>) -> Frames {
        let mut frames = Frames { addresses: [0; MAX_FRAMES], len: 0 };
        // SAFETY: the state pointer is to `frames`, which outlives the call and which nobody else uses meanwhile; the
        // callback casts it back to the same type.
        unsafe { _Unwind_Backtrace(step, (&raw mut frames).cast()) };
        if let Some(from) = from
            && let Some(at) = frames.as_slice().iter().position(|&address| address == from)
        {
            frames.addresses.copy_within(at.., 0);
            frames.len -= at;
        }
        frames
    }

    /// The addresses, innermost first.
    pub fn as_slice(&self) -> &[usize] {
        &self.addresses[..self.len]
    }
}

extern "C" fn step(context: *mut UnwindContext, state: *mut c_void) -> c_int {
    const GO_ON: c_int = 0;
    const STOP: c_int = 5;
    // SAFETY: `state` is the Frames that `here` passed, borrowed by nobody else during the walk; `context` is the
    // unwinder's, valid during this call.
    let (frames, address) = unsafe { (&mut *state.cast::<Frames>(), _Unwind_GetIP(context)) };
    if address == 0 || frames.len == MAX_FRAMES {
        return STOP;
    }
    frames.addresses[frames.len] = address;
    frames.len += 1;
    GO_ON
}

static EXE_START: AtomicUsize = AtomicUsize::new(0);
static EXE_END: AtomicUsize = AtomicUsize::new(0);

/// Finds out where the executable lies, and makes the unwinder load what it loads at its first use. Call it once at
/// the start; [`offset_in_executable`] knows nothing before.
pub fn prepare() {
    extern "C" fn first(info: *mut libc::dl_phdr_info, _: usize, _: *mut c_void) -> c_int {
        // SAFETY: the loader passes a valid description whose program headers are mapped.
        let (base, headers) = unsafe {
            let info = &*info;
            (
                info.dlpi_addr as usize,
                std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)),
            )
        };
        let end = headers
            .iter()
            .filter(|header| header.p_type == libc::PT_LOAD)
            .map(|header| header.p_vaddr.saturating_add(header.p_memsz) as usize)
            .max();
        EXE_START.store(base, Ordering::Relaxed);
        EXE_END.store(base.saturating_add(end.unwrap_or(0)), Ordering::Relaxed);
        1
    }
    // SAFETY: the callback has the type asked for and stops after the first object, which is the executable.
    unsafe { libc::dl_iterate_phdr(Some(first), std::ptr::null_mut()) };
    Frames::here(None);
}

/// Where in the executable's file an address points, as `addr2line -e` wants it; `None` for one in a library.
pub fn offset_in_executable(address: usize) -> Option<usize> {
    let (start, end) = (EXE_START.load(Ordering::Relaxed), EXE_END.load(Ordering::Relaxed));
    (start..end).contains(&address).then(|| address - start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn one_deeper() -> usize {
        std::hint::black_box(Frames::here(None).as_slice().len())
    }

    #[test]
    fn the_stack_is_walked_and_located() {
        prepare();
        let here = Frames::here(None);
        assert!(here.as_slice().len() > 2);
        assert!(one_deeper() > here.as_slice().len());
        assert!(here.as_slice().iter().any(|&address| offset_in_executable(address).is_some()));
        assert_eq!(offset_in_executable(usize::MAX), None);
        let from = here.as_slice()[1];
        let cut = Frames::here(Some(from));
        assert!(cut.as_slice().len() <= here.as_slice().len() && !cut.as_slice().is_empty());
    }
}
