//! What is counted for each command: calls, time, failures, a histogram of durations. Knows commands by number only.

use super::histogram::Histogram;
use std::fmt::Write;

/// The counts of one command.
#[derive(Debug, Default)]
pub struct CommandStats {
    pub calls: u64,
    pub duration_ns: u64,
    /// Calls that no gate let through.
    pub rejected: u64,
    /// Calls that ran and answered with an error.
    pub failed: u64,
    latency: Option<Box<Histogram>>,
}

impl CommandStats {
    /// True when INFO commandstats has a line for it.
    pub fn is_used(&self) -> bool {
        self.calls > 0 || self.rejected > 0 || self.failed > 0
    }

    /// `None` until a duration was recorded with tracking on.
    pub fn latency(&self) -> Option<&Histogram> {
        self.latency.as_deref()
    }

    /// Appends the value of its line in INFO commandstats.
    pub fn write_line(&self, out: &mut String) {
        let usec = self.duration_ns / 1000;
        let per_call =
            if self.calls == 0 { 0.0 } else { self.duration_ns as f64 / 1000.0 / self.calls as f64 };
        let _ = write!(
            out,
            "calls={},usec={usec},usec_per_call={per_call:.2},rejected_calls={},failed_calls={}",
            self.calls, self.rejected, self.failed
        );
    }
}

/// The counts of all commands, by the command's number.
#[derive(Debug, Default)]
pub struct Commands {
    rows: Vec<CommandStats>,
}

impl Commands {
    pub fn new(commands: usize) -> Commands {
        Commands { rows: (0..commands).map(|_| CommandStats::default()).collect() }
    }

    /// Counts calls that ran, failed ones included, with the time that they took together. With `track` (the directive
    /// `latency-tracking`) the histogram gets the average of them as often.
    #[inline]
    pub fn record(&mut self, command: u16, calls: u32, duration_ns: u64, track: bool) {
        let Some(row) = self.rows.get_mut(usize::from(command)).filter(|_| calls > 0) else { return };
        row.calls += u64::from(calls);
        row.duration_ns += duration_ns;
        if track {
            let each_ns = if calls == 1 { duration_ns } else { duration_ns / u64::from(calls) };
            row.latency.get_or_insert_default().record_many(each_ns, calls);
        }
    }

    pub fn reject(&mut self, command: u16) {
        if let Some(row) = self.rows.get_mut(usize::from(command)) {
            row.rejected += 1;
        }
    }

    pub fn fail(&mut self, command: u16) {
        if let Some(row) = self.rows.get_mut(usize::from(command)) {
            row.failed += 1;
        }
    }

    pub fn get(&self, command: u16) -> Option<&CommandStats> {
        self.rows.get(usize::from(command))
    }

    /// Commands that were called, or were refused, in the order of their numbers.
    pub fn used(&self) -> impl Iterator<Item = (u16, &CommandStats)> {
        self.rows.iter().enumerate().filter(|(_, row)| row.is_used()).map(|(at, row)| (at as u16, row))
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        self.rows.iter_mut().for_each(|row| *row = CommandStats::default());
    }

    pub fn memory_bytes(&self) -> usize {
        let histograms = self.rows.iter().filter_map(|row| row.latency());
        self.rows.capacity() * size_of::<CommandStats>() + histograms.map(|h| h.memory_bytes()).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(commands: &Commands, command: u16) -> String {
        let mut out = String::new();
        commands.get(command).expect("a command of that number").write_line(&mut out);
        out
    }

    #[test]
    fn lines_of_info() {
        let mut commands = Commands::new(3);
        commands.record(1, 1, 1_500, true);
        commands.record(1, 3, 2_500, true);
        commands.reject(1);
        commands.fail(1);
        commands.reject(2);
        assert_eq!(line(&commands, 1), "calls=4,usec=4,usec_per_call=1.00,rejected_calls=1,failed_calls=1");
        assert_eq!(line(&commands, 2), "calls=0,usec=0,usec_per_call=0.00,rejected_calls=1,failed_calls=0");
        assert_eq!(commands.used().map(|(command, _)| command).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn histogram_only_when_tracked() {
        let mut commands = Commands::new(2);
        commands.record(0, 1, 1_500, false);
        assert!(commands.get(0).is_some_and(|row| row.latency().is_none()));
        commands.record(0, 4, 8_000, true);
        let latency = commands.get(0).and_then(|row| row.latency()).expect("it was tracked");
        assert_eq!((latency.total(), latency.percentile_ns(100.0)), (4, 2_007));
    }

    #[test]
    fn reset_and_unknown_numbers() {
        let mut commands = Commands::new(1);
        commands.record(0, 1, 1, true);
        commands.record(9, 1, 1, true);
        commands.record(0, 0, 5, true);
        commands.fail(9);
        assert_eq!(commands.get(0).map(|row| row.calls), Some(1));
        commands.reset();
        assert_eq!(commands.used().count(), 0);
        assert!(commands.get(0).is_some_and(|row| row.latency().is_none()));
    }
}
