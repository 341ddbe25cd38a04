//! A host without a process around the engine.

use spinel::config::Config;
use spinel::engine::Host;

/// When the virtual clock starts, in microseconds since the epoch.
pub const START_US: i64 = 1_700_000_000_000_000;

/// What a host without a process answers, whatever else it does.
macro_rules! without_a_process {
    () => {
        fn apply(
            &mut self,
            _effect: spinel::config::Effect,
            _config: &spinel::config::Config,
        ) -> Result<(), String> {
            Ok(())
        }

        fn rss_bytes(&self) -> usize {
            0
        }

        fn pending_frees(&self) -> usize {
            0
        }

        fn listeners(&self, _config: &spinel::config::Config) -> Vec<String> {
            Vec::new()
        }

        fn shutdown_requested(&self) -> bool {
            false
        }

        fn halt(&mut self, us: u64) -> spinel::engine::machine::TurnClock {
            spinel::engine::machine::TurnClock::new(START_US + us as i64, us)
        }
    };
}
#[allow(unused_imports, reason = "the benches use the host alone")]
pub(crate) use without_a_process;

/// Does nothing, successfully.
pub struct NoProcess;

impl Host for NoProcess {
    without_a_process!();

    fn rewrite_config(&mut self, _config: &Config, _force_all: bool) -> Result<(), String> {
        Err("There is no file in a test".to_string())
    }
}
