//! TIME, LASTSAVE, SHUTDOWN, MONITOR.

use crate::config::ShutdownFlags;
use crate::engine::flow::{BlockOn, BlockReason};
use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Flow, Group, Spec, TurnRequest, done};
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
        let saved_s = engine.saving.last_save_s;
        engine.reply(id).int(saved_s);
        done()
    });

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
    .complexity(
        "O(N) when saving, where N is the total number of keys in all databases when saving data, \
         otherwise O(1)",
    )
    .summary("Ends the server.")
    .syntax("[[NOSAVE | SAVE] [NOW] [FORCE] | ABORT]")
    .history(&[("7.0.0", "Added the `NOW`, `FORCE` and `ABORT` modifiers.")])
    .run_engine(shutdown);

fn shutdown(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let (mut flags, mut abort) = (0, false);
    for word in args.rest(1) {
        match word.to_ascii_lowercase().as_slice() {
            b"save" => flags |= ShutdownFlags::SAVE.0,
            b"nosave" => flags |= ShutdownFlags::NOSAVE.0,
            b"now" => flags |= ShutdownFlags::NOW.0,
            b"force" => flags |= ShutdownFlags::FORCE.0,
            b"abort" => abort = true,
            _ => return Err(Error::Syntax),
        }
    }
    let both = ShutdownFlags(ShutdownFlags::SAVE.0 | ShutdownFlags::NOSAVE.0);
    let flags = ShutdownFlags(flags);
    if flags.contains(both) || abort && flags.0 != 0 {
        return Err(Error::Syntax);
    }
    if abort {
        if engine.shutdown_left_ms().is_none() && !engine.host.shutdown_requested() {
            return Err(Error::Plain("No shutdown in progress."));
        }
        engine.requests.push(TurnRequest::AbortShutdown);
        engine.reply(id).ok();
        return done();
    }
    if engine.must_not_block() && !flags.contains(ShutdownFlags::NOW) {
        return Err(Error::Plain("SHUTDOWN without NOW or ABORT isn't allowed for DENY BLOCKING client"));
    }
    engine.requests.push(TurnRequest::Shutdown { client: id, flags });
    Ok(Flow::Block(Box::new(BlockOn::keys(&[], None, BlockReason::Shutdown))))
}

pub static MONITOR: Spec = Spec::plain("monitor", 1)
    .flags(Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE))
    .group(Group::Server)
    .complexity("")
    .summary("Shows every command that the server runs.")
    .run_engine(|engine, id, _| {
        engine.start_monitoring(id);
        engine.reply(id).ok();
        done()
    });
