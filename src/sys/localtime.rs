//! Local time for people: the time zone's offset and the fields of a date. Takes no lock where a forked child or a
//! signal handler may ask.

use std::sync::atomic::{AtomicI64, Ordering};

use super::process::pid;

/// A moment by the calendar of the local time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
}

impl LocalTime {
    /// The local calendar's view of a moment in seconds since the Unix epoch.
    pub fn of(unix_s: i64) -> LocalTime {
        LocalTime::with_offset(unix_s, utc_offset_s(unix_s))
    }

    /// The same for a zone that is `offset_s` seconds east of Greenwich.
    pub fn with_offset(unix_s: i64, offset_s: i64) -> LocalTime {
        const DAY: i64 = 86_400;
        let local = unix_s.saturating_add(offset_s);
        let (days, rest) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        // Years are counted from March, so that the leap day is a year's last; eras of 400 years are all alike.
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        LocalTime {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month: month as u8,
            day: (day_of_year - (153 * shifted + 2) / 5 + 1) as u8,
            hour: (rest / 3600) as u8,
            minute: (rest / 60 % 60) as u8,
            second: (rest % 60) as u8,
        }
    }
}

/// Zones change their offset on a quarter of an hour at the earliest.
const QUARTER: i64 = 900;
static KNOWN_QUARTER: AtomicI64 = AtomicI64::new(i64::MIN);
static KNOWN_OFFSET: AtomicI64 = AtomicI64::new(0);
static OWNER: AtomicI64 = AtomicI64::new(0);

/// Seconds that local time is ahead of UTC. The C library is asked once a quarter of an hour, and never by a forked
/// child: its lock may have been held when the process split.
pub fn utc_offset_s(unix_s: i64) -> i64 {
    let quarter = unix_s.div_euclid(QUARTER);
    if KNOWN_QUARTER.load(Ordering::Acquire) == quarter {
        return KNOWN_OFFSET.load(Ordering::Relaxed);
    }
    let owner = OWNER.load(Ordering::Relaxed);
    if owner != 0 && owner != i64::from(pid()) {
        return KNOWN_OFFSET.load(Ordering::Relaxed);
    }
    OWNER.store(i64::from(pid()), Ordering::Relaxed);
    let offset = ask_offset(unix_s);
    KNOWN_OFFSET.store(offset, Ordering::Relaxed);
    KNOWN_QUARTER.store(quarter, Ordering::Release);
    offset
}

/// Makes this process the one that asks the C library: for a daemon after its fork, while it has one thread.
pub fn adopt() {
    OWNER.store(i64::from(pid()), Ordering::Relaxed);
    KNOWN_QUARTER.store(i64::MIN, Ordering::Release);
}

/// The offset as it was last known, whatever the moment. Safe in a signal handler.
pub fn last_utc_offset_s() -> i64 {
    KNOWN_OFFSET.load(Ordering::Relaxed)
}

fn ask_offset(unix_s: i64) -> i64 {
    // SAFETY: the pointers are to a live time_t and a live tm, for which all zeroes is a valid value, should the call
    // fail.
    unsafe {
        let mut fields: libc::tm = std::mem::zeroed();
        let moment = unix_s as libc::time_t;
        libc::localtime_r(&moment, &mut fields);
        fields.tm_gmtoff as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_agree_with_the_c_library() {
        let mut rng = crate::sys::entropy::Rng::with_seed(5);
        for _ in 0..20_000 {
            // 1900 to 2300.
            let unix_s = rng.below(12_600_000_000) as i64 - 2_200_000_000;
            // SAFETY: the pointers are to a live time_t and a live tm.
            let want = unsafe {
                let mut fields: libc::tm = std::mem::zeroed();
                libc::gmtime_r(&unix_s, &mut fields);
                fields
            };
            let got = LocalTime::with_offset(unix_s, 0);
            assert_eq!(got.year, i64::from(want.tm_year) + 1900, "{unix_s}");
            assert_eq!(i32::from(got.month), want.tm_mon + 1, "{unix_s}");
            assert_eq!(i32::from(got.day), want.tm_mday, "{unix_s}");
            assert_eq!(i32::from(got.hour), want.tm_hour, "{unix_s}");
            assert_eq!(i32::from(got.minute), want.tm_min, "{unix_s}");
            assert_eq!(i32::from(got.second), want.tm_sec, "{unix_s}");
        }
    }

    #[test]
    fn offsets_move_the_date() {
        let at = LocalTime::with_offset(951_782_399, 1);
        assert_eq!(at, LocalTime { year: 2000, month: 2, day: 29, hour: 0, minute: 0, second: 0 });
        let at = LocalTime::with_offset(0, -1);
        assert_eq!(at, LocalTime { year: 1969, month: 12, day: 31, hour: 23, minute: 59, second: 59 });
        assert!(utc_offset_s(1_700_000_000).abs() <= 14 * 3600);
        assert_eq!(utc_offset_s(1_700_000_000), last_utc_offset_s());
    }
}
