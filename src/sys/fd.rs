//! File descriptors at their plainest: writes that allocate nothing and take no lock, so that signal handlers and
//! forked children may use them, an event descriptor to wake a loop, and the standard streams.

use std::ffi::CStr;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Writes all of `bytes`, through interruptions and partial writes. Safe in a signal handler.
///
/// # Errors
/// What write(2) answers; part of the bytes may have been written.
pub fn write_all(fd: RawFd, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        // SAFETY: the pointer and the length are those of one live slice.
        let wrote = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        match usize::try_from(wrote) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => bytes = bytes.get(n..).unwrap_or_default(),
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

/// Opens a file to append to it, and creates it if need be. Safe in a signal handler.
///
/// # Errors
/// What open(2) answers.
pub fn open_append(path: &CStr) -> io::Result<OwnedFd> {
    let flags = libc::O_WRONLY | libc::O_APPEND | libc::O_CREAT | libc::O_CLOEXEC;
    // SAFETY: the path is a C string.
    let fd = unsafe { libc::open(path.as_ptr(), flags, 0o644 as libc::c_uint) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was opened just now and nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Appends `bytes` to a file in one write, opening it for this only: whoever rotates logs may move the file at any
/// time. Safe in a signal handler.
///
/// # Errors
/// What open(2) or write(2) answers.
pub fn append(path: &CStr, bytes: &[u8]) -> io::Result<()> {
    write_all(open_append(path)?.as_raw_fd(), bytes)
}

/// A counter in the kernel that wakes whoever polls it (eventfd).
#[derive(Debug)]
pub struct EventFd {
    fd: OwnedFd,
}

impl EventFd {
    /// A new one, non-blocking and closed on exec.
    ///
    /// # Errors
    /// When descriptors or memory ran out.
    pub fn new() -> io::Result<EventFd> {
        // SAFETY: no pointers are passed.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the descriptor was made just now and nobody else owns it.
        Ok(EventFd { fd: unsafe { OwnedFd::from_raw_fd(fd) } })
    }

    /// Makes the descriptor readable. Never blocks.
    pub fn wake(&self) {
        wake_raw(self.fd.as_raw_fd());
    }

    /// Takes the wake-ups so far; says whether there were any.
    pub fn drain(&self) -> bool {
        let mut count = [0u8; 8];
        // SAFETY: the buffer has the 8 bytes that an eventfd gives.
        unsafe { libc::read(self.fd.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) == 8 }
    }
}

impl AsFd for EventFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for EventFd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

/// Wakes the owner of an eventfd, or of the read end of a pipe whose write end this is. Safe in a signal handler.
pub(crate) fn wake_raw(fd: RawFd) {
    // A full counter or pipe has woken its reader already, so what write(2) answers does not matter.
    let one = 1u64.to_ne_bytes();
    // SAFETY: the pointer and the length are those of one live array.
    unsafe { libc::write(fd, one.as_ptr().cast(), one.len()) };
}

/// Closes every descriptor but the standard streams and `keep`: for a forked child, which would keep ports and
/// connections of a dead parent open. Whatever still has one of them must not be used any more.
pub fn close_others(keep: RawFd) {
    const FIRST: libc::c_uint = 3;
    let Ok(keep) = libc::c_uint::try_from(keep) else { return };
    let close = |from: libc::c_uint, to: libc::c_uint| {
        if from <= to {
            // SAFETY: takes descriptors by number and touches no memory. A kernel that does not know the call leaves
            // them open, which costs a port that is taken for a while.
            unsafe { libc::syscall(libc::SYS_close_range, from, to, 0) };
        }
    };
    close(FIRST, keep.saturating_sub(1));
    close(keep.saturating_add(1).max(FIRST), libc::c_uint::MAX);
}

/// Points standard input, output and error at /dev/null.
///
/// # Errors
/// What open(2) answers for /dev/null.
pub fn detach_standard_streams() -> io::Result<()> {
    // SAFETY: the path is a C string; dup2 and close take descriptors by number and touch no memory.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        if null < 0 {
            return Err(io::Error::last_os_error());
        }
        for stream in [libc::STDIN_FILENO, libc::STDOUT_FILENO, libc::STDERR_FILENO] {
            libc::dup2(null, stream);
        }
        if null > libc::STDERR_FILENO {
            libc::close(null);
        }
    }
    Ok(())
}

/// Whether a descriptor is a terminal.
pub fn is_terminal(fd: RawFd) -> bool {
    // SAFETY: takes a descriptor by number and touches no memory.
    unsafe { libc::isatty(fd) == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;

    #[test]
    fn append_creates_and_adds() {
        let path = std::env::temp_dir().join(format!("spinel-fd-{}", std::process::id()));
        let c_path = CString::new(path.to_str().expect("a test's path is text")).expect("no zero byte in it");
        append(&c_path, b"one\n").expect("the temporary directory can be written");
        append(&c_path, b"two\n").expect("the temporary directory can be written");
        let text = std::fs::read_to_string(&path).expect("it was just written");
        std::fs::remove_file(&path).expect("it is there");
        assert_eq!(text, "one\ntwo\n");
        assert!(append(c"/nonexistent/dir/file", b"x").is_err());
        assert!(write_all(-1, b"x").is_err());
    }

    #[test]
    fn wakes_add_up_and_drain_takes_them_all() {
        let event = EventFd::new().expect("a descriptor is free");
        assert!(!event.drain());
        event.wake();
        event.wake();
        assert!(event.drain());
        assert!(!event.drain());
    }
}
