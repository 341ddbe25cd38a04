//! Reading a stream of any of the three versions. Nodes, marks and groups are checked by the type itself as they are
//! handed to it.

use super::filling::{Begun, Part};
use super::format::kind;
use super::source::{Result, Source};
use super::value::ValueLimits;
use crate::keyspace::Object;
use crate::types::stream::{Group, Marks, Stream, StreamId};

/// In the place of a number of entries read that is not known.
const UNKNOWN: u64 = u64::MAX;

/// A stream, node by node.
struct Nodes {
    stream: Stream,
    form: u8,
}

impl Part for Nodes {
    fn element(&mut self, source: &mut Source<'_>, _limits: &ValueLimits) -> Result<()> {
        load_node(source, &mut self.stream)
    }

    fn end(&mut self, source: &mut Source<'_>, _limits: &ValueLimits) -> Result<Option<Object>> {
        let Nodes { stream, form } = self;
        load_marks(source, stream, *form)?;
        let marks = stream.entries.marks();
        for _ in 0..source.length()? {
            let name = source.text()?;
            let group = load_group(source, marks, *form)?;
            if stream.groups.insert(name.into(), group).is_some() {
                return Err(source.corrupt("Duplicated consumer group name"));
            }
        }
        Ok(Some(Object::Stream(Box::new(std::mem::replace(stream, Stream::new())))))
    }
}

/// Reads what follows the key of a stream of this kind, as far as it is read quickly.
pub fn begin_stream(source: &mut Source<'_>, form: u8, limits: &ValueLimits) -> Result<Begun> {
    Begun::read(source, limits, |_| Nodes { stream: Stream::new(), form })
}

fn load_node(source: &mut Source<'_>, stream: &mut Stream) -> Result<()> {
    let key = source.text()?;
    let Ok(id) = <[u8; 16]>::try_from(key.as_slice()) else {
        return Err(source.corrupt("Stream node key entry is not the size of a stream ID"));
    };
    let bytes = source.text()?;
    let added = stream.entries.restore_node(StreamId::from_bytes(id), bytes);
    added.map_err(|_| source.corrupt("Stream listpack integrity check failed."))
}

fn load_id(source: &mut Source<'_>) -> Result<StreamId> {
    Ok(StreamId::new(source.length()?, source.length()?))
}

fn load_marks(source: &mut Source<'_>, stream: &mut Stream, form: u8) -> Result<()> {
    let len = source.length()?;
    let last_id = load_id(source)?;
    let (mut max_deleted_id, mut entries_added) = (StreamId::MIN, len);
    if form != kind::STREAM {
        // The first entry is found again among the nodes.
        load_id(source)?;
        max_deleted_id = load_id(source)?;
        entries_added = source.length()?;
    }
    if len > 0 && stream.entries.node_count() == 0 {
        return Err(source.corrupt("Stream length inconsistent with rax entries"));
    }
    let set = stream.entries.restore_marks(last_id, max_deleted_id, entries_added);
    set.map_err(|_| source.corrupt("Stream entries above the last ID"))
}

fn load_group(source: &mut Source<'_>, marks: Marks, form: u8) -> Result<Group> {
    let last_id = load_id(source)?;
    let entries_read = if form == kind::STREAM {
        marks.entries_up_to(last_id)
    } else {
        Some(source.length()?).filter(|read| *read != UNKNOWN).map(|read| read as i64)
    };
    let mut group = Group::new(last_id, entries_read);
    for _ in 0..source.length()? {
        let id = StreamId::from_bytes(source.array()?);
        let (time, count) = (source.time()?, source.length()?);
        if group.restore_pending(id, time, count).is_err() {
            return Err(source.corrupt("Duplicated global PEL entry loading stream consumer group"));
        }
    }
    for _ in 0..source.length()? {
        load_consumer(source, &mut group, form)?;
    }
    match group.check_restored() {
        Ok(()) => Ok(group),
        Err(_) => Err(source.corrupt("NACK entry without consumer")),
    }
}

fn load_consumer(source: &mut Source<'_>, group: &mut Group, form: u8) -> Result<()> {
    let name = source.text()?;
    let seen_time = source.time()?;
    let active_time = if form == kind::STREAM_3 { source.time()? } else { seen_time };
    let Some(owner) = group.create_consumer(&name, seen_time) else {
        return Err(source.corrupt("Duplicate stream consumer detected."));
    };
    if let Some(consumer) = group.consumer_mut(owner) {
        consumer.active_time = active_time;
    }
    for _ in 0..source.length()? {
        let id = StreamId::from_bytes(source.array()?);
        if group.restore_owner(id, owner).is_err() {
            return Err(source.corrupt("Consumer entry not found in group global PEL"));
        }
    }
    Ok(())
}
