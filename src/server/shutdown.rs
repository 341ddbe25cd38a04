//! Ending the server in order: by signal, or by SHUTDOWN.

use super::log::{notice, warning};
use super::signals;
use super::turn::Loop;
use crate::config::ShutdownFlags;
use crate::engine::aof::AofState;
use crate::engine::blocking::Unblock;
use crate::engine::saving::ChildWork;
use crate::engine::{TurnRequest, client_info};
use crate::ids::ClientId;
use crate::sys::fd::EventFd;
use crate::sys::signals::Request;
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

    /// Has the loop woken when the threads of the log got further.
    pub(super) fn watch_log(&mut self) -> io::Result<()> {
        let wake = EventFd::new()?;
        let raw = wake.as_raw_fd();
        let interest = mio::Interest::READABLE;
        self.poll.registry().register(&mut mio::unix::SourceFd(&raw), super::turn::LOG_WAKER, interest)?;
        self.engine.aof.wake = std::sync::Arc::new(move || wake.wake());
        self.engine.aof.syncs_for_one = true;
        Ok(())
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

    /// Writes and syncs what is logged; says whether the server may end.
    fn close_log(&mut self, force: bool) -> bool {
        let state = self.engine.aof.state;
        if self.engine.saving.child_for(ChildWork::Rewrite).is_some() {
            if state == AofState::Waiting && !force {
                warning!("Writing initial AOF, can't exit.");
                return false;
            }
            if state == AofState::Waiting {
                warning!("Writing initial AOF. Exit anyway.");
            }
            warning!("There is a child rewriting the AOF. Killing it!");
            self.engine.stop_rewrite_child();
        }
        if state != AofState::Off {
            notice!("Calling fsync() on the AOF file.");
        }
        if !self.engine.finish_log() {
            let why = self.engine.aof.write_error().unwrap_or_default();
            // Whoever wrote what is not there was not told that it is: the end loses nothing that waiting would keep.
            warning!("Fail to fsync the AOF file: {why}.");
        }
        // Whoever waited for that is told, as this turn's end writes to everybody.
        self.release_held();
        true
    }

    /// Writes the last snapshot, if there is to be one; says whether the server may end.
    fn save_before_exit(&mut self, flags: ShutdownFlags) -> bool {
        if self.engine.saving.child_for(ChildWork::Snapshot).is_some() {
            // It could put its file in the place of the one that is written now.
            warning!("There is a child saving an .rdb. Killing it!");
            self.engine.stop_save_child();
        }
        if !self.close_log(flags.contains(ShutdownFlags::FORCE)) {
            return false;
        }
        let config = &self.engine.config;
        let asked = flags.contains(ShutdownFlags::SAVE);
        let by_default = !config.save.is_empty() && !flags.contains(ShutdownFlags::NOSAVE);
        // Half of a data set must not replace the whole one it is read from.
        if self.engine.server.loading || !(asked || by_default) {
            return true;
        }
        notice!("Saving the final RDB snapshot before exiting.");
        if self.engine.save_now() {
            return true;
        }
        let force = flags.contains(ShutdownFlags::FORCE);
        if force {
            warning!("Error trying to save the DB. Exit anyway.");
        } else {
            warning!("Error trying to save the DB, can't exit.");
        }
        force
    }
}
