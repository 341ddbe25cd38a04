//! SORT and SORT_RO.

use crate::engine::Spec;

mod command;
mod elements;
mod options;
mod order;
mod pattern;

/// The family.
pub const ALL: &[&Spec] = &[&command::SORT, &command::SORT_RO];
