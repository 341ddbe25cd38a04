//! The directives that shape hashes, as the type wants them.

use crate::engine::Ctx;
use crate::types::hash::HashLimits;

/// The limits in force.
pub fn hash_limits(ctx: &Ctx<'_>) -> HashLimits {
    let config = ctx.env.config;
    HashLimits {
        listpack_entries: config.hash_max_listpack_entries as usize,
        listpack_value: config.hash_max_listpack_value as usize,
        hasher: ctx.keys.space.hasher(),
    }
}
