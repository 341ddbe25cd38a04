//! Ending the server in order: by signal, or by SHUTDOWN.

use super::log::{notice, warning};
use super::signals;
use super::turn::Loop;
use crate::engine::TurnRequest;
use crate::sys::fd::EventFd;
use std::io;
use std::os::fd::{AsRawFd, RawFd};

impl Loop {
    /// Has the loop woken when a signal asks for the end; returns the descriptor that the handler writes to.
    pub(super) fn watch_signals(&mut self, wake: EventFd) -> io::Result<RawFd> {
        let raw = wake.as_raw_fd();
        let interest = mio::Interest::READABLE;
        self.poll.registry().register(&mut mio::unix::SourceFd(&raw), super::turn::WAKER, interest)?;
        // The handler may write to it until the process is gone.
        std::mem::forget(wake);
        Ok(raw)
    }

    /// Does what commands of this turn, or signals, asked of the loop.
    pub(super) fn follow_requests(&mut self) {
        if signals::requested().is_some() && self.exit.is_none() {
            notice!("User requested shutdown...");
            signals::clear_requested();
            self.exit = Some(0);
        }
        for request in std::mem::take(&mut self.engine.requests) {
            match request {
                TurnRequest::Shutdown { .. } => {
                    notice!("User requested shutdown...");
                    self.exit = Some(0);
                }
                TurnRequest::AbortShutdown => signals::clear_requested(),
                TurnRequest::Sleep(us) => std::thread::sleep(std::time::Duration::from_micros(us)),
            }
        }
        if self.exit.is_some() && !self.engine.config.save.is_empty() && self.engine.dirty_since_save > 0 {
            warning!("This version writes no snapshot: {} changes are gone.", self.engine.dirty_since_save);
        }
    }
}
