//! Rewriting the log: a child writes a new base, while changes go to a new increment; then the manifest names both.

use super::super::machine::{Base, Engine, Host};
use super::super::saving::{CALLED_OFF, ChildNews, ChildWork, SaveChild};
use super::state::{AofState, in_dir, path, shown};
use super::switch::temp_increment;
use crate::config::Config;
use crate::keyspace::Keyspace;
use crate::persist::rdb::SaveOptions;
use crate::sys::clock::monotonic_us;
use crate::sys::errno::reason;

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
        if self.saving.child.is_some() {
            return false;
        }
        self.flush_log();
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
                self.adopt_base(child.pid)
            }
            ChildNews::Killed { signal } => {
                tracing::warn!("Background AOF rewrite terminated by signal {signal}");
                signal == CALLED_OFF
            }
            _ => {
                tracing::warn!("Background AOF rewrite terminated with error");
                false
            }
        };
        if !fine {
            self.aof.rewrite.last_ok = false;
            self.stats.counters.aof_rewrites_consecutive_failures += 1;
            // Writes are refused until a new base makes good what a failed sync may have lost.
            self.aof.rewrite.scheduled |= self.aof.sync_failed();
        }
        // After a success there is none.
        let _ = self.aof.disk.unlink(path(format!("{TEMP_BASE}{}.aof", child.pid).as_bytes()));
        let _ = self.aof.disk.unlink(path(format!("temp-rewriteaof-{}.aof", child.pid).as_bytes()));
        self.aof.rewrite.last_seconds = Some(self.clock.now_ms / 1000 - child.started_s);
        if self.aof.state == AofState::Waiting {
            self.drop_temp_increment();
            self.aof.rewrite.scheduled = true;
        }
    }

    /// Puts the child's file into the log; false if that failed, and everything is as it was.
    fn adopt_base(&mut self, pid: i32) -> bool {
        let file = self.config.appendfilename.clone();
        let temp = format!("{TEMP_BASE}{pid}.aof");
        let before = self.aof.manifest.clone();
        let name = self.aof.manifest.next_base(&file, self.aof.rewrite.as_rdb);
        let base = in_dir(&self.config, &name);
        if !self.rename_part(temp.as_bytes(), path(temp.as_bytes()), &name, "base") {
            self.aof.manifest = before;
            return false;
        }
        let mut made = vec![base.clone()];
        let mut fine = true;
        if self.aof.state == AofState::Waiting {
            let temp = temp_increment(&file);
            let next = self.aof.manifest.next_increment(&file);
            made.push(in_dir(&self.config, &next));
            fine = self.rename_part(&temp, &in_dir(&self.config, &temp), &next, "incr");
        }
        self.aof.manifest.retire_increments(usize::from(self.aof.state != AofState::Off));
        if !fine || !self.persist_manifest() {
            for name in made {
                let _ = self.aof.disk.unlink(&name);
            }
            self.aof.manifest = before;
            return false;
        }
        if self.aof.state != AofState::Off {
            self.aof.others_bytes = self.aof.disk.size(&base).unwrap_or(0);
            self.aof.base_bytes = self.aof.bytes();
        }
        self.remove_log_history();
        self.aof.rewrite.last_ok = true;
        self.stats.counters.aof_rewrites_consecutive_failures = 0;
        tracing::info!("Background AOF rewrite finished successfully");
        if self.aof.state == AofState::Waiting {
            self.aof.state = AofState::On;
        }
        if let Some(writer) = &self.aof.writer {
            // The new base has what a failed sync may have lost.
            writer.progress.forgive();
        }
        true
    }

    fn rename_part(&mut self, temp: &[u8], from: &std::path::Path, to: &[u8], part: &str) -> bool {
        let target = in_dir(&self.config, to);
        let began = monotonic_us();
        let renamed = self.aof.disk.rename(from, &target);
        let took_ms = monotonic_us().saturating_sub(began) / 1000;
        self.stats.note_latency(&self.config, "aof-rename", took_ms, self.clock.now_ms / 1000);
        let temp = shown(temp);
        match renamed {
            Ok(()) => {
                let to = shown(to);
                tracing::info!("Successfully renamed the temporary AOF {part} file {temp} into {to}");
                true
            }
            Err(error) => {
                let (to, why) = (target.display(), reason(&error));
                tracing::warn!(
                    "Error trying to rename the temporary AOF {part} file {temp} into {to}: {why}"
                );
                false
            }
        }
    }
}
