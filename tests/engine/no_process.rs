//! A host without a process around the engine.

use spinel::config::{Config, Effect};
use spinel::engine::Host;
use spinel::engine::machine::TurnClock;

/// When the virtual clock starts, in microseconds since the epoch.
pub const START_US: i64 = 1_700_000_000_000_000;

/// Does nothing, successfully.
pub struct NoProcess;

impl Host for NoProcess {
    fn apply(&mut self, _effect: Effect, _config: &Config) -> Result<(), String> {
        Ok(())
    }

    fn rss_bytes(&self) -> usize {
        0
    }

    fn pending_frees(&self) -> usize {
        0
    }

    fn listeners(&self, _config: &Config) -> Vec<String> {
        Vec::new()
    }

    fn shutdown_requested(&self) -> bool {
        false
    }

    fn halt(&mut self, us: u64) -> TurnClock {
        TurnClock::new(START_US + us as i64, us)
    }

    fn rewrite_config(&mut self, _config: &Config, _force_all: bool) -> Result<(), String> {
        Err("There is no file in a test".to_string())
    }
}
