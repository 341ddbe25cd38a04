//! Commands about the connection itself.

use crate::engine::Spec;

mod ping;

/// The family.
pub const ALL: &[&Spec] = &[&ping::PING];
