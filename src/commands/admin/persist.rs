//! SAVE, BGSAVE, BGREWRITEAOF: known by name, with a clear answer. This version writes no data to disk, and a client
//! that asks for it must not believe otherwise.

use crate::engine::{Args, CmdResult, Ctx, Error, Flags, Group, Spec};

const FLAGS: Flags = Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::NO_ASYNC_LOADING);

pub static SAVE: Spec = Spec::plain("save", 1)
    .flags(FLAGS.with(Flags::NO_MULTI))
    .group(Group::Server)
    .complexity("O(N) where N is the total number of keys in all databases")
    .summary("Saves the data to disk.")
    .run(refuse);

pub static BGSAVE: Spec = Spec::plain("bgsave", -1)
    .flags(FLAGS)
    .group(Group::Server)
    .complexity("O(1)")
    .summary("Saves the data to disk in the background.")
    .syntax("[SCHEDULE]")
    .run(refuse);

pub static BGREWRITEAOF: Spec = Spec::plain("bgrewriteaof", 1)
    .flags(FLAGS)
    .group(Group::Server)
    .complexity("O(1)")
    .summary("Rewrites the append-only file in the background.")
    .run(refuse);

fn refuse(_ctx: &mut Ctx<'_>, _args: &Args<'_>) -> CmdResult {
    Err(Error::Plain("This version does not write data to disk"))
}
