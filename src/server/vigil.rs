//! Whether a child still gets on. One that tells nothing may be writing a large value, or waiting for a slow disk: that
//! is no reason to end it. One that for minutes neither computes, nor reads, nor writes, nor waits for a disk, waits
//! for something that will never come, and would keep every later save from being made. Knows no process, only what
//! was seen of one.

use crate::sys::process::Activity;

/// Between two looks at a child that tells nothing.
pub const LOOK_EVERY_US: u64 = 10_000_000;
/// How long nothing happens before that is said, and between two times that it is said.
const SAY_AFTER_US: u64 = 60_000_000;
/// How long nothing happens before it is ended.
const END_AFTER_US: u64 = 300_000_000;

/// What is to be done about a child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Fine,
    /// To be said: it stands still for so long, with the state that the system shows.
    Idle {
        seconds: u64,
        state: char,
    },
    /// To be ended.
    Hung {
        seconds: u64,
    },
}

/// What was seen of a child.
#[derive(Debug, Default)]
pub struct Vigil {
    last: Option<Activity>,
    /// Since when it is as it was seen last.
    since_us: u64,
    said_us: u64,
    next_look_us: u64,
}

impl Vigil {
    /// It told something.
    pub fn heard(&mut self, now_us: u64) {
        *self = Vigil { next_look_us: now_us + LOOK_EVERY_US, ..Vigil::default() };
    }

    /// Whether it is time to look at it.
    pub fn is_due(&mut self, now_us: u64) -> bool {
        let due = now_us >= self.next_look_us;
        if due {
            self.next_look_us = now_us + LOOK_EVERY_US;
        }
        due
    }

    /// Judges it by what is seen of it now.
    pub fn judge(&mut self, now_us: u64, seen: Activity) -> Verdict {
        let works =
            self.last.is_none_or(|last| (last.cpu_ticks, last.io_bytes) != (seen.cpu_ticks, seen.io_bytes));
        self.last = Some(seen);
        if works || seen.state == 'R' {
            (self.since_us, self.said_us) = (now_us, now_us);
            return Verdict::Fine;
        }
        let idle_us = now_us.saturating_sub(self.since_us);
        let seconds = idle_us / 1_000_000;
        // Waiting for a disk (D) cannot be cut short, and who stopped it (T) will have a reason.
        if seen.state == 'S' && idle_us >= END_AFTER_US {
            return Verdict::Hung { seconds };
        }
        if now_us.saturating_sub(self.said_us) < SAY_AFTER_US {
            return Verdict::Fine;
        }
        self.said_us = now_us;
        Verdict::Idle { seconds, state: seen.state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000;

    fn seen(state: char, cpu_ticks: u64) -> Activity {
        Activity { state, cpu_ticks, io_bytes: 5 }
    }

    #[test]
    fn one_that_works_is_left_alone_however_long_it_tells_nothing() {
        let mut vigil = Vigil::default();
        for at in 0..1000 {
            assert_eq!(vigil.judge(at * 10 * S, seen('S', at)), Verdict::Fine);
        }
        assert_eq!(vigil.judge(20_000 * S, seen('R', 999)), Verdict::Fine);
    }

    #[test]
    fn one_that_waits_for_nothing_is_spoken_of_and_then_ended() {
        let mut vigil = Vigil::default();
        assert_eq!(vigil.judge(100 * S, seen('S', 7)), Verdict::Fine);
        assert_eq!(vigil.judge(150 * S, seen('S', 7)), Verdict::Fine);
        assert_eq!(vigil.judge(160 * S, seen('S', 7)), Verdict::Idle { seconds: 60, state: 'S' });
        assert_eq!(vigil.judge(170 * S, seen('S', 7)), Verdict::Fine);
        assert_eq!(vigil.judge(399 * S, seen('S', 7)), Verdict::Idle { seconds: 299, state: 'S' });
        assert_eq!(vigil.judge(400 * S, seen('S', 7)), Verdict::Hung { seconds: 300 });
        vigil.heard(400 * S);
        assert!(!vigil.is_due(409 * S) && vigil.is_due(410 * S) && !vigil.is_due(411 * S));
        assert_eq!(vigil.judge(800 * S, seen('S', 7)), Verdict::Fine);
    }

    #[test]
    fn one_that_waits_for_the_disk_or_was_stopped_is_never_ended() {
        for state in ['D', 'T'] {
            let mut vigil = Vigil::default();
            vigil.judge(0, seen(state, 7));
            let verdict = vigil.judge(10_000 * S, seen(state, 7));
            assert_eq!(verdict, Verdict::Idle { seconds: 10_000, state });
        }
    }
}
