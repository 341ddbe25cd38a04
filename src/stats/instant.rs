//! Rates over the last second and a half: what INFO calls instantaneous. The cron samples ten times a
//! second; time comes in as a number.

use super::counters::Counters;

const SAMPLES: usize = 16;
const US_PER_S: i64 = 1_000_000;

/// The mean quotient of two growing numbers over the last samples.
#[derive(Debug, Clone, Default)]
pub struct Rate {
    last_value: i64,
    last_base: i64,
    samples: [i64; SAMPLES],
    next: usize,
}

impl Rate {
    /// Takes a sample: the growth of `value`, times `factor`, over the growth of `base`. The first only sets where
    /// growth is measured from.
    pub fn sample(&mut self, value: u64, base: u64, factor: i64) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        let base = i64::try_from(base).unwrap_or(i64::MAX);
        if self.last_base > 0 {
            let grown = base.saturating_sub(self.last_base);
            let gained = value.saturating_sub(self.last_value).saturating_mul(factor);
            self.samples[self.next] = if grown > 0 { gained / grown } else { 0 };
            self.next = (self.next + 1) % SAMPLES;
        }
        self.last_value = value;
        self.last_base = base;
    }

    /// The mean of the last 16 samples; those not taken yet count as 0.
    pub fn mean(&self) -> u64 {
        (self.samples.iter().sum::<i64>() / SAMPLES as i64).max(0).unsigned_abs()
    }

    fn kilobytes(&self) -> f32 {
        self.mean() as f32 / 1024.0
    }
}

/// The rates that INFO stats prints.
#[derive(Debug, Clone, Default)]
pub struct Rates {
    commands: Rate,
    input: Rate,
    output: Rate,
    repl_input: Rate,
    repl_output: Rate,
    cycles: Rate,
    cycle_us: Rate,
}

impl Rates {
    /// Samples all of them; to be called every 100 ms. `now_us` is monotonic.
    pub fn sample(&mut self, counters: &Counters, now_us: u64) {
        let (input, output) = (counters.total_net_input_bytes(), counters.total_net_output_bytes());
        self.commands.sample(counters.total_commands_processed, now_us, US_PER_S);
        self.input.sample(input, now_us, US_PER_S);
        self.output.sample(output, now_us, US_PER_S);
        self.repl_input.sample(counters.net_repl_input_bytes, now_us, US_PER_S);
        self.repl_output.sample(counters.net_repl_output_bytes, now_us, US_PER_S);
        self.cycles.sample(counters.eventloop.count, now_us, US_PER_S);
        self.cycle_us.sample(counters.eventloop.sum_us, counters.eventloop.count, 1);
    }

    pub fn ops_per_sec(&self) -> u64 {
        self.commands.mean()
    }

    pub fn input_kbps(&self) -> f32 {
        self.input.kilobytes()
    }

    pub fn output_kbps(&self) -> f32 {
        self.output.kilobytes()
    }

    pub fn input_repl_kbps(&self) -> f32 {
        self.repl_input.kilobytes()
    }

    pub fn output_repl_kbps(&self) -> f32 {
        self.repl_output.kilobytes()
    }

    pub fn eventloop_cycles_per_sec(&self) -> u64 {
        self.cycles.mean()
    }

    /// The mean duration of a turn, in microseconds.
    pub fn eventloop_duration_usec(&self) -> u64 {
        self.cycle_us.mean()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sample_only_sets_the_base() {
        let mut rate = Rate::default();
        rate.sample(1_000_000, 5_000_000, US_PER_S);
        assert_eq!(rate.mean(), 0);
        rate.sample(1_000_160, 5_100_000, US_PER_S);
        assert_eq!(rate.mean(), 1_600 / 16);
    }

    #[test]
    fn steady_load_shows_after_sixteen_samples() {
        let mut rates = Rates::default();
        let mut counters = Counters::default();
        for i in 1..=17u64 {
            counters.total_commands_processed = i * 500;
            counters.net_input_bytes = i * 102_400;
            counters.net_repl_input_bytes = i * 51_200;
            counters.eventloop.count = i * 20;
            counters.eventloop.sum_us = i * 20 * 35;
            rates.sample(&counters, i * 100_000);
        }
        assert_eq!((rates.ops_per_sec(), rates.eventloop_cycles_per_sec()), (5_000, 200));
        assert_eq!(rates.eventloop_duration_usec(), 35);
        assert_eq!((rates.input_kbps(), rates.input_repl_kbps(), rates.output_kbps()), (1500.0, 500.0, 0.0));
    }

    #[test]
    fn odd_clocks_and_resets_do_no_harm() {
        let mut rate = Rate::default();
        rate.sample(10, 100, US_PER_S);
        rate.sample(20, 100, US_PER_S);
        rate.sample(30, 90, US_PER_S);
        rate.sample(u64::MAX, u64::MAX, US_PER_S);
        rate.sample(0, 5, US_PER_S);
        assert!(rate.mean() < u64::MAX);
        let mut fallen = Rate::default();
        fallen.sample(1_000_000, 1, US_PER_S);
        fallen.sample(0, 2, US_PER_S);
        assert_eq!(fallen.mean(), 0);
    }
}
