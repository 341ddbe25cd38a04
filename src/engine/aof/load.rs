//! Loading the append-only file: its base, then its increments, in slices.

use super::super::loading::{DataFile, LoadState, Meter, Purpose, Ran, Work, load_options};
use super::super::machine::Engine;
use super::replay::{FileLoad, Replay};
use super::state::{in_dir, path, shown};
use crate::persist::aof::{Manifest, ManifestError};
use crate::persist::files::read_all;
use crate::persist::rdb::LoadOptions;
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

/// A file that the manifest names.
struct Part {
    name: Vec<u8>,
    size: u64,
    kind: &'static str,
}

/// The part that is being read.
enum Open {
    /// A data file at its start.
    Data(Box<DataFile>),
    Commands(Box<Replay>),
}

/// The files of a log that are being loaded, one after the other.
pub struct LogFiles {
    parts: Vec<Part>,
    /// The part that is read now, or next.
    at: usize,
    open: Option<Open>,
    /// When it was opened.
    began_us: u64,
    /// Bytes of the parts before it.
    before_bytes: u64,
    used_memory_bytes: u64,
}

impl LogFiles {
    /// Bytes of all parts.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.size).sum()
    }

    /// Bytes that were read.
    pub fn read_bytes(&self) -> u64 {
        let here = match &self.open {
            None => 0,
            Some(Open::Data(file)) => file.offset(),
            Some(Open::Commands(replay)) => replay.offset(),
        };
        self.before_bytes + here
    }

    /// What the data in the base took in the memory of who wrote it.
    pub fn used_memory_bytes(&self) -> u64 {
        self.used_memory_bytes
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

    /// Loads the log that the configuration names, in one go.
    pub fn load_log(&mut self) -> LogLoad {
        match self.open_log_files() {
            Ok(None) => LogLoad::Absent,
            Err(()) => LogLoad::Failed,
            Ok(Some(files)) => {
                let bytes = files.bytes();
                self.begin_load(Work::Log(files), bytes, Purpose::Call);
                if self.load_rest() == LoadState::Done { LogLoad::Loaded } else { LogLoad::Failed }
            }
        }
    }

    /// Finds the files of the log that the configuration names. `None` if there is none; an error if it cannot be
    /// read, and it was logged why.
    pub(in super::super) fn open_log_files(&mut self) -> Result<Option<LogFiles>, ()> {
        if !self.read_manifest() || !self.upgrade_old_log() {
            return Err(());
        }
        if self.aof.manifest.is_empty() {
            return Ok(None);
        }
        let has_base = self.aof.manifest.base.is_some();
        let mut parts = Vec::new();
        for part in self.aof.manifest.parts() {
            let size = match self.aof.disk.size(&in_dir(&self.config, &part.name)) {
                Ok(size) => size,
                Err(error) => {
                    let (name, why) = (shown(&part.name), reason(&error));
                    tracing::warn!("Unable to obtain the AOF file {name} length. stat: {why}");
                    return Err(());
                }
            };
            let kind = if has_base && parts.is_empty() { "base" } else { "incr" };
            parts.push(Part { name: part.name.clone(), size, kind });
        }
        Ok(Some(LogFiles { parts, at: 0, open: None, began_us: 0, before_bytes: 0, used_memory_bytes: 0 }))
    }

    /// The log is what was loaded.
    pub(in super::super) fn adopt_log_files(&mut self, files: &LogFiles) {
        self.aof.others_bytes = files.bytes();
        self.aof.base_bytes =
            files.parts.first().filter(|part| part.kind == "base").map_or(0, |part| part.size);
    }

    /// Reads on, and logs how it ended if it did.
    pub(in super::super) fn read_log_files(&mut self, files: &mut LogFiles, meter: &mut Meter) -> Ran {
        loop {
            if files.at == files.parts.len() {
                return Ran::End;
            }
            if files.open.is_none() && !self.open_part(files) {
                return Ran::Failed;
            }
            let loaded = self.read_part(files, meter);
            match loaded {
                FileLoad::Open => return Ran::Spent,
                FileLoad::Failed => return Ran::Failed,
                // Behind the last file that has anything there may be one that was just made.
                FileLoad::Cut if files.parts.iter().skip(files.at + 1).any(|part| part.size > 0) => {
                    tracing::warn!("Fatal error: the truncated file is not the last file");
                    return Ran::Failed;
                }
                FileLoad::Cut | FileLoad::Whole => {}
            }
            let Some(part) = files.parts.get_mut(files.at) else { return Ran::End };
            if let (FileLoad::Cut, Some(Open::Commands(replay))) = (loaded, &files.open) {
                part.size = replay.valid();
            }
            let seconds = monotonic_us().saturating_sub(files.began_us) as f64 / 1e6;
            if part.size > 0 {
                tracing::info!(
                    "DB loaded from {} file {}: {seconds:.3} seconds",
                    part.kind,
                    shown(&part.name)
                );
            }
            files.before_bytes += part.size;
            files.open = None;
            files.at += 1;
        }
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

    /// Opens the next file; false if that cannot be done. One without a byte stays closed.
    fn open_part(&mut self, files: &mut LogFiles) -> bool {
        files.began_us = monotonic_us();
        let Some(part) = files.parts.get(files.at).filter(|part| part.size > 0) else { return true };
        let file = in_dir(&self.config, &part.name);
        let opened = self.aof.disk.open(&file).and_then(|mut input| {
            let mut magic = [0; 5];
            let known = input.read_exact(&mut magic).is_ok() && matches!(&magic, b"REDIS" | b"VALKE");
            Ok((self.aof.disk.open(&file)?, known))
        });
        match opened {
            Ok((input, true)) => files.open = Some(Open::Data(Box::new(self.open_preamble(part, input)))),
            Ok((input, false)) => {
                let replay = Replay::new(input, 0, part.size, self.clock.now_ms);
                files.open = Some(Open::Commands(Box::new(replay)));
            }
            Err(error) => {
                let (name, why) = (shown(&part.name), reason(&error));
                if error.kind() == ErrorKind::NotFound {
                    tracing::warn!("The append log file {name} doesn't exist: {why}");
                } else {
                    tracing::warn!("Fatal error: can't open the append log file {name} for reading: {why}");
                }
                return false;
            }
        }
        true
    }

    /// A data file at the start of a part.
    fn open_preamble(&self, part: &Part, input: Box<dyn Read>) -> DataFile {
        let what = if self.is_old_style(part) {
            "Reading RDB preamble from AOF file..."
        } else {
            "Reading RDB base file on AOF loading..."
        };
        tracing::info!("{what}");
        let options = LoadOptions { drop_expired: false, ..load_options(&self.config, &self.keyspace) };
        self.data_file(input, Some(part.size), &options, shown(&part.name).into_owned())
    }

    /// Whether a part was a log of its own, with its increments behind its base.
    fn is_old_style(&self, part: &Part) -> bool {
        *part.name == *self.config.appendfilename
    }

    fn read_part(&mut self, files: &mut LogFiles, meter: &mut Meter) -> FileLoad {
        let Some(part) = files.parts.get(files.at) else { return FileLoad::Whole };
        match &mut files.open {
            None => return FileLoad::Whole,
            Some(Open::Commands(replay)) => return self.replay_file(&part.name, replay, meter),
            Some(Open::Data(file)) => {
                let ran = self.read_data_file(file, meter);
                files.used_memory_bytes = file.loaded().aux.used_memory.unwrap_or(0);
                match ran {
                    Ran::Spent => return FileLoad::Open,
                    Ran::Failed => {
                        let what =
                            if self.is_old_style(part) { "RDB preamble of the AOF" } else { "RDB base" };
                        let name = shown(&part.name);
                        tracing::warn!("Error reading the {what} file {name}, AOF loading aborted");
                        return FileLoad::Failed;
                    }
                    Ran::End => {}
                }
                if self.is_old_style(part) {
                    tracing::info!("Reading the remaining AOF tail...");
                }
                if file.loaded().bytes == part.size {
                    return FileLoad::Whole;
                }
                let skipped = file.loaded().bytes;
                match self.open_tail(part, skipped) {
                    None => return FileLoad::Failed,
                    Some(replay) => files.open = Some(Open::Commands(Box::new(replay))),
                }
            }
        }
        self.read_part(files, meter)
    }

    /// The commands behind a data file of so many bytes.
    fn open_tail(&self, part: &Part, skipped: u64) -> Option<Replay> {
        let name = shown(&part.name);
        let opened = self.aof.disk.open(&in_dir(&self.config, &part.name)).and_then(|mut input| {
            std::io::copy(&mut (&mut *input).take(skipped), &mut std::io::sink())?;
            Ok(input)
        });
        match opened {
            Ok(input) => Some(Replay::new(input, skipped, part.size, self.clock.now_ms)),
            Err(error) => {
                let why = reason(&error);
                tracing::warn!("Unrecoverable error reading the append only file {name}: {why}");
                None
            }
        }
    }
}
