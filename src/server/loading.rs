//! Reading the data file: at the start, and for DEBUG RELOAD.

use super::log::{debug, notice, warning};
use crate::config::Config;
use crate::engine::aof::LogLoad;
use crate::engine::saving::LoadOutcome;
use crate::engine::{Engine, REDIS_VERSION};
use crate::keyspace::Keyspace;
use crate::persist::rdb::{Cause, Checked, LoadEvents, LoadOptions, Loaded, Source, load_keyspace};
use crate::sys::clock;
use crate::sys::errno::reason;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

/// Empty keys that are logged by name.
const NAMED_EMPTY_KEYS: usize = 10;

/// Logs what a file says about itself, keeps its functions, and takes its time if asked to.
struct Reader {
    functions: Vec<Vec<u8>>,
    empty_keys: usize,
    /// `key-load-delay`, microseconds.
    delay: i32,
    now_s: i64,
}

impl LoadEvents for Reader {
    fn aux(&mut self, name: &[u8], value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        let number: i64 = text.parse().unwrap_or(0);
        match name {
            [b'%', ..] => notice!("RDB '{}': {text}", String::from_utf8_lossy(name)),
            b"redis-ver" => notice!("Loading RDB produced by Redis version {text}"),
            b"valkey-ver" => notice!("Loading RDB produced by Valkey version {text}"),
            b"ctime" => notice!("RDB age {} seconds", (self.now_s - number).max(0)),
            b"used-mem" => {
                notice!("RDB memory usage when created {:.2} Mb", number as f64 / f64::from(1 << 20));
            }
            b"aof-preamble" if number != 0 => notice!("RDB has an AOF tail"),
            b"aof-base" if number != 0 => notice!("RDB is base AOF"),
            b"repl-stream-db" | b"repl-id" | b"repl-offset" | b"lua" | b"redis-bits" | b"aof-base"
            | b"aof-preamble" => {}
            _ => debug!("Unrecognized RDB AUX field: '{}'", String::from_utf8_lossy(name)),
        }
    }

    fn function(&mut self, code: &[u8]) -> Result<(), String> {
        self.functions.push(code.to_vec());
        Ok(())
    }

    fn skipped_empty(&mut self, key: &[u8]) {
        self.empty_keys += 1;
        if self.empty_keys <= NAMED_EMPTY_KEYS {
            notice!("rdbLoadObject skipping empty key: {}", String::from_utf8_lossy(key));
        }
    }

    fn progress(&mut self, _keys: u64, _bytes: u64) -> bool {
        if let Ok(us @ 1..) = u64::try_from(self.delay) {
            std::thread::sleep(Duration::from_micros(us));
        }
        true
    }
}

/// Reads the file that the configuration names into a keyspace. `checked` compares its checksum.
pub fn load(space: &mut Keyspace, config: &Config, options: &LoadOptions, checked: bool) -> LoadOutcome {
    let path = OsStr::from_bytes(&config.dbfilename);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return LoadOutcome::Absent,
        Err(error) => {
            warning!(
                "Fatal error: can't open the RDB file {} for reading: {}",
                path.display(),
                reason(&error)
            );
            return LoadOutcome::Failed;
        }
    };
    let total = file.metadata().ok().filter(std::fs::Metadata::is_file).map(|about| about.len());
    let mut source = Source::from_stream(&mut file, total, checked && config.rdbchecksum);
    let mut reader = Reader {
        functions: Vec::new(),
        empty_keys: 0,
        delay: config.key_load_delay,
        now_s: clock::wall_ms() / 1000,
    };
    match load_keyspace(&mut source, space, options, &mut reader) {
        Ok(loaded) => {
            log_success(&loaded);
            LoadOutcome::Loaded { loaded: Box::new(loaded), functions: reader.functions }
        }
        Err(error) => {
            match &error.cause {
                Cause::Signature | Cause::Version(_) | Cause::Database { .. } => warning!("{}", error.cause),
                Cause::Truncated | Cause::Io(_) => {
                    warning!("Short read or OOM loading DB. Unrecoverable error, aborting now.");
                    warning!("{error}");
                }
                Cause::Checksum { .. } => {
                    warning!("{}", error.cause);
                    warning!("Internal error in RDB reading offset {} -> RDB CRC error", error.offset);
                }
                _ => warning!("{error}"),
            }
            warning!("--- RDB ERROR DETECTED ---");
            warning!("[offset {}] {} (in {})", error.offset, error.cause, path.display());
            LoadOutcome::Failed
        }
    }
}

fn log_success(loaded: &Loaded) {
    if loaded.checked == Checked::Absent {
        notice!("RDB file was saved with checksum disabled: no check performed.");
    }
    let (keys, expired, empty) = (loaded.keys_loaded, loaded.keys_expired, loaded.empty_keys_skipped);
    if empty > 0 {
        notice!(
            "Done loading RDB, keys loaded: {keys}, keys expired: {expired}, empty keys skipped: {empty}."
        );
    } else {
        notice!("Done loading RDB, keys loaded: {keys}, keys expired: {expired}.");
    }
}

/// What the start does; false when the server must not go on: an empty one would sooner or later replace the file.
pub fn load_at_start(engine: &mut Engine) -> bool {
    if engine.config.appendonly {
        return engine.load_log() != LogLoad::Failed && engine.open_log_at_start();
    }
    let began_us = clock::monotonic_us();
    match engine.load_file(false) {
        LoadOutcome::Absent => true,
        LoadOutcome::Loaded { .. } => {
            let seconds = clock::monotonic_us().saturating_sub(began_us) as f64 / 1e6;
            notice!("DB loaded from disk: {seconds:.3} seconds");
            true
        }
        LoadOutcome::Failed => {
            warning!("Terminating server after rdb file reading failure.");
            warning!("Fatal error loading the DB, check server logs. Exiting. (Redis {REDIS_VERSION})");
            false
        }
    }
}
