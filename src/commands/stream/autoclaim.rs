//! XAUTOCLAIM.

use super::claim::{min_idle_ms, show};
use super::group_edit::{consumer, consumer_made, no_group, with_group};
use super::told::Told;
use super::{ids, replies};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::stream::Group as ConsumerGroup;
use crate::types::stream::{Claim, Claimed, Log, StreamId, Sweep};

pub static XAUTOCLAIM: Spec = Spec::write("xautoclaim", -6)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))])
    .flags(Flags::FAST)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("6.2.0")
    .complexity("O(1) if COUNT is small.")
    .summary("Hands pending entries that lay idle for too long to another consumer of the group.")
    .syntax("key group consumer min-idle-time start:string [COUNT count] [JUSTID]")
    .history(&[(
        "7.0.0",
        "Added an element to the reply array, containing deleted entries the command cleared from the PEL",
    )])
    .tips(&["nondeterministic_output"])
    .run(xautoclaim);

/// More would overflow the number of attempts, sixteen for each.
const MAX_COUNT: i64 = i64::MAX / 16;

/// The arguments behind the consumer.
struct Request {
    min_idle_ms: i64,
    start: StreamId,
    count: u64,
    just_id: bool,
}

impl Request {
    fn parse(args: &Args<'_>) -> Result<Request, Error> {
        let min_idle_ms = min_idle_ms(args, Error::Plain("Invalid min-idle-time argument for XAUTOCLAIM"))?;
        let mut request = Request { min_idle_ms, start: ids::start(args, 5)?, count: 100, just_id: false };
        let mut i = 6;
        while i < args.len() {
            if args.is(i, "count") && i + 1 < args.len() {
                i += 1;
                let count =
                    args.int_within(i, 1, MAX_COUNT).map_err(|_| Error::Plain("COUNT must be > 0"))?;
                request.count = count as u64;
            } else if args.is(i, "justid") {
                request.just_id = true;
            } else {
                return Err(Error::Syntax);
            }
            i += 1;
        }
        Ok(request)
    }
}

/// What a sweep came to.
#[derive(Default)]
struct Outcome {
    consumer_made: bool,
    cursor: StreamId,
    claimed: Vec<StreamId>,
    deleted: Vec<StreamId>,
}

fn xautoclaim(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let request = Request::parse(args)?;
    let mut told = Told::new(&ctx.keys);
    let (reply, now_ms) = (&mut ctx.reply, ctx.env.now_ms);
    let outcome = with_group(&mut ctx.keys, args.key(1), args.get(2), |log, group| {
        let outcome = sweep(&request, args.get(3), log, group, &mut told, now_ms);
        reply.array(3);
        replies::id(reply, outcome.cursor);
        reply.array(outcome.claimed.len());
        for id in &outcome.claimed {
            show(reply, log, *id, request.just_id);
        }
        reply.array(outcome.deleted.len());
        for id in &outcome.deleted {
            replies::id(reply, *id);
        }
        Ok(outcome)
    })?;
    let outcome = outcome.ok_or_else(|| no_group(args))?;
    if outcome.consumer_made {
        consumer_made(&mut ctx.keys, args.get(1));
    }
    ctx.keys.dirty((outcome.claimed.len() + outcome.deleted.len()) as u64);
    told.log(&mut ctx.keys, args.get(1), args.get(2));
    done()
}

fn sweep(
    request: &Request,
    name: &[u8],
    log: &Log,
    group: &mut ConsumerGroup,
    told: &mut Told,
    now_ms: i64,
) -> Outcome {
    let Some((consumer, consumer_made)) = consumer(group, name, now_ms) else { return Outcome::default() };
    let mut outcome = Outcome { consumer_made, ..Outcome::default() };
    let claim = Claim {
        consumer,
        min_idle_ms: request.min_idle_ms,
        delivery_time: now_ms,
        retry_count: None,
        force: false,
        just_id: request.just_id,
        now_ms,
    };
    let mut sweep = Sweep::new(request.start, request.count);
    while let Some((id, claimed)) = sweep.step(group, log, &claim) {
        match claimed {
            Claimed::Taken(nack) => {
                told.claim_of(group, id, &nack);
                outcome.claimed.push(id);
            }
            Claimed::Gone(nack) => {
                told.claim_of(group, id, &nack);
                outcome.deleted.push(id);
            }
            Claimed::Left => {}
        }
    }
    outcome.cursor = sweep.cursor(group);
    outcome
}
