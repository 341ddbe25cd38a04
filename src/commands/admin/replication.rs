//! ROLE and REPLICAOF. This version fetches nothing from a primary: a replica is one whose link is down.

use crate::config::PrimaryAddress;
use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Group, Spec, client_info, done};
use crate::ids::ClientId;

pub static ROLE: Spec = Spec::plain("role", 1)
    .flags(Flags::LOADING.with(Flags::STALE).with(Flags::FAST).with(Flags::NOSCRIPT))
    .acl(Acl::ADMIN.with(Acl::DANGEROUS))
    .group(Group::Server)
    .since("2.8.12")
    .summary("Tells the server's role in replication.")
    .run(|ctx, _| {
        let Some(primary) = &ctx.env.config.replicaof else {
            ctx.reply.array(3);
            ctx.reply.bulk(b"master");
            ctx.reply.int(0);
            ctx.reply.array(0);
            return done();
        };
        ctx.reply.array(5);
        ctx.reply.bulk(b"slave");
        ctx.reply.bulk(primary.host.as_bytes());
        ctx.reply.int(i64::from(primary.port));
        ctx.reply.bulk(b"connect");
        ctx.reply.int(-1);
        done()
    });

const FLAGS: Flags = Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::STALE).with(Flags::NO_ASYNC_LOADING);

pub static REPLICAOF: Spec = Spec::plain("replicaof", 3)
    .flags(FLAGS)
    .group(Group::Server)
    .since("5.0.0")
    .summary("Makes the server follow another, or nobody.")
    .syntax("<host port | NO ONE>")
    .run_engine(replicaof);

pub static SLAVEOF: Spec = Spec::plain("slaveof", 3)
    .flags(FLAGS)
    .group(Group::Server)
    .summary("Makes the server follow another, or nobody.")
    .syntax("<host port | NO ONE>")
    .deprecated("5.0.0", "`REPLICAOF`")
    .run_engine(replicaof);

fn replicaof(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    if engine.config.cluster_enabled {
        return Err(Error::Plain("REPLICAOF not allowed in cluster mode."));
    }
    let by = client_info::short_line(&engine.clients[id], engine.config.hide_user_data_from_log);
    if args.is(1, "no") && args.is(2, "one") {
        if engine.follow(None) {
            tracing::info!("MASTER MODE enabled (user request from '{by}')");
        }
        engine.reply(id).ok();
        return done();
    }
    let port = args.int_within(2, 0, i64::from(u16::MAX)).map_err(|_| Error::Plain("Invalid master port"))?;
    let host = String::from_utf8_lossy(args.get(1)).into_owned();
    let shown = format!("{host}:{port}");
    if engine.follow(Some(PrimaryAddress { host, port: port as u16 })) {
        tracing::info!("REPLICAOF {shown} enabled (user request from '{by}')");
        tracing::warn!(
            "WARNING: this version fetches nothing from a primary: the link to {shown} stays down."
        );
        engine.reply(id).ok();
    } else {
        tracing::info!(
            "REPLICAOF would result into synchronization with the master we are already connected with. No operation \
             performed."
        );
        engine.reply(id).simple("OK Already connected to specified master");
    }
    done()
}
