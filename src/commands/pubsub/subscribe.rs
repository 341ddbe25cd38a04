//! SUBSCRIBE, PSUBSCRIBE, SSUBSCRIBE and their opposites.

use crate::engine::{Args, CmdResult, Engine, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::ClientId;
use crate::pubsub::Kind;

const FLAGS: Flags =
    Flags::PUBSUB.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE).with(Flags::IN_PUBSUB);

const fn spec(name: &'static str, arity: i16) -> Spec {
    Spec::plain(name, arity).flags(FLAGS).group(Group::PubSub).since("2.0.0")
}

const SHARD: &[KeySpec] = &[KeySpec::range(1, -1, 1, KeyFlags::NOT_KEY)];
const PER_NAME: &str = "O(N) where N is the number of channels to subscribe to.";

pub static SUBSCRIBE: Spec = spec("subscribe", -2)
    .complexity(PER_NAME)
    .summary("Listens to channels.")
    .syntax("channel [channel ...]")
    .run_engine(|engine, id, args| subscribe(engine, id, args, Kind::Channel));

pub static PSUBSCRIBE: Spec = spec("psubscribe", -2)
    .complexity("O(N) where N is the number of patterns to subscribe to.")
    .summary("Listens to channels whose names match patterns.")
    .syntax("pattern [pattern ...]")
    .run_engine(|engine, id, args| subscribe(engine, id, args, Kind::Pattern));

pub static SSUBSCRIBE: Spec = spec("ssubscribe", -2)
    .keys(SHARD)
    .since("7.0.0")
    .complexity("O(N) where N is the number of shard channels to subscribe to.")
    .summary("Listens to shard channels.")
    .syntax("shardchannel [shardchannel ...]")
    .run_engine(|engine, id, args| subscribe(engine, id, args, Kind::Shard));

pub static UNSUBSCRIBE: Spec = spec("unsubscribe", -1)
    .complexity("O(N) where N is the number of channels to unsubscribe.")
    .summary("Stops listening to channels.")
    .syntax("[channel [channel ...]]")
    .run_engine(|engine, id, args| unsubscribe(engine, id, args, Kind::Channel));

pub static PUNSUBSCRIBE: Spec = spec("punsubscribe", -1)
    .complexity("O(N) where N is the number of patterns to unsubscribe.")
    .summary("Stops listening to channels whose names match patterns.")
    .syntax("[pattern [pattern ...]]")
    .run_engine(|engine, id, args| unsubscribe(engine, id, args, Kind::Pattern));

pub static SUNSUBSCRIBE: Spec = spec("sunsubscribe", -1)
    .keys(SHARD)
    .since("7.0.0")
    .complexity("O(N) where N is the number of shard channels to unsubscribe.")
    .summary("Stops listening to shard channels.")
    .syntax("[shardchannel [shardchannel ...]]")
    .run_engine(|engine, id, args| unsubscribe(engine, id, args, Kind::Shard));

/// The words of the answers.
fn words(kind: Kind) -> (&'static [u8], &'static [u8]) {
    match kind {
        Kind::Channel => (b"subscribe", b"unsubscribe"),
        Kind::Pattern => (b"psubscribe", b"punsubscribe"),
        Kind::Shard => (b"ssubscribe", b"sunsubscribe"),
    }
}

/// One answer: what happened, to which name, and how many subscriptions there are now.
fn tell(engine: &mut Engine, id: ClientId, word: &[u8], name: Option<&[u8]>, count: usize) {
    let mut reply = engine.clients[id].pushes();
    reply.push(3);
    reply.bulk(word);
    match name {
        Some(name) => reply.bulk(name),
        None => reply.null(),
    }
    reply.int(count as i64);
}

fn subscribe(engine: &mut Engine, id: ClientId, args: &Args<'_>, kind: Kind) -> CmdResult {
    for name in args.rest(1) {
        let change = engine.pubsub.subscribe(kind, id.to_u64(), name);
        tell(engine, id, words(kind).0, Some(name), change.count);
    }
    engine.count_subscriptions(id);
    done()
}

fn unsubscribe(engine: &mut Engine, id: ClientId, args: &Args<'_>, kind: Kind) -> CmdResult {
    let word = words(kind).1;
    for name in args.rest(1) {
        let change = engine.pubsub.unsubscribe(kind, id.to_u64(), name);
        tell(engine, id, word, Some(name), change.count);
    }
    if args.len() == 1 {
        let mut any = false;
        while let Some((name, count)) = engine.pubsub.unsubscribe_next(kind, id.to_u64()) {
            any = true;
            tell(engine, id, word, Some(&name), count);
        }
        if !any {
            let count = engine.pubsub.count(kind, id.to_u64());
            tell(engine, id, word, None, count);
        }
    }
    engine.count_subscriptions(id);
    done()
}
