//! Changing a consumer group where it lies, for commands that Redis has look up their key as readers do: they count a
//! hit or a miss, and WATCH does not see what they change.

use crate::engine::{Args, Error};
use crate::keyspace::{EventClass, Key, Keys};
use crate::types::stream::{ConsumerId, Group, Log, Stream};

/// Runs `f` on the group of this name and the entries beside it. `None` without key or group.
pub fn with_group<R>(
    keys: &mut Keys<'_>,
    key: Key<'_>,
    group: &[u8],
    f: impl FnOnce(&Log, &mut Group) -> Result<R, Error>,
) -> Result<Option<R>, Error> {
    let mut edit = keys.edit::<Stream>(key)?;
    let result = edit.value().and_then(|stream| stream.group(group)).map(|(log, group)| f(log, group));
    let found = edit.exists();
    edit.unchanged();
    if found {
        keys.count(true);
    } else {
        // Counts the miss, and tells who listens for misses.
        let _ = keys.read(key);
    }
    result.transpose()
}

/// The consumer of this name, which is made if there is none, and whether it was. It is seen now.
pub fn consumer(group: &mut Group, name: &[u8], now_ms: i64) -> Option<(ConsumerId, bool)> {
    let found = group.find_consumer(name);
    let id = found.or_else(|| group.create_consumer(name, now_ms))?;
    if let Some(consumer) = group.consumer_mut(id) {
        consumer.seen_time = now_ms;
    }
    Some((id, found.is_none()))
}

/// What follows from a consumer that was made on the way.
pub fn consumer_made(keys: &mut Keys<'_>, key: &[u8]) {
    keys.dirty(1);
    keys.notify(EventClass::STREAM, "xgroup-createconsumer", key);
}

/// There is no such group, as XCLAIM, XAUTOCLAIM and XPENDING say it of arguments 1 and 2.
pub fn no_group(args: &Args<'_>) -> Error {
    let (key, group) = (String::from_utf8_lossy(args.get(1)), String::from_utf8_lossy(args.get(2)));
    Error::coded(format!("NOGROUP No such key '{key}' or consumer group '{group}'"))
}

/// There is no such group, as XGROUP and XINFO say it of arguments 2 and 3.
pub fn no_group_at(args: &Args<'_>) -> Error {
    let (key, group) = (String::from_utf8_lossy(args.get(2)), String::from_utf8_lossy(args.get(3)));
    Error::coded(format!("NOGROUP No such consumer group '{group}' for key name '{key}'"))
}
