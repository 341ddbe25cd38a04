//! Transactions.

use crate::engine::Spec;

mod exec;
mod watch;

/// The family.
pub const ALL: &[&Spec] = &[&exec::DISCARD, &exec::EXEC, &exec::MULTI, &watch::UNWATCH, &watch::WATCH];
