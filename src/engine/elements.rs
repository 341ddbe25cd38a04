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
    /// reply has to be one that can be held. Where the client's own limit on output, `hard_bytes`, is reached first,
    /// it stops there: the client is closed for it.
    ///
    /// # Errors
    /// When the reply would be longer than can be held. Nothing of it is left then.
    pub fn picks(
        &mut self,
        start: usize,
        count: usize,
        hard_bytes: u64,
        mut pick: impl FnMut(&mut Self),
    ) -> Result<(), Error> {
        let limited = (1..LONGEST_PICKS as u64).contains(&hard_bytes);
        let end = start + if limited { hard_bytes as usize } else { LONGEST_PICKS };
        for done in 0..count {
            if limited && self.out.len() > end {
                break;
            }
            // What is still to come takes so much at least.
            if !limited && self.out.len() + (count - done).saturating_mul(SHORTEST_BULK) > end {
                self.out.truncate(start);
                return Err(Error::Plain("Insufficient memory, the reply would be too long"));
            }
            pick(self);
        }
        Ok(())
    }
}
