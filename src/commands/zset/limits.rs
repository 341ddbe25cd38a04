//! The directives that shape sorted sets, as the type wants them.

use crate::engine::Ctx;
use crate::types::zset::ZsetLimits;

/// The limits in force.
#[inline]
pub fn zset_limits(ctx: &Ctx<'_>) -> ZsetLimits {
    let config = ctx.env.config;
    ZsetLimits {
        listpack_entries: config.zset_max_listpack_entries as usize,
        listpack_value: config.zset_max_listpack_value as usize,
        hasher: ctx.keys.space.hasher,
    }
}
