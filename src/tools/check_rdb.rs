//! redis-check-rdb: reads a data file as the server would, and tells where it is bad.

use crate::config::Config;
use crate::engine::REDIS_VERSION;
use crate::engine::loading::load_options;
use crate::ids::{DbIndex, UnixMs};
use crate::keyspace::Keyspace;
use crate::persist::rdb::{Checked, LoadError, LoadEvents, LoadOptions, Source, load_keyspace};
use crate::sys::clock;
use crate::sys::entropy::Rng;
use crate::table::Hasher;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

/// Forms of values by their number in the file.
const FORMS: &[&str] = &[
    "string",
    "list-linked",
    "set-hashtable",
    "zset-v1",
    "hash-hashtable",
    "zset-v2",
    "module-pre-release",
    "module-value",
    "",
    "hash-zipmap",
    "list-ziplist",
    "set-intset",
    "zset-ziplist",
    "hash-ziplist",
    "quicklist",
    "stream",
    "hash-listpack",
    "zset-listpack",
    "quicklist-v2",
    "stream-v2",
    "set-listpack",
    "stream-v3",
];

/// Runs the tool with the words behind its name.
pub fn main(program: &str, words: &[Vec<u8>]) -> ExitCode {
    let [word] = words else {
        eprintln!("Usage: {program} <rdb-file-name>");
        return ExitCode::FAILURE;
    };
    if matches!(word.as_slice(), b"-v" | b"--version") {
        println!("redis-check-rdb {REDIS_VERSION}");
        return ExitCode::SUCCESS;
    }
    let path = Path::new(OsStr::from_bytes(word));
    if check(path).is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What was seen of a file.
#[derive(Default)]
struct Seen {
    offset: u64,
    doing: &'static str,
    key: Option<(Vec<u8>, u8)>,
    keys: u64,
    expires: u64,
    expired: u64,
    now_ms: UnixMs,
}

fn info(offset: u64, text: &str) {
    println!("[offset {offset}] {text}");
}

impl LoadEvents for Seen {
    fn aux(&mut self, name: &[u8], value: &[u8]) {
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(value));
        info(self.offset, &format!("AUX FIELD {name} = '{value}'"));
    }

    fn function(&mut self, _code: &[u8]) -> Result<(), String> {
        Ok(())
    }

    fn at(&mut self, offset: u64, doing: &'static str) {
        (self.offset, self.doing) = (offset, doing);
    }

    fn selected(&mut self, db: DbIndex) {
        info(self.offset, &format!("Selecting DB ID {db}"));
    }

    fn key(&mut self, key: &[u8], form: u8, expiry: Option<UnixMs>) {
        self.keys += 1;
        self.key = Some((key.to_vec(), form));
        if let Some(ms) = expiry {
            self.expires += 1;
            self.expired += u64::from(ms < self.now_ms);
        }
    }

    fn one_by_one(&self) -> bool {
        true // so that an error about a key is told with it
    }

    fn progress(&mut self, _keys: u64, _bytes: u64) -> bool {
        self.key = None;
        true
    }
}

impl Seen {
    fn tell(&self) {
        println!("[info] {} keys read", self.keys);
        println!("[info] {} expires", self.expires);
        println!("[info] {} already expired", self.expired);
    }

    fn tell_error(&self, error: &LoadError) {
        println!("--- RDB ERROR DETECTED ---");
        info(error.offset, &error.cause.to_string());
        println!("[additional info] While doing: {}", self.doing);
        if let Some((key, form)) = &self.key {
            println!("[additional info] Reading key '{}'", String::from_utf8_lossy(key));
            let name = FORMS.get(usize::from(*form)).copied().unwrap_or("unknown");
            println!("[additional info] Reading type {form} ({name})");
        }
        self.tell();
    }
}

/// Reads a data file, or one at the start of a log; its length if it is good.
pub fn check(path: &Path) -> Option<u64> {
    info(0, &format!("Checking RDB file {}", path.display()));
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok().map(|about| about.len());
    let now_ms = clock::wall_ms();
    let config = Config::default();
    /// More databases than any file has.
    const DATABASES: usize = 1 << 10;
    let mut space = Keyspace::new(DATABASES, Hasher::new(1, 2), Rng::from_entropy(), now_ms);
    let defaults = load_options(&config, &space);
    let mut options = LoadOptions { drop_expired: false, ..defaults };
    options.limits.deep = true;
    let mut source = Source::from_stream(&mut file, size, true);
    let mut seen = Seen { now_ms, doing: "start", ..Seen::default() };
    match load_keyspace(&mut source, &mut space, &options, &mut seen) {
        Ok(loaded) => {
            let checked = match loaded.checked {
                Checked::Right => "Checksum OK",
                Checked::Absent => "RDB file was saved with checksum disabled: no check performed.",
                Checked::No => "",
            };
            if !checked.is_empty() {
                info(loaded.bytes, checked);
            }
            info(loaded.bytes, "\\o/ RDB looks OK! \\o/");
            seen.tell();
            Some(loaded.bytes)
        }
        Err(error) => {
            seen.tell_error(&error);
            None
        }
    }
}
