//! CLIENT PAUSE: commands of clients wait until a time.

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
