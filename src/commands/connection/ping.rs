//! PING: the sign of life, in the shape that the client's protocol and state want.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, Spec, done};
use crate::resp::reply::Proto;

pub static PING: Spec = Spec::plain("ping", -1)
    .flags(Flags::FAST.with(Flags::IN_PUBSUB))
    .acl(Acl::CONNECTION)
    .group(Group::Connection)
    .summary("Answers, so that a client knows the server is there.")
    .syntax("[message]")
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .run(ping);

fn ping(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if args.len() > 2 {
        return Err(Error::Arity(Box::new("ping".into())));
    }
    if ctx.env.subscribed && ctx.reply.proto == Proto::Resp2 {
        // Among the messages of its channels a RESP2 client knows only answers of this shape.
        ctx.reply.array(2);
        ctx.reply.bulk(b"pong");
        ctx.reply.bulk(args.opt(1).unwrap_or_default());
        return done();
    }
    match args.len() {
        1 => ctx.reply.simple("PONG"),
        _ => ctx.reply.bulk(args.get(1)),
    }
    done()
}
