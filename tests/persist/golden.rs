//! Files that other servers wrote, against what those servers answered about them.

use super::canon::{canon, load};
use spinel::persist::rdb::Checked;

const EXPECTED: &str = include_str!("golden/expected.txt");
const FILES: [(&str, &[u8], u32); 2] = [
    ("Valkey 8.1.1", include_bytes!("golden/valkey-8.1.1.rdb"), 11),
    ("Redis 7.0.15", include_bytes!("golden/redis-7.0.15.rdb"), 10),
];

const TIMED_EXPECTED: &str = include_str!("golden/timed-expected.txt");
/// Hashes some of whose fields have a time to live, in the forms of either family.
const TIMED_FILES: [(&str, &[u8], u32); 2] = [
    ("Valkey 9.1.2", include_bytes!("golden/timed-valkey-9.1.2.rdb"), 80),
    ("Redis 8.0.6", include_bytes!("golden/timed-redis-8.0.6.rdb"), 12),
];

#[test]
fn times_of_fields_are_read() {
    for (who, bytes, version) in TIMED_FILES {
        let (space, loaded) = load(bytes).unwrap_or_else(|error| panic!("{who}: {error}"));
        assert_eq!(canon(&space), TIMED_EXPECTED, "{who}");
        assert_eq!((loaded.version, loaded.checked), (version, Checked::Right), "{who}");
    }
}

#[test]
fn files_of_others_are_read() {
    for (who, bytes, version) in FILES {
        let (space, loaded) = load(bytes).unwrap_or_else(|error| panic!("{who}: {error}"));
        let (found, expected) = (canon(&space), EXPECTED);
        for (found, expected) in found.lines().zip(expected.lines()) {
            assert_eq!(found, expected, "{who}");
        }
        assert_eq!(found.len(), expected.len(), "{who}");
        assert_eq!((loaded.version, loaded.checked), (version, Checked::Right), "{who}");
        assert_eq!(loaded.keys_loaded, expected.lines().count() as u64);
        assert!(!loaded.aux.aof_base && loaded.aux.used_memory.is_some_and(|bytes| bytes > 100_000));
    }
}
