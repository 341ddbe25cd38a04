//! Publishing and subscribing.

use crate::engine::Spec;

mod inspect;
mod publish;
mod subscribe;

/// The family.
pub const ALL: &[&Spec] = &[
    &inspect::PUBSUB,
    &publish::PUBLISH,
    &publish::SPUBLISH,
    &subscribe::PSUBSCRIBE,
    &subscribe::PUNSUBSCRIBE,
    &subscribe::SSUBSCRIBE,
    &subscribe::SUBSCRIBE,
    &subscribe::SUNSUBSCRIBE,
    &subscribe::UNSUBSCRIBE,
];
