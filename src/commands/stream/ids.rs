//! Stream IDs among a command's arguments, with the errors clients are told.

use crate::engine::{Args, Error};
use crate::types::stream::{BoundError, StreamId};
use smallvec::SmallVec;

const INVALID: Error = Error::Plain("Invalid stream ID specified as stream command argument");

/// Several IDs of one command.
pub type Ids = SmallVec<[StreamId; 8]>;

/// What is said of text that is no ID.
pub fn invalid() -> Error {
    INVALID
}

/// Argument `i` as an ID in full or without its second part, which is 0 then; `-` and `+` are none.
pub fn strict(args: &Args<'_>, i: usize) -> Result<StreamId, Error> {
    StreamId::parse_strict(args.get(i), 0).ok_or(INVALID)
}

/// All arguments from `i` on as IDs.
pub fn rest(args: &Args<'_>, i: usize) -> Result<Ids, Error> {
    args.rest(i).iter().map(|text| StreamId::parse_strict(text, 0).ok_or(INVALID)).collect()
}

/// Argument `i` as the start of a range.
pub fn start(args: &Args<'_>, i: usize) -> Result<StreamId, Error> {
    StreamId::parse_start(args.get(i)).map_err(|error| match error {
        BoundError::Invalid => INVALID,
        BoundError::Empty => Error::Plain("invalid start ID for the interval"),
    })
}

/// Argument `i` as the end of a range.
pub fn end(args: &Args<'_>, i: usize) -> Result<StreamId, Error> {
    StreamId::parse_end(args.get(i)).map_err(|error| match error {
        BoundError::Invalid => INVALID,
        BoundError::Empty => Error::Plain("invalid end ID for the interval"),
    })
}
