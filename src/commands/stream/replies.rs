//! How entries of a stream are shown. Knows no command.

use crate::resp::reply::Reply;
use crate::types::packed::Value;
use crate::types::stream::{Entry, StreamId};

pub fn id(reply: &mut Reply<'_>, id: StreamId) {
    reply.bulk(&id.text());
}

/// A number that may not be known.
pub fn known(reply: &mut Reply<'_>, number: Option<i64>) {
    match number {
        Some(number) => reply.int(number),
        None => reply.null(),
    }
}

fn value(reply: &mut Reply<'_>, value: Value<'_>) {
    match value {
        Value::Int(n) => reply.bulk_int(n),
        Value::Str(bytes) => reply.bulk(bytes),
    }
}

/// An entry: its ID, and its fields and values in one array.
pub fn entry(reply: &mut Reply<'_>, entry: &Entry<'_>) {
    reply.array(2);
    id(reply, entry.id);
    let fields = entry.fields();
    reply.array(fields.len() * 2);
    for (name, text) in fields {
        value(reply, name);
        value(reply, text);
    }
}

/// As many entries as there are, or `count` of them unless that is 0.
pub fn entries<'a>(reply: &mut Reply<'_>, entries: impl Iterator<Item = Entry<'a>>, count: u64) {
    let limit = if count == 0 { usize::MAX } else { usize::try_from(count).unwrap_or(usize::MAX) };
    let header = reply.defer();
    let mut shown = 0;
    for one in entries.take(limit) {
        entry(reply, &one);
        shown += 1;
    }
    reply.set_deferred_array(header, shown);
}
