//! Keyspaces to fill, save and load in tests, and their content as lines of text that can be compared.

use spinel::ids::DbIndex;
use spinel::keyspace::{Key, Keys, Keyspace, Kind, Object, StrView, Value as _, View};
use spinel::persist::rdb::{
    LoadError, LoadEvents, LoadOptions, Loaded, SaveOptions, Source, ValueLimits, load_keyspace,
    save_keyspace,
};
use spinel::sys::entropy::Rng;
use spinel::table::Hasher;
use spinel::types::hash::{Hash, HashLimits, HashRef};
use spinel::types::list::{List, ListLimits};
use spinel::types::set::{Set, SetLimits};
use spinel::types::stream::{Stream, StreamId};
use spinel::types::zset::{Zset, ZsetLimits};
use spinel::util::float::write_f64;

pub const NOW_MS: i64 = 1_750_000_000_000;
/// A text longer than this is shown by its length and sum.
const LONGEST: usize = 300;

pub fn space() -> Keyspace {
    Keyspace::new(16, Hasher::new(1, 2), Rng::with_seed(3), NOW_MS)
}

/// The limits of a server without configuration.
pub fn limits() -> ValueLimits {
    let hasher = Hasher::new(1, 2);
    ValueLimits {
        list: ListLimits::default(),
        set: SetLimits { intset_entries: 512, listpack_entries: 128, listpack_value: 64, hasher },
        zset: ZsetLimits { listpack_entries: 128, listpack_value: 64, hasher },
        hash: HashLimits { listpack_entries: 512, listpack_value: 64, hasher },
        deep: true,
        version: 0,
    }
}

pub fn load_options() -> LoadOptions {
    LoadOptions { limits: limits(), relaxed_version: false, drop_expired: true, replace: false }
}

/// Takes functions and forgets them.
pub struct Quiet;

impl LoadEvents for Quiet {
    fn function(&mut self, _code: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

pub fn save(space: &Keyspace, options: &SaveOptions<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let told = save_keyspace(space, options, &mut bytes, &mut |_| ()).expect("memory takes all");
    assert_eq!(told, bytes.len() as u64);
    bytes
}

/// Loads a file from memory into an empty keyspace.
pub fn load(bytes: &[u8]) -> Result<(Keyspace, Loaded), LoadError> {
    let mut space = space();
    let mut reader = bytes;
    let mut source = Source::from_stream(&mut reader, Some(bytes.len() as u64), true);
    let loaded = load_keyspace(&mut source, &mut space, &load_options(), &mut Quiet)?;
    Ok((space, loaded))
}

/// Puts a value of any kind under a key.
pub fn put(space: &mut Keyspace, db: DbIndex, key: &[u8], object: Object) {
    Keys::new(space, db).restore(Key::new(key), object, None, None);
}

/// Everything in a keyspace, a line a key, in order.
pub fn canon(space: &Keyspace) -> String {
    let mut out = String::new();
    for db in 0..space.databases() as DbIndex {
        let mut lines: Vec<(Vec<u8>, String)> =
            space.entries(db).map(|view| (view.key().to_vec(), line(db, view))).collect();
        lines.sort();
        lines.iter().for_each(|(_, line)| out.push_str(line));
    }
    out
}

fn line(db: DbIndex, view: View<'_>) -> String {
    let expiry = view.expiry().map_or("-".to_string(), |ms| ms.to_string());
    let (kind, encoding) = (view.kind().name(), view.encoding());
    format!("{db} {} {kind} {encoding} {expiry} {}\n", shown(view.key()), content(view))
}

fn shown(text: &[u8]) -> String {
    if text.len() > LONGEST {
        let sum = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc32IsoHdlc, text);
        return format!("len{}:crc{sum:08x}", text.len());
    }
    let escaped = text.iter().map(|&c| match c {
        b'\\' | b',' => format!("\\x{c:02x}"),
        33..127 => char::from(c).to_string(),
        _ => format!("\\x{c:02x}"),
    });
    escaped.collect()
}

fn score(value: f64) -> String {
    let mut text = Vec::new();
    write_f64(&mut text, value);
    String::from_utf8(text).expect("digits")
}

fn content(view: View<'_>) -> String {
    let mut items = Vec::new();
    match view.kind() {
        Kind::String => match view.str() {
            StrView::Int(n) => items.push(n.to_string()),
            StrView::Bytes(bytes) => items.push(shown(bytes)),
        },
        Kind::List => {
            List::view(view, i64::MIN).for_each_in(0, usize::MAX, false, |v| items.push(shown(&v.to_vec())))
        }
        Kind::Set => {
            let mut members: Vec<Vec<u8>> = Set::view(view, i64::MIN).iter().map(|v| v.to_vec()).collect();
            members.sort();
            items.extend(members.iter().map(|m| shown(m)));
        }
        Kind::Zset => Zset::view(view, i64::MIN)
            .for_each(|member, value| items.push(format!("{}={}", shown(&member.to_vec()), score(value)))),
        Kind::Hash => {
            let hash = Hash::view(view, i64::MIN);
            let mut pairs: Vec<String> =
                hash.iter().map(|(f, v)| pair(hash, &f.to_vec(), &v.to_vec())).collect();
            pairs.sort();
            items = pairs;
        }
        Kind::Stream => return stream(Stream::view(view, i64::MIN)),
    }
    items.join(",")
}

fn pair(hash: HashRef<'_>, field: &[u8], value: &[u8]) -> String {
    let time = hash.expiry(field).flatten().map_or(String::new(), |ms| format!("@{ms}"));
    format!("{}={}{time}", shown(field), shown(value))
}

fn stream(stream: &Stream) -> String {
    let log = &stream.entries;
    let entries: Vec<String> = log
        .range(StreamId::MIN, StreamId::MAX, false)
        .map(|entry| {
            let fields =
                entry.fields().map(|(f, v)| format!("|{}|{}", shown(&f.to_vec()), shown(&v.to_vec())));
            entry.id.to_string() + &fields.collect::<String>()
        })
        .collect();
    let marks = log.marks();
    let (last, max, added) = (marks.last_id, marks.max_deleted_id, marks.entries_added);
    let mut out = format!("{} last={last} max={max} added={added}", entries.join(","));
    for (name, group) in &stream.groups {
        let read = group.entries_read.map_or("None".to_string(), |n| n.to_string());
        out.push_str(&format!(" {}:{}:{read}", shown(name), group.last_id));
        for (_, consumer) in group.consumers() {
            let pending: Vec<String> = consumer.pending_ids().map(|id| id.to_string()).collect();
            out.push_str(&format!(" {}[{}]", shown(consumer.name()), pending.join("+")));
        }
    }
    out
}
