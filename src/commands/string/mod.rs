//! Commands on strings.

use crate::engine::Spec;

mod get_set;

/// The family.
pub const ALL: &[&Spec] = &[&get_set::GET, &get_set::SET];
