//! Times to live as the commands on fields take them: HEXPIRE and its kin, HGETEX, HSETEX.

use crate::engine::{Args, Ctx, Error};
use crate::ids::UnixMs;

/// A time to live as it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expiry {
    /// The argument's place.
    pub arg: usize,
    pub unit_ms: i64,
    pub relative: bool,
}

impl Expiry {
    /// The absolute time in milliseconds. A time that is over is one, too; a negative number is none. `name` is the
    /// command's for the error.
    pub fn deadline_ms(&self, ctx: &Ctx<'_>, args: &Args<'_>, name: &'static str) -> Result<UnixMs, Error> {
        let given = args.int(self.arg)?;
        let base = if self.relative { ctx.env.now_ms } else { 0 };
        let ms = given.checked_mul(self.unit_ms).and_then(|ms| ms.checked_add(base));
        ms.filter(|_| given >= 0).ok_or(Error::InvalidExpire(name))
    }
}

/// What may stand between the key and the word FIELDS of HGETEX and HSETEX.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Options {
    /// HSETEX: only if the key is not there; only if it is.
    pub nx: bool,
    pub xx: bool,
    /// HSETEX: only if none of the fields is there; only if all are.
    pub fnx: bool,
    pub fxx: bool,
    pub keep_ttl: bool,
    pub persist: bool,
    pub expiry: Option<Expiry>,
}

/// Which command's options are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum For {
    Get,
    Set,
}

impl Options {
    /// Reads the options between the key and argument `end`.
    pub fn parse(args: &Args<'_>, end: usize, command: For) -> Result<Self, Error> {
        let mut o = Options::default();
        let mut i = 2;
        while i < end {
            let word = args.get(i).to_ascii_lowercase();
            let timeless = !o.keep_ttl && !o.persist;
            match (word.as_slice(), command) {
                (b"nx", For::Set) if !o.xx => o.nx = true,
                (b"xx", For::Set) if !o.nx => o.xx = true,
                (b"fnx", For::Set) if !o.fxx => o.fnx = true,
                (b"fxx", For::Set) if !o.fnx => o.fxx = true,
                (b"keepttl", For::Set) if o.expiry.is_none() => o.keep_ttl = true,
                (b"persist", For::Get) if o.expiry.is_none() => o.persist = true,
                (unit, _) if timeless && i + 1 < end => {
                    let (unit_ms, relative) = unit_of(unit).ok_or(Error::Syntax)?;
                    // The same unit may be given again; the last one counts.
                    if o.expiry.is_some_and(|e| (e.unit_ms, e.relative) != (unit_ms, relative)) {
                        return Err(Error::Syntax);
                    }
                    i += 1;
                    o.expiry = Some(Expiry { arg: i, unit_ms, relative });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str, command: For) -> Result<Options, Error> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        Options::parse(&Args::new(&words), words.len(), command)
    }

    #[test]
    fn options_that_exclude_one_another_are_refused() {
        let all = parse("C k NX fnx EX 5 ex 6", For::Set).expect("they go together");
        assert!(all.nx && all.fnx && all.expiry.is_some_and(|e| e.arg == 7));
        assert!(parse("C k PERSIST", For::Get).is_ok_and(|o| o.persist));
        for line in ["NX XX", "FNX FXX", "EX 1 PX 1", "EX 1 KEEPTTL", "KEEPTTL EX 1", "EX", "GET", "PERSIST"]
        {
            assert_eq!(parse(&format!("C k {line}"), For::Set), Err(Error::Syntax), "{line}");
        }
        for line in ["NX", "FXX", "KEEPTTL", "PERSIST EX 1", "EX 1 PERSIST"] {
            assert_eq!(parse(&format!("C k {line}"), For::Get), Err(Error::Syntax), "{line}");
        }
    }
}
