//! Writing the log: a thread that writes and, under `appendfsync always`, syncs what many commands left at once; and a
//! thread that only syncs, so that a slow disk does not keep writes from being written. Two counters tell how far they
//! are: W, up to which the log is written (it survives the end of this process), and D, up to which it is durable (it
//! survives a power cut). Offsets count bytes of the log from the start of the process, across files.

use super::manifest_file::Put;
use crate::persist::files::LogFile;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// When the log is forced to the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    Always,
    EverySecond,
    No,
}

impl Policy {
    fn from_u8(n: u8) -> Policy {
        match n {
            0 => Policy::Always,
            1 => Policy::EverySecond,
            _ => Policy::No,
        }
    }
}

/// What is wrong with the disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// Writing fails and is tried again.
    Write { reason: String },
    /// Syncing failed: what was written since the last success may be lost, whatever later syncs say.
    Sync { reason: String },
    /// Under `always` the server cannot go on.
    Fatal { line: String },
}

/// A file with its length.
pub struct Target {
    file: Arc<dyn LogFile>,
    len: AtomicU64,
    /// A sync of it failed: what it should have may not be there.
    lost: AtomicBool,
}

/// Has the manifest name the file that is gone on in.
pub type PutManifest = Box<dyn FnOnce() -> Put + Send>;

/// How far going on in another file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Switching {
    /// It is done, and what there is lies in the files as the writer's owner knows them.
    Settled,
    Pending,
    /// The old file is gone on with, which the owner has still to hear.
    Refused(Put),
}

impl Switching {
    fn from_u8(n: u8) -> Switching {
        match n {
            0 => Switching::Settled,
            1 => Switching::Pending,
            2 => Switching::Refused(Put::Failed),
            _ => Switching::Refused(Put::Unsure),
        }
    }

    fn to_u8(self) -> u8 {
        match self {
            Switching::Settled | Switching::Refused(Put::Durable) => 0,
            Switching::Pending => 1,
            Switching::Refused(Put::Failed) => 2,
            Switching::Refused(Put::Unsure) => 3,
        }
    }
}

/// What the threads tell.
pub struct Progress {
    written: AtomicU64,
    durable: AtomicU64,
    /// Up to where `always` waits for no sync, because a child has the disk.
    excused: AtomicU64,
    /// Jobs that the writing thread has still to do.
    writes: AtomicUsize,
    /// Jobs that the syncing thread has still to do.
    syncs: AtomicUsize,
    switching: AtomicU8,
    /// Nobody waits for what cannot be written any more.
    abandoned: AtomicBool,
    policy: AtomicU8,
    /// A child writes, and `no-appendfsync-on-rewrite` leaves the disk to it.
    spare_disk: AtomicBool,
    /// DEBUG AOF-FLUSH-SLEEP, microseconds.
    sleep_us: AtomicU64,
    longest: Longest,
    trouble: Mutex<Option<Trouble>>,
    troubled: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// The longest calls since they were last asked for, in microseconds.
#[derive(Default)]
struct Longest {
    /// Syncs under `always`.
    sync: AtomicU64,
    write: AtomicU64,
    /// Writes while a sync was under way, which a file system may let wait for it.
    write_beside_sync: AtomicU64,
}

/// What [`Progress::take_longest`] tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LongestUs {
    pub sync: u64,
    pub write: u64,
    pub write_beside_sync: u64,
}

enum Write {
    Append {
        bytes: Vec<u8>,
        units: usize,
        end: u64,
    },
    /// Nothing to write; sync what there is.
    Sync,
    /// Goes on in another file.
    Switch {
        target: Arc<Target>,
        put: PutManifest,
    },
}

struct Request {
    target: Arc<Target>,
    end: u64,
}

/// The log's way to the disk. The threads end with it.
pub struct Writer {
    pub progress: Arc<Progress>,
    target: Arc<Target>,
    /// The file before, until it is known that `target` is gone on in.
    before: Option<Arc<Target>>,
    writes: Sender<Write>,
    syncs: Sender<Request>,
}

/// How long a failed write waits until it is tried again.
const RETRY: Duration = Duration::from_millis(100);
/// Bytes gathered for one sync.
const GATHER: usize = 4 << 20;
/// A sync waits for companions no longer than this, in microseconds.
const LONGEST_WAIT_US: u64 = 1000;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Target {
    /// A file that has so many bytes.
    pub fn new(file: Arc<dyn LogFile>, len: u64) -> Arc<Target> {
        Arc::new(Target { file, len: AtomicU64::new(len), lost: AtomicBool::new(false) })
    }

    pub fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn sync(&self) -> io::Result<()> {
        let synced = self.file.sync();
        if synced.is_err() {
            self.lost.store(true, Ordering::Release);
        }
        synced
    }

    /// Appends bytes; how many of them are in the file, and why not all. A part of them is taken away again, so that
    /// the file ends with a whole command.
    fn append(&self, bytes: &[u8]) -> (usize, Option<io::Error>) {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            let error = match self.file.append(rest) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(n) => {
                    done += n;
                    continue;
                }
                Err(error) => error,
            };
            if done > 0 && self.file.truncate(self.len()).is_ok() {
                done = 0;
            }
            self.len.fetch_add(done as u64, Ordering::AcqRel);
            return (done, Some(error));
        }
        self.len.fetch_add(done as u64, Ordering::AcqRel);
        (done, None)
    }
}

impl Progress {
    /// Up to where the log is written.
    #[inline]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    /// Up to where the log is durable.
    #[inline]
    pub fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Up to where replies may go out.
    #[inline]
    pub fn confirmed(&self) -> u64 {
        if self.policy() != Policy::Always {
            return self.written();
        }
        self.durable().max(self.excused.load(Ordering::Acquire))
    }

    pub fn policy(&self) -> Policy {
        Policy::from_u8(self.policy.load(Ordering::Relaxed))
    }

    /// Syncs that are under way or wait.
    pub fn pending_syncs(&self) -> usize {
        self.syncs.load(Ordering::Acquire)
    }

    /// Whether the writing thread has something to do.
    pub fn is_writing(&self) -> bool {
        self.writes.load(Ordering::Acquire) > 0
    }

    fn switching(&self) -> Switching {
        Switching::from_u8(self.switching.load(Ordering::Acquire))
    }

    fn set_switching(&self, now: Switching) {
        self.switching.store(now.to_u8(), Ordering::Release);
    }

    /// Whether it is not settled yet which file is gone on in.
    pub fn is_switching(&self) -> bool {
        self.switching() != Switching::Settled
    }

    /// What is wrong, if anything is.
    pub fn trouble(&self) -> Option<Trouble> {
        if !self.troubled.load(Ordering::Acquire) {
            return None;
        }
        lock(&self.trouble).clone()
    }

    /// The longest calls of the threads since this was last asked.
    pub fn take_longest(&self) -> LongestUs {
        let take = |cell: &AtomicU64| match cell.load(Ordering::Relaxed) {
            0 => 0,
            _ => cell.swap(0, Ordering::Relaxed),
        };
        let Longest { sync, write, write_beside_sync } = &self.longest;
        LongestUs { sync: take(sync), write: take(write), write_beside_sync: take(write_beside_sync) }
    }

    pub fn set_policy(&self, policy: Policy) {
        self.policy.store(policy as u8, Ordering::Relaxed);
    }

    /// Says whether the disk was spared before.
    pub fn set_spare_disk(&self, spare: bool) -> bool {
        self.spare_disk.swap(spare, Ordering::Relaxed)
    }

    pub fn set_sleep_us(&self, us: u64) {
        self.sleep_us.store(us, Ordering::Relaxed);
    }

    /// Forgets that a sync failed.
    fn forgive(&self) {
        *lock(&self.trouble) = None;
        self.troubled.store(false, Ordering::Release);
    }

    fn fail(&self, trouble: Trouble) {
        let mut known = lock(&self.trouble);
        // A write that fails does not make a failed sync good.
        let worse = matches!(*known, Some(Trouble::Sync { .. } | Trouble::Fatal { .. }))
            && matches!(trouble, Trouble::Write { .. });
        if !worse {
            *known = Some(trouble);
        }
        drop(known);
        self.troubled.store(true, Ordering::Release);
        (self.wake)();
    }

    /// A sync failed; false when there is no going on.
    fn fail_sync(&self, error: &io::Error, always: bool) -> bool {
        let reason = crate::sys::errno::reason(error);
        if always {
            let line = format!(
                "Can't persist AOF for fsync error when the AOF fsync policy is 'always': {reason}. Exiting..."
            );
            self.fail(Trouble::Fatal { line });
        } else {
            tracing::warn!("Fail to fsync the AOF file: {reason}");
            self.fail(Trouble::Sync { reason });
        }
        !always
    }

    /// Writing goes again; says whether it did not.
    fn recover(&self) -> bool {
        let mut known = lock(&self.trouble);
        let recovered = matches!(*known, Some(Trouble::Write { .. }));
        if recovered {
            *known = None;
            self.troubled.store(false, Ordering::Release);
        }
        recovered
    }

    fn sleep(&self) {
        if let us @ 1.. = self.sleep_us.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_micros(us));
        }
    }
}

impl Writer {
    /// Starts the threads. The log stands at `offset`; `wake` is called when a counter moved or something failed.
    ///
    /// # Errors
    /// When no thread can be made.
    pub fn start(
        target: Arc<Target>,
        offset: u64,
        policy: Policy,
        wake: Box<dyn Fn() + Send + Sync>,
    ) -> io::Result<Writer> {
        let progress = Arc::new(Progress {
            written: AtomicU64::new(offset),
            durable: AtomicU64::new(offset),
            excused: AtomicU64::new(0),
            writes: AtomicUsize::new(0),
            syncs: AtomicUsize::new(0),
            switching: AtomicU8::new(Switching::Settled.to_u8()),
            abandoned: AtomicBool::new(false),
            policy: AtomicU8::new(policy as u8),
            spare_disk: AtomicBool::new(false),
            sleep_us: AtomicU64::new(0),
            longest: Longest::default(),
            trouble: Mutex::new(None),
            troubled: AtomicBool::new(false),
            wake,
        });
        let (writes, to_write) = channel();
        let (syncs, to_sync) = channel();
        let shared = Arc::clone(&progress);
        let first = Arc::clone(&target);
        std::thread::Builder::new().name("aof_write".into()).spawn(move || {
            crate::sys::cpu::join_helpers();
            crate::sys::clock::sharpen_timers();
            Appender::new(shared, first).run(&to_write);
        })?;
        let shared = Arc::clone(&progress);
        std::thread::Builder::new().name("bio_aof".into()).spawn(move || run_syncs(&shared, &to_sync))?;
        Ok(Writer { progress, target, before: None, writes, syncs })
    }

    /// Bytes in the file that is appended to, and in the one before until that is settled.
    pub fn file_len(&self) -> u64 {
        self.target.len() + self.before.as_ref().map_or(0, |before| before.len())
    }

    /// Whether the caller may write by itself: no thread has the file in hands.
    pub fn is_idle(&self) -> bool {
        self.progress.policy() != Policy::Always
            && !self.progress.is_writing()
            && self.progress.pending_syncs() == 0
            && !self.progress.is_switching()
            && !self.progress.troubled.load(Ordering::Acquire)
    }

    /// Writes on the calling thread, which [`Writer::is_idle`] allowed. What does not go is left to the thread.
    pub fn write_here(&self, bytes: &[u8], end: u64) {
        self.progress.sleep();
        let (done, error) = self.target.append(bytes);
        match error {
            None => self.progress.written.store(end, Ordering::Release),
            Some(error) => {
                report_write(&self.progress, &error, false);
                self.hand_over(bytes.get(done..).unwrap_or_default().to_vec(), 0, end);
            }
        }
    }

    /// Writes and forces to the disk on the calling thread, as `always` asks. False if a thread has something to do
    /// with the log or the disk is to be spared, and then nothing was done. What cannot be written is left to the
    /// thread, which tells of it.
    pub fn write_through(&self, bytes: &[u8], end: u64) -> bool {
        let progress = &*self.progress;
        let free = progress.policy() == Policy::Always
            && !progress.is_writing()
            && progress.pending_syncs() == 0
            && !progress.is_switching()
            && !progress.spare_disk.load(Ordering::Relaxed)
            && !progress.troubled.load(Ordering::Acquire);
        if !free {
            return false;
        }
        progress.sleep();
        let (done, error) = self.target.append(bytes);
        if error.is_some() {
            self.hand_over(bytes.get(done..).unwrap_or_default().to_vec(), 0, end);
            return true;
        }
        progress.written.store(end, Ordering::Release);
        let began = crate::sys::clock::monotonic_us();
        if let Err(error) = self.target.sync() {
            progress.fail_sync(&error, true);
            return true;
        }
        let took = crate::sys::clock::monotonic_us().saturating_sub(began);
        progress.longest.sync.fetch_max(took, Ordering::Relaxed);
        progress.durable.fetch_max(end, Ordering::AcqRel);
        true
    }

    /// Has bytes written, so many units of the log that end at this offset.
    pub fn hand_over(&self, bytes: Vec<u8>, units: usize, end: u64) {
        self.progress.writes.fetch_add(1, Ordering::AcqRel);
        // The thread lives as long as this handle.
        let _ = self.writes.send(Write::Append { bytes, units, end });
    }

    /// Has everything written so far forced to the disk. With `always` that happens by itself. While it is not settled
    /// which file is gone on in there is nothing to ask for: the switch forces the old one.
    pub fn sync_later(&self) {
        if self.progress.policy() == Policy::Always {
            self.progress.writes.fetch_add(1, Ordering::AcqRel);
            let _ = self.writes.send(Write::Sync);
            return;
        }
        if self.progress.is_switching() {
            return;
        }
        self.progress.syncs.fetch_add(1, Ordering::AcqRel);
        let end = self.progress.written();
        let _ = self.syncs.send(Request { target: Arc::clone(&self.target), end });
    }

    /// Goes on in another file: once everything handed over before is in the old one and durable, and `put` has made
    /// the manifest name the new one. If that fails, the old one is gone on with. [`Writer::settle`] tells.
    pub fn switch(&mut self, target: Arc<Target>, put: PutManifest) {
        self.progress.set_switching(Switching::Pending);
        self.before = Some(std::mem::replace(&mut self.target, Arc::clone(&target)));
        self.progress.writes.fetch_add(1, Ordering::AcqRel);
        let _ = self.writes.send(Write::Switch { target, put });
    }

    /// What became of the last switch, told once it is known: the bytes in the file before, or why it is still written.
    pub fn settle(&mut self) -> Option<Result<u64, Put>> {
        let now = self.progress.switching();
        if now == Switching::Pending {
            return None;
        }
        let before = self.before.take()?;
        match now {
            Switching::Refused(put) => {
                self.target = before;
                self.progress.set_switching(Switching::Settled);
                Some(Err(put))
            }
            _ => Some(Ok(before.len())),
        }
    }

    /// A new base has everything that the files before this one have: what a failed sync of them may have lost is made
    /// good. False if this one lost something itself.
    pub fn heal(&self) -> bool {
        let whole = !self.target.lost.load(Ordering::Acquire);
        if whole && matches!(self.progress.trouble(), Some(Trouble::Sync { .. })) {
            self.progress.forgive();
        }
        whole
    }

    /// Waits until everything is written and synced that was asked for, or cannot be.
    ///
    /// # Errors
    /// Why it cannot be.
    pub fn wait(&self) -> Result<(), Trouble> {
        const STEP: Duration = Duration::from_micros(200);
        loop {
            if let Some(trouble) = self.progress.trouble() {
                return Err(trouble);
            }
            if !self.progress.is_writing() && self.progress.pending_syncs() == 0 {
                return Ok(());
            }
            std::thread::sleep(STEP);
        }
    }

    /// Forces what is written to the disk, on the calling thread.
    ///
    /// # Errors
    /// Why that failed.
    pub fn sync_now(&self) -> Result<(), Trouble> {
        match self.target.sync() {
            Ok(()) => {
                self.progress.durable.store(self.progress.written(), Ordering::Release);
                Ok(())
            }
            Err(error) => {
                let trouble = Trouble::Sync { reason: crate::sys::errno::reason(&error) };
                self.progress.fail(trouble.clone());
                Err(trouble)
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.progress.abandoned.store(true, Ordering::Release);
    }
}

fn report_write(progress: &Progress, error: &io::Error, always: bool) {
    let reason = crate::sys::errno::reason(error);
    if progress.trouble().is_none() {
        tracing::warn!("Error writing to the AOF file: {reason}");
    }
    progress.fail(if always {
        let line = "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...";
        Trouble::Fatal { line: line.to_string() }
    } else {
        Trouble::Write { reason }
    });
}

/// The writing thread.
struct Appender {
    progress: Arc<Progress>,
    target: Arc<Target>,
    /// Something in `target` may not be durable.
    unsynced: bool,
    failing: bool,
    /// Units that the last sync confirmed: their clients are answered at one moment, so as many may soon follow.
    expected: usize,
    /// How long the last sync took, in microseconds.
    sync_us: u64,
}

/// What goes to the disk together.
#[derive(Default)]
struct Group {
    jobs: usize,
    bytes: usize,
    units: usize,
}

impl Appender {
    fn new(progress: Arc<Progress>, target: Arc<Target>) -> Appender {
        Appender { progress, target, unsynced: true, failing: false, expected: 0, sync_us: 0 }
    }

    fn run(mut self, jobs: &Receiver<Write>) {
        while let Ok(first) = jobs.recv() {
            let mut group = Group::default();
            let mut next = Some(first);
            let mut until_us = None;
            while let Some(job) = next {
                if !self.take(job, &mut group) {
                    return;
                }
                next = self.companion(jobs, &group, &mut until_us);
            }
            if !self.sync_if_always() {
                // Nothing is confirmed any more; the server ends.
                return;
            }
            self.expected = group.units;
            self.progress.writes.fetch_sub(group.jobs, Ordering::AcqRel);
            (self.progress.wake)();
        }
    }

    /// One more job to share the sync. The first who are answered after a sync must not start the next one alone,
    /// with the others waiting for two: while fewer are there than the last time, a part of a sync's time is spent
    /// waiting for them. `until_us` is when that ends.
    fn companion(&self, jobs: &Receiver<Write>, group: &Group, until_us: &mut Option<u64>) -> Option<Write> {
        if group.bytes >= GATHER {
            return None;
        }
        if let Ok(job) = jobs.try_recv() {
            return Some(job);
        }
        let syncs =
            self.progress.policy() == Policy::Always && !self.progress.spare_disk.load(Ordering::Relaxed);
        if !syncs || group.units >= self.expected {
            return None;
        }
        let now_us = crate::sys::clock::monotonic_us();
        let until_us = *until_us.get_or_insert(now_us + (self.sync_us / 2).min(LONGEST_WAIT_US));
        jobs.recv_timeout(Duration::from_micros(until_us.saturating_sub(now_us))).ok()
    }

    /// Does one job; false when there is no going on.
    fn take(&mut self, job: Write, group: &mut Group) -> bool {
        group.jobs += 1;
        let (mut bytes, units, end) = match job {
            Write::Append { bytes, units, end } => (bytes, units, end),
            Write::Sync => {
                self.unsynced = true;
                return true;
            }
            Write::Switch { target, put } => return self.go_on_in(target, put),
        };
        group.bytes += bytes.len();
        group.units += units;
        self.progress.sleep();
        loop {
            let beside = self.progress.pending_syncs() > 0;
            let began = crate::sys::clock::monotonic_us();
            let (done, error) = self.target.append(&bytes);
            let took = crate::sys::clock::monotonic_us().saturating_sub(began);
            let Longest { write, write_beside_sync, .. } = &self.progress.longest;
            let longest = if beside { write_beside_sync } else { write };
            longest.fetch_max(took, Ordering::Relaxed);
            let Some(error) = error else { break };
            bytes.drain(..done.min(bytes.len()));
            let always = self.progress.policy() == Policy::Always;
            if !self.failing || always {
                report_write(&self.progress, &error, always);
            }
            self.failing = true;
            if always {
                return false;
            }
            if self.progress.abandoned.load(Ordering::Acquire) {
                return false;
            }
            std::thread::sleep(RETRY);
        }
        self.failing = false;
        if self.progress.troubled.load(Ordering::Acquire) && self.progress.recover() {
            tracing::info!("AOF write error looks solved. The server can write again.");
        }
        self.unsynced = true;
        self.progress.written.store(end, Ordering::Release);
        true
    }

    /// Goes on in another file; false when there is no going on at all. The end of the file before comes first: it must
    /// be durable before a manifest names the next, for a torn end is cut off nowhere but in the last file.
    fn go_on_in(&mut self, target: Arc<Target>, put: PutManifest) -> bool {
        if !self.sync() {
            return false;
        }
        let now = match put() {
            Put::Durable => {
                self.target = target;
                Switching::Settled
            }
            refused => Switching::Refused(refused),
        };
        self.progress.set_switching(now);
        true
    }

    /// Syncs, if everything has to be durable at once; false when there is no going on.
    fn sync_if_always(&mut self) -> bool {
        if !self.unsynced || self.progress.policy() != Policy::Always {
            return true;
        }
        if self.progress.spare_disk.load(Ordering::Relaxed) {
            self.progress.excused.store(self.progress.written(), Ordering::Release);
            return true;
        }
        self.sync()
    }

    /// Forces the file to the disk; false when there is no going on.
    fn sync(&mut self) -> bool {
        let always = self.progress.policy() == Policy::Always;
        let began = crate::sys::clock::monotonic_us();
        if let Err(error) = self.target.sync() {
            return self.progress.fail_sync(&error, always);
        }
        if always {
            let took = crate::sys::clock::monotonic_us().saturating_sub(began);
            self.progress.longest.sync.fetch_max(took, Ordering::Relaxed);
            self.sync_us = took;
        }
        self.unsynced = false;
        if self.progress.trouble().is_none() {
            self.progress.durable.fetch_max(self.progress.written(), Ordering::AcqRel);
        }
        true
    }
}

fn run_syncs(progress: &Progress, jobs: &Receiver<Request>) {
    crate::sys::cpu::join_helpers();
    for Request { target, end } in jobs {
        match target.sync() {
            Ok(()) => {
                if progress.trouble().is_none() {
                    progress.durable.fetch_max(end, Ordering::AcqRel);
                }
            }
            Err(error) => {
                progress.fail_sync(&error, false);
            }
        }
        progress.syncs.fetch_sub(1, Ordering::AcqRel);
        (progress.wake)();
    }
}
