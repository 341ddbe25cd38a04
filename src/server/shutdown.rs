//! Ending the server in order: by signal, or by SHUTDOWN.

use super::log::{notice, warning};
use super::signals;
use super::turn::Loop;
use crate::config::ShutdownFlags;
use crate::engine::blocking::Unblock;
use crate::engine::{TurnRequest, client_info};
use crate::ids::ClientId;
use crate::sys::errno::reason;
use crate::sys::fd::EventFd;
use crate::sys::signals::Request;
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;

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
        // Commands first: SHUTDOWN ABORT takes back what a signal asked for.
        for request in std::mem::take(&mut self.engine.requests) {
            match request {
                TurnRequest::Shutdown { client, flags } => self.shut_down(Some(client), flags),
                TurnRequest::AbortShutdown => {
                    signals::clear_requested();
                    notice!("Shutdown manually aborted.");
                }
            }
        }
        // Signals are a periodic duty, as in Redis: tests pause those to come in between.
        if let Some(request) = signals::requested()
            && !self.engine.cron_paused
            && self.exit.is_none()
        {
            let config = &self.engine.config;
            let flags = match request {
                Request::Terminate => config.shutdown_on_sigterm,
                Request::Interrupt => config.shutdown_on_sigint,
            };
            self.shut_down(None, flags);
        }
    }

    /// Ends the server, or says why it cannot end.
    fn shut_down(&mut self, client: Option<ClientId>, flags: ShutdownFlags) {
        if self.exit.is_some() {
            return;
        }
        let hide = self.engine.config.hide_user_data_from_log;
        match client.and_then(|id| self.engine.clients.get(id)) {
            Some(client) => notice!(
                "User requested shutdown... (user request from '{}')",
                client_info::short_line(client, hide)
            ),
            None => notice!("User requested shutdown..."),
        }
        if self.save_before_exit(flags) {
            self.exit = Some(0);
            return;
        }
        warning!("Errors trying to shut down the server. Check the logs for more information.");
        signals::clear_requested();
        if let Some(id) = client {
            self.engine.unblock(id, Unblock::Shutdown);
        }
    }

    /// Writes the last snapshot, if there is to be one; says whether the server may end.
    fn save_before_exit(&self, flags: ShutdownFlags) -> bool {
        let config = &self.engine.config;
        let asked = flags.contains(ShutdownFlags::SAVE);
        let by_default = !config.save.is_empty() && !flags.contains(ShutdownFlags::NOSAVE);
        // Half of a data set must not replace the whole one it is read from.
        if self.engine.server.loading || !(asked || by_default) {
            return true;
        }
        notice!("Saving the final RDB snapshot before exiting.");
        let Err(error) = check_target(&config.dbfilename) else {
            let changes = self.engine.dirty_since_save;
            if changes > 0 {
                warning!("This version writes no snapshot: {changes} changes are gone.");
            }
            return true;
        };
        warning!("Error saving {}: {}", String::from_utf8_lossy(&config.dbfilename), reason(&error));
        let force = flags.contains(ShutdownFlags::FORCE);
        if force {
            warning!("Error trying to save the DB. Exit anyway.");
        } else {
            warning!("Error trying to save the DB, can't exit.");
        }
        force
    }
}

/// Whether a snapshot could be put there at all.
fn check_target(name: &[u8]) -> io::Result<()> {
    match std::fs::metadata(OsStr::from_bytes(name)) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
