//! XINFO STREAM FULL: entries, groups, consumers and what they have pending.

use super::replies;
use crate::resp::reply::Reply;
use crate::types::stream::{Consumer, Group, Stream, StreamId};

/// Entries of each list without COUNT.
pub const DEFAULT_COUNT: u64 = 10;

/// Writes what the full form tells besides the marks of the stream; up to `count` of each list, of all if it is 0.
pub fn write(reply: &mut Reply<'_>, stream: &Stream, count: u64) {
    reply.bulk(b"entries");
    replies::entries(reply, stream.entries.range(StreamId::MIN, StreamId::MAX, false), count);
    reply.bulk(b"groups");
    reply.array(stream.groups.len());
    for (name, shown) in &stream.groups {
        reply.map(7);
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"last-delivered-id");
        replies::id(reply, shown.last_id);
        reply.bulk(b"entries-read");
        replies::known(reply, shown.entries_read);
        reply.bulk(b"lag");
        replies::known(reply, shown.lag(&stream.entries));
        group(reply, shown, count);
    }
}

/// How many of a list of `len` are shown.
fn limited(len: usize, count: u64) -> usize {
    if count == 0 { len } else { len.min(usize::try_from(count).unwrap_or(usize::MAX)) }
}

fn group(reply: &mut Reply<'_>, group: &Group, count: u64) {
    reply.bulk(b"pel-count");
    reply.int(group.pending_len() as i64);
    reply.bulk(b"pending");
    let shown = limited(group.pending_len(), count);
    reply.array(shown);
    for pending in group.pending_range(StreamId::MIN, StreamId::MAX, None).take(shown) {
        reply.array(4);
        replies::id(reply, pending.id);
        reply.bulk(pending.consumer.name());
        reply.int(pending.nack.delivery_time);
        reply.int(pending.nack.delivery_count as i64);
    }
    reply.bulk(b"consumers");
    reply.array(group.consumer_count());
    for (_, shown) in group.consumers() {
        consumer(reply, group, shown, count);
    }
}

fn consumer(reply: &mut Reply<'_>, group: &Group, consumer: &Consumer, count: u64) {
    reply.map(5);
    reply.bulk(b"name");
    reply.bulk(consumer.name());
    reply.bulk(b"seen-time");
    reply.int(consumer.seen_time);
    reply.bulk(b"active-time");
    reply.int(consumer.active_time);
    reply.bulk(b"pel-count");
    reply.int(consumer.pending_len() as i64);
    reply.bulk(b"pending");
    let shown = limited(consumer.pending_len(), count);
    reply.array(shown);
    for id in consumer.pending_ids().take(shown) {
        let nack = group.pending_entry(id);
        reply.array(3);
        replies::id(reply, id);
        reply.int(nack.map_or(0, |nack| nack.delivery_time));
        reply.int(nack.map_or(0, |nack| nack.delivery_count as i64));
    }
}
