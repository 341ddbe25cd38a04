//! PING.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, Spec, done};

pub static PING: Spec = Spec::plain("ping", -1)
    .flags(Flags::FAST.with(Flags::IN_PUBSUB))
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .summary("Answers, so that a client knows the server is there.")
    .syntax("[message]")
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .run(ping);

fn ping(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    match args.len() {
        1 => ctx.reply.simple("PONG"),
        2 => ctx.reply.bulk(args.get(1)),
        _ => return Err(Error::Arity(Box::new("ping".into()))),
    }
    done()
}
