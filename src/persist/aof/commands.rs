//! A base written as commands: the shortest that make the same data again. Memory does not grow with the data.

use crate::ids::{DbIndex, UnixMs};
use crate::keyspace::{Keyspace, Kind, StrView, Value as _, View};
use crate::types::hash::{Hash, HashRef};
use crate::types::list::List;
use crate::types::packed::Value;
use crate::types::set::Set;
use crate::types::stream::{Group, Stream, StreamId};
use crate::types::zset::Zset;
use std::io::{self, Write};

/// Elements in one command.
const MOST: usize = 64;
/// Bytes gathered before they are written.
const BUFFER: usize = 64 * 1024;

/// Gathers commands; the first error is kept, and ends it.
struct Commands<'a> {
    out: &'a mut dyn Write,
    buffer: Vec<u8>,
    bytes: u64,
    error: Option<io::Error>,
    digits: itoa::Buffer,
}

/// Writes all databases to `out` as commands and returns the number of bytes. After each key `saved` gets the number
/// of keys so far.
///
/// # Errors
/// The first error of `out`. What was written until then is of no use.
pub fn save_commands(
    space: &Keyspace,
    functions: &[&[u8]],
    stamp_s: Option<i64>,
    out: &mut dyn Write,
    saved: &mut dyn FnMut(u64),
) -> io::Result<u64> {
    let buffer = Vec::with_capacity(2 * BUFFER);
    let mut commands = Commands { out, buffer, bytes: 0, error: None, digits: itoa::Buffer::new() };
    if let Some(now_s) = stamp_s {
        commands.buffer.extend_from_slice(format!("#TS:{now_s}\r\n").as_bytes());
    }
    for code in functions {
        commands.begin(3, b"FUNCTION");
        commands.text(b"LOAD");
        commands.text(code);
    }
    let mut keys = 0;
    for db in (0..space.databases()).filter_map(|db| DbIndex::try_from(db).ok()) {
        if space.len(db) == 0 {
            continue;
        }
        commands.begin(2, b"SELECT");
        commands.number(i64::from(db));
        for view in space.entries(db) {
            if commands.error.is_some() {
                break;
            }
            save_key(&mut commands, view);
            keys += 1;
            saved(keys);
        }
    }
    commands.drain();
    match commands.error {
        Some(error) => Err(error),
        None => Ok(commands.bytes),
    }
}

impl Commands<'_> {
    fn drain(&mut self) {
        if self.error.is_none() {
            self.error = self.out.write_all(&self.buffer).err();
        }
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
    }

    fn head(&mut self, mark: u8, n: usize) {
        self.buffer.push(mark);
        self.buffer.extend_from_slice(self.digits.format(n).as_bytes());
        self.buffer.extend_from_slice(b"\r\n");
    }

    /// Begins a command of so many words.
    fn begin(&mut self, words: usize, name: &[u8]) {
        if self.buffer.len() >= BUFFER {
            self.drain();
        }
        self.head(b'*', words);
        self.text(name);
    }

    fn text(&mut self, text: &[u8]) {
        self.head(b'$', text.len());
        if text.len() >= BUFFER {
            self.drain();
            if self.error.is_none() {
                self.error = self.out.write_all(text).err();
            }
            self.bytes += text.len() as u64;
        } else {
            self.buffer.extend_from_slice(text);
        }
        self.buffer.extend_from_slice(b"\r\n");
    }

    fn number(&mut self, n: i64) {
        let mut digits = itoa::Buffer::new();
        self.text(digits.format(n).as_bytes());
    }

    fn value(&mut self, value: Value<'_>) {
        let mut digits = itoa::Buffer::new();
        self.text(value.bytes(&mut digits));
    }

    fn id(&mut self, id: StreamId) {
        self.text(id.to_string().as_bytes());
    }
}

/// Splits so many elements into commands: says at each element whether a command begins, and of how many.
struct Portions {
    left: usize,
    room: usize,
}

impl Portions {
    fn of(count: usize) -> Portions {
        Portions { left: count, room: 0 }
    }

    fn next(&mut self) -> Option<usize> {
        let begins = self.room == 0;
        if begins {
            self.room = self.left.min(MOST);
        }
        let size = self.room;
        self.room = self.room.saturating_sub(1);
        self.left = self.left.saturating_sub(1);
        begins.then_some(size)
    }
}

fn save_key(commands: &mut Commands<'_>, view: View<'_>) {
    let key = view.key();
    match view.kind() {
        Kind::String => {
            commands.begin(3, b"SET");
            commands.text(key);
            match view.str() {
                StrView::Int(n) => commands.number(n),
                StrView::Bytes(bytes) => commands.text(bytes),
            }
        }
        Kind::List => {
            let list = List::view(view, UnixMs::MIN);
            let mut portions = Portions::of(list.len());
            list.for_each_in(0, usize::MAX, false, |element| {
                if let Some(size) = portions.next() {
                    commands.begin(2 + size, b"RPUSH");
                    commands.text(key);
                }
                commands.value(element);
            });
        }
        Kind::Set => {
            let set = Set::view(view, UnixMs::MIN);
            let mut portions = Portions::of(set.len());
            for member in set.iter() {
                if let Some(size) = portions.next() {
                    commands.begin(2 + size, b"SADD");
                    commands.text(key);
                }
                commands.value(member);
            }
        }
        Kind::Zset => save_zset(commands, key, view),
        Kind::Hash => save_hash(commands, key, view),
        Kind::Stream => save_stream(commands, key, Stream::view(view, UnixMs::MIN)),
    }
    if let Some(ms) = view.expiry() {
        commands.begin(3, b"PEXPIREAT");
        commands.text(key);
        commands.number(ms);
    }
}

fn save_zset(commands: &mut Commands<'_>, key: &[u8], view: View<'_>) {
    let set = Zset::view(view, UnixMs::MIN);
    let mut portions = Portions::of(set.len());
    let mut score_text = Vec::new();
    set.for_each(|member, score| {
        if let Some(size) = portions.next() {
            commands.begin(2 + 2 * size, b"ZADD");
            commands.text(key);
        }
        score_text.clear();
        crate::util::float::write_f64(&mut score_text, score);
        commands.text(&score_text);
        commands.value(member);
    });
}

fn save_hash(commands: &mut Commands<'_>, key: &[u8], view: View<'_>) {
    let hash = Hash::view(view, UnixMs::MIN);
    let mut portions = Portions::of(hash.len());
    for (field, value) in hash.iter() {
        if let Some(size) = portions.next() {
            commands.begin(2 + 2 * size, b"HMSET");
            commands.text(key);
        }
        commands.value(field);
        commands.value(value);
    }
    if !matches!(hash, HashRef::Timed(..)) {
        return;
    }
    let mut digits = itoa::Buffer::new();
    for (field, _) in hash.iter() {
        let field = field.bytes(&mut digits);
        if let Some(Some(ms)) = hash.expiry(field) {
            commands.begin(6, b"HPEXPIREAT");
            commands.text(key);
            commands.number(ms);
            commands.text(b"FIELDS");
            commands.text(b"1");
            commands.text(field);
        }
    }
}

fn save_stream(commands: &mut Commands<'_>, key: &[u8], stream: &Stream) {
    let log = &stream.entries;
    for entry in log.range(StreamId::MIN, StreamId::MAX, false) {
        let fields = entry.fields();
        commands.begin(3 + 2 * fields.len(), b"XADD");
        commands.text(key);
        commands.id(entry.id);
        for (name, value) in fields {
            commands.value(name);
            commands.value(value);
        }
    }
    if log.is_empty() {
        // An entry that is trimmed at once leaves an empty stream.
        commands.begin(7, b"XADD");
        for word in [key, b"MAXLEN", b"0", b"0-1", b"x", b"y"] {
            commands.text(word);
        }
    }
    let marks = log.marks();
    commands.begin(7, b"XSETID");
    commands.text(key);
    commands.id(marks.last_id);
    commands.text(b"ENTRIESADDED");
    commands.text(marks.entries_added.to_string().as_bytes());
    commands.text(b"MAXDELETEDID");
    commands.id(marks.max_deleted_id);
    for (name, group) in &stream.groups {
        save_group(commands, key, name, group);
    }
}

fn save_group(commands: &mut Commands<'_>, key: &[u8], name: &[u8], group: &Group) {
    commands.begin(7, b"XGROUP");
    commands.text(b"CREATE");
    commands.text(key);
    commands.text(name);
    commands.id(group.last_id);
    commands.text(b"ENTRIESREAD");
    commands.number(group.entries_read.unwrap_or(-1));
    for (_, consumer) in group.consumers() {
        commands.begin(5, b"XGROUP");
        for word in [b"CREATECONSUMER", key, name, consumer.name()] {
            commands.text(word);
        }
    }
    for pending in group.pending_range(StreamId::MIN, StreamId::MAX, None) {
        commands.begin(12, b"XCLAIM");
        for word in [key, name, pending.consumer.name(), b"0"] {
            commands.text(word);
        }
        commands.id(pending.id);
        commands.text(b"TIME");
        commands.number(pending.nack.delivery_time);
        commands.text(b"RETRYCOUNT");
        commands.text(pending.nack.delivery_count.to_string().as_bytes());
        commands.text(b"JUSTID");
        commands.text(b"FORCE");
    }
}
