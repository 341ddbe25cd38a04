//! Signals that ask for something and leave the process alive: shutdown requests, and the alarm. Those that kill are
//! in `fault`. What a request means is up to whom it wakes.

use std::ffi::{c_int, c_void};
use std::os::fd::RawFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering};

use super::fd::wake_raw;

/// A request to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// SIGTERM.
    Terminate,
    /// SIGINT: somebody at a terminal.
    Interrupt,
}

impl Request {
    /// The signal's number.
    pub fn signal(self) -> i32 {
        match self {
            Request::Terminate => libc::SIGTERM,
            Request::Interrupt => libc::SIGINT,
        }
    }

    fn of(signal: c_int) -> Option<Request> {
        match signal {
            libc::SIGTERM => Some(Request::Terminate),
            libc::SIGINT => Some(Request::Interrupt),
            _ => None,
        }
    }
}

static REQUESTED: AtomicI32 = AtomicI32::new(0);
static WAKE: AtomicI32 = AtomicI32::new(-1);
static ON_REQUEST: OnceLock<fn(Request, Option<Request>)> = OnceLock::new();

/// Takes SIGTERM and SIGINT from now on: each is noted for [`requested`] and wakes the eventfd (or the pipe's write
/// end) `wake`, which must stay open. `on_request` is called in the handler, so it may do only what is safe there;
/// its second argument is the request that was pending already. Only the first call's function counts.
pub fn take_shutdown_requests(wake: RawFd, on_request: fn(Request, Option<Request>)) {
    WAKE.store(wake, Ordering::Relaxed);
    let _ = ON_REQUEST.set(on_request);
    for signal in [libc::SIGTERM, libc::SIGINT] {
        handle(signal, on_shutdown, 0);
    }
}

/// The latest shutdown request not yet cleared.
pub fn requested() -> Option<Request> {
    Request::of(REQUESTED.load(Ordering::Relaxed))
}

/// Forgets the pending request, as when a shutdown was called off.
pub fn clear_requested() {
    REQUESTED.store(0, Ordering::Relaxed);
}

extern "C" fn on_shutdown(signal: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
    let Some(request) = Request::of(signal) else { return };
    let before = Request::of(REQUESTED.swap(signal, Ordering::Relaxed));
    if let Some(on_request) = ON_REQUEST.get() {
        on_request(request, before);
    }
    let wake = WAKE.load(Ordering::Relaxed);
    if wake >= 0 {
        wake_raw(wake);
    }
}

/// Ignores SIGPIPE (a closed socket is an error of its write) and SIGHUP (a closed terminal is nothing to a server).
pub fn ignore_hangups() {
    for signal in [libc::SIGPIPE, libc::SIGHUP] {
        // SAFETY: SIG_IGN is a valid disposition for both, and no pointer is passed.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
}

/// Gives SIGTERM, SIGINT, SIGALRM and SIGUSR1 their default meaning again: for a forked child, which has no loop to
/// wake and must go when told.
pub fn default_in_child() {
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGALRM, libc::SIGUSR1] {
        // SAFETY: SIG_DFL is a valid disposition for all of them, and no pointer is passed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// An alarm that rang.
#[derive(Clone, Copy, Debug)]
pub struct Alarm {
    /// By the timer of [`ring_after_ms`]; otherwise somebody sent SIGALRM.
    pub by_timer: bool,
    /// Where it found the thread.
    pub instruction: usize,
}

static ON_ALARM: OnceLock<fn(&Alarm)> = OnceLock::new();

/// Calls `on_alarm` in the handler of SIGALRM, so it may do only what is safe there. Only the first call counts.
pub fn take_alarms(on_alarm: fn(&Alarm)) {
    let _ = ON_ALARM.set(on_alarm);
    handle(libc::SIGALRM, on_sigalrm, libc::SA_RESTART);
}

extern "C" fn on_sigalrm(_: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    if let Some(on_alarm) = ON_ALARM.get() {
        // SAFETY: the kernel passes a valid siginfo and a valid context to a handler that asked for them.
        let (sender, instruction) = unsafe {
            ((*info).si_pid(), super::registers::instruction(&*context.cast::<libc::ucontext_t>()))
        };
        on_alarm(&Alarm { by_timer: sender == 0, instruction });
    }
}

/// Rings once after this many milliseconds of real time; 0 takes back what was set. Safe in a signal handler.
pub fn ring_after_ms(period_ms: u64) {
    let never = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let value = libc::timeval {
        tv_sec: libc::time_t::try_from(period_ms / 1000).unwrap_or(libc::time_t::MAX),
        tv_usec: (period_ms % 1000 * 1000) as libc::suseconds_t,
    };
    let timer = libc::itimerval { it_interval: never, it_value: value };
    // SAFETY: the pointer is to a live itimerval, and the old value is not asked for.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) };
}

pub(super) type Handler = extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void);

/// Installs a handler that gets the signal's circumstances.
pub(super) fn handle(signal: c_int, handler: Handler, flags: c_int) {
    // SAFETY: all zeroes is a valid sigaction; the handler has the type that SA_SIGINFO promises, and the handlers of
    // this room do only what is safe in one.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | flags;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::fd::EventFd;
    use crate::sys::process::{kill, pid};
    use std::os::fd::AsRawFd;
    use std::sync::atomic::AtomicUsize;

    static SEEN: AtomicUsize = AtomicUsize::new(0);

    fn seen(_: Request, before: Option<Request>) {
        SEEN.fetch_add(1 + 10 * usize::from(before.is_some()), Ordering::SeqCst);
    }

    #[test]
    fn a_request_is_noted_and_wakes() {
        // Leaked: a signal that comes after this test must not find the descriptor closed or used by another.
        let wake = Box::leak(Box::new(EventFd::new().expect("a descriptor is free")));
        take_shutdown_requests(wake.as_raw_fd(), seen);
        assert_eq!(requested(), None);
        for (want, signal) in [(1, libc::SIGTERM), (12, libc::SIGINT)] {
            kill(pid(), signal).expect("it is ourselves");
            while SEEN.load(Ordering::SeqCst) < want {
                std::hint::spin_loop();
            }
            assert_eq!(requested().map(Request::signal), Some(signal));
        }
        while !wake.drain() {
            std::hint::spin_loop();
        }
        clear_requested();
        assert_eq!(requested(), None);
    }
}
