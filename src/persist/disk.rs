//! Replacing a data file as a whole: the new one is written beside it under another name, flushed to the disk and only
//! then given the name, so that a crash at any moment leaves the old file or the new one. Knows no format.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// After how many bytes a long file is flushed, so that the end of it does not wait for all of them at once.
const FLUSH_EVERY: u64 = 4 << 20;

/// The step at which replacing a file failed. The old file is as it was, but for the last step.
#[derive(Debug)]
pub enum ReplaceError {
    Open(io::Error),
    /// The name of the call.
    Write(&'static str, io::Error),
    Rename(io::Error),
    /// The new file is in place, and not known to survive a power cut.
    SyncDirectory(io::Error),
}

impl ReplaceError {
    pub fn error(&self) -> &io::Error {
        match self {
            ReplaceError::Open(error)
            | ReplaceError::Write(_, error)
            | ReplaceError::Rename(error)
            | ReplaceError::SyncDirectory(error) => error,
        }
    }
}

/// A file that is flushed to the disk now and then while it is written.
struct Flushed {
    file: File,
    /// Bytes since the last flush; `None` leaves it to the end.
    pending: Option<u64>,
}

impl Write for Flushed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        if let Some(pending) = &mut self.pending {
            *pending += written as u64;
            if *pending >= FLUSH_EVERY {
                *pending = 0;
                self.file.sync_data()?;
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes `target` anew by way of `temp` in the same directory. With `piecewise` it is flushed every few megabytes.
///
/// # Errors
/// The step that failed; `temp` is removed then.
pub fn replace_file(
    temp: &Path,
    target: &Path,
    piecewise: bool,
    write: impl FnOnce(&mut dyn Write) -> io::Result<u64>,
) -> Result<u64, ReplaceError> {
    let file = File::create(temp).map_err(ReplaceError::Open)?;
    let mut out = Flushed { file, pending: piecewise.then_some(0) };
    let outcome = write(&mut out)
        .map_err(|error| ReplaceError::Write("write", error))
        .and_then(|bytes| match out.file.sync_all() {
            Ok(()) => Ok(bytes),
            Err(error) => Err(ReplaceError::Write("fsync", error)),
        })
        .and_then(|bytes| match fs::rename(temp, target) {
            Ok(()) => Ok(bytes),
            Err(error) => Err(ReplaceError::Rename(error)),
        });
    if outcome.is_err() {
        // What cannot be removed is in nobody's way.
        let _ = fs::remove_file(temp);
        return outcome;
    }
    sync_directory_of(target).map_err(ReplaceError::SyncDirectory)?;
    outcome
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_until_the_new_one_is_whole() {
        let dir = std::env::temp_dir().join(format!("spinel-disk-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a directory for the test");
        let (temp, target) = (dir.join("temp"), dir.join("data"));
        for text in [&b"first"[..], b"second"] {
            let written = replace_file(&temp, &target, true, |out| out.write_all(text).map(|()| 5));
            assert!(matches!(written, Ok(5)));
            assert_eq!(fs::read(&target).ok().as_deref(), Some(text));
        }
        let failed = replace_file(&temp, &target, false, |out| {
            out.write_all(b"half")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(failed, Err(ReplaceError::Write("write", _))));
        assert_eq!(fs::read(&target).ok().as_deref(), Some(&b"second"[..]));
        fs::create_dir(dir.join("taken")).expect("a directory for the test");
        let failed = replace_file(&temp, &dir.join("taken"), false, |_| Ok(0));
        assert!(matches!(failed, Err(ReplaceError::Rename(_))) && !temp.exists());
        fs::remove_dir_all(&dir).expect("it was made above");
    }
}
