//! The numbers of the RDB format: types, opcodes and versions. Knows no value.

/// The kinds of values, as the byte before a key tells them.
pub mod kind {
    pub const STRING: u8 = 0;
    pub const LIST: u8 = 1;
    pub const SET: u8 = 2;
    /// Scores as text.
    pub const ZSET: u8 = 3;
    pub const HASH: u8 = 4;
    /// Scores in binary.
    pub const ZSET_2: u8 = 5;
    pub const MODULE_PRE_GA: u8 = 6;
    pub const MODULE_2: u8 = 7;
    pub const HASH_ZIPMAP: u8 = 9;
    pub const LIST_ZIPLIST: u8 = 10;
    pub const SET_INTSET: u8 = 11;
    pub const ZSET_ZIPLIST: u8 = 12;
    pub const HASH_ZIPLIST: u8 = 13;
    pub const LIST_QUICKLIST: u8 = 14;
    pub const STREAM: u8 = 15;
    pub const HASH_LISTPACK: u8 = 16;
    pub const ZSET_LISTPACK: u8 = 17;
    pub const LIST_QUICKLIST_2: u8 = 18;
    pub const STREAM_2: u8 = 19;
    pub const SET_LISTPACK: u8 = 20;
    pub const STREAM_3: u8 = 21;
    /// Fields with times, as release candidates of Redis 7.4 wrote them: a table, and a listpack.
    pub const HASH_TIMED_PRE_GA: u8 = 22;
    pub const HASH_LISTPACK_TIMED_PRE_GA: u8 = 23;
    /// The same of Redis 7.4 and up.
    pub const HASH_TIMED: u8 = 24;
    pub const HASH_LISTPACK_TIMED: u8 = 25;
    /// Fields with times, in Valkey's own line of versions.
    pub const HASH_2_VALKEY: u8 = 22;
}

/// What stands between keys, in the place of a kind.
pub mod opcode {
    /// Sizes of a cluster slot's tables (Redis 7.4 and up): a hint.
    pub const SLOT_INFO: u8 = 244;
    pub const FUNCTION: u8 = 245;
    /// Functions as release candidates of Redis 7.0 wrote them.
    pub const FUNCTION_PRE_GA: u8 = 246;
    pub const MODULE_AUX: u8 = 247;
    pub const IDLE: u8 = 248;
    pub const FREQ: u8 = 249;
    pub const AUX: u8 = 250;
    pub const RESIZE_DB: u8 = 251;
    pub const EXPIRE_MS: u8 = 252;
    pub const EXPIRE_SECONDS: u8 = 253;
    pub const SELECT_DB: u8 = 254;
    pub const EOF: u8 = 255;
}

/// The forms of a string that are no plain bytes: the low bits of a length byte that begins with 11.
pub mod encoding {
    pub const INT8: u8 = 0;
    pub const INT16: u8 = 1;
    pub const INT32: u8 = 2;
    pub const LZF: u8 = 3;
}

/// A list's node: one element, or a listpack of them.
pub const NODE_PLAIN: u64 = 1;
pub const NODE_PACKED: u64 = 2;

/// Values under this many bytes are not compressed.
pub const MIN_COMPRESSED: usize = 21;

/// Which Redis is to read what is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Version {
    /// Redis 7.0.
    V10,
    /// Redis 7.2 and up, Valkey. Fields with times as Redis 7.4 and up have them.
    #[default]
    V11,
    /// The same, but fields with times as Valkey 9 and up have them.
    Valkey,
}

impl Version {
    /// The number that files and payloads carry; fields with times need a later one.
    pub const fn number(self, timed_fields: bool) -> u16 {
        match (self, timed_fields) {
            (Version::V10, false) => 10,
            (Version::V11 | Version::Valkey, false) => 11,
            (Version::V10 | Version::V11, true) => 12,
            (Version::Valkey, true) => 80,
        }
    }
}

/// The first nine bytes of a file.
pub fn magic(version: u16) -> String {
    if VALKEY.contains(&u32::from(version)) {
        format!("VALKEY{version:03}")
    } else {
        format!("REDIS{version:04}")
    }
}

/// The newest version of Redis' own line that is read.
const NEWEST_REDIS: u32 = 12;
/// Valkey's own line, told apart by its numbers.
const VALKEY: std::ops::RangeInclusive<u32> = 80..=80;

/// Whether files and payloads of a version can be read. Numbers between the two lines belong to neither; a newer
/// number than Valkey's is tried if `relaxed`.
pub fn is_readable(version: u32, relaxed: bool) -> bool {
    (1..=NEWEST_REDIS).contains(&version) || VALKEY.contains(&version) || (relaxed && version > *VALKEY.end())
}

/// Whether a version is one of Valkey's line, where some kinds mean something else.
pub fn is_valkeys(version: u32) -> bool {
    version >= *VALKEY.start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_both_lines() {
        let readable = |relaxed| [0, 1, 11, 12, 13, 79, 80, 222].map(|v| is_readable(v, relaxed));
        assert_eq!(readable(false), [false, true, true, true, false, false, true, false]);
        assert_eq!(readable(true), [false, true, true, true, false, false, true, true]);
        assert!(is_valkeys(80) && !is_valkeys(12));
        assert_eq!([Version::V10, Version::V11, Version::Valkey].map(|v| v.number(false)), [10, 11, 11]);
        assert_eq!([Version::V10, Version::V11, Version::Valkey].map(|v| v.number(true)), [12, 12, 80]);
        assert_eq!([magic(11), magic(80)], ["REDIS0011", "VALKEY080"]);
    }
}
