//! PUBLISH, SPUBLISH.

use crate::engine::{Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::effects::Propagate;
use crate::pubsub::Kind;

const FLAGS: Flags =
    Flags::PUBSUB.with(Flags::LOADING).with(Flags::STALE).with(Flags::FAST).with(Flags::MAY_REPLICATE);

pub static PUBLISH: Spec = Spec::plain("publish", 3)
    .flags(FLAGS)
    .group(Group::PubSub)
    .since("2.0.0")
    .complexity(
        "O(N+M) where N is the number of clients subscribed to the receiving channel and M \
         is the total number of subscribed patterns (by any client).",
    )
    .summary("Sends a message to a channel's subscribers.")
    .syntax("channel message")
    .run_engine(|engine, id, args| {
        let receivers = engine.publish(Kind::Channel, args.get(1), args.get(2));
        // Replicas have subscribers of their own.
        engine.keyspace.effects.propagate = Propagate::Forced;
        engine.reply(id).int(receivers as i64);
        done()
    });

pub static SPUBLISH: Spec = Spec::plain("spublish", 3)
    .keys(&[KeySpec::at(1, KeyFlags::NOT_KEY)])
    .flags(FLAGS)
    .group(Group::PubSub)
    .since("7.0.0")
    .complexity("O(N) where N is the number of clients subscribed to the receiving shard channel.")
    .summary("Sends a message to a shard channel's subscribers.")
    .syntax("shardchannel message")
    .run_engine(|engine, id, args| {
        let receivers = engine.publish(Kind::Shard, args.get(1), args.get(2));
        engine.keyspace.effects.propagate = Propagate::Forced;
        engine.reply(id).int(receivers as i64);
        done()
    });
