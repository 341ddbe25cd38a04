//! Requests to end, as they come by signal: noted, logged, and the loop woken. What a shutdown does is the loop's part.

use std::os::fd::RawFd;

use super::logline::Severity;
use super::{log, saving};
use crate::sys::process::exit_now;
use crate::sys::signals::{self, Request};
use std::sync::atomic::{AtomicBool, Ordering};

pub use crate::sys::signals::{clear_requested, requested};

/// Takes SIGTERM and SIGINT for [`requested`], and lets SIGPIPE and SIGHUP mean nothing. `wake` is an eventfd, or the
/// write end of a pipe, that stays open and wakes the loop.
pub fn install(wake: RawFd) {
    signals::ignore_hangups();
    signals::take_shutdown_requests(wake, on_request);
}

/// What a signal's log line says depends on it.
static LOADING: AtomicBool = AtomicBool::new(false);

/// Data is being loaded from now on, or no longer.
pub fn note_loading(loading: bool) {
    LOADING.store(loading, Ordering::Relaxed);
}

/// Runs in the handler.
fn on_request(request: Request, before: Option<Request>) {
    if insists(request, before) {
        log::from_handler(Severity::Warning, "You insist... exiting now.");
        saving::remove_unfinished();
        exit_now(1);
    }
    log::from_handler(Severity::Warning, scheduling(request, LOADING.load(Ordering::Relaxed)));
}

/// Whoever presses Ctrl-C again does not want to wait for what the first one began.
fn insists(request: Request, before: Option<Request>) -> bool {
    before.is_some() && request == Request::Interrupt
}

fn scheduling(request: Request, loading: bool) -> &'static str {
    match request {
        _ if loading => "Received shutdown signal during loading, scheduling shutdown.",
        Request::Terminate => "Received SIGTERM scheduling shutdown...",
        Request::Interrupt => "Received SIGINT scheduling shutdown...",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repeated_interrupt_insists() {
        let (term, int) = (Request::Terminate, Request::Interrupt);
        assert!(insists(int, Some(int)) && insists(int, Some(term)));
        assert!(!insists(term, Some(int)) && !insists(int, None) && !insists(term, None));
        assert_ne!(scheduling(term, false), scheduling(int, false));
        assert_eq!(scheduling(term, true), scheduling(int, true));
    }
}
