//! Histograms of durations, kept for every command. Does not measure and does not know commands.
//!
//! Two significant digits from 1 ns to 1 s: each power of two is 128 steps, so the figures agree to the last digit with
//! those of servers that use HdrHistogram so. Steps come in pages of one power of two, allocated when a duration
//! falls in them: a command that takes 1 to 50 us holds some 3.5 KB, where a full array of 64-bit counts takes 24.

use std::fmt::Write;

const PAGE_BITS: u32 = 7;
const PAGE: usize = 1 << PAGE_BITS;
/// The last page begins at 2^29 ns and so covers a second.
const PAGES: usize = 24;
const MAX_NS: u64 = 1_000_000_000;
/// The first bound of the cumulative distribution, roughly a microsecond; each next one is twice as long.
const FIRST_BOUND_NS: u64 = 1024;

type Page = Box<[u32; PAGE]>;

/// How often each duration occurred.
#[derive(Debug, Default)]
pub struct Histogram {
    pages: [Option<Page>; PAGES],
    total: u64,
    /// Steps whose count went over `u32`, once for each time.
    carries: Vec<u16>,
}

fn step_of(ns: u64) -> usize {
    let ns = ns.clamp(1, MAX_NS);
    let bits = u64::BITS - ns.leading_zeros();
    let shift = bits.saturating_sub(PAGE_BITS + 1);
    ((shift as usize) << PAGE_BITS) + (ns >> shift) as usize
}

/// The shortest and the longest duration of a step, in nanoseconds.
fn span_of(step: usize) -> (u64, u64) {
    let page = step >> PAGE_BITS;
    let shift = page.saturating_sub(1);
    let low = (step - (shift << PAGE_BITS)) as u64;
    (low << shift, ((low + 1) << shift) - 1)
}

impl Histogram {
    /// Adds one duration. Durations outside of 1 ns to 1 s count as the nearest.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.record_many(ns, 1);
    }

    /// Adds `count` occurrences of one duration, as when a batch was timed as a whole.
    #[inline]
    pub fn record_many(&mut self, ns: u64, count: u32) {
        let step = step_of(ns);
        let page = self.pages[step >> PAGE_BITS].get_or_insert_with(|| Box::new([0; PAGE]));
        let (sum, carried) = page[step & (PAGE - 1)].overflowing_add(count);
        page[step & (PAGE - 1)] = sum;
        self.total += u64::from(count);
        if carried {
            self.carries.push(step as u16);
        }
    }

    /// Durations recorded.
    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn memory_bytes(&self) -> usize {
        let pages = self.pages.iter().flatten().count();
        size_of::<Histogram>() + pages * size_of::<[u32; PAGE]>() + self.carries.capacity() * 2
    }

    /// Steps that occurred and how often, shortest first.
    fn steps(&self) -> impl Iterator<Item = (usize, u64)> {
        self.pages.iter().enumerate().flat_map(move |(at, page)| {
            let counts = page.iter().flat_map(|page| page.iter());
            counts.enumerate().filter_map(move |(i, count)| {
                let step = (at << PAGE_BITS) + i;
                let carries = self.carries.iter().filter(|carry| usize::from(**carry) == step).count() as u64;
                let count = u64::from(*count) + (carries << 32);
                (count > 0).then_some((step, count))
            })
        })
    }

    /// The duration, in nanoseconds, that `percent` of the recorded ones do not exceed: the upper end of its step,
    /// and the lower end for 0. 0 when nothing was recorded.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let wanted = ((percent.clamp(0.0, 100.0) / 100.0 * self.total as f64 + 0.5) as u64).max(1);
        let mut seen = 0;
        for (step, count) in self.steps() {
            seen += count;
            if seen >= wanted {
                let (low, high) = span_of(step);
                return if percent == 0.0 { low } else { high };
            }
        }
        0
    }

    /// The cumulative distribution of LATENCY HISTOGRAM: `(microseconds, how many took at most so long)`, at powers of
    /// two of 1024 ns, without the bounds that add nothing.
    pub fn cumulative(&self) -> Vec<(u64, u64)> {
        let mut out = Vec::new();
        let mut steps = self.steps().peekable();
        let (mut bound_ns, mut seen, mut reported) = (FIRST_BOUND_NS, 0, 0);
        while seen < self.total {
            // COMPAT: the step that begins at the bound counts as within it, hence 33, 66 and 132 us.
            let last = step_of(bound_ns);
            while let Some((_, count)) = steps.next_if(|(step, _)| *step <= last) {
                seen += count;
            }
            if seen > reported {
                let end_ns = if bound_ns > MAX_NS { bound_ns - 1 } else { span_of(last).1 };
                out.push((end_ns / 1000, seen));
                reported = seen;
            }
            bound_ns *= 2;
        }
        out
    }

    /// Appends `p50=1.003,p99=...` in microseconds, as INFO latencystats prints it.
    pub fn write_percentiles(&self, percents: &[f64], out: &mut String) {
        for (i, percent) in percents.iter().enumerate() {
            let name = format!("{percent:.6}");
            let name = name.trim_end_matches('0').trim_end_matches('.');
            let comma = if i == 0 { "" } else { "," };
            let _ = write!(out, "{comma}p{name}={:.3}", self.percentile_ns(*percent) as f64 / 1000.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(durations: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        durations.iter().for_each(|ns| histogram.record(*ns));
        histogram
    }

    #[test]
    fn steps_cover_the_range_without_gap() {
        let mut next = 1;
        for step in 1..=step_of(MAX_NS) {
            let (low, high) = span_of(step);
            assert_eq!((low, step_of(low), step_of(high.min(MAX_NS))), (next, step, step));
            assert!(high - low <= low / 128);
            next = high + 1;
        }
        assert!(next > MAX_NS);
        assert_eq!((step_of(0), step_of(u64::MAX)), (1, step_of(MAX_NS)));
        assert!(step_of(MAX_NS) >> PAGE_BITS < PAGES);
    }

    #[test]
    fn percentiles_name_the_end_of_the_step() {
        let mut text = String::new();
        of(&[1000; 3]).write_percentiles(&[0.0, 50.0, 99.0, 99.9, 100.0], &mut text);
        assert_eq!(text, "p0=1.000,p50=1.003,p99=1.003,p99.9=1.003,p100=1.003");
        let spread: Vec<u64> = (1..=1000).map(|us| us * 1000).collect();
        let spread = of(&spread);
        assert_eq!(spread.percentile_ns(50.0), 501_759);
        assert_eq!(spread.percentile_ns(99.0), 991_231);
        assert_eq!(
            (of(&[]).percentile_ns(50.0), of(&[5_000_000_000]).percentile_ns(50.0)),
            (0, 1_002_438_655)
        );
    }

    #[test]
    fn distribution_is_cumulative_and_skips_what_adds_nothing() {
        assert_eq!(of(&[1000, 1024, 1031, 1032, 33_000]).cumulative(), [(1, 3), (2, 4), (33, 5)]);
        assert_eq!(of(&[70_000]).cumulative(), [(132, 1)]);
        assert_eq!(of(&[0]).cumulative(), [(1, 1)]);
        assert_eq!(of(&[5_000_000_000]).cumulative(), [(1_073_741, 1)]);
        assert_eq!(of(&[]).cumulative(), []);
    }

    /// The expected figures were printed by the HdrHistogram that the referee uses, for the same durations.
    #[test]
    fn agrees_with_hdr_histogram() {
        let mut random = 88_172_645_463_325_252u64;
        let mut histogram = Histogram::default();
        for _ in 0..20_000 {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            histogram.record((random & 0xff_ffff_ffff) >> ((random >> 58) % 36) >> 4);
        }
        let percents = [0.0, 10.0, 25.0, 50.0, 75.0, 99.9];
        let expected = [1, 41, 2_111, 557_055, 127_926_271, 1_002_438_655];
        assert_eq!(percents.map(|percent| histogram.percentile_ns(percent)), expected);
        let cumulative = histogram.cumulative();
        assert_eq!(cumulative.len(), 21);
        assert_eq!(cumulative[..6], [(1, 4383), (2, 4991), (4, 5595), (8, 6196), (16, 6791), (33, 7464)]);
        assert_eq!(cumulative[18..], [(270_532, 15_672), (541_065, 16_325), (1_073_741, 20_000)]);
    }

    #[test]
    fn counts_go_beyond_32_bits() {
        let mut histogram = Histogram::default();
        for _ in 0..3 {
            histogram.record_many(2_000, u32::MAX);
        }
        histogram.record(900_000);
        assert_eq!(histogram.total(), 3 * u64::from(u32::MAX) + 1);
        assert_eq!(
            histogram.cumulative(),
            [(2, 3 * u64::from(u32::MAX)), (1056, 3 * u64::from(u32::MAX) + 1)]
        );
        assert_eq!(histogram.percentile_ns(99.9), 2_007);
    }

    #[test]
    fn small_for_what_commands_take() {
        let histogram = of(&(700..40_000).step_by(37).collect::<Vec<u64>>());
        assert!(histogram.memory_bytes() < 4096, "{}", histogram.memory_bytes());
    }
}
