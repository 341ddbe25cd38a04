//! Numbers among a command's arguments.

use super::args::Args;
use super::error::Error;
use crate::util::numbers::parse_i64;

impl Args<'_> {
    /// Argument `i` as an integer.
    pub fn int(&self, i: usize) -> Result<i64, Error> {
        parse_i64(self.get(i)).ok_or(Error::NotInteger)
    }

    /// Argument `i` as an integer from `min` to `max`; the error is that of no integer at all.
    pub fn int_within(&self, i: usize, min: i64, max: i64) -> Result<i64, Error> {
        self.int(i).ok().filter(|n| (min..=max).contains(n)).ok_or(Error::NotInteger)
    }
}
