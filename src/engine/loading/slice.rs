//! How much of a load is done before clients are looked after again.

use crate::sys::clock::{ticks, ticks_to_ns};

/// The bounds of a slice: it ends at whichever comes first.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    pub us: u64,
    pub bytes: u64,
}

impl Slice {
    /// Everything that is left.
    pub const WHOLE: Slice = Slice { us: u64::MAX, bytes: u64::MAX };
}

/// How a slice ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ran {
    /// It is used up.
    Spent,
    /// There is nothing more to read.
    End,
    /// It was logged why.
    Failed,
}

/// Keys, or commands, between two looks at the clock.
const LOOK_EVERY: u32 = 16;
/// Bytes after which it is looked at all the same.
const LOOK_AFTER: u64 = 32 * 1024;

/// What is used up of a slice.
#[derive(Debug)]
pub struct Meter {
    slice: Slice,
    began: u64,
    /// Where reading was when it was last asked.
    at: u64,
    bytes: u64,
    looked_at: u64,
    asked: u32,
    spent: bool,
    rests_until_us: u64,
}

impl Meter {
    pub fn new(slice: Slice) -> Meter {
        Meter {
            slice,
            began: ticks(),
            at: 0,
            bytes: 0,
            looked_at: 0,
            asked: 0,
            spent: false,
            rests_until_us: 0,
        }
    }

    /// Reading goes on at this offset, of this file or of another one.
    pub fn resume(&mut self, offset: u64) {
        self.at = offset;
    }

    /// Whether the slice is used up, now that reading is at this offset. The clock is looked at now and then only.
    #[inline]
    pub fn is_spent(&mut self, offset: u64) -> bool {
        self.bytes += offset.saturating_sub(self.at);
        self.at = offset;
        self.asked += 1;
        if self.asked >= LOOK_EVERY
            || self.bytes - self.looked_at >= LOOK_AFTER
            || self.bytes >= self.slice.bytes
        {
            self.look();
        }
        self.spent
    }

    /// Looks at the clock.
    pub fn look(&mut self) {
        (self.asked, self.looked_at) = (0, self.bytes);
        let took_us = ticks_to_ns(ticks().wrapping_sub(self.began)) / 1000;
        self.spent |= self.bytes >= self.slice.bytes || took_us >= self.slice.us;
    }

    /// Whether everything is to be read in one go.
    pub fn is_whole(&self) -> bool {
        self.slice.us == u64::MAX
    }

    /// Ends the slice, and keeps the next from beginning before a moment of the monotonic clock.
    pub fn rest_until_us(&mut self, us: u64) {
        (self.spent, self.rests_until_us) = (true, us);
    }

    pub fn rests_until_us(&self) -> u64 {
        self.rests_until_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_ends_by_its_bytes_or_its_time() {
        let mut meter = Meter::new(Slice { us: u64::MAX, bytes: 100 });
        meter.resume(1000);
        assert!(!meter.is_spent(1099));
        meter.resume(0);
        assert!(meter.is_spent(1));
        let mut meter = Meter::new(Slice { us: 0, bytes: u64::MAX });
        assert!((1..LOOK_EVERY).all(|at| !meter.is_spent(u64::from(at))));
        assert!(meter.is_spent(u64::from(LOOK_EVERY)));
        let mut meter = Meter::new(Slice { us: 0, bytes: u64::MAX });
        assert!(meter.is_spent(LOOK_AFTER));
        let mut meter = Meter::new(Slice::WHOLE);
        assert!((0..100).all(|at| !meter.is_spent(at * LOOK_AFTER)));
    }
}
