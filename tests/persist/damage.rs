//! Damaged files and payloads: an error or a load, never a panic, and never more memory than the file is worth.

use super::canon::{NOW_MS, Quiet, canon, limits, load, load_options, put, save, space};
use super::round_trip::stream;
use crate::fuzz::mutator::{Rng, mutate, rounds};
use spinel::keyspace::{Keyspace, Object, Str};
use spinel::persist::rdb::{
    Cause, RestoreOptions, SaveOptions, Source, Version, dump, load_keyspace, restore,
};
use spinel::types::hash::{FieldExpiry, Hash};
use spinel::types::list::{End, List};
use spinel::types::set::Set;
use spinel::types::zset::{AddFlags, Zset};

/// A little of everything, so that each byte can be damaged in turn.
pub fn small() -> Keyspace {
    let mut space = space();
    let limits = limits();
    put(&mut space, 0, b"text", Object::Str(Str(b"some text".to_vec())));
    put(&mut space, 0, b"lzf", Object::Str(Str(b"abcabcabc".repeat(10))));
    let mut list = List::new();
    let mut ints = Set::default();
    let mut set = Set::default();
    let mut zset = Zset::default();
    let mut big = Zset::default();
    big.to_big(&limits.zset);
    for n in 0..6 {
        list.push(End::Tail, format!("item {n}").as_bytes(), limits.list);
        ints.insert(n.to_string().as_bytes(), &limits.set);
        set.insert(format!("m{n}").as_bytes(), &limits.set);
        zset.add(format!("m{n}").as_bytes(), f64::from(n) / 3.0, AddFlags::default(), &limits.zset);
        big.add(format!("m{n}").as_bytes(), f64::from(n), AddFlags::default(), &limits.zset);
    }
    let mut table = set.duplicate(limits.set.hasher);
    table.to_table(&limits.set);
    let (mut packed, mut timed) = (Hash::default(), Hash::default());
    for n in 0..6i64 {
        let field = format!("f{n}");
        packed.put(field.as_bytes(), b"v", FieldExpiry::Clear, 0, &limits.hash);
        let expiry = if n % 2 == 0 { FieldExpiry::At(NOW_MS + n) } else { FieldExpiry::Clear };
        timed.put(field.as_bytes(), b"v", expiry, 0, &limits.hash);
    }
    let mut table_hash = packed.duplicate(limits.hash.hasher);
    table_hash.make_table(limits.hash.hasher);
    put(&mut space, 0, b"hash", Object::Hash(packed));
    put(&mut space, 0, b"table hash", Object::Hash(table_hash));
    put(&mut space, 0, b"timed", Object::Hash(timed));
    put(&mut space, 0, b"list", Object::List(list));
    put(&mut space, 1, b"ints", Object::Set(ints));
    put(&mut space, 1, b"set", Object::Set(set));
    put(&mut space, 1, b"table", Object::Set(table));
    put(&mut space, 2, b"zset", Object::Zset(zset));
    put(&mut space, 2, b"big zset", Object::Zset(big));
    put(&mut space, 2, b"stream", stream(5));
    space
}

/// Loads, and if that goes well reads and saves all there is.
fn exercise(bytes: &[u8], deep: bool) -> bool {
    let mut space = space();
    let mut options = load_options();
    options.limits.deep = deep;
    let mut source = Source::from_slice(bytes);
    if load_keyspace(&mut source, &mut space, &options, &mut Quiet).is_err() {
        return false;
    }
    assert!(!save(&space, &SaveOptions::default()).is_empty() && canon(&space).len() < 1 << 20);
    true
}

#[test]
fn every_flipped_byte_is_survived_and_seen() {
    let options = SaveOptions { compress: true, checksum: true, ..SaveOptions::default() };
    let bytes = save(&small(), &options);
    let mut accepted = 0;
    for at in 0..bytes.len() {
        for flip in [1 << (at % 8), 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            // A slice is not summed: so the readers of values see what the sum would catch.
            accepted += usize::from(exercise(&damaged, at % 2 == 0));
            if flip != 0x80 && at >= 9 {
                assert!(load(&damaged).is_err(), "byte {at}");
            }
        }
    }
    assert!(accepted < bytes.len() * 2);
}

#[test]
fn every_cut_is_an_error() {
    let bytes = save(&small(), &SaveOptions { checksum: true, ..SaveOptions::default() });
    for cut in 0..bytes.len() {
        let error = load(&bytes[..cut]).map(drop).expect_err("a part of a file");
        assert!(error.offset <= cut as u64, "{cut}: {error}");
        assert!(matches!(error.cause, Cause::Truncated), "{cut}: {error}");
    }
}

#[test]
fn mutated_payloads_are_survived() {
    let space = small();
    let payloads: Vec<Vec<u8>> = (0..3)
        .flat_map(|db| space.entries(db).map(|view| dump(view, Version::V11, true)).collect::<Vec<_>>())
        .collect();
    let tokens: [&[u8]; 6] = [
        b"\xff",
        b"\xc3",
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\x80\x7f\xff\xff\xff",
        b"\xfe",
        b"\x0b",
    ];
    let mut restored = 0;
    for seed in 0..rounds(5_000) {
        let mut rng = Rng::new(seed);
        let mut payload = rng.pick(&payloads).clone();
        mutate(&mut rng, &mut payload, &tokens);
        let mut limits = limits();
        limits.deep = rng.one_in(2);
        let options = RestoreOptions { limits, relaxed_version: true, skip_checksum: true };
        if let Ok(object) = restore(&payload, &options) {
            restored += 1;
            let mut space = super::canon::space();
            put(&mut space, 0, b"key", object);
            assert!(canon(&space).len() < 1 << 22);
            let again = space.entries(0).map(|view| dump(view, Version::V11, false)).next();
            assert!(again.is_some_and(|payload| payload.len() > 10));
        }
    }
    assert!(restored > 100);
}
