//! Commands on streams and their consumer groups.

use crate::engine::Spec;

mod ack;
mod add;
mod autoclaim;
mod claim;
mod delete;
mod group;
mod group_edit;
mod ids;
mod info;
mod info_full;
mod pending;
mod range;
mod read;
mod read_group;
mod reading;
mod replies;
mod set_id;
mod told;
mod trim;

/// The family.
pub const ALL: &[&Spec] = &[
    &ack::XACK,
    &add::XADD,
    &autoclaim::XAUTOCLAIM,
    &claim::XCLAIM,
    &delete::XDEL,
    &group::XGROUP,
    &info::XINFO,
    &pending::XPENDING,
    &range::XLEN,
    &range::XRANGE,
    &range::XREVRANGE,
    &read::XREAD,
    &read_group::XREADGROUP,
    &set_id::XSETID,
    &trim::XTRIM,
];
