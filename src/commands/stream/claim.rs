//! XCLAIM: hands pending entries to another consumer.

use super::group_edit::{consumer, consumer_made, no_group, with_group};
use super::told::Told;
use super::{ids, replies};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::resp::reply::Reply;
use crate::types::stream::Group as ConsumerGroup;
use crate::types::stream::{Claim, Claimed, Log, StreamId, delivery_time};

pub static XCLAIM: Spec = Spec::write("xclaim", -6)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::FAST)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity("O(log N) with N being the number of messages in the PEL of the consumer group.")
    .summary("Hands pending entries to another consumer of the group, as if they were delivered to it.")
    .syntax(
        "key group consumer min-idle-time id [id ...] [IDLE ms:integer] [TIME unix-time-milliseconds] \
         [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
    )
    .tips(&["nondeterministic_output"])
    .run(xclaim);

/// The arguments behind the consumer.
struct Request {
    ids: ids::Ids,
    min_idle_ms: i64,
    delivery_time: Option<i64>,
    retry_count: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: StreamId,
}

/// The `min-idle-time` at argument 4; nothing is less idle than not at all.
pub fn min_idle_ms(args: &Args<'_>, refused: Error) -> Result<i64, Error> {
    Ok(args.int(4).map_err(|_| refused)?.max(0))
}

impl Request {
    fn parse(args: &Args<'_>, now_ms: i64) -> Result<Request, Error> {
        let min_idle_ms = min_idle_ms(args, Error::Plain("Invalid min-idle-time argument for XCLAIM"))?;
        let ids: ids::Ids = args.rest(5).iter().map_while(|text| StreamId::parse_strict(text, 0)).collect();
        let mut i = 5 + ids.len();
        let mut request = Request {
            ids,
            min_idle_ms,
            delivery_time: None,
            retry_count: None,
            force: false,
            just_id: false,
            last_id: StreamId::MIN,
        };
        while i < args.len() {
            let more = i + 1 < args.len();
            let number = |refused| args.int(i + 1).map_err(|_| Error::Plain(refused));
            if args.is(i, "force") {
                request.force = true;
            } else if args.is(i, "justid") {
                request.just_id = true;
            } else if !more {
                return Err(unrecognized(args.get(i)));
            } else {
                if args.is(i, "idle") {
                    let idle_ms = number("Invalid IDLE option argument for XCLAIM")?;
                    request.delivery_time = Some(now_ms.wrapping_sub(idle_ms));
                } else if args.is(i, "time") {
                    request.delivery_time = Some(number("Invalid TIME option argument for XCLAIM")?);
                } else if args.is(i, "retrycount") {
                    let count = number("Invalid RETRYCOUNT option argument for XCLAIM")?;
                    request.retry_count = u64::try_from(count).ok();
                } else if args.is(i, "lastid") {
                    request.last_id = ids::strict(args, i + 1)?;
                } else {
                    return Err(unrecognized(args.get(i)));
                }
                i += 1;
            }
            i += 1;
        }
        Ok(request)
    }
}

fn unrecognized(option: &[u8]) -> Error {
    Error::text(format!("Unrecognized XCLAIM option '{}'", String::from_utf8_lossy(option)))
}

/// What a run came to.
struct Outcome {
    consumer_made: bool,
    changes: u64,
    told: Told,
}

fn xclaim(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let told = Told::new(&ctx.keys);
    let (reply, now_ms) = (&mut ctx.reply, ctx.env.now_ms);
    let outcome = with_group(&mut ctx.keys, args.key(1), args.get(2), |log, group| {
        let request = Request::parse(args, now_ms)?;
        Ok(run(args, &request, log, group, reply, told, now_ms))
    })?;
    let outcome = outcome.ok_or_else(|| no_group(args))?;
    if outcome.consumer_made {
        consumer_made(&mut ctx.keys, args.get(1));
    }
    ctx.keys.dirty(outcome.changes);
    outcome.told.log(&mut ctx.keys, args.get(1), args.get(2));
    done()
}

fn run(
    args: &Args<'_>,
    request: &Request,
    log: &Log,
    group: &mut ConsumerGroup,
    reply: &mut Reply<'_>,
    told: Told,
    now_ms: i64,
) -> Outcome {
    let mut outcome = Outcome { consumer_made: false, changes: 0, told };
    let moved = request.last_id > group.last_id;
    if moved {
        group.last_id = request.last_id;
    }
    let header = reply.defer();
    let Some((consumer, made)) = consumer(group, args.get(3), now_ms) else {
        reply.set_deferred_array(header, 0);
        return outcome;
    };
    outcome.consumer_made = made;
    let claim = Claim {
        consumer,
        min_idle_ms: request.min_idle_ms,
        delivery_time: delivery_time(request.delivery_time, now_ms),
        retry_count: request.retry_count,
        force: request.force,
        just_id: request.just_id,
        now_ms,
    };
    let mut shown = 0;
    for (i, id) in request.ids.iter().enumerate() {
        match group.claim(log, *id, &claim) {
            Claimed::Left => continue,
            Claimed::Gone(nack) => outcome.told.claim(group, args.get(5 + i), &nack),
            Claimed::Taken(nack) => {
                outcome.told.claim(group, args.get(5 + i), &nack);
                show(reply, log, *id, request.just_id);
                shown += 1;
            }
        }
        outcome.changes += 1;
    }
    if moved && outcome.changes == 0 {
        // No claim tells it.
        outcome.told.position(group);
        outcome.changes += 1;
    }
    reply.set_deferred_array(header, shown);
    outcome
}

/// A claimed entry, or its ID alone.
pub fn show(reply: &mut Reply<'_>, log: &Log, id: StreamId, just_id: bool) {
    match log.get(id).filter(|_| !just_id) {
        Some(entry) => replies::entry(reply, &entry),
        None => replies::id(reply, id),
    }
}
