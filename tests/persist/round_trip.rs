//! What is saved is what is loaded: every kind of value in every encoding, all attributes, both versions, files and
//! payloads.

use super::canon::{NOW_MS, Quiet, canon, limits, load, load_options, put, save, space};
use proptest::prelude::*;
use spinel::keyspace::{Key, Keys, Keyspace, Object, PastUse, Str};
use spinel::persist::rdb::{
    Cause, Checked, LoadOptions, Loader, RestoreOptions, SaveInfo, SaveOptions, Source, Step, Uses, Version,
    dump, load_keyspace, restore,
};
use spinel::types::hash::{FieldExpiry, Hash};
use spinel::types::list::{End, List};
use spinel::types::set::Set;
use spinel::types::stream::{AddId, NodeLimits, Stream, StreamId};
use spinel::types::zset::{AddFlags, Zset};

fn text(bytes: &[u8]) -> Object {
    Object::Str(Str(bytes.to_vec()))
}

fn list(items: &[Vec<u8>]) -> Object {
    let mut list = List::new();
    items.iter().for_each(|item| list.push(End::Tail, item, limits().list));
    Object::List(list)
}

fn set(members: &[Vec<u8>]) -> Object {
    let mut set = Set::default();
    for member in members {
        set.insert(member, &limits().set);
    }
    Object::Set(set)
}

fn hash(fields: &[Vec<u8>], longest: usize) -> Object {
    let mut hash = Hash::default();
    for (i, field) in fields.iter().enumerate() {
        let value = format!("{i:0longest$}");
        hash.put(field, value.as_bytes(), FieldExpiry::Clear, NOW_MS, &limits().hash);
    }
    Object::Hash(hash)
}

/// A hash some of whose fields have a time to live, one of them over.
fn timed(fields: usize) -> Object {
    let mut hash = Hash::default();
    for (i, field) in words(fields, 4).iter().enumerate() {
        let expiry = match i % 3 {
            0 => FieldExpiry::At(NOW_MS - 500 + i as i64 * 1000),
            _ => FieldExpiry::Clear,
        };
        hash.put(field, b"value", expiry, i64::MIN, &limits().hash);
    }
    Object::Hash(hash)
}

fn zset(members: &[(Vec<u8>, f64)]) -> Object {
    let mut set = Zset::default();
    for (member, score) in members {
        set.add(member, *score, AddFlags::default(), &limits().zset);
    }
    Object::Zset(set)
}

pub fn stream(entries: u64) -> Object {
    let mut stream = Stream::new();
    let node = NodeLimits { max_bytes: 4096, max_entries: 20 };
    for ms in 1..=entries {
        let value = format!("value {ms}").into_bytes();
        let pairs = [(&b"field"[..], &value[..]), (b"n", b"7")];
        let pairs = &pairs[..if ms % 10 == 0 { 1 } else { 2 }];
        stream
            .entries
            .add(AddId::Given(StreamId::new(ms, 5)), 0, pairs.iter().copied(), node)
            .expect("rising IDs");
    }
    stream.entries.delete([StreamId::new(3, 5)]);
    stream.create_group(b"workers", StreamId::new(2, 5), Some(2));
    stream.create_group(b"others", StreamId::new(1, 0), None);
    let group = stream.groups.get_mut(&b"workers"[..]).expect("just made");
    for (name, ids) in [(&b"anna"[..], 1..=1), (b"bert", 2..=3)] {
        let owner = group.create_consumer(name, NOW_MS).expect("a new name");
        for ms in ids {
            group.restore_pending(StreamId::new(ms, 5), NOW_MS - 5, 2).expect("new");
            group.restore_owner(StreamId::new(ms, 5), owner).expect("has none");
        }
    }
    Object::Stream(Box::new(stream))
}

fn words(count: usize, len: usize) -> Vec<Vec<u8>> {
    (0..count).map(|i| format!("{i:0len$}x").into_bytes()).collect()
}

fn numbers(count: i64, by: i64) -> Vec<Vec<u8>> {
    (0..count).map(|i| (i * by).to_string().into_bytes()).collect()
}

/// A keyspace with every encoding, in several databases.
pub fn filled() -> Keyspace {
    let mut space = space();
    let values: Vec<(&str, Object)> = vec![
        ("text", text(b"plain")),
        ("int", text(b"-77")),
        ("long", text(&b"again and ".repeat(500))),
        ("list", list(&words(5, 3))),
        ("quicklist", list(&words(3000, 10))),
        ("plain nodes", list(&[vec![b'a'; 30_000], b"b".to_vec(), vec![b'c'; 9000]])),
        ("intset", set(&numbers(9, 1_000_000))),
        ("wide intset", set(&numbers(9, 1 << 40))),
        ("big intset", set(&numbers(513, 1))),
        ("set", set(&words(9, 3))),
        ("big set", set(&words(500, 9))),
        ("zset", zset(&[(b"a".to_vec(), 1.5), (b"7".to_vec(), f64::INFINITY), (b"c".to_vec(), -3.0)])),
        ("big zset", zset(&words(400, 8).into_iter().zip((0..).map(f64::from)).collect::<Vec<_>>())),
        ("hash", hash(&words(9, 3), 3)),
        ("long hash", hash(&words(2, 3), 80)),
        ("big hash", hash(&words(600, 3), 3)),
        ("stream", stream(100)),
        ("empty stream", Object::Stream(Box::default())),
    ];
    for (i, (key, value)) in values.into_iter().enumerate() {
        put(&mut space, (i % 3) as u16 * 7, key.as_bytes(), value);
    }
    Keys::new(&mut space, 0).restore(Key::new(b"timed"), text(b"x"), Some(NOW_MS + 1), None);
    Keys::new(&mut space, 1).restore(Key::new(b"timed"), set(&words(1, 1)), Some(NOW_MS + (1 << 40)), None);
    space
}

#[test]
fn every_encoding_survives() {
    let space = filled();
    for version in [Version::V10, Version::V11] {
        for (compress, checksum) in [(true, true), (false, false)] {
            let options = SaveOptions { version, compress, checksum, ..SaveOptions::default() };
            let bytes = save(&space, &options);
            let (again, loaded) = load(&bytes).expect("what was saved");
            assert_eq!(canon(&again), canon(&space));
            assert_eq!(loaded.version, u32::from(version.number(false)));
            assert_eq!(loaded.checked, if checksum { Checked::Right } else { Checked::Absent });
            assert_eq!((loaded.keys_loaded, loaded.bytes), (20, bytes.len() as u64));
        }
    }
}

#[test]
fn times_of_fields_survive_in_both_dialects() {
    for (version, number) in [(Version::V10, 12), (Version::V11, 12), (Version::Valkey, 80)] {
        let mut space = space();
        put(&mut space, 3, b"small", timed(5));
        put(&mut space, 3, b"big", timed(900));
        put(&mut space, 3, b"plain", hash(&words(3, 3), 3));
        let bytes = save(&space, &SaveOptions { version, checksum: true, ..SaveOptions::default() });
        let (again, loaded) = load(&bytes).expect("what was saved");
        assert_eq!(canon(&again), canon(&space));
        assert!(canon(&space).contains(&format!("0002x=value,0003x=value@{}", NOW_MS + 2500)));
        assert_eq!((loaded.version, again.keys_with_volatile_fields(3)), (number, 2));
        let options = RestoreOptions { limits: limits(), relaxed_version: false, skip_checksum: false };
        for view in space.entries(3) {
            let object = restore(&dump(view, version, true), &options).expect("what was dumped");
            let mut other = super::canon::space();
            put(&mut other, 3, view.key(), object);
            let (found, all) = (canon(&other), canon(&space));
            assert!(all.lines().any(|line| line == found.trim_end()), "{found}");
        }
    }
}

#[test]
fn facts_about_the_file_survive() {
    let id = "0123456789abcdef0123456789abcdef01234567".to_string();
    let info = SaveInfo {
        created_s: 1,
        used_memory: 12_345_678_901,
        aof_base: true,
        replication: Some((3, id.clone(), 77)),
    };
    let functions: [&[u8]; 1] = [b"#!lua name=lib\n"];
    let options = SaveOptions { info, functions: &functions, ..SaveOptions::default() };
    let (_, loaded) = load(&save(&space(), &options)).expect("what was saved");
    assert_eq!(loaded.aux.replication_id, Some(id));
    assert_eq!((loaded.aux.replication_db, loaded.aux.replication_offset), (Some(3), Some(77)));
    assert_eq!((loaded.aux.used_memory, loaded.aux.aof_base), (Some(12_345_678_901), true));
}

#[test]
fn uses_survive() {
    let mut space = space();
    space.access.lru_clock = 1000;
    let key = Key::new(b"key");
    Keys::new(&mut space, 0).restore(key, text(b"v"), None, Some(PastUse::IdleSeconds(300)));
    let bytes = save(&space, &SaveOptions { uses: Uses::Idle, ..SaveOptions::default() });
    let mut again = super::canon::space();
    again.access.lru_clock = 5000;
    let mut reader = &bytes[..];
    let mut source = Source::from_stream(&mut reader, None, true);
    load_keyspace(&mut source, &mut again, &load_options(), &mut Quiet).expect("what was saved");
    let idle = again.entries(0).map(|view| again.idle_seconds(view)).collect::<Vec<_>>();
    assert_eq!(idle, [300]);
}

#[test]
fn big_collections_are_read_piece_by_piece() {
    const MANY: usize = 20_000;
    let members = words(MANY, 9);
    let scored: Vec<(Vec<u8>, f64)> = members.iter().cloned().zip((0..MANY).map(|n| n as f64)).collect();
    let objects =
        [list(&members), set(&members), hash(&members, 9), timed(MANY), zset(&scored), stream(MANY as u64)];
    let mut space = space();
    for (at, object) in objects.into_iter().enumerate() {
        put(&mut space, 0, &[at as u8], object);
    }
    for version in [Version::V11, Version::Valkey] {
        let bytes = save(&space, &SaveOptions { version, ..SaveOptions::default() });
        let mut reader = &bytes[..];
        let mut source = Source::from_stream(&mut reader, Some(bytes.len() as u64), true);
        let mut again = super::canon::space();
        let mut loader = Loader::new(&load_options());
        let (mut keys, mut steps) = (0, 0);
        loop {
            let before = source.offset();
            let step = loader.step(&mut source, &mut again, &mut Quiet).expect("what was saved");
            assert!(source.offset() - before <= 80 * 1024);
            steps += 1;
            match step {
                Step::Key => keys += 1,
                Step::Within => {}
                Step::End => break,
            }
        }
        assert_eq!(keys, 6);
        assert!(steps > 6 * 10, "{steps}");
        assert_eq!(canon(&again), canon(&space));
    }
}

#[test]
fn due_keys_go_and_twins_are_refused() {
    let mut space = space();
    let key = Key::new(b"key");
    Keys::new(&mut space, 0).restore(key, text(b"v"), Some(NOW_MS - 1), None);
    let bytes = save(&space, &SaveOptions::default());
    let (again, loaded) = load(&bytes).expect("what was saved");
    assert_eq!((again.is_empty(), loaded.keys_expired, loaded.keys_loaded), (true, 1, 0));
    let mut again = super::canon::space();
    for (replace, keeps) in [(false, true), (false, false), (true, true)] {
        let options = LoadOptions { drop_expired: false, replace, ..load_options() };
        let mut source = Source::from_slice(&bytes);
        match load_keyspace(&mut source, &mut again, &options, &mut Quiet) {
            Ok(loaded) => assert!(keeps && loaded.keys_loaded == 1),
            Err(error) => assert!(!keeps && matches!(error.cause, Cause::DuplicateKey { .. })),
        }
        assert_eq!(again.len(0), 1);
    }
}

#[test]
fn payloads_survive() {
    let space = filled();
    let options = RestoreOptions { limits: limits(), relaxed_version: false, skip_checksum: false };
    let mut again = super::canon::space();
    for db in 0..16 {
        for view in space.entries(db) {
            let payload = dump(view, Version::V11, true);
            let object = restore(&payload, &options).expect("what was dumped");
            Keys::new(&mut again, db).restore(Key::new(view.key()), object, view.expiry(), None);
            for cut in [0, 1, payload.len() / 2, payload.len() - 1] {
                assert!(restore(&payload[..cut], &options).is_err());
            }
        }
    }
    assert_eq!(canon(&again), canon(&space));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_values_survive(
        strings in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(0u8..5, 0..2000)),
            0..20,
        ),
        items in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 1..200),
        scores in prop::collection::vec(
            (prop::collection::vec(97u8..105, 0..4), any::<i32>(), any::<f32>()),
            1..150,
        ),
    ) {
        let mut space = space();
        for (key, value) in &strings {
            if !space.contains_raw(2, key) {
                put(&mut space, 2, key, text(value));
            }
        }
        put(&mut space, 0, b"list", list(&items));
        put(&mut space, 0, b"set", set(&items));
        let scored: Vec<_> = scores
            .iter()
            .map(|(m, i, f)| (m.clone(), if i % 2 == 0 { f64::from(*i) } else { f64::from(*f) }))
            .filter(|(_, score)| !score.is_nan())
            .collect();
        if !scored.is_empty() {
            put(&mut space, 0, b"zset", zset(&scored));
        }
        let bytes = save(&space, &SaveOptions { compress: true, checksum: true, ..SaveOptions::default() });
        let (again, _) = load(&bytes).expect("what was saved");
        prop_assert_eq!(canon(&again), canon(&space));
    }
}
