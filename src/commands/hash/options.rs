//! The options of HGETEX and HSETEX: conditions and times to live. Knows nothing of hashes.

use crate::engine::expiry::Expiry;
use crate::engine::{Args, Error};

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
            match (word.as_slice(), command) {
                (b"nx", For::Set) if !o.xx => o.nx = true,
                (b"xx", For::Set) if !o.nx => o.xx = true,
                (b"fnx", For::Set) if !o.fxx => o.fnx = true,
                (b"fxx", For::Set) if !o.fnx => o.fxx = true,
                (b"keepttl", For::Set) if o.expiry.is_none() => o.keep_ttl = true,
                (b"persist", For::Get) if o.expiry.is_none() => o.persist = true,
                (unit, _) if !o.keep_ttl && !o.persist && i + 1 < end => {
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
