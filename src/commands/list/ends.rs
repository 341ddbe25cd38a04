//! The two ends of a list as commands, events and the log name them.

use crate::engine::{Args, Error};
use crate::types::list::End;

/// The event that a push at this end tells.
pub fn pushed(end: End) -> &'static str {
    if end == End::Head { "lpush" } else { "rpush" }
}

/// The event that a pop at this end tells.
pub fn popped(end: End) -> &'static str {
    if end == End::Head { "lpop" } else { "rpop" }
}

/// The command that the log has for a pop at this end.
pub fn logged_pop(end: End) -> &'static [u8] {
    if end == End::Head { b"LPOP" } else { b"RPOP" }
}

/// Argument `i`: LEFT or RIGHT.
pub fn end_at(args: &Args<'_>, i: usize) -> Result<End, Error> {
    if args.is(i, "left") {
        Ok(End::Head)
    } else if args.is(i, "right") {
        Ok(End::Tail)
    } else {
        Err(Error::Syntax)
    }
}
