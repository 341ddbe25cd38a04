//! TIME, LASTSAVE, ROLE, REPLICAOF, SHUTDOWN, MONITOR.

use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Group, Spec, TurnRequest, done};
use crate::ids::ClientId;

const ALWAYS: Flags = Flags::LOADING.with(Flags::STALE).with(Flags::FAST);

pub static TIME: Spec = Spec::plain("time", 1)
    .flags(ALWAYS)
    .group(Group::Server)
    .since("2.6.0")
    .summary("Tells the server's time.")
    .tips(&["nondeterministic_output"])
    .run(|ctx, _| {
        let us = ctx.env.now_us;
        ctx.reply.array(2);
        ctx.reply.bulk_int(us / 1_000_000);
        ctx.reply.bulk_int(us % 1_000_000);
        done()
    });

pub static LASTSAVE: Spec = Spec::plain("lastsave", 1)
    .flags(ALWAYS)
    .acl(Acl::ADMIN.with(Acl::DANGEROUS))
    .group(Group::Server)
    .summary("Tells when the data was last saved.")
    .tips(&["nondeterministic_output"])
    .run_engine(|engine, id, _| {
        let saved_s = engine.server.started_ms / 1000;
        engine.reply(id).int(saved_s);
        done()
    });

pub static ROLE: Spec = Spec::plain("role", 1)
    .flags(ALWAYS.with(Flags::NOSCRIPT))
    .acl(Acl::ADMIN.with(Acl::DANGEROUS))
    .group(Group::Server)
    .since("2.8.12")
    .summary("Tells the server's role in replication.")
    .run(|ctx, _| {
        ctx.reply.array(3);
        ctx.reply.bulk(b"master");
        ctx.reply.int(0);
        ctx.reply.array(0);
        done()
    });

const REPLICATION: Flags =
    Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::STALE).with(Flags::NO_ASYNC_LOADING);

pub static REPLICAOF: Spec = Spec::plain("replicaof", 3)
    .flags(REPLICATION)
    .group(Group::Server)
    .since("5.0.0")
    .summary("Makes the server follow another, or nobody.")
    .syntax("<host port | NO ONE>")
    .run_engine(replicaof);

pub static SLAVEOF: Spec = Spec::plain("slaveof", 3)
    .flags(REPLICATION)
    .group(Group::Server)
    .summary("Makes the server follow another, or nobody.")
    .syntax("<host port | NO ONE>")
    .deprecated("5.0.0", "`REPLICAOF`")
    .run_engine(replicaof);

fn replicaof(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    if !(args.is(1, "no") && args.is(2, "one")) {
        return Err(Error::Plain("This version does not replicate from another server"));
    }
    engine.reply(id).ok();
    done()
}

pub static SHUTDOWN: Spec = Spec::plain("shutdown", -1)
    .flags(
        Flags::ADMIN
            .with(Flags::NOSCRIPT)
            .with(Flags::LOADING)
            .with(Flags::STALE)
            .with(Flags::NO_MULTI)
            .with(Flags::ALLOW_BUSY),
    )
    .group(Group::Server)
    .complexity("O(N) when saving, where N is the total number of keys in all databases when saving data, otherwise O(1)")
    .summary("Ends the server.")
    .syntax("[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]")
    .history(&[("7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers.")])
    .run_engine(shutdown);

fn shutdown(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let (mut save, mut nosave, mut now, mut force, mut abort) = (false, false, false, false, false);
    for word in args.rest(1) {
        match word.to_ascii_lowercase().as_slice() {
            b"save" => save = true,
            b"nosave" => nosave = true,
            b"now" => now = true,
            b"force" => force = true,
            b"abort" => abort = true,
            _ => return Err(Error::Syntax),
        }
    }
    if save && nosave || abort && (save || nosave || now || force) {
        return Err(Error::Syntax);
    }
    if abort {
        if engine.shutdown_left_ms().is_none() {
            return Err(Error::Plain("No shutdown in progress."));
        }
        engine.requests.push(TurnRequest::AbortShutdown);
        engine.reply(id).ok();
        return done();
    }
    let save = if save { Some(true) } else { nosave.then_some(false) };
    engine.requests.push(TurnRequest::Shutdown { client: Some(id), save, now, force });
    done()
}

pub static MONITOR: Spec = Spec::plain("monitor", 1)
    .flags(Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE))
    .group(Group::Server)
    .summary("Shows every command that the server runs.")
    .run_engine(|engine, id, _| {
        engine.start_monitoring(id);
        engine.reply(id).ok();
        done()
    });
