//! Every command. Handlers only; one Spec, one place.

use crate::engine::Spec;

pub mod connection;
pub mod string;

/// The command table's rows.
pub const ALL: &[&Spec] = &[&connection::ping::PING, &string::get_set::GET, &string::get_set::SET];
