//! Commands about the connection itself.

use crate::engine::Spec;

mod auth;
mod client;
mod filter;
mod name;
mod ping;
mod select;
mod tracking;

/// The family.
pub const ALL: &[&Spec] = &[
    &auth::AUTH,
    &auth::HELLO,
    &client::CLIENT,
    &ping::PING,
    &select::ECHO,
    &select::QUIT,
    &select::RESET,
    &select::SELECT,
];
