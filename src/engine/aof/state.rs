//! What is known of the append-only file.

use super::adopt::Adoption;
use crate::config::{AppendFsync, Config};
use crate::persist::aof::{Manifest, Policy, Trouble, Writer};
use crate::persist::files::{Disk, RealDisk};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether changes are logged.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum AofState {
    #[default]
    Off,
    /// Switched on while the server runs: logged to a temporary file, until the first base is there.
    Waiting,
    On,
}

/// A rewrite, and what became of the last ones.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite {
    /// Begins as soon as it can.
    pub scheduled: bool,
    pub last_seconds: Option<i64>,
    pub last_ok: bool,
    pub last_cow_bytes: u64,
    /// The base is written in the format of data files.
    pub as_rdb: bool,
    /// After repeated failures: the pause, doubling, and when it ends.
    pub(super) delay_minutes: i64,
    pub(super) next_s: i64,
}

/// The append-only file.
pub struct Aof {
    pub disk: Arc<dyn Disk>,
    /// Wakes the loop from another thread.
    pub wake: Arc<dyn Fn() + Send + Sync>,
    /// With `appendfsync always` the calling thread syncs for a client that is the only one.
    pub syncs_for_one: bool,
    pub state: AofState,
    pub rewrite: Rewrite,
    pub(super) manifest: Manifest,
    /// The manifest before a switch of increments that is not settled yet.
    pub(super) before_switch: Option<Manifest>,
    /// A new base that is put into the log.
    pub(super) adoption: Option<Adoption>,
    pub(super) writer: Option<Writer>,
    /// Bytes in all files but the one that is appended to.
    pub(super) others_bytes: u64,
    /// Bytes of the log when it was last rewritten.
    pub base_bytes: u64,
    pub(super) synced_ms: i64,
    pub(super) unsynced: bool,
    /// Since when writes went beside a sync that does not end.
    pub(super) beside_sync_ms: Option<i64>,
    pub(super) trouble: Option<Trouble>,
    /// DEBUG AOF-FLUSH-SLEEP
    pub(super) sleep_us: u64,
    /// Where the log ended when it was last switched off: offsets never go back.
    pub(super) ended_at: u64,
}

impl Default for Aof {
    fn default() -> Self {
        Aof {
            disk: Arc::new(RealDisk),
            wake: Arc::new(|| ()),
            syncs_for_one: false,
            state: AofState::Off,
            rewrite: Rewrite {
                scheduled: false,
                last_seconds: None,
                last_ok: true,
                last_cow_bytes: 0,
                as_rdb: true,
                delay_minutes: 0,
                next_s: 0,
            },
            manifest: Manifest::default(),
            before_switch: None,
            adoption: None,
            writer: None,
            others_bytes: 0,
            base_bytes: 0,
            synced_ms: 0,
            unsynced: false,
            beside_sync_ms: None,
            trouble: None,
            sleep_us: 0,
            ended_at: 0,
        }
    }
}

impl Aof {
    /// Bytes of the whole log.
    pub fn bytes(&self) -> u64 {
        self.others_bytes + self.writer.as_ref().map_or(0, Writer::file_len)
    }

    /// What the manifest says, and how long the files are: kept while the log is read again.
    pub(in super::super) fn log_facts(&self) -> (Manifest, u64, u64) {
        (self.manifest.clone(), self.others_bytes, self.base_bytes)
    }

    pub(in super::super) fn set_log_facts(&mut self, facts: (Manifest, u64, u64)) {
        (self.manifest, self.others_bytes, self.base_bytes) = facts;
    }

    /// Syncs that are under way or wait.
    pub fn pending_syncs(&self) -> usize {
        self.writer.as_ref().map_or(0, |writer| writer.progress.pending_syncs())
    }

    /// Up to where the log is written.
    pub fn written(&self) -> u64 {
        self.writer.as_ref().map_or(0, |writer| writer.progress.written())
    }

    /// Up to where the log is confirmed as the policy has it: replies that reveal no more may go out.
    #[inline]
    pub fn confirmed(&self) -> u64 {
        self.writer.as_ref().map_or(u64::MAX, |writer| writer.progress.confirmed())
    }

    /// Up to where the log survives a power cut.
    pub fn durable(&self) -> u64 {
        self.writer.as_ref().map_or(0, |writer| writer.progress.durable())
    }

    /// Whether it is known which increment is appended to.
    pub fn is_settled(&self) -> bool {
        self.before_switch.is_none()
    }

    /// Why writes are refused, if they are.
    pub fn write_error(&self) -> Option<&str> {
        match self.trouble.as_ref()? {
            Trouble::Write { reason } | Trouble::Sync { reason } => Some(reason),
            Trouble::Fatal { line } => Some(line),
        }
    }

    /// What was written may be lost, whatever later syncs say.
    pub(super) fn sync_failed(&self) -> bool {
        matches!(self.trouble, Some(Trouble::Sync { .. }))
    }

    /// Why the server has to end, if it has.
    pub fn fatal(&self) -> Option<&str> {
        match self.trouble.as_ref()? {
            Trouble::Fatal { line } => Some(line),
            _ => None,
        }
    }
}

/// A name in bytes as a path.
pub(super) fn path(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

/// A name, to be shown.
pub(super) fn shown(name: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(name)
}

/// Where a file of the log lies.
pub(super) fn in_dir(config: &Config, name: &[u8]) -> PathBuf {
    path(&config.appenddirname).join(path(name))
}

pub(super) fn policy(config: &Config) -> Policy {
    match config.appendfsync {
        AppendFsync::Always => Policy::Always,
        AppendFsync::EverySec => Policy::EverySecond,
        AppendFsync::No => Policy::No,
    }
}
