//! XPENDING: what a group has handed out and not heard of since.

use super::group_edit::no_group;
use super::{ids, replies};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::resp::reply::Reply;
use crate::types::stream::Group as ConsumerGroup;
use crate::types::stream::{Stream, StreamId};

pub static XPENDING: Spec = Spec::read("xpending", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity(
        "O(N) with N being the number of elements returned, so asking for a small fixed number of entries per call is \
         O(1). O(M), where M is the total number of entries scanned when used with the IDLE filter. When the command \
         returns just the summary and the list of consumers is small, it runs in O(1) time; otherwise, an additional \
         O(N) time for iterating every consumer.",
    )
    .summary("Shows what was delivered to a consumer group and not acknowledged yet.")
    .syntax("key group [[IDLE min-idle-time:integer] start:string end:string count [consumer]]")
    .history(&[("6.2.0", "Added the `IDLE` option and exclusive range intervals.")])
    .tips(&["nondeterministic_output"])
    .run(xpending);

/// Which pending entries to list.
struct Listing<'a> {
    start: StreamId,
    end: StreamId,
    count: usize,
    min_idle_ms: i64,
    consumer: Option<&'a [u8]>,
}

impl<'a> Listing<'a> {
    /// Reads the arguments behind the group; there are none when only a summary is asked for.
    fn parse(args: &Args<'a>) -> Result<Option<Listing<'a>>, Error> {
        match args.len() {
            3 => return Ok(None),
            6..=9 => {}
            _ => return Err(Error::Syntax),
        }
        let (mut at, mut min_idle_ms) = (3, 0);
        if args.is(3, "idle") {
            min_idle_ms = args.int(4)?;
            if args.len() < 8 {
                return Err(Error::Syntax);
            }
            at = 5;
        }
        let count = usize::try_from(args.int(at + 2)?).unwrap_or(0);
        let (start, end) = (ids::start(args, at)?, ids::end(args, at + 1)?);
        Ok(Some(Listing { start, end, count, min_idle_ms, consumer: args.opt(at + 3) }))
    }

    fn write(&self, reply: &mut Reply<'_>, group: &ConsumerGroup, now_ms: i64) {
        let consumer = self.consumer.map(|name| group.find_consumer(name));
        if consumer == Some(None) {
            return reply.array(0);
        }
        let idle_enough = |idle_ms: i64| self.min_idle_ms == 0 || idle_ms >= self.min_idle_ms;
        let found = group
            .pending_range(self.start, self.end, consumer.flatten())
            .filter(|pending| idle_enough(pending.nack.idle(now_ms)))
            .take(self.count);
        let header = reply.defer();
        let mut shown = 0;
        for pending in found {
            reply.array(4);
            replies::id(reply, pending.id);
            reply.bulk(pending.consumer.name());
            reply.int(pending.nack.idle(now_ms).max(0));
            reply.int(pending.nack.delivery_count as i64);
            shown += 1;
        }
        reply.set_deferred_array(header, shown);
    }
}

fn xpending(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let listing = Listing::parse(args)?;
    let stream = ctx.keys.read_as::<Stream>(args.key(1))?;
    let group = stream.and_then(|stream| stream.groups.get(args.get(2))).ok_or_else(|| no_group(args))?;
    match listing {
        Some(listing) => listing.write(&mut ctx.reply, group, ctx.env.now_ms),
        None => summary(&mut ctx.reply, group),
    }
    done()
}

/// How much is pending, from where to where, and how much of it each consumer has.
fn summary(reply: &mut Reply<'_>, group: &ConsumerGroup) {
    reply.array(4);
    reply.int(group.pending_len() as i64);
    let Some((first, last)) = group.pending_bounds() else {
        reply.null();
        reply.null();
        return reply.null_array();
    };
    replies::id(reply, first);
    replies::id(reply, last);
    let header = reply.defer();
    let mut shown = 0;
    for (_, consumer) in group.consumers().filter(|(_, consumer)| consumer.pending_len() > 0) {
        reply.array(2);
        reply.bulk(consumer.name());
        reply.bulk_int(consumer.pending_len() as i64);
        shown += 1;
    }
    reply.set_deferred_array(header, shown);
}
