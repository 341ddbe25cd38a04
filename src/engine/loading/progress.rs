//! How far a load is, as INFO tells it. Knows neither files nor formats.

/// The figures of a load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub started_s: i64,
    /// What there is to read; 0 if nobody knows.
    pub total_bytes: u64,
    pub loaded_bytes: u64,
    /// What the data took of the memory of the server that saved it; 0 if it did not say.
    pub used_memory_bytes: u64,
}

impl Progress {
    /// What there is to read, as far as it can be told.
    fn expected_bytes(&self) -> u64 {
        if self.total_bytes > 0 { self.total_bytes } else { self.used_memory_bytes }
    }

    /// The part that was read, in percent.
    pub fn percent(&self) -> f64 {
        let expected = self.expected_bytes();
        let share = if expected == 0 { 0.0 } else { self.loaded_bytes as f64 * 100.0 / expected as f64 };
        // A guess may be too small; a size is not.
        if self.total_bytes == 0 { share.min(99.99) } else { share }
    }

    /// Seconds until the end, at the pace so far.
    pub fn eta_s(&self, now_s: i64) -> u64 {
        let elapsed_s = u64::try_from(now_s - self.started_s).unwrap_or(0);
        if elapsed_s == 0 {
            // COMPAT: nothing is known yet, and one second is what Redis says then.
            return 1;
        }
        let left = self.expected_bytes().saturating_sub(self.loaded_bytes);
        elapsed_s.saturating_mul(left.max(u64::from(self.total_bytes == 0))) / (self.loaded_bytes + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_what_is_known() {
        let mut progress =
            Progress { started_s: 100, total_bytes: 400, loaded_bytes: 100, ..Progress::default() };
        assert_eq!((progress.percent(), progress.eta_s(100), progress.eta_s(110)), (25.0, 1, 29));
        progress = Progress { total_bytes: 0, used_memory_bytes: 50, ..progress };
        assert_eq!((progress.percent(), progress.eta_s(110)), (99.99, 0));
        assert_eq!(Progress::default().percent(), 0.0);
    }
}
