//! What the process can tell of itself when it dies: the loop lends its state to a slot for as long as it runs, and
//! the crash report, which is called from anywhere and has no other way to it, reads it there.

use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use super::fault::die_of;

type Tell<'a> = dyn Fn(&mut dyn fmt::Write) + 'a;

/// Lives in [`during`]'s frame for as long as it is in the slot.
struct Testimony<'a> {
    tell: &'a Tell<'a>,
}

static SLOT: AtomicPtr<Testimony<'static>> = AtomicPtr::new(ptr::null_mut());

/// Runs `body`; should the process crash meanwhile, `tell` writes what `state` knows into the crash report. It is
/// called in a signal handler with the state as the crash left it: it should only read, and walk as little as it can.
/// A call inside another's body takes its place until it ends.
pub fn during<T, R>(state: &mut T, tell: fn(&T, &mut dyn fmt::Write), body: impl FnOnce(&mut T) -> R) -> R {
    let lent: *mut T = state;
    // SAFETY: called only by `Doomed::testify`, after which nothing but the report runs: the code that holds the
    // exclusive borrow never continues. The state outlives the slot's content, which goes before this function ends.
    let witness = move |out: &mut dyn fmt::Write| tell(unsafe { &*lent }, out);
    let mut testimony = Testimony { tell: &witness };
    let before = SLOT.swap((&raw mut testimony).cast(), Ordering::SeqCst);
    let _restore = Restore { before };
    // SAFETY: made from the exclusive borrow above, which is not used otherwise while this one lives.
    body(unsafe { &mut *lent })
}

/// Puts the outer testimony back, also when the body unwinds.
struct Restore {
    before: *mut Testimony<'static>,
}

impl Drop for Restore {
    fn drop(&mut self) {
        SLOT.store(self.before, Ordering::SeqCst);
    }
}

/// The certainty that this process goes no further: whoever drops it aborts. Only it may read what was lent.
#[derive(Debug)]
pub struct Doomed {
    /// Not to be sent to another thread.
    _here: Cell<()>,
}

impl Doomed {
    /// From here there is only the report and the end.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Doomed {
        Doomed { _here: Cell::new(()) }
    }

    /// Lets the lent state tell; false when nothing is lent.
    pub fn testify(&self, out: &mut dyn fmt::Write) -> bool {
        let testimony = SLOT.load(Ordering::SeqCst);
        if testimony.is_null() {
            return false;
        }
        // SAFETY: what is in the slot lies in a frame of `during` that has not ended; other threads that could end it
        // are stopped by the reporter before, and this thread goes no further.
        unsafe { ((*testimony).tell)(out) };
        true
    }

    /// Ends the process by a signal.
    pub fn die_of(self, signal: i32) -> ! {
        die_of(signal)
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        die_of(libc::SIGABRT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::process::{Ended, Fork, exit_now, fork, wait_for};

    fn tell(state: &u32, out: &mut dyn fmt::Write) {
        let _ = write!(out, "state {state}");
    }

    /// Runs `body` in a child; its end is what is asked about.
    fn end_of(body: impl FnOnce()) -> Ended {
        match fork().expect("a process id is free") {
            Fork::Child => {
                let _ = crate::sys::limits::set_core_size(0);
                body();
                exit_now(0)
            }
            Fork::Parent(child) => wait_for(child).expect("it is our child"),
        }
    }

    #[test]
    fn the_state_is_told_only_while_it_is_lent() {
        let ended = end_of(|| {
            let mut text = String::new();
            let mut state = 41;
            let sum = during(&mut state, tell, |state| {
                *state += 1;
                let doomed = Doomed::new();
                let told = doomed.testify(&mut text);
                std::mem::forget(doomed);
                i32::from(told && text == "state 42")
            });
            let doomed = Doomed::new();
            let told = doomed.testify(&mut text);
            std::mem::forget(doomed);
            exit_now(10 + sum + i32::from(told));
        });
        assert_eq!(ended, Ended::Exited { code: 11 });
    }

    #[test]
    fn the_doomed_do_not_go_on() {
        assert_eq!(end_of(|| drop(Doomed::new())), Ended::Killed { signal: libc::SIGABRT });
        assert_eq!(end_of(|| Doomed::new().die_of(libc::SIGBUS)), Ended::Killed { signal: libc::SIGBUS });
        assert_eq!(end_of(crate::sys::fault::crash_now), Ended::Killed { signal: libc::SIGSEGV });
    }
}
