//! Replaying the append-only file: its base, then its increments, command by command.

use super::super::args::{Args, OwnedArgs};
use super::super::error::Error;
use super::super::machine::Engine;
use super::super::saving::load_options;
use super::super::table::CommandId;
use super::state::{in_dir, path, shown};
use crate::ids::ClientId;
use crate::keyspace::ExpiryMode;
use crate::persist::aof::{LogReader, Manifest, ManifestError, ReadError};
use crate::persist::files::{append_all, read_all};
use crate::persist::rdb::{LoadEvents, LoadOptions, Source, load_keyspace};
use crate::sys::clock::monotonic_us;
use crate::sys::errno::reason;
use std::io::{ErrorKind, Read};

/// What became of loading the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogLoad {
    /// There is none.
    Absent,
    Loaded,
    /// It was logged why.
    Failed,
}

/// What became of one file.
#[derive(PartialEq, Eq)]
enum FileLoad {
    Whole,
    /// Its torn end was cut off.
    Cut,
    Failed,
}

/// Where reading a file stopped.
struct Stop {
    error: Option<ReadError>,
    /// Up to where all commands ran.
    valid: u64,
    /// A transaction has no end.
    open_unit: bool,
}

/// What a data file at the start of the log tells.
#[derive(Default)]
struct BaseEvents {
    functions: Vec<Vec<u8>>,
}

impl LoadEvents for BaseEvents {
    fn aux(&mut self, name: &[u8], value: &[u8]) {
        let value = shown(value);
        match name {
            b"redis-ver" => tracing::info!("Loading RDB produced by Redis version {value}"),
            b"valkey-ver" => tracing::info!("Loading RDB produced by Valkey version {value}"),
            b"aof-base" if value != "0" => tracing::info!("RDB is base AOF"),
            _ => {}
        }
    }

    fn function(&mut self, code: &[u8]) -> Result<(), String> {
        self.functions.push(code.to_vec());
        Ok(())
    }
}

/// Logs why a manifest is refused.
fn report_manifest(error: &ManifestError) {
    tracing::warn!("\n*** FATAL AOF MANIFEST FILE ERROR ***\n");
    if let Some((at, line)) = &error.line {
        tracing::warn!("Reading the manifest file, at line {at}\n");
        tracing::warn!(">>> '{}'\n", shown(line));
    }
    tracing::warn!("{}\n", error.reason);
}

impl Engine {
    pub(super) fn manifest_name(&self) -> Vec<u8> {
        [&*self.config.appendfilename, b".manifest"].concat()
    }

    /// Reads the manifest, if there is one; false if it cannot be read.
    fn read_manifest(&mut self) -> bool {
        let name = in_dir(&self.config, &self.manifest_name());
        self.aof.manifest = Manifest::default();
        if !self.aof.disk.is_file(&name) {
            return true;
        }
        match read_all(&*self.aof.disk, &name) {
            Ok(text) => match Manifest::parse(&text) {
                Ok(manifest) => self.aof.manifest = manifest,
                Err(error) => {
                    report_manifest(&error);
                    return false;
                }
            },
            Err(error) => {
                let why = reason(&error);
                tracing::warn!(
                    "Fatal error: can't open the AOF manifest file {} for reading: {why}",
                    name.display()
                );
                return false;
            }
        }
        true
    }

    /// Loads the log that the configuration names.
    pub fn load_log(&mut self) -> LogLoad {
        if !self.read_manifest() || !self.upgrade_old_log() {
            return LogLoad::Failed;
        }
        let began = monotonic_us();
        if self.aof.manifest.is_empty() {
            return LogLoad::Absent;
        }
        let names: Vec<Vec<u8>> = self.aof.manifest.parts().map(|part| part.name.clone()).collect();
        let has_base = self.aof.manifest.base.is_some();
        let mut sizes = Vec::new();
        for name in &names {
            match self.aof.disk.size(&in_dir(&self.config, name)) {
                Ok(size) => sizes.push(size),
                Err(error) => {
                    let why = reason(&error);
                    tracing::warn!("Unable to obtain the AOF file {} length. stat: {why}", shown(name));
                    return LogLoad::Failed;
                }
            }
        }
        let last = names.len().saturating_sub(1);
        for (at, (name, size)) in names.iter().zip(&sizes).enumerate() {
            let part = if at == 0 && has_base { "base" } else { "incr" };
            if !self.load_part(name, *size, part, at == last) {
                return LogLoad::Failed;
            }
        }
        self.aof.others_bytes = sizes.iter().sum();
        self.aof.base_bytes = if has_base { sizes.first().copied().unwrap_or(0) } else { 0 };
        let seconds = monotonic_us().saturating_sub(began) as f64 / 1e6;
        tracing::info!("DB loaded from append only file: {seconds:.3} seconds");
        LogLoad::Loaded
    }

    /// Loads the log again while it is written to: DEBUG LOADAOF.
    pub fn reload_log(&mut self) -> LogLoad {
        let (manifest, others, base) =
            (self.aof.manifest.clone(), self.aof.others_bytes, self.aof.base_bytes);
        let loaded = self.load_log();
        if self.aof.state != super::AofState::Off {
            (self.aof.manifest, self.aof.others_bytes, self.aof.base_bytes) = (manifest, others, base);
        }
        loaded
    }

    /// Takes over a log of one file, as Redis kept it up to version 6. What an interrupted attempt left is finished.
    fn upgrade_old_log(&mut self) -> bool {
        let file = self.config.appendfilename.clone();
        if !self.aof.disk.is_file(path(&file)) {
            return true;
        }
        let moved = in_dir(&self.config, &file);
        let manifest = &self.aof.manifest;
        let interrupted = manifest.increments.is_empty()
            && manifest.base.as_ref().is_some_and(|base| base.name == file)
            && !self.aof.disk.is_file(&moved);
        if !manifest.is_empty() && !interrupted {
            return true;
        }
        if !self.make_log_dir() {
            return false;
        }
        self.aof.manifest.adopt(&file);
        if !self.persist_manifest() {
            return false;
        }
        let dir = shown(&self.config.appenddirname).into_owned();
        let file = shown(&file).into_owned();
        if let Err(error) = self.aof.disk.rename(path(&self.config.appendfilename), &moved) {
            let why = reason(&error);
            tracing::warn!("Error trying to move the old AOF file {file} into dir {dir}: {why}");
            return false;
        }
        tracing::info!(
            "Successfully migrated an old-style AOF file ({file}) into the AOF directory ({dir})."
        );
        true
    }

    fn load_part(&mut self, name: &[u8], size: u64, part: &str, last: bool) -> bool {
        let began = monotonic_us();
        let loaded = self.load_log_file(name, size);
        if loaded == FileLoad::Failed {
            return false;
        }
        if loaded == FileLoad::Cut && !last {
            tracing::warn!("Fatal error: the truncated file is not the last file");
            return false;
        }
        let seconds = monotonic_us().saturating_sub(began) as f64 / 1e6;
        if size > 0 {
            tracing::info!("DB loaded from {part} file {}: {seconds:.3} seconds", shown(name));
        }
        true
    }

    fn load_log_file(&mut self, name: &[u8], size: u64) -> FileLoad {
        if size == 0 {
            return FileLoad::Whole;
        }
        let file = in_dir(&self.config, name);
        let opened = self.aof.disk.open(&file).and_then(|mut input| {
            let mut magic = [0; 5];
            let known = input.read_exact(&mut magic).is_ok() && matches!(&magic, b"REDIS" | b"VALKE");
            Ok((self.aof.disk.open(&file)?, known))
        });
        let (mut input, is_rdb) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let (name, why) = (shown(name), reason(&error));
                if error.kind() == ErrorKind::NotFound {
                    tracing::warn!("The append log file {name} doesn't exist: {why}");
                } else {
                    tracing::warn!("Fatal error: can't open the append log file {name} for reading: {why}");
                }
                return FileLoad::Failed;
            }
        };
        let mode = std::mem::replace(&mut self.keyspace.expiry_mode, ExpiryMode::Ignored);
        let feed = self.feed.take();
        self.renew_interest();
        let loaded = match is_rdb.then(|| self.load_preamble(name, &mut *input, size)) {
            Some(None) => FileLoad::Failed,
            Some(Some(bytes)) if bytes == size => FileLoad::Whole,
            Some(Some(bytes)) => self.load_tail(name, size, bytes),
            None => self.load_commands(name, &mut *input, size, 0),
        };
        self.keyspace.expiry_mode = mode;
        self.feed = feed;
        self.renew_interest();
        loaded
    }

    /// Loads a data file at the start of the log; how long it is.
    fn load_preamble(&mut self, name: &[u8], input: &mut dyn Read, size: u64) -> Option<u64> {
        let old_style = *name == *self.config.appendfilename;
        tracing::info!(
            "{}",
            if old_style {
                "Reading RDB preamble from AOF file..."
            } else {
                "Reading RDB base file on AOF loading..."
            }
        );
        let defaults = load_options(&self.config, &self.keyspace);
        let options = LoadOptions { drop_expired: false, ..defaults };
        let mut source =
            Source::from_stream(input, Some(size), self.config.rdbchecksum && !self.skip_checksum);
        let mut events = BaseEvents::default();
        match load_keyspace(&mut source, &mut self.keyspace, &options, &mut events) {
            Ok(loaded) => {
                self.saving.functions = events.functions;
                if old_style {
                    tracing::info!("Reading the remaining AOF tail...");
                }
                Some(loaded.bytes)
            }
            Err(error) => {
                tracing::warn!("{error}");
                let what = if old_style { "RDB preamble of the AOF" } else { "RDB base" };
                tracing::warn!("Error reading the {what} file {}, AOF loading aborted", shown(name));
                None
            }
        }
    }

    /// Loads the commands behind a data file of so many bytes.
    fn load_tail(&mut self, name: &[u8], size: u64, skipped: u64) -> FileLoad {
        let opened = self.aof.disk.open(&in_dir(&self.config, name)).and_then(|mut input| {
            std::io::copy(&mut (&mut *input).take(skipped), &mut std::io::sink())?;
            Ok(input)
        });
        match opened {
            Ok(mut input) => self.load_commands(name, &mut *input, size, skipped),
            Err(error) => {
                let why = reason(&error);
                tracing::warn!("Unrecoverable error reading the append only file {}: {why}", shown(name));
                FileLoad::Failed
            }
        }
    }

    fn load_commands(&mut self, name: &[u8], input: &mut dyn Read, size: u64, skipped: u64) -> FileLoad {
        let id = self.connect();
        let client = self.client(id);
        client.session.obeyed = true;
        client.session.authenticated = true;
        let stop = self.replay(id, &mut LogReader::new(input, skipped));
        self.disconnect(id);
        let name_shown = shown(name);
        let stop = match stop {
            Ok(stop) => stop,
            Err(error) => {
                let text = error.render().into_owned();
                let text = text.strip_prefix("ERR ").unwrap_or(&text);
                tracing::warn!("Error reading the append only file {name_shown}, error: {text}");
                return FileLoad::Failed;
            }
        };
        match &stop.error {
            None if !stop.open_unit => return FileLoad::Whole,
            None => tracing::warn!("Revert incomplete MULTI/EXEC transaction in AOF file {name_shown}"),
            Some(ReadError::Truncated) => {}
            Some(ReadError::Zeroes) => {
                tracing::warn!("The AOF file {name_shown} ends in zero bytes, as after a power cut");
            }
            Some(ReadError::Io(error)) => {
                let why = reason(error);
                tracing::warn!("Unrecoverable error reading the append only file {name_shown}: {why}");
                return FileLoad::Failed;
            }
            Some(ReadError::Format) => {
                tracing::warn!(
                    "Bad file format reading the append only file {name_shown}: make a backup of your AOF file, then \
                     use ./redis-check-aof --fix <filename.manifest>"
                );
                return FileLoad::Failed;
            }
        }
        if self.config.aof_load_truncated && self.cut_tail(name, stop.valid, size) {
            return FileLoad::Cut;
        }
        tracing::warn!(
            "Unexpected end of file reading the append only file {name_shown}. You can: 1) Make a backup of your AOF \
             file, then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the \
             'aof-load-truncated' configuration option to yes and restart the server."
        );
        FileLoad::Failed
    }

    /// Runs the commands of a log, transactions whole or not at all.
    fn replay(&mut self, id: ClientId, log: &mut LogReader<'_>) -> Result<Stop, Error> {
        let mut unit: Option<Vec<(CommandId, OwnedArgs)>> = None;
        let mut valid = log.offset();
        let mut words: Vec<&[u8]> = Vec::new();
        let delay_us = u64::try_from(self.config.key_load_delay).unwrap_or(0);
        loop {
            match log.advance() {
                Ok(true) => {}
                Ok(false) => return Ok(Stop { error: None, valid, open_unit: unit.is_some() }),
                Err(error) => return Ok(Stop { error: Some(error), valid, open_unit: unit.is_some() }),
            }
            let mut few = std::mem::take(&mut words);
            few.extend(log.args());
            let args = Args::new(&few);
            let command = self.commands.resolve(&args)?;
            match (self.commands.get(command).spec.name, unit.take()) {
                ("multi", None) => unit = Some(Vec::new()),
                ("exec", Some(queue)) => {
                    for (command, owned) in &queue {
                        let slices = owned.slices();
                        self.replay_one(id, *command, &Args::new(&slices));
                    }
                }
                (_, Some(mut queue)) => {
                    queue.push((command, args.to_owned()));
                    unit = Some(queue);
                }
                (_, None) => self.replay_one(id, command, &args),
            }
            few.clear();
            // The same allocation for the next command, whose arguments live elsewhere.
            words = few.into_iter().map(|_| -> &[u8] { &[] }).collect();
            if unit.is_none() {
                valid = log.offset();
            }
            if delay_us > 0 {
                self.host.halt(delay_us);
            }
        }
    }

    /// Runs one command of a log: it was let through when it was logged.
    fn replay_one(&mut self, id: ClientId, command: CommandId, args: &Args<'_>) {
        self.depth += 2;
        // An error then was an error when it was logged.
        let _ = self.run(id, command, args);
        self.depth -= 2;
        self.keyspace.effects.clear();
        self.client(id).out.buf.clear();
    }

    /// Cuts off what is behind the last whole command, and keeps a copy of it.
    fn cut_tail(&mut self, name: &[u8], valid: u64, size: u64) -> bool {
        let file = in_dir(&self.config, name);
        let shown = shown(name);
        tracing::warn!("!!! Warning: short read while loading the AOF file {shown}!!!");
        tracing::warn!("!!! Truncating the AOF {shown} at offset {valid} !!!");
        let disk = &*self.aof.disk;
        let copy = format!("{}.broken-{}", file.display(), self.clock.now_ms / 1000);
        let kept = disk.open(&file).and_then(|mut input| {
            std::io::copy(&mut (&mut *input).take(valid), &mut std::io::sink())?;
            let mut tail = Vec::new();
            input.read_to_end(&mut tail)?;
            append_all(&*disk.create(std::path::Path::new(&copy))?, &tail)
        });
        match kept {
            Ok(()) => {
                let cut = size.saturating_sub(valid);
                tracing::warn!("The {cut} bytes behind that offset are kept in {copy}");
            }
            Err(error) => {
                tracing::warn!("What is cut off could not be copied to {copy}: {}", reason(&error));
            }
        }
        if let Err(error) = disk.truncate(&file, valid) {
            tracing::warn!("Error truncating the AOF file {shown}: {}", reason(&error));
            return false;
        }
        tracing::warn!("AOF {shown} loaded anyway because aof-load-truncated is enabled");
        true
    }
}
