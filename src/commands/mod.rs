//! Every command. Handlers only; one Spec, one place.

use crate::engine::Spec;

pub mod admin;
mod bitmap;
pub mod connection;
pub mod generic;
mod hash;
mod hll;
mod list;
pub mod pubsub;
mod set;
mod stream;
pub mod string;
pub mod transaction;

/// The families, each with its commands.
const FAMILIES: &[&[&Spec]] = &[
    admin::ALL,
    bitmap::ALL,
    connection::ALL,
    generic::ALL,
    hll::ALL,
    hash::ALL,
    pubsub::ALL,
    set::ALL,
    stream::ALL,
    string::ALL,
    transaction::ALL,
];

pub use list::all;
