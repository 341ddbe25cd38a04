//! Every command. Handlers only; one Spec, one place.

use crate::engine::Spec;

pub mod admin;
pub mod connection;
pub mod generic;
mod list;
pub mod pubsub;
mod set;
mod stream;
pub mod string;
pub mod transaction;

/// The families, each with its commands.
const FAMILIES: &[&[&Spec]] = &[
    admin::ALL,
    connection::ALL,
    generic::ALL,
    pubsub::ALL,
    set::ALL,
    stream::ALL,
    string::ALL,
    transaction::ALL,
];

pub use list::all;
