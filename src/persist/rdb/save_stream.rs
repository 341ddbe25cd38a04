//! Writing a stream: its nodes as they lie, its marks, its groups with what is pending.

use super::format::Version;
use super::sink::Sink;
use crate::types::stream::{Consumer, Group, Stream, StreamId};

/// In the place of a number of entries read that is not known.
const UNKNOWN: u64 = u64::MAX;

pub fn save_stream(sink: &mut Sink<'_>, stream: &Stream, version: Version) {
    let log = &stream.entries;
    sink.length(log.node_count() as u64);
    for (id, bytes) in log.nodes() {
        sink.text(&id.to_bytes());
        sink.text(&bytes);
    }
    let marks = log.marks();
    sink.length(marks.len);
    for id in [marks.last_id, marks.first_id, marks.max_deleted_id] {
        save_id(sink, id);
    }
    sink.length(marks.entries_added);
    sink.length(stream.groups.len() as u64);
    for (name, group) in &stream.groups {
        sink.text(name);
        save_group(sink, group, version);
    }
}

fn save_id(sink: &mut Sink<'_>, id: StreamId) {
    sink.length(id.ms);
    sink.length(id.seq);
}

fn save_group(sink: &mut Sink<'_>, group: &Group, version: Version) {
    save_id(sink, group.last_id);
    sink.length(group.entries_read.map_or(UNKNOWN, |read| read as u64));
    sink.length(group.pending_len() as u64);
    for pending in group.pending_range(StreamId::MIN, StreamId::MAX, None) {
        sink.put(&pending.id.to_bytes());
        sink.time(pending.nack.delivery_time);
        sink.length(pending.nack.delivery_count);
    }
    sink.length(group.consumer_count() as u64);
    for (_, consumer) in group.consumers() {
        save_consumer(sink, consumer, version);
    }
}

fn save_consumer(sink: &mut Sink<'_>, consumer: &Consumer, version: Version) {
    sink.text(consumer.name());
    sink.time(consumer.seen_time);
    if version >= Version::V11 {
        sink.time(consumer.active_time);
    }
    sink.length(consumer.pending_len() as u64);
    for id in consumer.pending_ids() {
        sink.put(&id.to_bytes());
    }
}
