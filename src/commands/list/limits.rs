//! The directives that shape lists, as the type wants them.

use crate::engine::Ctx;
use crate::types::list::ListLimits;

/// The limits in force.
#[inline]
pub fn list_limits(ctx: &Ctx<'_>) -> ListLimits {
    let config = ctx.env.config;
    ListLimits {
        fill: config.list_max_listpack_size,
        compress: config.list_compress_depth,
        packed_threshold: ctx.keys.space.packed_threshold,
    }
}
