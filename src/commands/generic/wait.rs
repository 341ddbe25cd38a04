//! WAIT and WAITAOF: how many replicas, and how many append-only files, have what the client wrote last.

use crate::engine::copies::{Copies, NO_LOG};
use crate::engine::flow::{BlockOn, BlockReason};
use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Flow, Group, Spec, done};
use crate::ids::{ClientId, UnixMs};

const TIPS: &[&str] = &["request_policy:all_shards", "response_policy:agg_min"];

pub static WAIT: Spec = Spec::plain("wait", 3)
    .flags(Flags::BLOCKING)
    .acl(Acl::CONNECTION)
    .group(Group::Generic)
    .since("3.0.0")
    .complexity("O(1)")
    .summary("Waits until replicas have what the client wrote before.")
    .syntax("numreplicas timeout")
    .tips(TIPS)
    .run_engine(wait);

pub static WAITAOF: Spec = Spec::plain("waitaof", 4)
    .flags(Flags::BLOCKING)
    .acl(Acl::CONNECTION)
    .group(Group::Generic)
    .since("7.2.0")
    .complexity("O(1)")
    .summary("Waits until what the client wrote before is safe in append-only files.")
    .syntax("numlocal:integer numreplicas timeout")
    .tips(TIPS)
    .run_engine(waitaof);

fn wait(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    if engine.config.replicaof.is_some() {
        return Err(Error::Plain(
            "WAIT cannot be used with replica instances. Please also note that if a replica is configured to be \
             writable (which is not the default) writes to replicas are just local and are not propagated.",
        ));
    }
    let replicas = args.int(1)?;
    let deadline = args.deadline_ms(2, engine.clock.now_ms)?;
    wait_for(engine, id, None, replicas, deadline)
}

fn waitaof(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let own = args.int(1)?;
    if !(0..=1).contains(&own) {
        return Err(Error::Plain("value is out of range, value must between 0 and 1"));
    }
    let replicas = args.int(2).ok().filter(|n| *n >= 0).ok_or(Error::MustBePositive)?;
    let deadline = args.deadline_ms(3, engine.clock.now_ms)?;
    if engine.config.replicaof.is_some() {
        return Err(Error::Plain(
            "WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local \
             and are not propagated.",
        ));
    }
    if own == 1 && !engine.config.appendonly {
        return Err(Error::Plain(NO_LOG));
    }
    wait_for(engine, id, Some(own), replicas, deadline)
}

fn wait_for(
    engine: &mut Engine,
    id: ClientId,
    own: Option<i64>,
    replicas: i64,
    deadline: Option<UnixMs>,
) -> CmdResult {
    let wanted = Copies { up_to: engine.clients[id].logged_to, own, replicas };
    if engine.must_not_block() || engine.has_copies(&wanted) {
        engine.reply_copies(id, &wanted);
        return done();
    }
    Ok(Flow::Block(Box::new(BlockOn::keys(&[], deadline, BlockReason::Copies(wanted)))))
}
