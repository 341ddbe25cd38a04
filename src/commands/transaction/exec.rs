//! MULTI, EXEC, DISCARD.

use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;

const ALWAYS: Flags = Flags::NOSCRIPT.with(Flags::LOADING).with(Flags::STALE).with(Flags::NOT_QUEUED);

pub static MULTI: Spec = Spec::plain("multi", 1)
    .flags(ALWAYS.with(Flags::FAST).with(Flags::ALLOW_BUSY).with(Flags::NO_MULTI))
    .acl(Acl::TRANSACTION)
    .group(Group::Transactions)
    .since("1.2.0")
    .summary("Opens a transaction: the commands that follow are queued.")
    .run_engine(multi);

fn multi(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    engine.begin_transaction(id);
    engine.reply(id).ok();
    done()
}

pub static EXEC: Spec = Spec::plain("exec", 1)
    .flags(ALWAYS.with(Flags::SKIP_SLOWLOG))
    .acl(Acl::TRANSACTION)
    .group(Group::Transactions)
    .since("1.2.0")
    .complexity("Depends on commands in the transaction")
    .summary("Runs the queued commands, all at once.")
    .run_engine(exec);

fn exec(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    let Some(multi) = engine.clients[id].multi.take() else { return Err(Error::Plain("EXEC without MULTI")) };
    let touched = engine.clients[id].dirty_cas || engine.watched_expired(id);
    engine.discard_transaction(id);
    if multi.broken {
        return Err(Error::ExecAbort);
    }
    if touched {
        engine.reply(id).null_array();
        return done();
    }
    engine.run_transaction(id, *multi);
    done()
}

pub static DISCARD: Spec = Spec::plain("discard", 1)
    .flags(ALWAYS.with(Flags::FAST).with(Flags::ALLOW_BUSY))
    .acl(Acl::TRANSACTION)
    .group(Group::Transactions)
    .since("2.0.0")
    .complexity("O(N), when N is the number of queued commands")
    .summary("Drops a transaction.")
    .run_engine(discard);

fn discard(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    if engine.clients[id].multi.is_none() {
        return Err(Error::Plain("DISCARD without MULTI"));
    }
    engine.discard_transaction(id);
    engine.reply(id).ok();
    done()
}
