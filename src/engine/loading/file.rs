//! A data file that is being read, and what the log is told of it. Knows neither who wants it nor where it lies.

use super::super::machine::Engine;
use super::super::snapshot::{is_relaxed, value_limits};
use super::slice::{Meter, Ran};
use crate::config::Config;
use crate::keyspace::Keyspace;
use crate::persist::rdb::{Cause, Checked, LoadError, LoadEvents, LoadOptions, Loaded, Loader, Source, Step};
use std::io::Read;

/// Empty keys that are logged by name.
const NAMED_EMPTY_KEYS: usize = 10;

/// How a file is read under this configuration.
pub fn load_options(config: &Config, space: &Keyspace) -> LoadOptions {
    LoadOptions {
        limits: value_limits(config, space.hasher(), false),
        relaxed_version: is_relaxed(config),
        drop_expired: config.replicaof.is_none(),
        replace: false,
    }
}

/// Logs what a file says about itself, and keeps its functions.
struct Report {
    functions: Vec<Vec<u8>>,
    empty_keys: usize,
    now_s: i64,
}

impl LoadEvents for Report {
    fn aux(&mut self, name: &[u8], value: &[u8]) {
        let text = String::from_utf8_lossy(value);
        let number: i64 = text.parse().unwrap_or(0);
        match name {
            [b'%', ..] => tracing::info!("RDB '{}': {text}", String::from_utf8_lossy(name)),
            b"redis-ver" => tracing::info!("Loading RDB produced by Redis version {text}"),
            b"valkey-ver" => tracing::info!("Loading RDB produced by Valkey version {text}"),
            b"ctime" => tracing::info!("RDB age {} seconds", (self.now_s - number).max(0)),
            b"used-mem" => {
                tracing::info!("RDB memory usage when created {:.2} Mb", number as f64 / f64::from(1 << 20));
            }
            b"aof-preamble" if number != 0 => tracing::info!("RDB has an AOF tail"),
            b"aof-base" if number != 0 => tracing::info!("RDB is base AOF"),
            b"repl-stream-db" | b"repl-id" | b"repl-offset" | b"lua" | b"redis-bits" | b"aof-base"
            | b"aof-preamble" => {}
            _ => tracing::trace!("Unrecognized RDB AUX field: '{}'", String::from_utf8_lossy(name)),
        }
    }

    fn function(&mut self, code: &[u8]) -> Result<(), String> {
        self.functions.push(code.to_vec());
        Ok(())
    }

    fn skipped_empty(&mut self, key: &[u8]) {
        self.empty_keys += 1;
        if self.empty_keys <= NAMED_EMPTY_KEYS {
            tracing::info!("rdbLoadObject skipping empty key: {}", String::from_utf8_lossy(key));
        }
    }
}

/// A data file, or one at the start of a log.
pub(in super::super) struct DataFile {
    source: Source<'static>,
    loader: Loader,
    report: Report,
    /// What the log calls it.
    name: String,
}

impl DataFile {
    /// What was read so far.
    pub fn loaded(&self) -> &Loaded {
        self.loader.loaded()
    }

    pub fn offset(&self) -> u64 {
        self.source.offset()
    }

    fn log_success(&self) {
        let loaded = self.loaded();
        if loaded.checked == Checked::Absent {
            tracing::info!("RDB file was saved with checksum disabled: no check performed.");
        }
        let (keys, expired, empty) = (loaded.keys_loaded, loaded.keys_expired, loaded.empty_keys_skipped);
        if empty > 0 {
            tracing::info!(
                "Done loading RDB, keys loaded: {keys}, keys expired: {expired}, empty keys skipped: {empty}."
            );
        } else {
            tracing::info!("Done loading RDB, keys loaded: {keys}, keys expired: {expired}.");
        }
    }

    fn log_failure(&self, error: &LoadError) {
        match &error.cause {
            Cause::Signature | Cause::Version(_) | Cause::Database { .. } => {
                tracing::warn!("{}", error.cause)
            }
            Cause::Truncated | Cause::Io(_) => {
                tracing::warn!("Short read or OOM loading DB. Unrecoverable error, aborting now.");
                tracing::warn!("{error}");
            }
            Cause::Checksum { .. } => {
                tracing::warn!("{}", error.cause);
                tracing::warn!("Internal error in RDB reading offset {} -> RDB CRC error", error.offset);
            }
            _ => tracing::warn!("{error}"),
        }
        tracing::warn!("--- RDB ERROR DETECTED ---");
        tracing::warn!("[offset {}] {} (in {})", error.offset, error.cause, self.name);
    }
}

impl Engine {
    /// A data file to be read from `reader`, which has `total` bytes, if that is known.
    pub(in super::super) fn data_file(
        &self,
        reader: impl Read + 'static,
        total: Option<u64>,
        options: &LoadOptions,
        name: String,
    ) -> DataFile {
        let checked = self.config.rdbchecksum && !self.skip_checksum;
        let report = Report { functions: Vec::new(), empty_keys: 0, now_s: self.clock.now_ms / 1000 };
        DataFile {
            source: Source::from_stream(reader, total, checked),
            loader: Loader::new(options),
            report,
            name,
        }
    }

    /// Reads on, and logs how it ended if it did.
    pub(in super::super) fn read_data_file(&mut self, file: &mut DataFile, meter: &mut Meter) -> Ran {
        meter.resume(file.source.offset());
        let ran = loop {
            match file.loader.step(&mut file.source, &mut self.keyspace, &mut file.report) {
                Ok(Step::Key) => {
                    if !self.load_goes_on(meter, file.source.offset()) {
                        break Ran::Spent;
                    }
                }
                Ok(Step::Within) => {
                    // Hundreds of elements, in few bytes perhaps.
                    meter.look();
                    if meter.is_spent(file.source.offset()) {
                        break Ran::Spent;
                    }
                }
                Ok(Step::End) => {
                    file.log_success();
                    self.saving.functions = std::mem::take(&mut file.report.functions);
                    break Ran::End;
                }
                Err(error) => {
                    file.log_failure(&error);
                    break Ran::Failed;
                }
            }
        };
        self.saving.loaded_keys = file.loaded().keys_loaded;
        self.saving.expired_keys = file.loaded().keys_expired;
        ran
    }
}
