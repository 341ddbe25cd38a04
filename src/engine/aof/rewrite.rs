//! Rewriting the log: a child writes a new base, while changes go to a new increment; then the manifest names both.

use super::super::machine::{Base, Engine, Host};
use super::super::saving::{CALLED_OFF, ChildNews, ChildWork, SaveChild};
use super::state::{AofState, path};
use super::switch::rewrite_files;
use crate::config::Config;
use crate::keyspace::Keyspace;
use crate::persist::rdb::SaveOptions;
use crate::sys::clock::monotonic_us;

/// After so many failures in a row the next attempts wait.
const PATIENCE: u64 = 3;
const LONGEST_PAUSE_MINUTES: i64 = 60;

/// What the child's file is called up to its process id.
pub const TEMP_BASE: &str = "temp-rewriteaof-bg-";

impl Engine {
    /// Calls `f` with the host and what a base of this moment needs.
    pub(super) fn with_base<R>(
        &mut self,
        f: impl FnOnce(&mut dyn Host, &Keyspace, &Config, &SaveOptions<'_>) -> R,
    ) -> R {
        self.with_snapshot(|host, space, config, options| {
            let mut options = options.clone();
            options.info.aof_base = true;
            f(host, space, config, &options)
        })
    }

    /// The second that a base of commands begins with, if it is to.
    pub(super) fn base_stamp(&self) -> Option<i64> {
        self.config.aof_timestamp_enabled.then_some(self.clock.now_ms / 1000)
    }

    /// Begins to rewrite the log in a child; says whether there is one now.
    pub fn rewrite_in_background(&mut self) -> bool {
        self.flush_log();
        if !self.may_rewrite() {
            return false;
        }
        if !self.make_log_dir() || !self.open_next_increment() {
            self.aof.rewrite.last_ok = false;
            return false;
        }
        self.stats.counters.aof_rewrites += 1;
        let as_rdb = self.config.aof_use_rdb_preamble;
        let base = Base { target: path(TEMP_BASE.as_bytes()), as_rdb, stamp_s: self.base_stamp() };
        let began = monotonic_us();
        let forked =
            self.with_base(|host, space, config, options| host.fork_rewrite(space, config, options, &base));
        match forked {
            Ok(pid) => {
                tracing::info!("Background append only file rewriting started by pid {pid}");
                self.note_child(ChildWork::Rewrite, pid, monotonic_us().saturating_sub(began));
                self.aof.rewrite.scheduled = false;
                self.aof.rewrite.as_rdb = as_rdb;
                true
            }
            Err(why) => {
                tracing::warn!("Can't rewrite append only file in background: fork: {why}");
                self.aof.rewrite.last_ok = false;
                if self.aof.state == AofState::Waiting {
                    self.drop_temp_increment();
                }
                false
            }
        }
    }

    /// The periodic look at what was scheduled and at how the log grew; says whether a child was made.
    pub(in super::super) fn tend_rewrite(&mut self) -> bool {
        if self.aof.adoption.is_some() || self.aof.before_switch.is_some() {
            return false;
        }
        if self.aof.rewrite.scheduled && !self.rewrites_rest() {
            return self.rewrite_in_background();
        }
        let percentage = u64::from(self.config.auto_aof_rewrite_percentage);
        let bytes = self.aof.bytes();
        if self.aof.state != AofState::On || percentage == 0 || bytes <= self.config.auto_aof_rewrite_min_size
        {
            return false;
        }
        let growth = (bytes.saturating_mul(100) / self.aof.base_bytes.max(1)).saturating_sub(100);
        if growth < percentage || self.rewrites_rest() {
            return false;
        }
        tracing::info!("Starting automatic rewriting of AOF on {growth}% growth");
        self.rewrite_in_background()
    }

    /// Whether the next attempt has to wait, after several that failed.
    fn rewrites_rest(&mut self) -> bool {
        let rewrite = &mut self.aof.rewrite;
        if self.stats.counters.aof_rewrites_consecutive_failures < PATIENCE {
            (rewrite.delay_minutes, rewrite.next_s) = (0, 0);
            return false;
        }
        let now_s = self.clock.now_ms / 1000;
        if rewrite.next_s != 0 {
            let rests = now_s < rewrite.next_s;
            if !rests {
                rewrite.next_s = 0;
            }
            return rests;
        }
        rewrite.delay_minutes = (rewrite.delay_minutes * 2).clamp(1, LONGEST_PAUSE_MINUTES);
        rewrite.next_s = now_s + rewrite.delay_minutes * 60;
        tracing::warn!(
            "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in {} minutes",
            rewrite.delay_minutes
        );
        true
    }

    /// The child that rewrote the log ended.
    pub(in super::super) fn end_rewrite(&mut self, child: SaveChild, news: ChildNews) {
        let fine = match news {
            ChildNews::Succeeded => {
                tracing::info!("Background AOF rewrite terminated with success");
                self.aof.rewrite.last_cow_bytes = child.cow_bytes;
                if self.begin_adoption(child) {
                    return;
                }
                false
            }
            ChildNews::Killed { signal, .. } => {
                tracing::warn!("Background AOF rewrite terminated by signal {signal}");
                signal == CALLED_OFF
            }
            _ => {
                tracing::warn!("Background AOF rewrite terminated with error");
                false
            }
        };
        self.conclude_rewrite(&child, fine);
    }

    /// Notes what became of a rewrite, and tidies up behind it.
    pub(super) fn conclude_rewrite(&mut self, child: &SaveChild, fine: bool) {
        if !fine {
            self.aof.rewrite.last_ok = false;
            self.stats.counters.aof_rewrites_consecutive_failures += 1;
            // Writes are refused until a new base makes good what a failed sync may have lost.
            self.aof.rewrite.scheduled |= self.aof.sync_failed();
        }
        for name in rewrite_files(child.pid) {
            // After a success there is none.
            let _ = self.aof.disk.unlink(&name);
        }
        self.aof.rewrite.last_seconds = Some(self.clock.now_ms / 1000 - child.started_s);
        if self.aof.state == AofState::Waiting {
            self.drop_temp_increment();
            self.aof.rewrite.scheduled = true;
        }
    }
}
