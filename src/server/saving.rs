//! The data file: written by this process or by a child of it. The child shares nothing with the loop but memory that
//! it reads; it logs by itself, tells its progress over a socket, and ends without running anything of the process'.

use super::log::{notice, verbose, warning};
use super::rewriting;
use super::vigil::{Verdict, Vigil};
use crate::config::Config;
use crate::engine::saving::ChildNews;
use crate::keyspace::Keyspace;
use crate::persist::disk::{ReplaceError, replace_file};
use crate::persist::rdb::{self, SaveOptions};
use crate::sys::errno::reason;
use crate::sys::fd::close_others;
use crate::sys::process::{
    Ended, Fork, activity, destroy, exit_now, fork, kill, pid, reap, resume, set_oom_score_adj, unlink,
};
use crate::sys::{clock, cpu, memory, signals};
use std::ffi::{CString, OsStr};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

/// How often a child tells how far it is.
const REPORT_EVERY_US: u64 = 1_000_000;
/// Keys between two looks at the clock.
const KEYS_A_LOOK: u64 = 1024;
/// Looking at the copied bytes may take this share of the child's time.
const LOOK_SHARE: u64 = 100;
/// Keys and copied bytes, as they go over the socket.
const REPORT: usize = 16;

/// The child that writes a snapshot, seen from its parent.
pub struct SaveProcess {
    pid: i32,
    reports: UnixStream,
    ended: Option<Ended>,
    vigil: Vigil,
    /// It sleeps because it was told to (`rdb-key-save-delay`).
    slow: bool,
}

/// What a child is told beside its work.
pub struct Setup<'a> {
    /// What it writes, for the log.
    pub what: &'static str,
    /// It looks at the clock after each key.
    pub slow: bool,
    /// The processors it runs on, as a directive names them.
    pub processors: &'a [u8],
    /// How eager the kernel shall be to kill it.
    pub oom_score: Option<i32>,
}

/// The child there is, and those that were told to end.
#[derive(Default)]
pub struct Children {
    current: Option<SaveProcess>,
    /// Nobody wants to hear of them.
    dismissed: Vec<i32>,
}

fn temp_name(pid: i32) -> PathBuf {
    PathBuf::from(format!("temp-{pid}.rdb"))
}

/// The name under which this process writes its data file, once it did so.
static OWN_TEMP: OnceLock<CString> = OnceLock::new();

/// Removes what this process has written of a data file. Safe in a signal handler.
pub fn remove_unfinished() {
    if let Some(path) = OWN_TEMP.get() {
        unlink(path);
    }
}

/// Writes the data file, and logs what comes of it.
pub fn save(space: &Keyspace, config: &Config, options: &SaveOptions<'_>) -> bool {
    if let Ok(path) = CString::new(temp_name(pid()).into_os_string().into_vec()) {
        // It stays the same.
        let _ = OWN_TEMP.set(path);
    }
    write_file(space, config, options, &mut |_| ())
}

fn write_file(
    space: &Keyspace,
    config: &Config,
    options: &SaveOptions<'_>,
    told: &mut dyn FnMut(u64),
) -> bool {
    let target = Path::new(OsStr::from_bytes(&config.dbfilename));
    let temp = temp_name(pid());
    let delay = config.rdb_key_save_delay;
    let written = replace_file(&temp, target, config.rdb_save_incremental_fsync, |out| {
        rdb::save_keyspace(space, options, out, &mut |keys| {
            told(keys);
            pause(delay, keys);
        })
    });
    match &written {
        Ok(_) => notice!("DB saved on disk"),
        Err(error) => log_failure(error, &temp, target),
    }
    written.is_ok()
}

/// `rdb-key-save-delay`: microseconds after each key, or one every so many keys if it is negative.
pub(super) fn pause(delay: i32, keys: u64) {
    match u64::try_from(delay) {
        Ok(0) => {}
        Ok(us) => std::thread::sleep(Duration::from_micros(us)),
        Err(_) if keys.is_multiple_of(u64::from(delay.unsigned_abs())) => {
            std::thread::sleep(Duration::from_micros(1));
        }
        Err(_) => {}
    }
}

fn log_failure(error: &ReplaceError, temp: &Path, target: &Path) {
    let (temp, target) = (temp.display(), target.display());
    let directory = std::env::current_dir().map_or("unknown".to_string(), |dir| dir.display().to_string());
    let why = reason(error.error());
    match error {
        ReplaceError::Open(_) => warning!(
            "Failed opening the temp RDB file {temp} (in server root dir {directory}) for saving: {why}"
        ),
        ReplaceError::Write(call, _) => warning!("Write error while saving DB to the disk({call}): {why}"),
        ReplaceError::Rename(_) => warning!(
            "Error moving temp DB file {temp} on the final destination {target} (in server root dir {directory}): {why}"
        ),
        ReplaceError::SyncDirectory(_) => {
            warning!("Failed to fsync directory while saving DB: {why}");
        }
    }
}

impl SaveProcess {
    /// Forks a child that writes the data file.
    ///
    /// # Errors
    /// When there is no memory, descriptor or process id left.
    pub fn start(
        space: &Keyspace,
        config: &Config,
        options: &SaveOptions<'_>,
        oom_score: Option<i32>,
    ) -> io::Result<SaveProcess> {
        let slow = config.rdb_key_save_delay != 0;
        let setup = Setup { what: "RDB", slow, processors: &config.bgsave_cpulist, oom_score };
        Self::run(&setup, |told| write_file(space, config, options, told))
    }

    /// Forks a child that does `work`, which tells after how many keys it is.
    ///
    /// # Errors
    /// When there is no memory, descriptor or process id left.
    pub fn run(setup: &Setup<'_>, work: impl FnOnce(&mut dyn FnMut(u64)) -> bool) -> io::Result<SaveProcess> {
        let (ours, theirs) = UnixStream::pair()?;
        ours.set_nonblocking(true)?;
        rdb::prepare();
        match fork()? {
            Fork::Parent(pid) => {
                let mut vigil = Vigil::default();
                vigil.heard(clock::monotonic_us());
                Ok(SaveProcess { pid, reports: ours, ended: None, vigil, slow: setup.slow })
            }
            Fork::Child => {
                signals::default_in_child();
                drop(ours);
                // Clients and ports are the parent's alone: if it dies, they go with it.
                close_others(theirs.as_raw_fd());
                settle_in(setup);
                let saved = run_child(setup.what, setup.slow, work, theirs);
                exit_now(i32::from(!saved))
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The latest report.
    fn report(&mut self) -> Option<ChildNews> {
        let mut bytes = [0; REPORT];
        let mut latest = None;
        // Reports are shorter than what a socket takes at once, so none comes in parts.
        while self.reports.read_exact(&mut bytes).is_ok() {
            let (keys, cow) = bytes.split_at(REPORT / 2);
            let number = |half: &[u8]| half.try_into().map_or(0, u64::from_le_bytes);
            latest = Some(ChildNews::Progress { keys: number(keys), cow_bytes: number(cow) });
        }
        latest
    }
}

impl SaveProcess {
    /// Looks whether it still gets on, and ends it if it never will.
    fn look(&mut self) {
        let now_us = clock::monotonic_us();
        if self.slow || self.ended.is_some() || !self.vigil.is_due(now_us) {
            return;
        }
        // One that has just ended is no more to be seen.
        let Ok(seen) = activity(self.pid) else { return };
        match self.vigil.judge(now_us, seen) {
            Verdict::Fine => {}
            Verdict::Idle { seconds, state } => warning!(
                "The background child {} has done nothing for {seconds} seconds (state {state})",
                self.pid
            ),
            Verdict::Hung { seconds } => {
                warning!(
                    "The background child {} has done nothing for {seconds} seconds and waits for no disk. Killing it!",
                    self.pid
                );
                // It may have ended meanwhile.
                let _ = destroy(self.pid);
            }
        }
    }
}

impl Children {
    /// Takes a new child in.
    pub fn watch(&mut self, child: SaveProcess) -> i32 {
        let pid = child.pid();
        self.current = Some(child);
        pid
    }

    /// What is new of the child, if anything is.
    pub fn poll(&mut self) -> Option<ChildNews> {
        self.reap();
        let process = self.current.as_mut()?;
        // What it told at the very end comes before its end.
        if let Some(news) = process.report() {
            process.vigil.heard(clock::monotonic_us());
            return Some(news);
        }
        process.look();
        let (pid, ended) = (process.pid, process.ended?);
        self.current = None;
        Some(match ended {
            Ended::Exited { code: 0 } => ChildNews::Succeeded,
            Ended::Exited { .. } => ChildNews::Failed,
            Ended::Killed { signal } => {
                let began = clock::monotonic_us();
                remove_aside(&temp_name(pid));
                ChildNews::Killed { signal, unlink_us: clock::monotonic_us().saturating_sub(began) }
            }
        })
    }

    fn reap(&mut self) {
        let waits = self.current.as_ref().is_some_and(|process| process.ended.is_none());
        if !waits && self.dismissed.is_empty() {
            return;
        }
        while let Some((pid, ended)) = reap() {
            if let Some(process) = self.current.as_mut().filter(|process| process.pid == pid) {
                process.ended = Some(ended);
            } else if let Some(at) = self.dismissed.iter().position(|dismissed| *dismissed == pid) {
                self.dismissed.swap_remove(at);
                // It may have gone on until it heard of its end.
                remove_aside(&temp_name(pid));
                rewriting::remove_leftovers(pid);
            } else {
                warning!("Warning, detected child with unmatched pid: {pid}");
            }
        }
    }

    /// Has nothing to do any more with a child that was told to end. Its end is not waited for: one that the disk keeps
    /// hears of nothing.
    pub fn forget(&mut self) {
        if let Some(process) = self.current.take().filter(|process| process.ended.is_none()) {
            self.dismissed.push(process.pid);
        }
    }
}

/// Sends the child a signal, which it hears even if somebody stopped it, and removes what it has written.
pub fn stop(pid: i32, signal: i32) {
    // It may have ended by itself, or not have begun to write.
    let _ = kill(pid, signal);
    let _ = resume(pid);
    remove_aside(&temp_name(pid));
}

/// Removes a file. Freeing a large one takes a file system long, so its last descriptor is closed by a thread.
pub(super) fn remove_aside(path: &Path) {
    // What is not there need not go.
    let Ok(file) = std::fs::File::open(path) else { return };
    let _ = std::fs::remove_file(path);
    let close = move || {
        cpu::join_helpers();
        drop(file);
    };
    // Without a thread it is closed here.
    let _ = std::thread::Builder::new().name("bio_close_file".into()).spawn(close);
}

/// A child's place: the processors it may use, and in the kernel's list of whom to kill first.
fn settle_in(setup: &Setup<'_>) {
    if let Some(score) = setup.oom_score
        && let Err(error) = set_oom_score_adj(score)
    {
        warning!("Unable to write oom_score_adj: {}", reason(&error));
    }
    if let Err(error) = cpu::bind_to_processors(&String::from_utf8_lossy(setup.processors)) {
        warning!("Can't bind the background child to its processors: {}", reason(&error));
    }
}

fn run_child(
    what: &str,
    slow: bool,
    work: impl FnOnce(&mut dyn FnMut(u64)) -> bool,
    mut reports: UnixStream,
) -> bool {
    let mut looked_us = clock::monotonic_us();
    let mut pause_us = REPORT_EVERY_US;
    let mut keys_done = 0;
    let (mut peak, mut sum, mut looks) = (0, 0u64, 0u64);
    let mut look = |keys: u64| -> (u64, bool) {
        let cow = memory::private_dirty_bytes();
        (peak, sum, looks) = (cow.max(peak), sum.saturating_add(cow), looks + 1);
        let told = reports.write_all(&[keys.to_le_bytes(), cow.to_le_bytes()].concat());
        (cow, told.is_ok())
    };
    let saved = work(&mut |keys| {
        keys_done = keys;
        if !keys.is_multiple_of(KEYS_A_LOOK) && !slow {
            return;
        }
        let now_us = clock::monotonic_us();
        if now_us.saturating_sub(looked_us) < pause_us {
            return;
        }
        let (cow, told) = look(keys);
        if !told {
            // Nobody is there any more to use the file.
            exit_now(1);
        }
        verbose!("Fork CoW for {what}: current {} MB", cow >> 20);
        looked_us = clock::monotonic_us();
        pause_us = REPORT_EVERY_US.max((looked_us - now_us) * LOOK_SHARE);
    });
    if saved {
        let (cow, _) = look(keys_done);
        notice!(
            "Fork CoW for {what}: current {} MB, peak {} MB, average {} MB",
            cow >> 20,
            peak >> 20,
            (sum / looks.max(1)) >> 20
        );
    }
    saved
}
