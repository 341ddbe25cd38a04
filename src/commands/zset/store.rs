//! What the STORE forms do with their outcome.

use crate::engine::Ctx;
use crate::keyspace::{EventClass, Key};
use crate::types::zset::Zset;

/// Puts an outcome at its destination, in place of whatever that held, or deletes that if the outcome is empty;
/// answers with its size. One change, whatever its size.
pub fn store(ctx: &mut Ctx<'_>, destination: Key<'_>, outcome: Zset, event: &'static str) {
    let len = outcome.len();
    put(ctx, destination, outcome, event, 1);
    ctx.reply.int(len as i64);
}

/// The same without a reply; `dirty` changes are counted if the outcome is not empty.
pub fn put(ctx: &mut Ctx<'_>, destination: Key<'_>, outcome: Zset, event: &'static str, dirty: u64) {
    if ctx.keys.put_value(destination, outcome) {
        ctx.keys.notify(EventClass::ZSET, event, destination.bytes);
        ctx.keys.dirty(dirty);
    } else if ctx.keys.delete(destination) {
        ctx.keys.notify(EventClass::GENERIC, "del", destination.bytes);
        ctx.keys.dirty(1);
    }
}
