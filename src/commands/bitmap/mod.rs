//! Commands on strings as arrays of bits.

use crate::engine::Spec;

mod combine;
mod field;
mod offset;
mod range;
mod single;

/// The family.
pub const ALL: &[&Spec] = &[
    &combine::BITOP,
    &field::BITFIELD,
    &field::BITFIELD_RO,
    &range::BITCOUNT,
    &range::BITPOS,
    &single::GETBIT,
    &single::SETBIT,
];
