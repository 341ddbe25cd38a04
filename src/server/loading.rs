//! Loading a data set between polls: how much at once. What is loaded is the engine's business.

use super::signals;
use super::turn::Loop;
use crate::engine::loading::{LoadState, Slice};
use std::io;
use std::time::Duration;

/// A slice while clients are connected: how long one of them may wait for its -LOADING.
const SERVING_US: u64 = 1000;
/// A slice while nobody is there.
const ALONE_US: u64 = 5000;
/// The exit code when the data cannot be loaded.
const FAILED: u8 = 1;

impl Loop {
    /// Loads what the configuration names, and serves meanwhile what can be served; false when the server must not go
    /// on, because its data cannot be loaded.
    pub(super) fn load_at_start(&mut self) -> io::Result<bool> {
        if self.engine.load_at_start() == LoadState::Failed {
            return Ok(false);
        }
        // What is small is there before anybody is heard.
        self.load_some();
        while self.engine.loading.is_some() && self.exit.is_none() {
            self.turn()?;
        }
        Ok(self.exit != Some(FAILED))
    }

    /// How long the loop may sleep for all that a load cares.
    pub(super) fn until_load(&self) -> Duration {
        let Some(rests_until_us) = self.engine.load_rests_until_us() else { return Duration::MAX };
        Duration::from_micros(rests_until_us.saturating_sub(self.engine.clock.monotonic_us))
    }

    /// Loads a slice of what is to be loaded.
    #[inline]
    pub(super) fn go_on_loading(&mut self) {
        if self.engine.loading.is_some() {
            self.load_some();
        }
    }

    fn load_some(&mut self) {
        let us = if self.engine.clients.is_empty() { ALONE_US } else { SERVING_US };
        let bytes = self.engine.config.loading_process_events_interval_bytes;
        if self.engine.load_some(Slice { us, bytes }) == LoadState::Failed {
            self.exit = Some(FAILED);
        }
        signals::note_loading(self.engine.loading.is_some());
    }
}
