//! Commands for those who run the server.

use crate::engine::Spec;

mod config;
mod info;

/// The family.
pub const ALL: &[&Spec] = &[&config::CONFIG, &info::INFO];
