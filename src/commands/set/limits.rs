//! The directives that shape sets, as the type wants them.

use crate::engine::Ctx;
use crate::types::set::SetLimits;

/// The limits in force.
pub fn set_limits(ctx: &Ctx<'_>) -> SetLimits {
    let config = ctx.env.config;
    SetLimits {
        intset_entries: config.set_max_intset_entries as usize,
        listpack_entries: config.set_max_listpack_entries as usize,
        listpack_value: config.set_max_listpack_value as usize,
        hasher: ctx.keys.space.hasher,
    }
}
