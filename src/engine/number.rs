//! Numbers and times among a command's arguments.

use super::args::Args;
use super::error::Error;
use crate::ids::UnixMs;
use crate::util::float::parse_f64;
use crate::util::long_double::LongDouble;
use crate::util::numbers::parse_i64;

impl Args<'_> {
    /// Argument `i` as an integer.
    pub fn int(&self, i: usize) -> Result<i64, Error> {
        parse_i64(self.get(i)).ok_or(Error::NotInteger)
    }

    /// Argument `i` as a number of things, which may be none; the error is for everything else.
    pub fn natural(&self, i: usize, error: Error) -> Result<usize, Error> {
        self.int(i).ok().and_then(|n| usize::try_from(n).ok()).ok_or(error)
    }

    /// Argument `i` as a number of things, one at least; the error is for everything else.
    pub fn positive(&self, i: usize, error: Error) -> Result<usize, Error> {
        self.int(i).ok().and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0).ok_or(error)
    }

    /// Argument `i` as an integer whose opposite is one as well.
    pub fn negatable(&self, i: usize) -> Result<i64, Error> {
        let most = i64::MAX;
        match self.int(i)? {
            i64::MIN => {
                Err(Error::text(format!("value is out of range, value must between -{most} and {most}")))
            }
            n => Ok(n),
        }
    }

    /// Argument `i` as an integer that fits in C's `int`, as Redis wants of small numbers.
    pub fn c_int(&self, i: usize) -> Result<i32, Error> {
        i32::try_from(self.int(i)?).map_err(|_| {
            let (min, max) = (i32::MIN, i32::MAX);
            Error::text(format!("value is out of range, value must between {min} and {max}"))
        })
    }

    /// Argument `i` as an integer from `min` to `max`; the error is that of no integer at all.
    pub fn int_within(&self, i: usize, min: i64, max: i64) -> Result<i64, Error> {
        self.int(i).ok().filter(|n| (min..=max).contains(n)).ok_or(Error::NotInteger)
    }

    /// Argument `i`, in milliseconds from now, as the time at which a blocking command gives up; `None` for zero, which
    /// waits for ever.
    pub fn deadline_ms(&self, i: usize, now_ms: UnixMs) -> Result<Option<UnixMs>, Error> {
        match self.int(i).map_err(|_| Error::NotIntegerNamed("timeout"))? {
            0 => Ok(None),
            ms @ 1.. => ms.checked_add(now_ms).map(Some).ok_or(Error::Plain("timeout is out of range")),
            _ => Err(Error::Plain("timeout is negative")),
        }
    }

    /// Argument `i`, in seconds from now, as the time at which a blocking command gives up; `None` for zero, which
    /// waits for ever.
    pub fn deadline(&self, i: usize, now_ms: UnixMs) -> Result<Option<UnixMs>, Error> {
        let text = self.get(i);
        if LongDouble::parse(text).is_none() {
            return Err(Error::Plain("timeout is not a float or out of range"));
        }
        // What is a number but no double lies beyond all times.
        let below = text.first() == Some(&b'-');
        let seconds = parse_f64(text).unwrap_or(if below { f64::NEG_INFINITY } else { f64::INFINITY });
        let ms = (seconds * 1000.0).ceil();
        if ms < 0.0 {
            return Err(Error::Plain("timeout is negative"));
        }
        let out_of_range = Error::Plain("timeout is out of range");
        if ms >= i64::MAX as f64 {
            return Err(out_of_range);
        }
        match ms as i64 {
            0 => Ok(None),
            ms => ms.checked_add(now_ms).map(Some).ok_or(out_of_range),
        }
    }
}
