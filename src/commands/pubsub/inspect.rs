//! PUBSUB: who listens to what, in counts and names.

use crate::engine::help::{help, help_spec};
use crate::engine::{Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;
use crate::pubsub::Kind;

pub static PUBSUB: Spec = Spec::plain("pubsub", -2)
    .group(Group::PubSub)
    .since("2.8.0")
    .complexity("Depends on subcommand.")
    .summary("A container for Pub/Sub commands.")
    .subcommands(&[&CHANNELS, &HELP, &NUMPAT, &NUMSUB, &SHARDCHANNELS, &SHARDNUMSUB]);

const FLAGS: Flags = Flags::PUBSUB.with(Flags::LOADING).with(Flags::STALE);

const fn sub(name: &'static str, arity: i16) -> Spec {
    Spec::plain(name, arity).flags(FLAGS).group(Group::PubSub).since("2.8.0")
}

static CHANNELS: Spec = sub("channels", -2)
    .complexity(
        "O(N) where N is the number of active channels, and assuming constant time pattern matching \
         (relatively short channels and patterns)",
    )
    .summary("Lists the channels somebody listens to.")
    .syntax("[pattern]")
    .run_engine(|engine, id, args| names(engine, id, args, Kind::Channel));

static SHARDCHANNELS: Spec = sub("shardchannels", -2)
    .since("7.0.0")
    .complexity(
        "O(N) where N is the number of active shard channels, and assuming constant time pattern \
         matching (relatively short shard channels).",
    )
    .summary("Lists the shard channels somebody listens to.")
    .syntax("[pattern]")
    .run_engine(|engine, id, args| names(engine, id, args, Kind::Shard));

fn names(engine: &mut Engine, id: ClientId, args: &Args<'_>, kind: Kind) -> CmdResult {
    if args.len() > 3 {
        return Err(Error::subcommand("PUBSUB", args.get(1)));
    }
    let found: Vec<Vec<u8>> = engine.pubsub.names(kind, args.opt(2)).map(<[u8]>::to_vec).collect();
    let mut reply = engine.reply(id);
    reply.array(found.len());
    for name in found {
        reply.bulk(&name);
    }
    done()
}

static NUMSUB: Spec = sub("numsub", -2)
    .complexity("O(N) for the NUMSUB subcommand, where N is the number of requested channels")
    .summary("Counts the subscribers of channels.")
    .syntax("[channel [channel ...]]")
    .run_engine(|engine, id, args| counts(engine, id, args, Kind::Channel));

static SHARDNUMSUB: Spec = sub("shardnumsub", -2)
    .since("7.0.0")
    .complexity("O(N) for the SHARDNUMSUB subcommand, where N is the number of requested shard channels")
    .summary("Counts the subscribers of shard channels.")
    .syntax("[shardchannel [shardchannel ...]]")
    .run_engine(|engine, id, args| counts(engine, id, args, Kind::Shard));

fn counts(engine: &mut Engine, id: ClientId, args: &Args<'_>, kind: Kind) -> CmdResult {
    let names = args.rest(2);
    engine.reply(id).array(names.len() * 2);
    for name in names {
        let count = engine.pubsub.subscribers_count(kind, name);
        let mut reply = engine.reply(id);
        reply.bulk(name);
        reply.int(count as i64);
    }
    done()
}

static NUMPAT: Spec =
    sub("numpat", 2).summary("Counts the patterns somebody listens by.").run_engine(|engine, id, _| {
        let count = engine.pubsub.names_count(Kind::Pattern);
        engine.reply(id).int(count as i64);
        done()
    });

static HELP: Spec = help_spec("6.2.0").group(Group::PubSub).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "pubsub",
        &[
            "CHANNELS [<pattern>]",
            "    Return the channels somebody listens to that match a <pattern> (default: '*').",
            "NUMPAT",
            "    Return the number of patterns somebody listens by.",
            "NUMSUB [<channel> ...]",
            "    Return the number of subscribers of channels, patterns not counted.",
            "SHARDCHANNELS [<pattern>]",
            "    Return the shard channels somebody listens to that match a <pattern> (default: '*').",
            "SHARDNUMSUB [<shardchannel> ...]",
            "    Return the number of subscribers of shard channels.",
        ],
    )
});
