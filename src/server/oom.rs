//! How eager the kernel is to kill this process when memory runs out, as `oom-score-adj` asks.

use crate::config::{Config, OomScoreAdj};
use crate::sys::process::{oom_score_adj, set_oom_score_adj};

/// The score the process was started with, while another one is set.
#[derive(Debug, Default)]
pub struct OomScore {
    base: Option<i32>,
}

impl OomScore {
    /// The score that a child gets; `None` leaves it what its parent has.
    pub fn of_child(&self, config: &Config) -> Option<i32> {
        let [_, _, child] = config.oom_score_adj_values;
        let score = match config.oom_score_adj {
            OomScoreAdj::No => return None,
            OomScoreAdj::Relative => self.base.unwrap_or(0).saturating_add(child),
            OomScoreAdj::Absolute => child,
        };
        Some(score.clamp(-1000, 1000))
    }

    /// Sets the score of a primary or a replica, or goes back to the one there was.
    ///
    /// # Errors
    /// What CONFIG SET answers when the system does not let us.
    pub fn apply(&mut self, config: &Config) -> Result<(), String> {
        if config.oom_score_adj == OomScoreAdj::No && self.base.is_none() {
            return Ok(());
        }
        let failed = |doing: &str, error: std::io::Error| {
            tracing::warn!("Unable to {doing} oom_score_adj: {error}");
            "Failed to apply new oom_score_adj configuration, check server logs.".to_string()
        };
        let base = match self.base {
            Some(base) => base,
            None => oom_score_adj().map_err(|error| failed("read", error))?,
        };
        let [primary, replica, _] = config.oom_score_adj_values;
        let own = if config.replicaof.is_some() { replica } else { primary };
        let score = match config.oom_score_adj {
            OomScoreAdj::No => base,
            OomScoreAdj::Relative => base.saturating_add(own),
            OomScoreAdj::Absolute => own,
        };
        self.base = (config.oom_score_adj != OomScoreAdj::No).then_some(base);
        set_oom_score_adj(score.clamp(-1000, 1000)).map_err(|error| failed("write", error))
    }
}
