//! Opening the log at the start, switching it on and off while the server runs, and going on in a new increment.

use super::super::machine::{Base, Engine, Feed};
use super::super::saving::{CALLED_OFF, ChildWork};
use super::rewrite::TEMP_BASE;
use super::state::{AofState, in_dir, path, policy, shown};
use crate::persist::aof::{Put, Target, Writer};
use crate::sys::errno::reason;
use std::path::PathBuf;
use std::sync::Arc;

impl Engine {
    /// Makes the directory of the log; false if it cannot be made.
    pub(super) fn make_log_dir(&mut self) -> bool {
        let made = self.aof.disk.make_dir(path(&self.config.appenddirname));
        if let Err(error) = &made {
            let (dir, why) = (shown(&self.config.appenddirname), reason(error));
            tracing::warn!("Can't open or create append-only dir {dir}: {why}");
        }
        made.is_ok()
    }

    /// Writes the manifest, if it is not on the disk as it is here: beside the old one first, so that there always is
    /// a whole one. False if that failed.
    pub(super) fn persist_manifest(&mut self) -> bool {
        if !self.aof.manifest.dirty {
            return true;
        }
        self.aof.manifest.dirty = self.manifest_file().put(&self.aof.manifest.format()) != Put::Durable;
        !self.aof.manifest.dirty
    }

    /// Opens the log behind what was loaded; false when the server must not go on.
    pub fn open_log_at_start(&mut self) -> bool {
        if !self.make_log_dir() {
            return false;
        }
        self.remove_orphans();
        let file = self.config.appendfilename.clone();
        if self.aof.manifest.is_empty() && !self.write_first_base(&file) {
            return false;
        }
        let known = !self.aof.manifest.increments.is_empty();
        let name = self.aof.manifest.last_increment(&file);
        let target = in_dir(&self.config, &name);
        let opened = self.aof.disk.open_append(&target).and_then(|file| {
            let size = self.aof.disk.size(&target)?;
            Ok(Target::new(file, size))
        });
        let target = match opened {
            Ok(target) => target,
            Err(error) => {
                let why = reason(&error);
                tracing::warn!("Can't open the append-only file {}: {why}", shown(&name));
                return false;
            }
        };
        if !self.persist_manifest() {
            return false;
        }
        let what = if known { "Opening" } else { "Creating" };
        tracing::info!("{what} AOF incr file {} on server start", shown(&name));
        self.aof.others_bytes = self.aof.others_bytes.saturating_sub(target.len());
        self.aof.state = AofState::On;
        self.remove_log_history();
        self.start_writer(target)
    }

    /// Removes what children left that did not live to the end.
    fn remove_orphans(&mut self) {
        for name in self.aof.disk.list(path(b".")).unwrap_or_default() {
            let Some(text) = name.to_str() else { continue };
            let number = text.strip_prefix("temp-rewriteaof-").and_then(|rest| rest.strip_suffix(".aof"));
            let pid = number.and_then(|number| number.trim_start_matches("bg-").parse().ok());
            // Another server may work in the same directory.
            if pid.is_some_and(|pid: i32| pid > 0 && crate::sys::process::kill(pid, 0).is_err()) {
                let _ = self.aof.disk.unlink(&name);
            }
        }
    }

    fn write_first_base(&mut self, file: &[u8]) -> bool {
        let as_rdb = self.config.aof_use_rdb_preamble;
        let name = self.aof.manifest.next_base(file, as_rdb);
        let target = in_dir(&self.config, &name);
        let base = Base { target: &target, as_rdb, stamp_s: self.base_stamp() };
        if !self.with_base(|host, space, config, options| host.write_base(space, config, options, &base)) {
            return false;
        }
        self.aof.others_bytes = self.aof.disk.size(&target).unwrap_or(0);
        tracing::info!("Creating AOF base file {} on server start", shown(&name));
        true
    }

    /// Starts logging to a file.
    pub(super) fn start_writer(&mut self, target: Arc<Target>) -> bool {
        let wake = Arc::clone(&self.aof.wake);
        let offset = self.aof.ended_at;
        match Writer::start(target, offset, policy(&self.config), Box::new(move || wake())) {
            Ok(writer) => {
                writer.progress.set_sleep_us(self.aof.sleep_us);
                self.aof.writer = Some(writer);
            }
            Err(error) => {
                tracing::warn!("Can't start the threads of the append-only file: {}", reason(&error));
                return false;
            }
        }
        self.aof.synced_ms = self.clock.now_ms;
        self.feed = Some(Feed { offset, ..Feed::default() });
        self.renew_interest();
        self.begin_log_turn();
        true
    }

    /// Ends logging. What was logged is durable afterwards, if the disk lets it.
    fn stop_writer(&mut self) {
        if self.aof.writer.is_some() && !self.finish_log() {
            tracing::warn!("Fail to fsync the AOF file: {}", self.aof.write_error().unwrap_or_default());
        }
        self.aof.ended_at = self.log_end();
        self.aof.writer = None;
        self.aof.before_switch = None;
        self.aof.trouble = None;
        self.aof.unsynced = false;
        self.feed = None;
        self.hold = super::Hold::default();
        self.renew_interest();
    }

    /// `appendonly` changed; false if it could not be followed.
    pub(in super::super) fn switch_log(&mut self) -> bool {
        match (self.config.appendonly, self.aof.state) {
            (true, AofState::Off) => self.switch_on(),
            (false, AofState::On | AofState::Waiting) => {
                self.switch_off();
                true
            }
            _ => true,
        }
    }

    fn switch_off(&mut self) {
        self.wait_for_adoption();
        self.stop_writer();
        self.aof.state = AofState::Off;
        if std::mem::take(&mut self.aof.rewrite.scheduled) {
            tracing::info!("AOF was disabled but there is a scheduled AOF background, cancel it.");
        }
        self.stop_rewrite_child();
    }

    /// Ends a child that rewrites the log, if there is one, as if it had never been.
    pub fn stop_rewrite_child(&mut self) {
        let Some(child) = self.saving.child_for(ChildWork::Rewrite) else { return };
        tracing::info!("Killing running AOF rewrite child: {}", child.pid);
        self.host.stop_child(child.pid, CALLED_OFF);
        self.host.forget_child();
        self.saving.child = None;
        self.keyspace.access.frozen = false;
        self.unlink_later(rewrite_files(child.pid));
    }

    fn switch_on(&mut self) -> bool {
        self.wait_for_adoption();
        self.aof.state = AofState::Waiting;
        if self.saving.child_for(ChildWork::Snapshot).is_some() {
            self.aof.rewrite.scheduled = true;
            tracing::info!(
                "AOF was enabled but there is already another background operation. An AOF background was scheduled to \
                 start when possible."
            );
        } else if self.must_not_block() {
            self.aof.rewrite.scheduled = true;
            tracing::info!(
                "AOF was enabled during a transaction. An AOF background was scheduled to start when possible."
            );
        } else {
            if self.saving.child_for(ChildWork::Rewrite).is_some() {
                tracing::info!(
                    "AOF was enabled but there is already an AOF rewriting in background. Stopping background AOF and \
                     starting a rewrite now."
                );
                self.stop_rewrite_child();
            }
            if !self.rewrite_in_background() {
                self.aof.state = AofState::Off;
                tracing::warn!(
                    "The server needs to enable the AOF but can't trigger a background AOF rewrite operation. \
                     Check the above logs for more info about the error."
                );
                return false;
            }
        }
        true
    }

    /// Goes on in a new increment; false if it cannot be made, and the old one is gone on with. Where there is an old
    /// one, the writing thread does it in its turn: the old one's end durable, then the manifest, then the new one.
    pub(super) fn open_next_increment(&mut self) -> bool {
        let file = self.config.appendfilename.clone();
        let before = self.aof.manifest.clone();
        let name = match self.aof.state {
            AofState::Off => return true,
            AofState::Waiting => temp_increment(&file),
            AofState::On => self.aof.manifest.next_increment(&file),
        };
        let target = match self.aof.disk.create(&in_dir(&self.config, &name)) {
            Ok(file) => Target::new(file, 0),
            Err(error) => {
                tracing::warn!("Can't open the append-only file {}: {}", shown(&name), reason(&error));
                self.aof.manifest = before;
                return false;
            }
        };
        tracing::info!("Creating AOF incr file {} on background rewrite", shown(&name));
        if let Some(feed) = &mut self.feed {
            // Each file says by itself which database it begins in.
            feed.db = None;
        }
        let (manifest, text) = (self.manifest_file(), self.aof.manifest.format());
        let Some(writer) = &mut self.aof.writer else {
            self.aof.others_bytes = 0;
            return self.start_writer(target);
        };
        self.aof.manifest.dirty = false;
        self.aof.before_switch = Some(before);
        writer.switch(target, Box::new(move || manifest.put(&text)));
        // Replies of this turn wait for it as well. What becomes of it is looked at when there is a child.
        self.hold.active = true;
        self.renew_interest();
        true
    }

    /// Whether the log can be rewritten now; the log says why not.
    pub(super) fn may_rewrite(&mut self) -> bool {
        self.begin_log_turn();
        if self.saving.child.is_some() || self.aof.adoption.is_some() {
            return false;
        }
        if self.aof.writer.as_ref().is_some_and(|writer| writer.progress.is_switching()) {
            return false;
        }
        // Of all files but the last the end must be there; only a sync that failed is made good by a new base.
        match self.aof.write_error() {
            Some(why) if !self.aof.sync_failed() => {
                tracing::warn!(
                    "Can't rewrite append only file in background while it cannot be written: {why}"
                );
                false
            }
            _ => true,
        }
    }

    /// Stops logging to the temporary increment, and removes it: the rewrite it was to go with failed.
    pub(super) fn drop_temp_increment(&mut self) {
        self.stop_writer();
        let name = temp_increment(&self.config.appendfilename);
        tracing::info!("Removing the temp incr aof file {} in the background", shown(&name));
        // Now, not later: the next attempt makes a file of this name.
        let _ = self.aof.disk.unlink(&in_dir(&self.config, &name));
    }

    /// Removes files without waiting for it: freeing a large one takes a file system long.
    fn unlink_later(&self, names: Vec<PathBuf>) {
        let disk = Arc::clone(&self.aof.disk);
        let remove = move || {
            crate::sys::cpu::join_helpers();
            for name in names {
                // What stays is in nobody's way.
                let _ = disk.unlink(&name);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("bio_close_file".into()).spawn(remove) {
            tracing::warn!("Can't remove files that nobody needs: {}", reason(&error));
        }
    }

    /// Removes the files that a newer base replaced.
    pub(in super::super) fn remove_log_history(&mut self) {
        if self.config.aof_disable_auto_gc || self.aof.manifest.history.is_empty() {
            return;
        }
        if self.aof.before_switch.is_some() || self.aof.adoption.is_some() {
            // The next base that comes into the log takes it along.
            return;
        }
        let mut names = Vec::new();
        for part in self.aof.manifest.take_history() {
            tracing::info!("Removing the history file {} in the background", shown(&part.name));
            names.push(in_dir(&self.config, &part.name));
        }
        self.unlink_later(names);
        self.persist_manifest();
    }
}

/// What a child that rewrites the log may have left.
pub fn rewrite_files(pid: i32) -> Vec<PathBuf> {
    let whole = path(format!("{TEMP_BASE}{pid}.aof").as_bytes()).to_path_buf();
    vec![whole, path(format!("temp-rewriteaof-{pid}.aof").as_bytes()).to_path_buf()]
}

/// The increment that is filled while the first base is written.
pub(super) fn temp_increment(file: &[u8]) -> Vec<u8> {
    [b"temp-", file, b".incr"].concat()
}
