//! Files and directories as the append-only file needs them, behind a trait, so that tests can lose, tear and reorder
//! what was not synced. Knows no format.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that is appended to. Writing and syncing may happen on different threads at once.
pub trait LogFile: Send + Sync {
    /// Appends some of `bytes`; how many.
    ///
    /// # Errors
    /// What write(2) answers; nothing was written then.
    fn append(&self, bytes: &[u8]) -> io::Result<usize>;
    /// Forces everything appended so far to the disk (fdatasync).
    ///
    /// # Errors
    /// After one, what was appended and not synced before must be taken for lost, whatever later calls say.
    fn sync(&self) -> io::Result<()>;
    /// Cuts the file to `len` bytes.
    ///
    /// # Errors
    /// What ftruncate(2) answers.
    fn truncate(&self, len: u64) -> io::Result<()>;
}

/// A file system.
pub trait Disk: Send + Sync {
    /// Opens a file to append to it, and makes it if it is not there.
    ///
    /// # Errors
    /// What open(2) answers.
    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;
    /// Makes a file, or empties the one that is there.
    ///
    /// # Errors
    /// What open(2) answers.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>>;
    /// Opens a file to read it from its start.
    ///
    /// # Errors
    /// What open(2) answers.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>>;
    /// Bytes in a file.
    ///
    /// # Errors
    /// What stat(2) answers.
    fn size(&self, path: &Path) -> io::Result<u64>;
    fn is_file(&self, path: &Path) -> bool;
    fn is_dir(&self, path: &Path) -> bool;
    /// Makes a directory unless it is there.
    ///
    /// # Errors
    /// What mkdir(2) answers.
    fn make_dir(&self, path: &Path) -> io::Result<()>;
    /// Gives a file another name, in place of whatever had it.
    ///
    /// # Errors
    /// What rename(2) answers.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a name.
    ///
    /// # Errors
    /// What unlink(2) answers.
    fn unlink(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a directory survive a power cut.
    ///
    /// # Errors
    /// What fsync(2) answers.
    fn sync_dir(&self, path: &Path) -> io::Result<()>;
    /// Cuts a file to `len` bytes.
    ///
    /// # Errors
    /// What truncate(2) answers.
    fn truncate(&self, path: &Path, len: u64) -> io::Result<()>;
    /// The names in a directory.
    ///
    /// # Errors
    /// What reading it answers.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl LogFile for File {
    fn append(&self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            match (&mut &*self).write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
}

impl Disk for RealDisk {
    fn open_append(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        Ok(Arc::new(OpenOptions::new().append(true).create(true).open(path)?))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn LogFile>> {
        drop(File::create(path)?);
        self.open_append(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(File::open(path)?))
    }

    fn size(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn make_dir(&self, path: &Path) -> io::Result<()> {
        match fs::create_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other,
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn unlink(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_dir(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn truncate(&self, path: &Path, len: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.set_len(len)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        fs::read_dir(path)?.map(|entry| entry.map(|entry| PathBuf::from(entry.file_name()))).collect()
    }
}

/// Appends all of `bytes`.
///
/// # Errors
/// What [`LogFile::append`] answers; part of them may be there.
pub fn append_all(file: &dyn LogFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            n => bytes = bytes.get(n..).unwrap_or_default(),
        }
    }
    Ok(())
}

/// Reads a whole file.
///
/// # Errors
/// What opening or reading it answers.
pub fn read_all(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    disk.open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}
