//! The options that SET, MSETEX and GETEX share: conditions and times to live.

use crate::engine::{Args, Ctx, Error};
use crate::keyspace::Ttl;

/// A time to live as it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expiry {
    /// The argument's place.
    pub arg: usize,
    pub unit_ms: i64,
    pub relative: bool,
}

/// Everything that may follow the value of SET, or the key of GETEX.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Options {
    pub nx: bool,
    pub xx: bool,
    /// The place of the value to compare with.
    pub if_equal: Option<usize>,
    pub get: bool,
    pub keep_ttl: bool,
    pub persist: bool,
    pub expiry: Option<Expiry>,
}

/// Which command's options are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum For {
    Set,
    MSetEx,
    GetEx,
}

impl Options {
    /// Reads the options from argument `from` on.
    pub fn parse(args: &Args<'_>, from: usize, command: For) -> Result<Self, Error> {
        let mut o = Options::default();
        let mut i = from;
        while i < args.len() {
            let has_next = i + 1 < args.len();
            let timeless = !o.keep_ttl && !o.persist && o.expiry.is_none();
            let conditionless = !o.nx && !o.xx && o.if_equal.is_none();
            let word = args.get(i).to_ascii_lowercase();
            match (word.as_slice(), command) {
                (b"nx", For::Set | For::MSetEx) if !o.xx && o.if_equal.is_none() => o.nx = true,
                (b"xx", For::Set | For::MSetEx) if !o.nx && o.if_equal.is_none() => o.xx = true,
                (b"ifeq", For::Set) if conditionless && has_next => {
                    o.if_equal = Some(i + 1);
                    i += 1;
                }
                (b"get", For::Set) => o.get = true,
                (b"keepttl", For::Set | For::MSetEx) if !o.persist && o.expiry.is_none() => o.keep_ttl = true,
                (b"persist", For::GetEx) if !o.keep_ttl && o.expiry.is_none() => o.persist = true,
                (unit, _) if has_next && (timeless || repeats(&o, unit)) => {
                    let (unit_ms, relative) = unit_of(unit).ok_or(Error::Syntax)?;
                    o.expiry = Some(Expiry { arg: i + 1, unit_ms, relative });
                    i += 1;
                }
                _ => return Err(Error::Syntax),
            }
            i += 1;
        }
        Ok(o)
    }
}

fn unit_of(word: &[u8]) -> Option<(i64, bool)> {
    match word {
        b"ex" => Some((1000, true)),
        b"px" => Some((1, true)),
        b"exat" => Some((1000, false)),
        b"pxat" => Some((1, false)),
        _ => None,
    }
}

/// COMPAT: the same time option may be given again; the last one counts.
fn repeats(o: &Options, word: &[u8]) -> bool {
    !o.keep_ttl && !o.persist && o.expiry.is_some_and(|e| unit_of(word) == Some((e.unit_ms, e.relative)))
}

impl Expiry {
    /// The absolute time in milliseconds. `name` is the command's for the error.
    pub fn deadline_ms(&self, ctx: &Ctx<'_>, args: &Args<'_>, name: &'static str) -> Result<i64, Error> {
        let given = args.int(self.arg)?;
        let base = if self.relative { ctx.env.now_ms } else { 0 };
        let ms = given.checked_mul(self.unit_ms).and_then(|ms| ms.checked_add(base));
        ms.filter(|_| given > 0).ok_or(Error::InvalidExpire(name))
    }
}

/// How a new value's time to live follows from the options.
pub fn ttl(deadline_ms: Option<i64>, keep: bool) -> Ttl {
    match deadline_ms {
        Some(ms) => Ttl::At(ms),
        None if keep => Ttl::Keep,
        None => Ttl::Clear,
    }
}
