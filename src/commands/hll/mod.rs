//! Commands on HyperLogLogs.

use crate::engine::Spec;

mod count;
mod debug;
mod merge;

/// The family.
pub const ALL: &[&Spec] =
    &[&count::PFADD, &count::PFCOUNT, &debug::PFDEBUG, &debug::PFSELFTEST, &merge::PFMERGE];
