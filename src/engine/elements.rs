//! Elements of packed collections in replies: an integer is written as the text it stands for.

use crate::resp::reply::Reply;
use crate::types::packed::Value;

impl Reply<'_> {
    /// An element as a bulk string.
    #[inline]
    pub fn bulk_value(&mut self, value: Value<'_>) {
        match value {
            Value::Int(n) => self.bulk_int(n),
            Value::Str(bytes) => self.bulk(bytes),
        }
    }
}
