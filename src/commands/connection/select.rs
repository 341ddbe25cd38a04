//! SELECT, ECHO, QUIT, RESET.

use crate::engine::client::Closing;
use crate::engine::{Acl, Args, CmdResult, Ctx, Engine, Error, Flags, Group, Spec, done};
use crate::ids::{ClientId, DbIndex};

pub static SELECT: Spec = Spec::plain("select", 2)
    .flags(Flags::LOADING.with(Flags::STALE).with(Flags::FAST))
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .summary("Chooses the database.")
    .syntax("index")
    .run(select);

fn select(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let index = args.c_int(1)?;
    let known = DbIndex::try_from(index).ok().filter(|db| usize::from(*db) < ctx.keys.space.databases());
    ctx.session.db = known.ok_or(Error::DbIndexOutOfRange)?;
    ctx.reply.ok();
    done()
}

pub static ECHO: Spec = Spec::plain("echo", 2)
    .flags(Flags::LOADING.with(Flags::STALE).with(Flags::FAST))
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .summary("Says the same again.")
    .syntax("message")
    .run(|ctx, args| {
        ctx.reply.bulk(args.get(1));
        done()
    });

const EARLY: Flags = Flags::NOSCRIPT
    .with(Flags::LOADING)
    .with(Flags::STALE)
    .with(Flags::FAST)
    .with(Flags::NO_AUTH)
    .with(Flags::ALLOW_BUSY)
    .with(Flags::NOT_QUEUED)
    .with(Flags::IN_PUBSUB);

pub static QUIT: Spec = Spec::plain("quit", -1)
    .flags(EARLY)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .summary("Closes the connection.")
    .deprecated("7.2.0", "just closing the connection")
    .run_engine(|engine, id, _| {
        engine.reply(id).ok();
        engine.clients[id].close(Closing::AfterReply);
        done()
    });

pub static RESET: Spec = Spec::plain("reset", 1)
    .flags(EARLY)
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .since("6.2.0")
    .summary("Takes the connection back to how it began.")
    .run_engine(reset);

fn reset(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    engine.discard_transaction(id);
    engine.drop_subscriptions(id);
    engine.stop_monitoring(id);
    engine.stop_tracking(id);
    let needs_auth = !engine.config.requirepass.is_empty();
    let client = &mut engine.clients[id];
    let libraries =
        (std::mem::take(&mut client.session.lib_name), std::mem::take(&mut client.session.lib_ver));
    client.session = Default::default();
    (client.session.lib_name, client.session.lib_ver) = libraries;
    client.session.authenticated = !needs_auth;
    engine.reply(id).simple("RESET");
    done()
}
