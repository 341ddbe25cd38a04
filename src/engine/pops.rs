//! The arguments of the commands that pop from the first of several keys: LMPOP, ZMPOP and their blocking forms. Does
//! not know what ends a value has.

use super::args::Args;
use super::error::Error;

/// The keys, the end to pop from, and how many elements are wanted at most.
#[derive(Clone, Copy, Debug)]
pub struct Pops<'a, E> {
    pub keys: &'a [&'a [u8]],
    pub end: E,
    pub count: usize,
}

impl<'a, E> Pops<'a, E> {
    /// Reads `numkeys key [key ...] END [COUNT count]` from argument `at` on; `end_at` reads the end.
    pub fn parse(
        args: &Args<'a>,
        at: usize,
        end_at: impl FnOnce(&Args<'a>, usize) -> Result<E, Error>,
    ) -> Result<Self, Error> {
        let numkeys = args.positive(at, Error::Plain("numkeys should be greater than 0"))?;
        let keys = args.rest(at + 1).get(..numkeys).ok_or(Error::Syntax)?;
        let mut i = at + 1 + numkeys;
        let end = end_at(args, i)?;
        let mut count = None;
        i += 1;
        while i < args.len() {
            if count.is_some() || !args.is(i, "count") || i + 1 == args.len() {
                return Err(Error::Syntax);
            }
            count = Some(args.positive(i + 1, Error::Plain("count should be greater than 0"))?);
            i += 2;
        }
        Ok(Pops { keys, end, count: count.unwrap_or(1) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<(usize, usize), Error> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let end_at = |args: &Args<'_>, i| if args.is(i, "end") { Ok(()) } else { Err(Error::Syntax) };
        Pops::parse(&Args::new(&words), 1, end_at).map(|pops| (pops.keys.len(), pops.count))
    }

    #[test]
    fn keys_end_and_count_are_read() {
        assert_eq!(parse("C 2 a b END"), Ok((2, 1)));
        assert_eq!(parse("C 1 a end COUNT 9223372036854775807"), Ok((1, i64::MAX as usize)));
        for line in
            ["C 2 a END", "C 9223372036854775807 a END", "C 1 a END COUNT", "C 1 a END COUNT 1 COUNT 1"]
        {
            assert_eq!(parse(line), Err(Error::Syntax), "{line}");
        }
        assert!(
            parse("C 0 END").is_err() && parse("C -1 a END").is_err() && parse("C 1 a END COUNT 0").is_err()
        );
    }
}
