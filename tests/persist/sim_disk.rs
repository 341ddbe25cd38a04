//! A disk that keeps only what was synced. At a chosen step its power goes: from then on every call fails, and what is
//! found afterwards is what was synced, with some of the rest, torn and out of order, as a seed has it.

use spinel::persist::files::{Disk, LogFile};
use std::collections::BTreeMap;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Clone, Default)]
struct Inode {
    data: Vec<u8>,
    /// How much of it is durable.
    synced: usize,
}

/// A change of names that is not durable yet.
#[derive(Clone)]
enum Change {
    Link(PathBuf, usize),
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
}

#[derive(Default)]
struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    changes: Vec<Change>,
    dirs: Vec<PathBuf>,
    /// Calls that change something, so far.
    steps: usize,
    cut_at: usize,
    /// Syncs of the log's files wait.
    holds_syncs: bool,
    /// The next sync of a file fails.
    fails_sync: bool,
    /// The next rename to a name with this end fails.
    fails_rename: Option<&'static str>,
    /// The next sync of a directory fails that would make such a rename durable.
    fails_dir: Option<&'static str>,
    /// How many bytes it still takes, if that is limited.
    room: Option<usize>,
    /// The error number of every write.
    refuses: Option<i32>,
    read_only: bool,
}

/// The disk. Clones are the same disk.
#[derive(Clone, Default)]
pub struct SimDisk(Arc<Mutex<State>>, Arc<Condvar>);

struct SimFile {
    disk: SimDisk,
    inode: usize,
    /// It lies in a folder, as the log does; a child's own files do not.
    of_log: bool,
}

/// ENOSPC, EIO and EROFS as Linux numbers them.
pub const NO_SPACE: i32 = 28;
pub const BROKEN: i32 = 5;
const READ_ONLY: i32 = 30;

fn gone() -> io::Error {
    io::Error::other("the power is off")
}

fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

impl SimDisk {
    /// A disk whose power goes at this step.
    pub fn cut_at(step: usize) -> SimDisk {
        let disk = SimDisk::default();
        disk.state().cut_at = step;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a step; an error once the power is off.
    fn step(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.steps >= state.cut_at {
            return Err(gone());
        }
        state.steps += 1;
        Ok(state)
    }

    /// Has syncs of the log's files wait from now on, or go on.
    pub fn hold_syncs(&self, hold: bool) {
        self.state().holds_syncs = hold;
        self.1.notify_all();
    }

    /// Has the next sync of a file fail.
    pub fn fail_sync(&self) {
        self.state().fails_sync = true;
    }

    /// Has the next rename fail to a name with this end.
    pub fn fail_rename(&self, end: &'static str) {
        self.state().fails_rename = Some(end);
    }

    /// Has the next sync of a directory fail that would make such a rename durable.
    pub fn fail_sync_of_rename(&self, end: &'static str) {
        self.state().fails_dir = Some(end);
    }

    /// Takes so many bytes more, or as many as there come.
    pub fn leave_room(&self, bytes: Option<usize>) {
        self.state().room = bytes;
    }

    /// Answers every write with this error number.
    pub fn refuse_writes(&self, number: Option<i32>) {
        self.state().refuses = number;
    }

    pub fn make_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// Somebody removes everything; who has a file open keeps it.
    pub fn vanish(&self) {
        let mut state = self.state();
        state.names.clear();
        state.durable_names.clear();
        state.changes.clear();
        state.dirs.clear();
    }

    /// Puts bytes at the end of the file whose name ends so.
    pub fn damage(&self, end: &str, bytes: &[u8]) {
        let mut state = self.state();
        let named = state.names.iter().find(|(name, _)| name.to_string_lossy().ends_with(end));
        let inode = *named.expect("there is such a file").1;
        state.inodes[inode].data.extend_from_slice(bytes);
    }

    /// What is found when the process was killed: everything it wrote.
    pub fn after_kill(&self) -> SimDisk {
        let state = self.state();
        let found = SimDisk::default();
        let mut new = found.state();
        new.inodes = state.inodes.clone();
        new.names.clone_from(&state.names);
        new.durable_names.clone_from(&state.names);
        new.dirs.clone_from(&state.dirs);
        new.cut_at = usize::MAX;
        drop(new);
        found
    }

    /// All files, for a test that failed.
    pub fn show(&self) -> String {
        let state = self.state();
        let files = state.names.iter().map(|(name, inode)| {
            let data = String::from_utf8_lossy(&state.inodes[*inode].data).into_owned();
            format!("{}: {data:?}\n", name.display())
        });
        files.collect()
    }

    pub fn is_off(&self) -> bool {
        let state = self.state();
        state.steps >= state.cut_at
    }

    /// What is found when the power is back.
    pub fn after_cut(&self, seed: u64) -> SimDisk {
        let mut seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let state = self.state();
        let mut names = state.durable_names.clone();
        for change in &state.changes {
            if next(&mut seed).is_multiple_of(2) {
                continue;
            }
            match change {
                Change::Link(name, inode) => {
                    names.insert(name.clone(), *inode);
                }
                Change::Rename(from, to) => {
                    if let Some(inode) = names.remove(from) {
                        names.insert(to.clone(), inode);
                    }
                }
                Change::Unlink(name) => {
                    names.remove(name);
                }
            }
        }
        let inodes = state.inodes.iter().map(|inode| {
            let rest = inode.data.len() - inode.synced;
            let kept = inode.synced + next(&mut seed) as usize % (rest + 1);
            let mut data = inode.data[..kept].to_vec();
            if next(&mut seed).is_multiple_of(3) {
                // Its length was written, its bytes were not.
                data.resize(inode.data.len(), 0);
            }
            Inode { synced: data.len(), data }
        });
        let found = SimDisk::default();
        let mut new = found.state();
        new.inodes = inodes.collect();
        new.names.clone_from(&names);
        new.durable_names = names;
        new.dirs.clone_from(&state.dirs);
        new.cut_at = usize::MAX;
        drop(new);
        found
    }

    /// Counts a step that changes names.
    fn change(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.step()?;
        if state.read_only { Err(io::Error::from_raw_os_error(READ_ONLY)) } else { Ok(state) }
    }

    fn link(&self, path: &Path, empty: bool) -> io::Result<Arc<dyn LogFile>> {
        let mut state = self.change()?;
        let known = state.names.get(path).copied();
        let inode = match known {
            Some(inode) => {
                if empty {
                    state.inodes[inode] = Inode::default();
                }
                inode
            }
            None => {
                state.inodes.push(Inode::default());
                let inode = state.inodes.len() - 1;
                state.names.insert(path.to_path_buf(), inode);
                state.changes.push(Change::Link(path.to_path_buf(), inode));
                inode
            }
        };
        let of_log = path.parent().is_some_and(|folder| folder != Path::new(""));
        Ok(Arc::new(SimFile { disk: self.clone(), inode, of_log }))
    }

    fn inode(state: &State, path: &Path) -> io::Result<usize> {
        state.names.get(path).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }
}

impl LogFile for SimFile {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.step()?;
        if let Some(number) = state.refuses {
            return Err(io::Error::from_raw_os_error(number));
        }
        let taken = state.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if taken == 0 && !bytes.is_empty() {
            return Err(io::Error::from_raw_os_error(NO_SPACE));
        }
        state.room = state.room.map(|room| room - taken);
        state.inodes[self.inode].data.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.step()?;
        while state.holds_syncs && self.of_log {
            state = self.disk.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if std::mem::take(&mut state.fails_sync) {
            return Err(io::Error::other("Input/output error"));
        }
        let inode = &mut state.inodes[self.inode];
        inode.synced = inode.data.len();
        Ok(())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.step()?;
        let inode = &mut state.inodes[self.inode];
        inode.data.truncate(len as usize);
        inode.synced = inode.synced.min(inode.data.len());
        Ok(())
    }
}

impl Disk for SimDisk {
    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        self.link(path, false)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        self.link(path, true)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        let state = self.state();
        let inode = Self::inode(&state, path)?;
        Ok(Box::new(Cursor::new(state.inodes[inode].data.clone())))
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        let state = self.state();
        let inode = Self::inode(&state, path)?;
        Ok(state.inodes[inode].data.len() as u64)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.state().names.contains_key(path)
    }

    fn is_dir(&self, path: &Path) -> bool {
        self.state().dirs.iter().any(|dir| dir == path)
    }

    fn make_dir(&self, path: &Path) -> io::Result<()> {
        if self.is_dir(path) {
            return Ok(());
        }
        let mut state = self.change()?;
        state.dirs.push(path.to_path_buf());
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.change()?;
        if state.fails_rename.is_some_and(|end| to.to_string_lossy().ends_with(end)) {
            state.fails_rename = None;
            return Err(io::Error::other("Input/output error"));
        }
        let inode = Self::inode(&state, from)?;
        state.names.remove(from);
        state.names.insert(to.to_path_buf(), inode);
        state.changes.push(Change::Rename(from.to_path_buf(), to.to_path_buf()));
        Ok(())
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        let mut state = self.change()?;
        Self::inode(&state, path)?;
        state.names.remove(path);
        state.changes.push(Change::Unlink(path.to_path_buf()));
        Ok(())
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        let mut state = self.step()?;
        let inside = |name: &PathBuf| name.parent() == Some(path);
        let fails = state.fails_dir.unwrap_or("/");
        let named = |to: &PathBuf| inside(to) && to.to_string_lossy().ends_with(fails);
        if state.changes.iter().any(|change| matches!(change, Change::Rename(_, to) if named(to))) {
            state.fails_dir = None;
            return Err(io::Error::other("Input/output error"));
        }
        // A rename out of another directory is made durable by either of them.
        let changes = std::mem::take(&mut state.changes);
        for change in changes {
            let here = match &change {
                Change::Link(name, _) | Change::Unlink(name) => inside(name),
                Change::Rename(from, to) => inside(from) || inside(to),
            };
            match change {
                change if !here => state.changes.push(change),
                Change::Link(name, inode) => {
                    state.durable_names.insert(name, inode);
                }
                Change::Unlink(name) => {
                    state.durable_names.remove(&name);
                }
                Change::Rename(from, to) => {
                    let moved = state.names.get(&to).copied();
                    state.durable_names.remove(&from);
                    if let Some(inode) = moved {
                        state.durable_names.insert(to, inode);
                    }
                }
            }
        }
        Ok(())
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        let mut state = self.step()?;
        let inode = Self::inode(&state, path)?;
        state.inodes[inode].data.truncate(len as usize);
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let state = self.state();
        let inside = state.names.keys().filter(|name| name.parent() == Some(path));
        Ok(inside.filter_map(|name| name.file_name().map(PathBuf::from)).collect())
    }
}
