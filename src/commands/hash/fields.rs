//! The arguments of the commands that name fields by `FIELDS numfields field...`.

use crate::engine::{Args, Error};

/// What most of these commands say to a number that does not fit.
pub const NUMFIELDS: Error =
    Error::Plain("numfields should be greater than 0 and match the provided number of fields");

/// Where the word FIELDS stands, from argument `from` on. The last argument is no place for it.
pub fn fields_word(args: &Args<'_>, from: usize) -> Option<usize> {
    (from..args.len().saturating_sub(1)).find(|i| args.is(*i, "fields"))
}

/// The fields that follow the word at argument `word`, each with `width - 1` more arguments; `mismatch` if their
/// number is not as announced.
pub fn fields<'a>(
    args: &Args<'a>,
    word: usize,
    width: usize,
    mismatch: Error,
) -> Result<&'a [&'a [u8]], Error> {
    let announced = args.int(word + 1)?;
    let given = args.rest(word + 2);
    let fits = usize::try_from(announced)
        .ok()
        .and_then(|n| n.checked_mul(width))
        .is_some_and(|n| n > 0 && n == given.len());
    if fits { Ok(given) } else { Err(mismatch) }
}

/// The same where FIELDS has to be argument 2.
pub fn fields_first<'a>(args: &Args<'a>, mismatch: Error) -> Result<&'a [&'a [u8]], Error> {
    if args.is(2, "fields") { fields(args, 2, 1, mismatch) } else { Err(Error::Syntax) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, width: usize) -> Result<usize, Error> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let args = Args::new(&words);
        let word = fields_word(&args, 1).ok_or(Error::Syntax)?;
        fields(&args, word, width, NUMFIELDS).map(<[_]>::len)
    }

    #[test]
    fn the_number_must_be_that_of_the_fields() {
        assert_eq!(read("C k FIELDS 2 a b", 1), Ok(2));
        assert_eq!(read("C k fields 1 a b", 2), Ok(2));
        for line in
            ["C k FIELDS 3 a b", "C k FIELDS 0", "C k FIELDS -1 a", "C k FIELDS 9223372036854775807 a b"]
        {
            assert_eq!(read(line, 2), Err(NUMFIELDS), "{line}");
        }
        assert_eq!(read("C k FIELDS x a", 1), Err(Error::NotInteger));
        assert_eq!(read("C k a FIELDS", 1), Err(Error::Syntax));
    }
}
