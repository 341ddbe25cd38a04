//! XREADGROUP.

use super::group_edit::{consumer, consumer_made, with_group};
use super::reading::{Reading, Served, reading_spec, streams};
use super::told::Told;
use super::{ids, replies};
use crate::engine::{Args, CmdResult, Ctx, Error, Spec, done};
use crate::keyspace::Key;
use crate::resp::reply::Reply;
use crate::types::stream::Group as ConsumerGroup;
use crate::types::stream::{ConsumerId, Delivery, Log, Stream, StreamId};
use smallvec::SmallVec;

pub static XREADGROUP: Spec = reading_spec(Spec::write("xreadgroup", -7))
    .keys(&[streams(4)])
    .complexity(
        "For each stream mentioned: O(M) with M being the number of elements returned. If M is constant (e.g. always \
         asking for the first 10 elements with COUNT), you can consider it O(1). On the other side when XREADGROUP \
         blocks, XADD will pay the O(N) time in order to serve the N clients blocked on the stream getting new data.",
    )
    .summary("Delivers entries of streams to a consumer of a group, new ones or again, and may wait for them.")
    .syntax(
        "<GROUP group consumer> [COUNT count] [BLOCK milliseconds] [NOACK] <STREAMS key [key ...] id [id ...]>",
    )
    .run(xreadgroup);

/// Where to read on from.
#[derive(Clone, Copy)]
enum From {
    /// `>`: what was delivered to nobody yet.
    New,
    /// What this consumer has pending behind an ID.
    Pending(StreamId),
}

fn xreadgroup(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let reading = Reading::parse(args, true, ctx.env.now_ms)?;
    let (group, name) = reading.group.unwrap_or_default();
    let mut from: SmallVec<[From; 4]> = SmallVec::new();
    for (i, key) in reading.keys.iter().enumerate() {
        let stream = ctx.keys.read_as::<Stream>(*key)?;
        if stream.is_none_or(|stream| !stream.groups.contains_key(group)) {
            return Err(no_group(key, group));
        }
        from.push(parse_from(args.get(reading.id_at(i)))?);
    }
    // What is told is what was delivered; the command itself never is.
    ctx.keys.space.effects.propagate_nothing();
    let mut served = Served::default();
    for (key, from) in reading.keys.iter().zip(&from) {
        let mut turn = Turn { reading: &reading, key, name, from: *from, told: Told::new(&ctx.keys) };
        let (reply, now_ms) = (&mut ctx.reply, ctx.env.now_ms);
        let deliver =
            |log: &Log, group: &mut ConsumerGroup| Ok(turn.deliver(log, group, reply, &mut served, now_ms));
        let Some(outcome) = with_group(&mut ctx.keys, Key::new(key), group, deliver)? else { continue };
        if outcome.consumer_made {
            consumer_made(&mut ctx.keys, key);
            if reading.no_ack {
                // Nothing else will name the consumer.
                ctx.keys.log_instead(&[b"XGROUP", b"CREATECONSUMER", key, group, name]);
            }
        }
        ctx.keys.dirty(u64::from(outcome.served));
        turn.told.log(&mut ctx.keys, key, group);
    }
    if served.end(&mut ctx.reply) {
        return done();
    }
    reading.nothing(ctx, None)
}

fn no_group(key: &[u8], group: &[u8]) -> Error {
    let (key, group) = (String::from_utf8_lossy(key), String::from_utf8_lossy(group));
    Error::coded(format!(
        "NOGROUP No such key '{key}' or consumer group '{group}' in XREADGROUP with GROUP option"
    ))
}

fn parse_from(text: &[u8]) -> Result<From, Error> {
    match text {
        b"$" => Err(Error::Plain(
            "The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
             specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result \
             set.",
        )),
        b"+" => Err(Error::Plain(
            "The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
             specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result \
             set.",
        )),
        b">" => Ok(From::New),
        text => match StreamId::parse_strict(text, 0).ok_or_else(ids::invalid)? {
            // COMPAT: the last ID there can be stands for `>`.
            StreamId::MAX => Ok(From::New),
            id => Ok(From::Pending(id)),
        },
    }
}

/// One stream of the command.
struct Turn<'a> {
    reading: &'a Reading<'a>,
    key: &'a [u8],
    name: &'a [u8],
    from: From,
    told: Told,
}

/// What a turn came to.
#[derive(Default)]
struct Outcome {
    consumer_made: bool,
    served: bool,
}

impl Turn<'_> {
    fn deliver(
        &mut self,
        log: &Log,
        group: &mut ConsumerGroup,
        reply: &mut Reply<'_>,
        served: &mut Served,
        now_ms: i64,
    ) -> Outcome {
        let Some((consumer, consumer_made)) = consumer(group, self.name, now_ms) else {
            return Outcome::default();
        };
        match self.from {
            From::Pending(id) => {
                served.begin(reply, self.key);
                self.again(log, group, consumer, id, reply, now_ms);
            }
            From::New if log.last_entry_id().is_some_and(|top| top > group.last_id) => {
                served.begin(reply, self.key);
                self.fresh(log, group, consumer, reply, now_ms);
            }
            From::New => return Outcome { consumer_made, served: false },
        }
        Outcome { consumer_made, served: true }
    }

    /// New entries.
    fn fresh(
        &mut self,
        log: &Log,
        group: &mut ConsumerGroup,
        consumer: ConsumerId,
        reply: &mut Reply<'_>,
        now_ms: i64,
    ) {
        let header = reply.defer();
        let mut shown = 0;
        let mut delivery = Delivery::new(log, group, consumer, self.reading.no_ack, now_ms);
        while let Some((entry, nack)) = delivery.step(group) {
            replies::entry(reply, &entry);
            if let Some(nack) = nack {
                self.told.claim_of(group, entry.id, &nack);
            }
            shown += 1;
            if shown as u64 == self.reading.count {
                break;
            }
        }
        if delivery.moved() {
            self.told.position(group);
        }
        reply.set_deferred_array(header, shown);
    }

    /// What the consumer has not acknowledged yet.
    fn again(
        &self,
        log: &Log,
        group: &mut ConsumerGroup,
        consumer: ConsumerId,
        after: StreamId,
        reply: &mut Reply<'_>,
        now_ms: i64,
    ) {
        let header = reply.defer();
        let mut shown = 0;
        let mut start = after.next();
        while let Some(from) = start
            && let Some((id, entry)) = group.redeliver(log, consumer, from, now_ms)
        {
            match entry {
                Some(entry) => replies::entry(reply, &entry),
                None => {
                    reply.array(2);
                    replies::id(reply, id);
                    reply.null_array();
                }
            }
            shown += 1;
            start = id.next().filter(|_| shown as u64 != self.reading.count);
        }
        reply.set_deferred_array(header, shown);
    }
}
