//! Commands on positions, which sorted sets keep as scores.

use crate::engine::Spec;

mod add;
mod area;
mod area_options;
mod member;
mod radius;
mod search;

/// The family.
pub const ALL: &[&Spec] = &[
    &add::GEOADD,
    &member::GEODIST,
    &member::GEOHASH,
    &member::GEOPOS,
    &radius::GEORADIUS,
    &radius::GEORADIUSBYMEMBER,
    &radius::GEORADIUSBYMEMBER_RO,
    &radius::GEORADIUS_RO,
    &search::GEOSEARCH,
    &search::GEOSEARCHSTORE,
];
