//! Elements of packed collections in replies: an integer is written as the text it stands for.

use super::error::Error;
use crate::resp::reply::Reply;
use crate::types::packed::Value;

/// The longest reply that picks with repetition may make, in bytes.
const LONGEST_PICKS: usize = 1 << 30;
/// An empty bulk string, in bytes.
const SHORTEST_BULK: usize = 6;

impl Reply<'_> {
    /// An element as a bulk string.
    #[inline]
    pub fn bulk_value(&mut self, value: Value<'_>) {
        match value {
            Value::Int(n) => self.bulk_int(n),
            Value::Str(bytes) => self.bulk(bytes),
        }
    }

    /// Writes `count` picks one by one behind their header, which begins at `start`. A count may be anything; the
    /// reply has to be one that can be held.
    ///
    /// # Errors
    /// When it would be longer than that. Nothing of it is left then.
    pub fn picks(
        &mut self,
        start: usize,
        count: usize,
        mut pick: impl FnMut(&mut Self),
    ) -> Result<(), Error> {
        let end = start + LONGEST_PICKS;
        for done in 0.. {
            // What is still to come takes so much at least.
            if self.out.len() + (count - done).saturating_mul(SHORTEST_BULK) > end {
                self.out.truncate(start);
                return Err(Error::Plain("Insufficient memory, the reply would be too long"));
            }
            if done == count {
                break;
            }
            pick(self);
        }
        Ok(())
    }
}
