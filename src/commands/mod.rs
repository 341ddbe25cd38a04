//! Every command. Handlers only; one Spec, one place.

use crate::engine::Spec;

pub mod admin;
mod bitmap;
pub mod connection;
mod every;
pub mod generic;
mod geo;
mod hash;
mod hll;
mod list;
mod page;
pub mod pubsub;
mod set;
mod sort;
mod stream;
pub mod string;
pub mod transaction;
mod zset;

/// The families, each with its commands.
const FAMILIES: &[&[&Spec]] = &[
    admin::ALL,
    bitmap::ALL,
    connection::ALL,
    generic::ALL,
    geo::ALL,
    hash::ALL,
    hll::ALL,
    list::ALL,
    pubsub::ALL,
    set::ALL,
    sort::ALL,
    stream::ALL,
    string::ALL,
    transaction::ALL,
    zset::ALL,
];

pub use every::all;
pub use page::render as render_docs;
