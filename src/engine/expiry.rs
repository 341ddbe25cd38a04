//! Times to live among a command's arguments, of keys and of fields alike: the units they come in, the moments they
//! mean, and the conditions on which they are given. Knows neither keys nor values.

use super::args::Args;
use super::ctx::Ctx;
use super::error::Error;
use crate::ids::UnixMs;
use std::ops::Range;

/// A time to live as it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expiry {
    /// The argument's place.
    pub arg: usize,
    pub unit_ms: i64,
    pub relative: bool,
}

impl Expiry {
    /// Takes argument `arg` in as a time in the unit that `word` (EX, PX, EXAT or PXAT, in lower case) announces. The
    /// same unit may be given again, and the last one counts; another one is a syntax error.
    pub fn take(given: &mut Option<Self>, word: &[u8], arg: usize) -> Result<(), Error> {
        let (unit_ms, relative) = match word {
            b"ex" => (1000, true),
            b"px" => (1, true),
            b"exat" => (1000, false),
            b"pxat" => (1, false),
            _ => return Err(Error::Syntax),
        };
        if given.is_some_and(|before| (before.unit_ms, before.relative) != (unit_ms, relative)) {
            return Err(Error::Syntax);
        }
        *given = Some(Expiry { arg, unit_ms, relative });
        Ok(())
    }

    /// Whether it was given as the log wants it: the moment, in milliseconds.
    pub fn is_absolute_ms(&self) -> bool {
        self.unit_ms == 1 && !self.relative
    }

    /// The moment it means, which may be past; numbers below `least` mean none. `name` is the command's for the error.
    pub fn deadline_ms(
        &self,
        ctx: &Ctx<'_>,
        args: &Args<'_>,
        least: i64,
        name: &'static str,
    ) -> Result<UnixMs, Error> {
        let given = args.int(self.arg)?;
        let base_ms = if self.relative { ctx.env.now_ms } else { 0 };
        self.moment(given, base_ms).filter(|_| given >= least).ok_or(Error::InvalidExpire(name))
    }

    fn moment(&self, given: i64, base_ms: UnixMs) -> Option<UnixMs> {
        given.checked_mul(self.unit_ms)?.checked_add(base_ms)
    }
}

/// The conditions on the time that a key or a field has now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExpiryRule {
    /// Only where there is none.
    pub nx: bool,
    /// Only where there is one.
    pub xx: bool,
    /// Only to a later time. No time is the latest.
    pub gt: bool,
    /// Only to an earlier time.
    pub lt: bool,
}

impl ExpiryRule {
    /// Reads the arguments at these places, which have to be conditions that go together.
    pub fn parse(args: &Args<'_>, places: Range<usize>) -> Result<Self, Error> {
        let mut rule = ExpiryRule::default();
        for i in places {
            match args.get(i).to_ascii_lowercase().as_slice() {
                b"nx" => rule.nx = true,
                b"xx" => rule.xx = true,
                b"gt" => rule.gt = true,
                b"lt" => rule.lt = true,
                _ => {
                    let option = String::from_utf8_lossy(args.get(i));
                    return Err(Error::text(format!("Unsupported option {option}")));
                }
            }
        }
        if rule.nx && (rule.xx || rule.gt || rule.lt) {
            return Err(Error::Plain("NX and XX, GT or LT options at the same time are not compatible"));
        }
        if rule.gt && rule.lt {
            return Err(Error::Plain("GT and LT options at the same time are not compatible"));
        }
        Ok(rule)
    }

    /// Whether what has the time `now` (none: for ever) may get the time `new`.
    pub fn allows(&self, now: Option<UnixMs>, new: UnixMs) -> bool {
        !(self.nx && now.is_some()
            || self.xx && now.is_none()
            || self.gt && now.is_none_or(|now| new <= now)
            || self.lt && now.is_some_and(|now| new >= now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_treat_no_time_as_for_ever() {
        let rule = |nx, xx, gt, lt| ExpiryRule { nx, xx, gt, lt };
        let gt = rule(false, false, true, false);
        let lt = rule(false, false, false, true);
        assert!(!gt.allows(None, i64::MAX) && gt.allows(Some(5), 6) && !gt.allows(Some(5), 5));
        assert!(lt.allows(None, 1) && lt.allows(Some(5), 4) && !lt.allows(Some(5), 5));
        assert!(rule(true, false, false, false).allows(None, 1));
        assert!(!rule(false, true, false, true).allows(None, 1));
    }

    #[test]
    fn rules_that_exclude_one_another_are_refused() {
        let read = |line: &str| {
            let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
            ExpiryRule::parse(&Args::new(&words), 0..words.len())
        };
        assert_eq!(read("XX gt xx"), Ok(ExpiryRule { xx: true, gt: true, ..ExpiryRule::default() }));
        for line in ["NX XX", "GT NX", "GT LT", "XX LT GT", "CH"] {
            assert!(read(line).is_err(), "{line}");
        }
    }

    #[test]
    fn times_that_do_not_fit_are_none() {
        let of = |unit_ms| Expiry { arg: 0, unit_ms, relative: true };
        assert_eq!(of(1000).moment(i64::MAX / 1000 + 1, 0), None);
        assert_eq!(of(1).moment(i64::MAX, 1), None);
        assert_eq!(of(1000).moment(-5, 6000), Some(1000));
    }

    #[test]
    fn one_unit_is_taken_and_its_last_time_counts() {
        let mut given = None;
        assert_eq!(Expiry::take(&mut given, b"ex", 3), Ok(()));
        assert_eq!(Expiry::take(&mut given, b"ex", 5), Ok(()));
        assert_eq!(given, Some(Expiry { arg: 5, unit_ms: 1000, relative: true }));
        assert_eq!(Expiry::take(&mut given, b"exat", 7), Err(Error::Syntax));
        assert_eq!(Expiry::take(&mut None, b"nx", 7), Err(Error::Syntax));
    }
}
