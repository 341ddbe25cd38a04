//! The place of a bit as clients give it, held to the longest string there may be.

use crate::engine::{Ctx, Error};
use crate::util::numbers::parse_i64;

/// Reads an offset; after `#` it counts fields of `field_bits`, where the command knows fields.
pub fn bit_offset(ctx: &Ctx<'_>, text: &[u8], field_bits: Option<u64>) -> Result<u64, Error> {
    let (digits, scale) = match (text, field_bits) {
        ([b'#', digits @ ..], Some(bits)) => (digits, bits),
        _ => (text, 1),
    };
    parse_i64(digits)
        .and_then(|n| u64::try_from(n).ok())
        .and_then(|n| n.checked_mul(scale))
        .filter(|offset| offset / 8 < ctx.env.config.proto_max_bulk_len)
        .ok_or(Error::NotIntegerNamed("bit offset"))
}
