//! CLIENT PAUSE: commands of clients wait until a time.

use super::machine::Engine;
use super::spec::Flags;
use crate::ids::UnixMs;

/// What is paused, and until when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pause {
    pub until_ms: UnixMs,
    /// Everything waits, not only what may change data.
    pub all: bool,
}

impl Pause {
    pub fn is_active(&self, now_ms: UnixMs) -> bool {
        self.until_ms > now_ms
    }

    /// Whether a command with these flags waits.
    #[inline]
    pub fn holds(&self, now_ms: UnixMs, flags: Flags) -> bool {
        self.until_ms != 0
            && self.is_active(now_ms)
            && (self.all || flags.has(Flags::WRITE) || flags.has(Flags::MAY_REPLICATE))
    }
}

impl Engine {
    /// Starts a pause, or extends the one there is: never shortened, and ALL stays ALL.
    pub fn pause_clients(&mut self, until_ms: UnixMs, all: bool) {
        let now_ms = self.clock.now_ms;
        let going_on = self.pause.is_active(now_ms);
        self.pause.all = all || (going_on && self.pause.all);
        self.pause.until_ms = if going_on { self.pause.until_ms.max(until_ms) } else { until_ms };
        // Nothing changes while clients wait: keys that come due are hidden, and deleted afterwards.
        self.renew_expiry_mode();
    }

    /// Ends the pause.
    pub fn unpause_clients(&mut self) {
        self.pause = Pause::default();
        self.renew_expiry_mode();
        self.wake_after_pause();
    }
}
