//! Forms that no server writes any more, put together by hand.

use super::canon::{canon, load, put, save, space};
use spinel::keyspace::{Object, Str};
use spinel::persist::rdb::{Cause, Checked, LoadError, SaveOptions};

/// A file of an old version around some bytes.
fn file(version: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("REDIS{version:04}").into_bytes();
    bytes.extend_from_slice(b"\xfe\0");
    bytes.extend_from_slice(body);
    bytes.push(0xff);
    if version >= 5 {
        bytes.extend_from_slice(&[0; 8]);
    }
    bytes
}

fn text(bytes: &[u8]) -> Vec<u8> {
    [&[bytes.len() as u8][..], bytes].concat()
}

fn ziplist(entries: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![0; 10];
    let (mut last, mut before) = (10, 0);
    for entry in entries {
        last = bytes.len();
        bytes.push(before);
        bytes.extend(text(entry));
        before = entry.len() as u8 + 2;
    }
    bytes.push(0xff);
    let total = bytes.len() as u32;
    bytes[..4].copy_from_slice(&total.to_le_bytes());
    bytes[4..8].copy_from_slice(&(last as u32).to_le_bytes());
    bytes[8..10].copy_from_slice(&(entries.len() as u16).to_le_bytes());
    bytes
}

/// A file with a value in each form that no server writes any more, for others to damage: in parts, so that what is
/// refused in one does not hide the next.
pub fn every_form() -> Vec<Vec<u8>> {
    let plain = ziplist(&[b"a", b"17", b"b", b"2.5"]);
    let bodies: [(u32, Vec<u8>); 5] = [
        (1, [&b"\x01"[..], &text(b"l"), b"\x03", &text(b"a"), b"\xc0\x05", &text(b"c")].concat()),
        (3, [&b"\x03"[..], &text(b"z"), b"\x02", &text(b"a"), b"\x031.5", &text(b"b"), b"\xff"].concat()),
        (6, [10, 12, 13].iter().flat_map(|kind| [vec![*kind, 1, *kind], text(&plain)].concat()).collect()),
        (7, [&b"\x0e\x01q\x02"[..], &text(&plain), &text(&plain)].concat()),
        (2, [&b"\x09\x01h"[..], &text(b"\x02\x01a\x01\0v\x01b\x01\x02wxx\xff")].concat()),
    ];
    let timed = b"\x16\x01h\x02\x80\x77\x35\x94\0\x01a\x01v\0\x01b\x01w".to_vec();
    let packed = b"\x17\x01h\x13\x13\0\0\0\x03\0\x81a\x02\x81v\x02\xf3\0\x94\x35\x77\x05\xff".to_vec();
    let bodies = bodies.into_iter().chain([(12, timed), (12, packed)]);
    bodies.map(|(version, body)| file(version, &body)).collect()
}

fn lines(version: u32, parts: &[&[u8]]) -> Result<String, LoadError> {
    let bytes = file(version, &parts.concat());
    let (space, loaded) = load(&bytes)?;
    assert_eq!(loaded.checked, if version >= 5 { Checked::Absent } else { Checked::No });
    Ok(canon(&space))
}

#[test]
fn lists_and_sets_element_by_element() {
    let found =
        lines(1, &[b"\x01", &text(b"l"), b"\x03", &text(b"a"), b"\xc0\x05", &text(b"c")]).expect("sound");
    assert_eq!(found, "0 l list listpack - a,5,c\n");
    let found = lines(2, &[b"\x02", &text(b"s"), b"\x02", &text(b"b"), &text(b"a")]).expect("sound");
    assert_eq!(found, "0 s set listpack - a,b\n");
    assert!(lines(2, &[b"\x02", &text(b"s"), b"\x02", &text(b"a"), &text(b"a")]).is_err());
}

#[test]
fn scores_as_text() {
    let parts: [&[u8]; 9] =
        [b"\x03", &text(b"z"), b"\x03", &text(b"a"), b"\x031.5", &text(b"b"), b"\xff", &text(b"c"), b"\xfe"];
    assert_eq!(lines(3, &parts).expect("sound"), "0 z zset listpack - b=-inf,a=1.5,c=inf\n");
    assert!(lines(3, &[b"\x03", &text(b"z"), b"\x01", &text(b"a"), b"\xfd"]).is_err());
}

#[test]
fn ziplists() {
    let plain = ziplist(&[b"a", b"17", b"b"]);
    let found = lines(6, &[b"\x0a", &text(b"l"), &text(&plain)]).expect("sound");
    assert_eq!(found, "0 l list listpack - a,17,b\n");
    let scored = ziplist(&[b"a", b"1.5", b"b", b"20"]);
    let found = lines(6, &[b"\x0c", &text(b"z"), &text(&scored)]).expect("sound");
    assert_eq!(found, "0 z zset listpack - a=1.5,b=20\n");
    let nodes = [&b"\x0e"[..], &text(b"q"), b"\x02", &text(&plain), &text(&ziplist(&[b"d"]))].concat();
    assert_eq!(lines(7, &[&nodes]).expect("sound"), "0 q list quicklist - a,17,b,d\n");
    for bad in [ziplist(&[b"a", b"1", b"a", b"2"]), plain[..plain.len() - 1].to_vec()] {
        assert!(lines(6, &[b"\x0c", &text(b"z"), &text(&bad)]).is_err());
    }
}

#[test]
fn hashes() {
    let pairs: [&[u8]; 7] =
        [b"\x04", &text(b"h"), b"\x02", &text(b"b"), b"\xc0\x05", &text(b"a"), &text(b"v")];
    assert_eq!(lines(2, &pairs).expect("sound"), "0 h hash listpack - a=v,b=5\n");
    assert!(lines(2, &[b"\x04", &text(b"h"), b"\x02", &text(b"a").repeat(4)]).is_err());
    let zipmap = text(b"\x02\x01a\x01\0v\x01b\x01\x02wxx\xff");
    assert_eq!(lines(2, &[b"\x09", &text(b"h"), &zipmap]).expect("sound"), "0 h hash listpack - a=v,b=w\n");
    let ziplist = text(&ziplist(&[b"a", b"v", b"b", b"7"]));
    assert_eq!(lines(6, &[b"\x0d", &text(b"h"), &ziplist]).expect("sound"), "0 h hash listpack - a=v,b=7\n");
}

#[test]
fn times_of_fields_before_their_release() {
    let table: [&[u8]; 5] = [b"\x16\x01h\x02", b"\x80\x77\x35\x94\0", b"\x01a\x01v", b"\0", b"\x01b\x01w"];
    assert_eq!(lines(12, &table).expect("sound"), "0 h hash hashtable - a=v@2000000000,b=w\n");
    let listpack = b"\x17\x01h\x13\x13\0\0\0\x03\0\x81a\x02\x81v\x02\xf3\0\x94\x35\x77\x05\xff";
    assert_eq!(lines(12, &[listpack]).expect("sound"), "0 h hash hashtable - a=v@2000000000\n");
}

#[test]
fn times_in_seconds_and_what_newer_files_say() {
    let late = 1_900_000_000u32.to_le_bytes();
    let key = [&b"\0"[..], &text(b"k"), &text(b"v")].concat();
    let found = lines(2, &[b"\xfd", &late, &key]).expect("sound");
    assert_eq!(found, "0 k string embstr 1900000000000 v\n");
    let found = lines(12, &[b"\xfb\x05\x02", b"\xf4\x01\x02\x03", b"\xfa\x01a\x01b", b"\xf8\x05", &key])
        .expect("sound");
    assert_eq!(found, "0 k string embstr - v\n");
}

#[test]
fn empty_collections_are_left_out() {
    let empties: [&[u8]; 6] = [
        b"\x01\x01a\0",
        b"\x02\x01b\0",
        b"\x05\x01c\0",
        b"\x0e\x01d\0",
        b"\x0e\x01e\x01\x0b\x0b\0\0\0\x0a\0\0\0\0\0\xff",
        b"\x11\x01f\x07\x07\0\0\0\0\0\xff",
    ];
    let bytes = file(11, &[&empties.concat()[..], b"\0\x01k\x01v"].concat());
    let (space, loaded) = load(&bytes).expect("sound");
    assert_eq!((canon(&space).as_str(), loaded.empty_keys_skipped), ("0 k string embstr - v\n", 6));
}

#[test]
fn what_cannot_be_read_is_named() {
    let cause = |bytes: &[u8]| load(bytes).map(drop).expect_err("unreadable").cause;
    assert!(matches!(cause(b"NOTANRDB0"), Cause::Signature));
    assert!(matches!(cause(b"REDIS0013"), Cause::Version(13)));
    assert!(matches!(cause(b"VALKEY999"), Cause::Version(999)));
    assert!(matches!(cause(&file(11, b"\x08\x01k")), Cause::UnknownType(8)));
    assert!(matches!(cause(&file(11, b"\xfe\x10")), Cause::Database { index: 16, databases: 16 }));
    let module = cause(&file(11, b"\x07\x01k\x81\x00\x00\x00\x00\x00\x00\x00\x00"));
    assert!(module.to_string().ends_with("no matching module 'AAAAAAAAA'"));
    let mut summed = space();
    put(&mut summed, 0, b"k", Object::Str(Str(b"v".to_vec())));
    let mut bytes = save(&summed, &SaveOptions { checksum: true, ..SaveOptions::default() });
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    assert!(matches!(cause(&bytes), Cause::Checksum { .. }));
}
