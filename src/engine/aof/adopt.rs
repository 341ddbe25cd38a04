//! Putting the base that a child wrote into the log: renaming and syncing, on a thread of its own. Until it is done the
//! log is as it was before, and so it stays if it fails.

use super::super::machine::Engine;
use super::super::saving::{ChildWork, SaveChild};
use super::rewrite::TEMP_BASE;
use super::state::{AofState, in_dir, path, shown};
use super::switch::temp_increment;
use crate::persist::aof::{Manifest, ManifestFile, Put};
use crate::persist::files::Disk;
use crate::sys::clock::monotonic_us;
use crate::sys::errno::reason;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

/// A base on its way into the log.
pub(super) struct Adoption {
    pub child: SaveChild,
    /// The manifest with it.
    after: Manifest,
    thread: JoinHandle<Adopted>,
}

/// A file that gets its name.
struct Naming {
    part: &'static str,
    from: PathBuf,
    to: PathBuf,
}

/// What there is to be done.
struct Work {
    file: ManifestFile,
    namings: Vec<Naming>,
    /// The manifest with what it replaces as history.
    text: Vec<u8>,
    /// The files that it replaces, if they are to be removed.
    history: Vec<PathBuf>,
    /// The manifest without them.
    cleaned: Vec<u8>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// What became of it.
#[derive(Default)]
struct Adopted {
    put: Put,
    base_bytes: u64,
    rename_ms: u64,
    fstat_ms: u64,
    /// The manifest names no history any more.
    cleaned: bool,
}

impl Naming {
    fn apply(&self, disk: &dyn Disk) -> bool {
        let (part, from, to) = (self.part, self.from.file_name(), self.to.file_name());
        let (from, to) = (from.unwrap_or_default().display(), to.unwrap_or_default().display());
        match disk.rename(&self.from, &self.to) {
            Ok(()) => {
                tracing::info!("Successfully renamed the temporary AOF {part} file {from} into {to}");
                true
            }
            Err(error) => {
                let (to, why) = (self.to.display(), reason(&error));
                tracing::warn!(
                    "Error trying to rename the temporary AOF {part} file {from} into {to}: {why}"
                );
                false
            }
        }
    }
}

impl Work {
    fn run(self) -> Adopted {
        crate::sys::cpu::join_helpers();
        let disk = Arc::clone(&self.file.disk);
        let mut adopted = Adopted::default();
        let mut named = 0;
        for naming in &self.namings {
            let began = monotonic_us();
            let fine = naming.apply(&*disk);
            adopted.rename_ms = adopted.rename_ms.max(monotonic_us().saturating_sub(began) / 1000);
            if !fine {
                break;
            }
            named += 1;
        }
        if named == self.namings.len() {
            adopted.put = self.file.put(&self.text);
        }
        match adopted.put {
            // What the manifest may name stays.
            Put::Unsure => {}
            Put::Failed => {
                for naming in self.namings.iter().take(named) {
                    let _ = disk.unlink(&naming.to);
                }
            }
            Put::Durable => {
                let began = monotonic_us();
                adopted.base_bytes = self.namings.first().map_or(0, |base| disk.size(&base.to).unwrap_or(0));
                adopted.fstat_ms = monotonic_us().saturating_sub(began) / 1000;
                adopted.cleaned = !self.history.is_empty() && self.clean(&*disk);
            }
        }
        (self.wake)();
        adopted
    }

    /// Removes what was replaced. Freeing a large file takes a file system long.
    fn clean(&self, disk: &dyn Disk) -> bool {
        for name in &self.history {
            let shown = name.file_name().unwrap_or_default().display();
            tracing::info!("Removing the history file {shown} in the background");
            // What stays is in nobody's way.
            let _ = disk.unlink(name);
        }
        self.file.put(&self.cleaned) == Put::Durable
    }
}

impl Engine {
    /// The child that rewrites the log, or did so while its base is put into the log.
    pub fn rewrite_child(&self) -> Option<SaveChild> {
        let adopting = self.aof.adoption.as_ref().map(|adoption| adoption.child);
        self.saving.child_for(ChildWork::Rewrite).or(adopting)
    }

    /// Begins to put the child's file into the log; false if no thread can be made for it.
    pub(super) fn begin_adoption(&mut self, child: SaveChild) -> bool {
        let file = self.config.appendfilename.clone();
        let mut after = self.aof.manifest.clone();
        let temp = path(format!("{TEMP_BASE}{}.aof", child.pid).as_bytes()).to_path_buf();
        let name = after.next_base(&file, self.aof.rewrite.as_rdb);
        let mut namings = vec![Naming { part: "base", from: temp, to: in_dir(&self.config, &name) }];
        if self.aof.state == AofState::Waiting {
            let from = in_dir(&self.config, &temp_increment(&file));
            let to = in_dir(&self.config, &after.next_increment(&file));
            namings.push(Naming { part: "incr", from, to });
        }
        after.retire_increments(usize::from(self.aof.state != AofState::Off));
        after.dirty = false;
        let text = after.format();
        let mut without = after.clone();
        let history = if self.config.aof_disable_auto_gc { Vec::new() } else { without.take_history() };
        let work = Work {
            file: self.manifest_file(),
            namings,
            text,
            history: history.iter().map(|part| in_dir(&self.config, &part.name)).collect(),
            cleaned: without.format(),
            wake: Arc::clone(&self.aof.wake),
        };
        match std::thread::Builder::new().name("bio_aof_base".into()).spawn(move || work.run()) {
            Ok(thread) => {
                self.aof.adoption = Some(Adoption { child, after, thread });
                true
            }
            Err(error) => {
                tracing::warn!("Can't put the new base into the log: {}", reason(&error));
                false
            }
        }
    }

    /// Takes notice of a base that was put into the log, or could not be.
    pub(in super::super) fn settle_adoption(&mut self) {
        if self.aof.adoption.as_ref().is_some_and(|adoption| adoption.thread.is_finished()) {
            self.wait_for_adoption();
        }
    }

    /// The same, once that is known.
    pub(super) fn wait_for_adoption(&mut self) {
        let Some(Adoption { child, mut after, thread }) = self.aof.adoption.take() else { return };
        let adopted = thread.join().unwrap_or_default();
        let now_s = self.clock.now_ms / 1000;
        self.stats.note_latency(&self.config, "aof-rename", adopted.rename_ms, now_s);
        self.stats.note_latency(&self.config, "aof-fstat", adopted.fstat_ms, now_s);
        match adopted.put {
            Put::Failed => {}
            Put::Unsure => {
                // Names must not be given twice while nobody knows which manifest will be found.
                after.dirty = true;
                self.aof.manifest = after;
            }
            Put::Durable => {
                if adopted.cleaned {
                    after.take_history();
                    after.dirty = false;
                }
                self.aof.manifest = after;
                self.finish_adoption(adopted.base_bytes);
            }
        }
        self.conclude_rewrite(&child, adopted.put == Put::Durable);
    }

    fn finish_adoption(&mut self, base_bytes: u64) {
        if self.aof.state != AofState::Off {
            self.aof.others_bytes = base_bytes;
            self.aof.base_bytes = self.aof.bytes();
        }
        self.aof.rewrite.last_ok = true;
        self.stats.counters.aof_rewrites_consecutive_failures = 0;
        tracing::info!("Background AOF rewrite finished successfully");
        if self.aof.state == AofState::Waiting {
            self.aof.state = AofState::On;
        }
        let Some(writer) = &self.aof.writer else { return };
        let suspect = self.aof.sync_failed();
        if !writer.heal() {
            // What the new increment lost is in no base yet.
            self.aof.rewrite.scheduled = true;
        } else if suspect {
            self.aof.unsynced = true;
            writer.sync_later();
        }
    }

    /// Where the manifest lies.
    pub(super) fn manifest_file(&self) -> ManifestFile {
        ManifestFile {
            disk: Arc::clone(&self.aof.disk),
            dir: path(&self.config.appenddirname).to_path_buf(),
            name: PathBuf::from(path(&self.manifest_name())),
        }
    }

    /// The increment that a switch of files which did not come about was to go on in.
    pub(super) fn settle_switch(&mut self) {
        let Some(settled) = self.aof.writer.as_mut().and_then(|writer| writer.settle()) else { return };
        let before = self.aof.before_switch.take();
        let put = match settled {
            Ok(bytes) => {
                self.aof.others_bytes += bytes;
                return;
            }
            Err(put) => put,
        };
        tracing::warn!("The increment before is gone on with, and the rewrite is called off");
        let unused = self.aof.manifest.increments.last().map(|part| part.name.clone());
        if let Some(before) = before {
            self.aof.manifest = before;
            self.aof.manifest.dirty = true;
        }
        if let Some(name) = unused.filter(|_| put == Put::Failed) {
            tracing::debug!("Removing the unused AOF incr file {}", shown(&name));
            let _ = self.aof.disk.unlink(&in_dir(&self.config, &name));
        }
        self.stop_rewrite_child();
        self.aof.rewrite.last_ok = false;
        self.stats.counters.aof_rewrites_consecutive_failures += 1;
        self.aof.rewrite.scheduled |= self.aof.sync_failed();
    }
}
