//! The latency monitor (LATENCY): for each kind of event the recent spikes, one a second, and the worst ever. Does not
//! measure and does not decide what is a spike.

use super::sparkline::{self, Point};
use std::collections::VecDeque;
use std::fmt::Write;

/// Samples kept of an event.
const HISTORY: usize = 160;
const GRAPH_COLUMNS: usize = 80;
const GRAPH_ROWS: usize = 4;

/// The worst spike of one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    pub time_s: i64,
    pub latency_ms: u32,
}

/// The spikes of one kind of event.
#[derive(Debug)]
pub struct Series {
    event: &'static str,
    samples: VecDeque<Sample>,
    max_ms: u32,
    sum_ms: u64,
    count: u64,
}

impl Series {
    pub fn event(&self) -> &'static str {
        self.event
    }

    /// Samples, oldest first; at least one.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = Sample> {
        self.samples.iter().copied()
    }

    pub fn latest(&self) -> Sample {
        self.samples.back().copied().unwrap_or(Sample { time_s: 0, latency_ms: 0 })
    }

    /// The worst spike since the last reset, whether still among the samples or not.
    pub fn max_ms(&self) -> u32 {
        self.max_ms
    }

    /// Of all spikes since the last reset.
    pub fn sum_ms(&self) -> u64 {
        self.sum_ms
    }

    /// Of all spikes since the last reset.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn add(&mut self, latency_ms: u32, now_s: i64) {
        self.max_ms = self.max_ms.max(latency_ms);
        self.sum_ms = self.sum_ms.saturating_add(u64::from(latency_ms));
        self.count += 1;
        match self.samples.back_mut() {
            Some(last) if last.time_s == now_s => last.latency_ms = last.latency_ms.max(latency_ms),
            _ => {
                if self.samples.len() == HISTORY {
                    self.samples.pop_front();
                }
                self.samples.push_back(Sample { time_s: now_s, latency_ms });
            }
        }
    }
}

/// All series, in the order in which their events first happened.
#[derive(Debug, Default)]
pub struct Monitor {
    series: Vec<Series>,
}

impl Monitor {
    /// Adds a spike that reached the threshold.
    pub fn add(&mut self, event: &'static str, latency_ms: u64, now_s: i64) {
        let latency_ms = u32::try_from(latency_ms).unwrap_or(u32::MAX);
        let at = self.series.iter().position(|s| s.event == event).unwrap_or_else(|| {
            self.series.push(Series { event, samples: VecDeque::new(), max_ms: 0, sum_ms: 0, count: 0 });
            self.series.len() - 1
        });
        self.series[at].add(latency_ms, now_s);
    }

    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// The series of an event, named exactly.
    pub fn get(&self, event: &[u8]) -> Option<&Series> {
        self.series.iter().find(|s| s.event.as_bytes() == event)
    }

    /// Forgets one event, named in any case, or all. Returns how many were forgotten.
    pub fn reset(&mut self, event: Option<&[u8]>) -> usize {
        let before = self.series.len();
        self.series.retain(|s| event.is_some_and(|event| !s.event.as_bytes().eq_ignore_ascii_case(event)));
        before - self.series.len()
    }

    /// The text of LATENCY GRAPH, or `None` for an event that never happened.
    pub fn graph(&self, event: &[u8], now_s: i64) -> Option<String> {
        let series = self.get(event)?;
        let latencies = || series.samples().map(|s| s.latency_ms);
        let (high, low) = (latencies().max().unwrap_or(0), latencies().min().unwrap_or(0));
        let mut out = String::new();
        let _ = writeln!(
            out,
            "{event} - high {high} ms, low {low} ms (all time high {max} ms)",
            event = series.event,
            max = series.max_ms
        );
        let _ = writeln!(out, "{}", "-".repeat(GRAPH_COLUMNS));
        let points: Vec<Point> = series
            .samples()
            .map(|s| Point { value: f64::from(s.latency_ms), label: age(now_s - s.time_s) })
            .collect();
        sparkline::render(&mut out, &points, GRAPH_COLUMNS, GRAPH_ROWS);
        Some(out)
    }
}

/// Seconds, minutes, hours or days, whichever is the largest that is not zero.
fn age(elapsed_s: i64) -> String {
    match elapsed_s {
        ..60 => format!("{elapsed_s}s"),
        60..3600 => format!("{}m", elapsed_s / 60),
        3600..86_400 => format!("{}h", elapsed_s / 3600),
        _ => format!("{}d", elapsed_s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_sample_a_second() {
        let mut monitor = Monitor::default();
        for (latency_ms, now_s) in [(300, 10), (200, 10), (350, 10), (100, 12)] {
            monitor.add("command", latency_ms, now_s);
        }
        let series = monitor.get(b"command").expect("it happened");
        let samples: Vec<_> = series.samples().map(|s| (s.time_s, s.latency_ms)).collect();
        assert_eq!(samples, [(10, 350), (12, 100)]);
        assert_eq!((series.max_ms(), series.sum_ms(), series.count()), (350, 950, 4));
        assert_eq!(series.latest().latency_ms, 100);
    }

    #[test]
    fn history_is_bounded_and_the_maximum_outlives_it() {
        let mut monitor = Monitor::default();
        for i in 0..200u32 {
            monitor.add("fork", u64::from(1_000 - i), i64::from(i));
        }
        let series = monitor.get(b"fork").expect("it happened");
        assert_eq!((series.samples().len(), series.max_ms()), (160, 1000));
        assert_eq!(series.samples().next().map(|s| s.latency_ms), Some(960));
    }

    #[test]
    fn reset_takes_names_in_any_case() {
        let mut monitor = Monitor::default();
        for event in ["fork", "command", "expire-cycle"] {
            monitor.add(event, 5, 1);
        }
        assert_eq!((monitor.reset(Some(b"blabla")), monitor.reset(Some(b"FORK"))), (0, 1));
        assert!(monitor.get(b"COMMAND").is_none(), "HISTORY and GRAPH name it exactly");
        assert_eq!((monitor.reset(None), monitor.series().len()), (2, 0));
    }

    #[test]
    fn graph_has_a_head_and_ages() {
        let mut monitor = Monitor::default();
        for (latency_ms, now_s) in [(10, 0), (40, 90_000), (20, 99_990)] {
            monitor.add("command", latency_ms, now_s);
        }
        let graph = monitor.graph(b"command", 100_000).expect("it happened");
        let lines: Vec<&str> = graph.lines().collect();
        assert_eq!(lines[0], "command - high 40 ms, low 10 ms (all time high 40 ms)");
        assert_eq!(lines[1].len(), 80);
        assert_eq!(&lines[2..], [" # ", " | ", " |o", "_||", "   ", "121", "dh0", "  s"]);
        assert_eq!(monitor.graph(b"fork", 0), None);
    }

    /// Recorded from the referee.
    #[test]
    fn graph_as_the_referee_draws_it() {
        let mut monitor = Monitor::default();
        for (i, latency_ms) in [13, 50, 6, 123, 20, 70].into_iter().enumerate() {
            monitor.add("command", latency_ms, 1_795_302_126 + i as i64);
        }
        let graph = monitor.graph(b"command", 1_795_302_132).expect("it happened");
        let drawn = ["   #  ", "   | _", " o | |", "_|_|o|", "      ", "654321", "ssssss"];
        assert!(graph.starts_with("command - high 123 ms, low 6 ms (all time high 123 ms)\n---"));
        assert_eq!(graph.lines().skip(2).collect::<Vec<_>>(), drawn);
    }
}
