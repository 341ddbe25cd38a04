//! WATCH, UNWATCH.

use crate::engine::{Acl, Args, CmdResult, Engine, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::ClientId;

const ALWAYS: Flags =
    Flags::NOSCRIPT.with(Flags::LOADING).with(Flags::STALE).with(Flags::FAST).with(Flags::ALLOW_BUSY);

pub static WATCH: Spec = Spec::plain("watch", -2)
    .keys(&[KeySpec::range(1, -1, 1, KeyFlags::RO)])
    .flags(ALWAYS.with(Flags::NO_MULTI))
    .acl(Acl::TRANSACTION)
    .group(Group::Transactions)
    .since("2.2.0")
    .complexity("O(1) for every key.")
    .summary("Lets the next EXEC do nothing if one of these keys is changed until then.")
    .syntax("key [key ...]")
    .run_engine(watch);

fn watch(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    // Once a key was touched, EXEC will fail whatever else is watched.
    if !engine.clients[id].dirty_cas {
        for key in args.rest(1) {
            engine.watch_key(id, key);
        }
    }
    engine.reply(id).ok();
    done()
}

pub static UNWATCH: Spec = Spec::plain("unwatch", 1)
    .flags(ALWAYS)
    .acl(Acl::TRANSACTION)
    .group(Group::Transactions)
    .since("2.2.0")
    .complexity("O(1)")
    .summary("Forgets the watched keys.")
    .run_engine(unwatch);

fn unwatch(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    engine.unwatch(id);
    engine.reply(id).ok();
    done()
}
