//! Snapshots as the engine sees them: when one is due, what is known of the last ones and of the child that writes one
//! now. Files and processes are the host's.

use super::machine::Engine;
use super::snapshot::{rdb_version, saved_uses};
use crate::config::{Config, SavePoint};
use crate::ids::DbIndex;
use crate::keyspace::Keyspace;
use crate::persist::rdb::{SaveInfo, SaveOptions};

/// After a failure the save points wait so many seconds.
const RETRY_AFTER_S: i64 = 5;
/// The signal that ends a child without that counting as a failure.
pub(super) const CALLED_OFF: i32 = 10;

/// What is known of snapshots.
#[derive(Debug)]
pub struct Saving {
    /// Unix seconds of the last success.
    pub last_save_s: i64,
    last_try_s: i64,
    /// The last save in the background, or any since, succeeded.
    pub last_ok: bool,
    /// Times that somebody, or a save point, asked for one.
    pub saves: u64,
    /// BGSAVE SCHEDULE, or BGSAVE in a transaction: begins as soon as it can.
    pub scheduled: bool,
    pub child: Option<SaveChild>,
    /// Seconds that the last child took.
    pub last_seconds: Option<i64>,
    /// Bytes that were copied because of the last child.
    pub last_cow_bytes: u64,
    pub loaded_keys: u64,
    pub expired_keys: u64,
    /// Libraries of functions that a file brought: kept, and written again.
    pub(super) functions: Vec<Vec<u8>>,
}

/// What a child is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChildWork {
    Snapshot,
    Rewrite,
}

/// A child that writes a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct SaveChild {
    pub work: ChildWork,
    pub pid: i32,
    pub started_s: i64,
    /// Changes that were not saved when it began: those it saves.
    changes: u64,
    pub keys_total: u64,
    pub keys_done: u64,
    pub cow_bytes: u64,
    pub cow_peak_bytes: u64,
    cow_at_ms: i64,
}

/// What a host tells of its child.
#[derive(Clone, Copy, Debug)]
pub enum ChildNews {
    Progress {
        keys: u64,
        cow_bytes: u64,
    },
    /// It wrote its file.
    Succeeded,
    Failed,
    Killed {
        signal: i32,
        /// What it took to remove its file.
        unlink_us: u64,
    },
}

impl Saving {
    pub fn new(now_s: i64) -> Self {
        Saving {
            last_save_s: now_s,
            last_try_s: 0,
            last_ok: true,
            saves: 0,
            scheduled: false,
            child: None,
            last_seconds: None,
            last_cow_bytes: 0,
            loaded_keys: 0,
            expired_keys: 0,
            functions: Vec::new(),
        }
    }

    /// The child that does this work, if there is one.
    pub fn child_for(&self, work: ChildWork) -> Option<SaveChild> {
        self.child.filter(|child| child.work == work)
    }

    /// Seconds since the child told how much was copied.
    pub fn cow_age_s(&self, now_ms: i64) -> i64 {
        self.child.filter(|child| child.cow_at_ms > 0).map_or(0, |child| (now_ms - child.cow_at_ms) / 1000)
    }
}

impl Engine {
    /// Calls `f` with the host and what a snapshot of this moment needs.
    pub(super) fn with_snapshot<R>(
        &mut self,
        f: impl FnOnce(&mut dyn super::Host, &Keyspace, &Config, &SaveOptions<'_>) -> R,
    ) -> R {
        let used_memory = self.used_memory() as u64;
        let functions: Vec<&[u8]> = self.saving.functions.iter().map(Vec::as_slice).collect();
        let options = SaveOptions {
            version: rdb_version(&self.config),
            compress: self.config.rdbcompression,
            checksum: self.config.rdbchecksum,
            uses: saved_uses(&self.config),
            info: SaveInfo { created_s: self.clock.now_ms / 1000, used_memory, ..SaveInfo::default() },
            functions: &functions,
        };
        f(&mut *self.host, &self.keyspace, &self.config, &options)
    }

    /// Writes the data file now; says whether that succeeded.
    pub fn save_now(&mut self) -> bool {
        let saved = self.with_snapshot(|host, space, config, options| host.save(space, config, options));
        if saved {
            self.dirty_since_save = 0;
            self.saving.last_save_s = self.clock.now_ms / 1000;
            self.saving.last_ok = true;
        }
        saved
    }

    /// Begins to write the data file in a child; says whether there is one now.
    pub fn save_in_background(&mut self) -> bool {
        let now_s = self.clock.now_ms / 1000;
        self.saving.saves += 1;
        self.saving.last_try_s = now_s;
        let started = crate::sys::clock::monotonic_us();
        let forked =
            self.with_snapshot(|host, space, config, options| host.fork_save(space, config, options));
        let fork_us = crate::sys::clock::monotonic_us().saturating_sub(started);
        let pid = match forked {
            Ok(pid) => pid,
            Err(reason) => {
                self.saving.last_ok = false;
                tracing::warn!("Can't save in background: fork: {reason}");
                return false;
            }
        };
        tracing::info!("Background saving started by pid {pid}");
        self.note_child(ChildWork::Snapshot, pid, fork_us);
        true
    }

    /// Notes a child that was just made.
    pub(super) fn note_child(&mut self, work: ChildWork, pid: i32, fork_us: u64) {
        self.note_fork(fork_us);
        let dbs = 0..self.keyspace.databases() as DbIndex;
        self.saving.child = Some(SaveChild {
            work,
            pid,
            started_s: self.clock.now_ms / 1000,
            changes: self.dirty_since_save,
            keys_total: dbs.map(|db| self.keyspace.len(db) as u64).sum(),
            keys_done: 0,
            cow_bytes: 0,
            cow_peak_bytes: 0,
            cow_at_ms: 0,
        });
        // Accesses would copy pages that the child shares.
        self.keyspace.access.frozen = true;
    }

    fn note_fork(&mut self, fork_us: u64) {
        let used_gb = self.used_memory() as f64 / f64::from(1 << 30);
        let counters = &mut self.stats.counters;
        counters.total_forks += 1;
        counters.latest_fork_usec = fork_us;
        counters.latest_fork_rate_gb = used_gb * 1e6 / fork_us.max(1) as f64;
        self.stats.note_latency(&self.config, "fork", fork_us / 1000, self.clock.now_ms / 1000);
    }

    /// Ends the child that writes a snapshot, if there is one, as if it had never been.
    pub fn stop_save_child(&mut self) -> bool {
        let Some(child) = self.saving.child_for(ChildWork::Snapshot) else { return false };
        self.host.stop_child(child.pid, CALLED_OFF);
        true
    }

    /// The periodic look at the child, at what was scheduled and at the save points.
    pub fn tend_saves(&mut self) {
        self.settle_adoption();
        // The base of a child that rewrote the log comes behind the switch of increments that it began with.
        while (self.aof.is_settled() || self.saving.child_for(ChildWork::Rewrite).is_none())
            && let Some(news) = self.host.poll_child()
        {
            self.hear_child(news);
        }
        if self.saving.child.is_some() || self.tend_rewrite() {
            return;
        }
        let now_s = self.clock.now_ms / 1000;
        let waits = !self.saving.last_ok && now_s - self.saving.last_try_s <= RETRY_AFTER_S;
        if let Some(point) = self.due_save_point(now_s).filter(|_| !waits) {
            tracing::info!("{} changes in {} seconds. Saving...", point.changes, point.seconds);
            self.save_in_background();
        } else if self.saving.scheduled && !waits && self.save_in_background() {
            self.saving.scheduled = false;
        }
    }

    fn due_save_point(&self, now_s: i64) -> Option<SavePoint> {
        let since_s = now_s - self.saving.last_save_s;
        let due = |point: &&SavePoint| {
            let changes = u64::try_from(point.changes).unwrap_or(0);
            self.dirty_since_save >= changes && since_s > point.seconds
        };
        self.config.save.iter().find(due).copied()
    }

    fn hear_child(&mut self, news: ChildNews) {
        let now_ms = self.clock.now_ms;
        let Some(child) = &mut self.saving.child else { return };
        if let ChildNews::Progress { keys, cow_bytes } = news {
            child.keys_done = keys;
            child.cow_bytes = cow_bytes;
            child.cow_peak_bytes = child.cow_peak_bytes.max(cow_bytes);
            child.cow_at_ms = now_ms;
            return;
        }
        let child = *child;
        self.saving.child = None;
        self.keyspace.access.frozen = false;
        self.keyspace.mend_huge_pages();
        if child.work == ChildWork::Rewrite {
            return self.end_rewrite(child, news);
        }
        self.saving.last_seconds = Some(now_ms / 1000 - child.started_s);
        match news {
            ChildNews::Succeeded => {
                tracing::info!("Background saving terminated with success");
                self.dirty_since_save = self.dirty_since_save.saturating_sub(child.changes);
                self.saving.last_save_s = now_ms / 1000;
                self.saving.last_ok = true;
                self.saving.last_cow_bytes = child.cow_bytes;
            }
            ChildNews::Killed { signal, unlink_us } => {
                tracing::warn!("Background saving terminated by signal {signal}");
                let unlink_ms = unlink_us / 1000;
                self.stats.note_latency(&self.config, "rdb-unlink-temp-file", unlink_ms, now_ms / 1000);
                self.saving.last_ok &= signal == CALLED_OFF;
            }
            _ => {
                tracing::warn!("Background saving error");
                self.saving.last_ok = false;
            }
        }
    }
}
