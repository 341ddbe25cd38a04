//! Whole RDB files, damaged: an error or a load, in memory that the file is worth, and what was loaded can be saved and
//! read again as the same.

use super::mutator::{Rng, mutate, rounds};
use crate::meter::peak_bytes;
use crate::persist::canon::{Quiet, canon, load, load_options, save, space};
use crate::persist::damage::small;
use crate::persist::old_forms::every_form;
use spinel::keyspace::Keyspace;
use spinel::persist::rdb::{LoadError, SaveOptions, Source, Version, load_keyspace};

const TOKENS: &[&[u8]] = &[
    b"\x81\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x81\0\0\0\0\x40\0\0\0",
    b"\x80\x7f\xff\xff\xff",
    b"\xc3\x05\x80\x40\0\0\0",
    b"\xc3\x80\x7f\xff\xff\xff\x80\x7f\xff\xff\xff",
    b"\xc2\xff\xff\xff\x7f",
    b"\xfb\x81\0\0\0\0\xff\xff\xff\xff\x80\xff\xff\xff\xff",
    b"\xfe\x01",
    b"\xfc\0\0\0\0\0\0\0\x80",
    b"\xff",
    b"\xe0\xff\0",
    b"\x0b\x0b\0\0\0\x0a\0\0\0\0\0\xff",
    b"\x07\x07\0\0\0\0\0\xff",
];
/// Buffers that are taken whatever the file holds.
const ANYHOW: usize = 4 << 20;

fn files() -> Vec<Vec<u8>> {
    let mut files = every_form();
    for version in [Version::V10, Version::V11, Version::Valkey] {
        for compress in [false, true] {
            files.push(save(&small(), &SaveOptions { version, compress, ..SaveOptions::default() }));
        }
    }
    files
}

fn load_damaged(bytes: &[u8], deep: bool, seed: u64) -> Result<Keyspace, LoadError> {
    let (loaded, peak) = peak_bytes(|| {
        let mut space = space();
        let mut options = load_options();
        options.limits.deep = deep;
        let mut reader = bytes;
        // No checksum: the readers of values see what it would catch.
        let mut source = Source::from_stream(&mut reader, Some(bytes.len() as u64), false);
        load_keyspace(&mut source, &mut space, &options, &mut Quiet).map(|_| space)
    });
    assert!(peak < ANYHOW + 400 * bytes.len(), "seed {seed}: {peak} bytes for {}", bytes.len());
    loaded
}

#[test]
fn damaged_files_are_refused_or_load() {
    let files = files();
    let (mut loaded, mut refused) = (0, 0);
    for seed in 0..rounds(3_000) {
        let mut rng = Rng::new(seed);
        let mut bytes = rng.pick(&files).clone();
        mutate(&mut rng, &mut bytes, TOKENS);
        match load_damaged(&bytes, rng.one_in(2), seed) {
            Ok(found) => {
                loaded += 1;
                let shown = canon(&found);
                let again = load(&save(&found, &SaveOptions::default()));
                let again = again.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
                assert_eq!(canon(&again.0), shown, "seed {seed}");
            }
            Err(error) => {
                refused += 1;
                assert!(error.offset <= bytes.len() as u64, "seed {seed}: {error}");
            }
        }
    }
    assert!(loaded > 150 && refused > 500, "{loaded} {refused}");
}
