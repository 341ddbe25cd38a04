//! The options that SET, MSETEX and GETEX share: conditions and times to live.

use crate::engine::expiry::Expiry;
use crate::engine::{Args, Error};
use crate::keyspace::Ttl;

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
                (unit, _) if has_next && !o.keep_ttl && !o.persist => {
                    i += 1;
                    Expiry::take(&mut o.expiry, unit, i)?;
                }
                _ => return Err(Error::Syntax),
            }
            i += 1;
        }
        Ok(o)
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
