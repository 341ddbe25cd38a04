//! A load under way: driven in slices by the loop, or in one go, and what its end means for whoever wanted it.

use super::super::aof::{AofState, LogFiles};
use super::super::blocking::Unblock;
use super::super::flow::{BlockOn, BlockReason, Flow, done};
use super::super::machine::Engine;
use super::super::spec::CmdResult;
use super::super::{Error, REDIS_VERSION};
use super::file::{DataFile, load_options};
use super::progress::Progress;
use super::slice::{Meter, Ran, Slice};
use crate::ids::ClientId;
use crate::persist::rdb::LoadOptions;
use crate::sys::clock::monotonic_us;
use crate::sys::errno::reason;
use std::io::ErrorKind;

/// What is read.
pub(in super::super) enum Work {
    File(Box<DataFile>),
    Log(LogFiles),
}

/// Who wants the data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// The server, which serves nothing before.
    Start,
    /// DEBUG RELOAD or LOADAOF of a client. In a transaction nobody waits.
    Debug { waiting: Option<ClientId> },
    /// Whoever called, and goes on by itself.
    Call,
}

/// A load under way.
pub struct Loading {
    work: Work,
    pub purpose: Purpose,
    pub progress: Progress,
    began_us: u64,
    /// `key-load-delay`: nothing is read before this moment of the monotonic clock.
    rests_until_us: u64,
}

/// How a load stands after a slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoadState {
    /// There is more to read, now or when a pause is over.
    Loading,
    /// It is over, and whoever waited for it was told how it went.
    Done,
    /// It was logged why, and is the caller's concern.
    Failed,
}

/// What a command does of a load before its client has to wait: most tests' data, and nothing that is felt.
const AT_ONCE: Slice = Slice { us: 1000, bytes: u64::MAX };
/// A longer pause after a key is not slept: clients are looked after meanwhile.
const LONG_PAUSE_US: u64 = 1000;

impl Engine {
    /// Opens the data file. `None` if it is not there; an error if it cannot be read, and it was logged why.
    fn open_data_file(&mut self, replace: bool) -> Result<Option<(Work, u64)>, ()> {
        let name = String::from_utf8_lossy(&self.config.dbfilename).into_owned();
        let (reader, total) = match self.host.open_data(&self.config) {
            Ok(opened) => opened,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let why = reason(&error);
                tracing::warn!("Fatal error: can't open the RDB file {name} for reading: {why}");
                return Err(());
            }
        };
        let options = LoadOptions { replace, ..load_options(&self.config, &self.keyspace) };
        let file = self.data_file(reader, total, &options, name);
        Ok(Some((Work::File(Box::new(file)), total.unwrap_or(0))))
    }

    /// From here on the server is loading.
    pub(in super::super) fn begin_load(&mut self, work: Work, total_bytes: u64, purpose: Purpose) {
        let progress = Progress { started_s: self.clock.now_ms / 1000, total_bytes, ..Progress::default() };
        (self.saving.loaded_keys, self.saving.expired_keys) = (0, 0);
        let loading = Loading { work, purpose, progress, began_us: monotonic_us(), rests_until_us: 0 };
        self.loading = Some(Box::new(loading));
        self.server.loading = true;
        self.renew_expiry_mode();
    }

    /// Begins to load what the configuration names, or finds that there is nothing.
    pub fn load_at_start(&mut self) -> LoadState {
        let begun = if self.config.appendonly {
            let opened = self.open_log_files();
            opened.map(|files| files.map(|files| (files.bytes(), Work::Log(files))))
        } else {
            self.open_data_file(false).map(|opened| opened.map(|(work, bytes)| (bytes, work)))
        };
        match begun {
            Ok(Some((bytes, work))) => {
                self.begin_load(work, bytes, Purpose::Start);
                LoadState::Loading
            }
            Ok(None) if !self.config.appendonly || self.open_log_at_start() => LoadState::Done,
            Err(()) if !self.config.appendonly => {
                log_fatal();
                LoadState::Failed
            }
            _ => LoadState::Failed,
        }
    }

    /// DEBUG RELOAD: loads the data file. With `replace` a key that is there already gets the file's value.
    pub fn load_file_for(&mut self, id: ClientId, replace: bool) -> CmdResult {
        match self.open_data_file(replace) {
            Ok(Some((work, bytes))) => {
                self.begin_load(work, bytes, Purpose::Debug { waiting: None });
                self.load_for(id)
            }
            Ok(None) | Err(()) => Err(Error::Plain(RELOAD_FAILED)),
        }
    }

    /// DEBUG LOADAOF: loads the log, which may be written to at the time.
    pub fn load_log_for(&mut self, id: ClientId) -> CmdResult {
        let before = self.aof.log_facts();
        let opened = self.open_log_files();
        if self.aof.state != AofState::Off {
            self.aof.set_log_facts(before);
        }
        match opened {
            Ok(Some(files)) => {
                let bytes = files.bytes();
                self.begin_load(Work::Log(files), bytes, Purpose::Debug { waiting: None });
                self.load_for(id)
            }
            Ok(None) => {
                self.end_log_reload(true);
                self.reply(id).ok();
                done()
            }
            Err(()) => {
                self.end_log_reload(false);
                Err(Error::Plain(RELOAD_FAILED))
            }
        }
    }

    /// Loads for a command: in one go inside a transaction, else while its client waits.
    fn load_for(&mut self, id: ClientId) -> CmdResult {
        let slice = if self.must_not_block() { Slice::WHOLE } else { AT_ONCE };
        match self.load_some(slice) {
            LoadState::Done => {
                self.reply(id).ok();
                done()
            }
            LoadState::Failed => Err(Error::Plain(RELOAD_FAILED)),
            LoadState::Loading => {
                if let Some(loading) = &mut self.loading {
                    loading.purpose = Purpose::Debug { waiting: Some(id) };
                }
                Ok(Flow::Block(Box::new(BlockOn::keys(&[], None, BlockReason::Load))))
            }
        }
    }

    /// Loads the rest in one go.
    pub fn load_rest(&mut self) -> LoadState {
        self.load_some(Slice::WHOLE)
    }

    /// Until when a load rests (`key-load-delay`), in microseconds of the monotonic clock.
    /// `None` if there is none.
    pub fn load_rests_until_us(&self) -> Option<u64> {
        self.loading.as_ref().map(|loading| loading.rests_until_us)
    }

    /// Goes on with the load for a slice.
    pub fn load_some(&mut self, slice: Slice) -> LoadState {
        let mut meter = Meter::new(slice);
        let Some(mut loading) = self.loading.take() else { return LoadState::Done };
        if !meter.is_whole() && monotonic_us() < loading.rests_until_us {
            self.loading = Some(loading);
            return LoadState::Loading;
        }
        // What is replayed is in the log already.
        let feed = self.feed.take();
        self.renew_interest();
        let ran = match &mut loading.work {
            Work::File(file) => {
                let ran = self.read_data_file(file, &mut meter);
                loading.progress.loaded_bytes = file.offset();
                loading.progress.used_memory_bytes = file.loaded().aux.used_memory.unwrap_or(0);
                ran
            }
            Work::Log(files) => {
                let ran = self.read_log_files(files, &mut meter);
                loading.progress.loaded_bytes = files.read_bytes();
                loading.progress.used_memory_bytes = files.used_memory_bytes();
                ran
            }
        };
        self.feed = feed;
        self.renew_interest();
        if ran == Ran::Spent {
            loading.rests_until_us = meter.rests_until_us();
            self.loading = Some(loading);
            return LoadState::Loading;
        }
        self.server.loading = false;
        self.renew_expiry_mode();
        self.end_load(*loading, ran == Ran::End)
    }

    /// After a key or a command: whether the slice goes on. This is where `key-load-delay` is spent.
    #[inline]
    pub(in super::super) fn load_goes_on(&mut self, meter: &mut Meter, offset: u64) -> bool {
        if self.config.key_load_delay != 0 {
            self.delay_load(meter);
        }
        !meter.is_spent(offset)
    }

    #[cold]
    fn delay_load(&mut self, meter: &mut Meter) {
        let us = match i64::from(self.config.key_load_delay) {
            us @ 1.. => us.unsigned_abs(),
            // So many keys share a microsecond.
            keys => u64::from(self.keyspace.rng.below(keys.unsigned_abs()) == 0),
        };
        if us == 0 {
            return;
        }
        if us >= LONG_PAUSE_US && !meter.is_whole() {
            return meter.rest_until_us(monotonic_us().saturating_add(us));
        }
        // The turn's time stays as it is: nothing that is loaded goes by it.
        self.host.halt(us);
        meter.look();
    }

    fn end_load(&mut self, loading: Loading, well: bool) -> LoadState {
        let took_s = monotonic_us().saturating_sub(loading.began_us) as f64 / 1e6;
        let of_log = matches!(loading.work, Work::Log(_));
        if let (Work::Log(files), true) = (&loading.work, well) {
            let reload = matches!(loading.purpose, Purpose::Debug { .. });
            if !reload || self.aof.state == AofState::Off {
                self.adopt_log_files(files);
            }
        }
        match loading.purpose {
            Purpose::Debug { waiting } => {
                if of_log {
                    self.end_log_reload(well);
                } else if well {
                    tracing::info!("DB reloaded by DEBUG RELOAD");
                }
                if let Some(id) = waiting {
                    self.unblock(id, if well { Unblock::Loaded } else { Unblock::Refused(RELOAD_FAILED) });
                    return LoadState::Done;
                }
            }
            Purpose::Start | Purpose::Call if of_log && well => {
                tracing::info!("DB loaded from append only file: {took_s:.3} seconds");
                if loading.purpose == Purpose::Start && !self.open_log_at_start() {
                    return LoadState::Failed;
                }
            }
            Purpose::Start if well => tracing::info!("DB loaded from disk: {took_s:.3} seconds"),
            Purpose::Start if !of_log => log_fatal(),
            Purpose::Start | Purpose::Call => {}
        }
        if well { LoadState::Done } else { LoadState::Failed }
    }

    fn end_log_reload(&mut self, well: bool) {
        if !well {
            // What there is now would be taken for the data, and logged on.
            tracing::warn!("DEBUG LOADAOF failed. Exiting...");
            crate::sys::process::exit_now(1);
        }
        self.dirty_since_save = 0;
        tracing::info!("Append Only File loaded by DEBUG LOADAOF");
    }
}

/// What DEBUG RELOAD answers when the log says more.
const RELOAD_FAILED: &str = "Error trying to load the RDB dump, check server logs.";

/// An empty server would sooner or later replace the file.
fn log_fatal() {
    tracing::warn!("Terminating server after rdb file reading failure.");
    tracing::warn!("Fatal error loading the DB, check server logs. Exiting. (Redis {REDIS_VERSION})");
}
