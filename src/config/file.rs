//! The files of the configuration: reading redis.conf and what it includes, and replacing it so that a crash leaves
//! either the old or the new. The only part of this room that touches the file system; knows no directive.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::directive::{Reason, Text};
use super::load::{Files, LoadError};
use crate::util::glob;

/// The file system of this process.
pub struct Disk;

impl Files for Disk {
    fn read(&mut self, pattern: &[u8]) -> Result<Text, LoadError> {
        if !has_wildcard(pattern) {
            return read_file(path(pattern));
        }
        let mut text = Text::new();
        for file in expand(path(pattern)) {
            text.extend(read_file(&file)?);
            // The last line of one file must not run into the first of the next.
            if text.last().is_some_and(|last| *last != b'\n') {
                text.push(b'\n');
            }
        }
        Ok(text)
    }

    fn read_stdin(&mut self) -> Result<Text, LoadError> {
        let mut text = b"\n".to_vec();
        match io::stdin().lock().read_to_end(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(LoadError::Unreadable { path: b"-".to_vec(), reason: reason(&error) }),
        }
    }

    fn absolute(&mut self, relative: &[u8]) -> Text {
        let made = std::path::absolute(path(relative));
        made.map_or_else(|_| relative.to_vec(), |absolute| absolute.into_os_string().into_vec())
    }

    fn change_dir(&mut self, directory: &[u8]) -> Result<Text, Reason> {
        let moved = std::env::set_current_dir(path(directory)).and_then(|()| std::env::current_dir());
        moved.map(|directory| directory.into_os_string().into_vec()).map_err(|error| reason(&error))
    }

    fn try_log(&mut self, file: &[u8]) -> Result<(), Reason> {
        let opened = fs::OpenOptions::new().append(true).create(true).open(path(file));
        opened.map(|_| ()).map_err(|error| reason(&error))
    }
}

/// Puts `text` in the place of a file: written beside it, forced to disk, then renamed over it. The old file stays
/// as it was if anything fails before that.
pub fn replace(file: &[u8], text: &[u8]) -> io::Result<()> {
    let (aside, mut out) = create_beside(file)?;
    let written = out.write_all(text).and_then(|()| out.sync_all());
    let renamed = written.and_then(|()| fs::rename(&aside, path(file)));
    if let Err(error) = renamed {
        // The first error is the one to tell; a file left beside does no harm.
        let _ = fs::remove_file(&aside);
        return Err(error);
    }
    let directory = match path(file).parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    fs::File::open(directory)?.sync_all()
}

/// Tells an error of the system as C's strerror does.
pub fn reason(error: &io::Error) -> Reason {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned().into()
}

const ATTEMPTS: u32 = 100;

fn create_beside(file: &[u8]) -> io::Result<(PathBuf, fs::File)> {
    let mut outcome = Err(io::ErrorKind::AlreadyExists.into());
    for attempt in 0..ATTEMPTS {
        let mut name = path(file).as_os_str().to_owned();
        name.push(format!(".{}-{attempt}", std::process::id()));
        let aside = PathBuf::from(name);
        outcome = fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(&aside);
        match outcome {
            Ok(out) => return Ok((aside, out)),
            Err(ref error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) => break,
        }
    }
    outcome.map(|out| (PathBuf::new(), out))
}

fn path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

fn read_file(file: &Path) -> Result<Text, LoadError> {
    fs::read(file).map_err(|error| LoadError::Unreadable {
        path: file.as_os_str().as_bytes().to_vec(),
        reason: reason(&error),
    })
}

fn has_wildcard(pattern: &[u8]) -> bool {
    pattern.iter().any(|byte| b"*?[".contains(byte))
}

/// The files that match a pattern, sorted, as a shell would list them: a leading dot is matched by a dot only.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let part = part.as_os_str();
        if !has_wildcard(part.as_bytes()) {
            found.iter_mut().for_each(|path| path.push(part));
            continue;
        }
        found = found.iter().flat_map(|directory| matching(directory, part.as_bytes())).collect();
    }
    found.retain(|path| path.exists());
    found
}

fn matching(directory: &Path, pattern: &[u8]) -> Vec<PathBuf> {
    let listed = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let entries = fs::read_dir(listed).into_iter().flatten().flatten();
    let ours = caret_for_bang(pattern);
    let hit = |name: &[u8]| {
        glob::matches(&ours, name, false) && (pattern.starts_with(b".") || !name.starts_with(b"."))
    };
    let names = entries.map(|entry| entry.file_name()).filter(|name| hit(name.as_bytes()));
    let mut paths: Vec<PathBuf> = names.map(|name| directory.join(name)).collect();
    paths.sort();
    paths
}

/// A class of other characters opens with `[!` in a shell and with `[^` in our globs.
fn caret_for_bang(pattern: &[u8]) -> Text {
    let mut last = 0;
    let turn =
        |byte: &u8| if std::mem::replace(&mut last, *byte) == b'[' && *byte == b'!' { b'^' } else { *byte };
    pattern.iter().map(turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of this test's own, gone when the test ends.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Scratch {
            let directory = std::env::temp_dir().join(format!("spinel-config-{}-{name}", std::process::id()));
            fs::create_dir_all(&directory).expect("a writable temporary directory");
            Scratch(directory)
        }

        fn file(&self, name: &str) -> Text {
            self.0.join(name).into_os_string().into_vec()
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).expect("the test's directory").flatten();
            let mut names: Vec<_> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn replacing_leaves_nothing_beside() {
        let scratch = Scratch::new("replace");
        let file = scratch.file("redis.conf");
        replace(&file, b"one").expect("written");
        replace(&file, b"two").expect("written");
        assert_eq!(Disk.read(&file), Ok(b"two".to_vec()));
        assert_eq!(scratch.names(), ["redis.conf"]);
        let missing = replace(&scratch.file("no/redis.conf"), b"x").expect_err("no such directory");
        assert_eq!(reason(&missing), "No such file or directory");
    }

    #[test]
    fn a_failed_rename_keeps_the_old() {
        let scratch = Scratch::new("rename");
        fs::create_dir(scratch.0.join("redis.conf")).expect("a directory where the file should be");
        assert!(replace(&scratch.file("redis.conf"), b"x").is_err());
        assert_eq!(scratch.names(), ["redis.conf"]);
    }

    #[test]
    fn includes_expand_in_order() {
        let scratch = Scratch::new("glob");
        for (name, text) in [("b.conf", "b"), ("a.conf", "a\n"), (".c.conf", "c"), ("d.txt", "d")] {
            replace(&scratch.file(name), text.as_bytes()).expect("written");
        }
        assert_eq!(Disk.read(&scratch.file("*.conf")), Ok(b"a\nb\n".to_vec()));
        assert_eq!(Disk.read(&scratch.file("[!a].*")), Ok(b"b\nd\n".to_vec()));
        assert_eq!(Disk.read(&scratch.file("?.nothing")), Ok(Text::new()));
        let missing = scratch.file("z.conf");
        let error = Disk.read(&missing).expect_err("no such file");
        assert_eq!(
            error,
            LoadError::Unreadable { path: missing, reason: "No such file or directory".into() }
        );
    }
}
