//! Processes: ids, forking and waiting, what a daemon changes about itself, and how the kernel is called.

use std::ffi::{CStr, c_int};
use std::io;

/// This process' id.
pub fn pid() -> i32 {
    // SAFETY: takes and touches nothing.
    unsafe { libc::getpid() }
}

/// The calling thread's id. Safe in a signal handler.
pub fn thread_id() -> i32 {
    // SAFETY: takes and touches nothing.
    unsafe { libc::syscall(libc::SYS_gettid) as i32 }
}

/// Which side of a fork one is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// In the new process.
    Child,
    /// In the old one; this is the child's id.
    Parent(i32),
}

/// Splits the process. In the child there is only the calling thread, and every lock that another thread held stays
/// locked for ever: allocate nothing, take no lock, and end with [`exit_now`].
///
/// # Errors
/// When memory or process ids ran out.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: the call itself passes no pointers. What the child may do is the caller's care, and getting that wrong
    // hangs the child; it does not corrupt the parent.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => Ok(Fork::Child),
        child => Ok(Fork::Parent(child)),
    }
}

/// Ends the process at once: no destructors, no exit handlers, no flushing.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process; nothing follows.
    unsafe { libc::_exit(code) }
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    Exited { code: i32 },
    Killed { signal: i32 },
}

/// Takes one child that has ended, `None` when all are still running or there is none. Does not wait.
pub fn reap() -> Option<(i32, Ended)> {
    wait(-1, libc::WNOHANG).ok().flatten()
}

/// Waits for this child to end.
///
/// # Errors
/// When it is not a child of this process.
pub fn wait_for(pid: i32) -> io::Result<Ended> {
    loop {
        if let Some((_, ended)) = wait(pid, 0)? {
            return Ok(ended);
        }
    }
}

/// Lets a stopped process go on, so that it hears of other signals.
///
/// # Errors
/// When there is no such process, or it is not ours.
pub fn resume(pid: i32) -> io::Result<()> {
    kill(pid, libc::SIGCONT)
}

/// Ends a process for good.
///
/// # Errors
/// When there is no such process, or it is not ours.
pub fn destroy(pid: i32) -> io::Result<()> {
    kill(pid, libc::SIGKILL)
}

fn wait(pid: i32, options: c_int) -> io::Result<Option<(i32, Ended)>> {
    let mut status = 0;
    // SAFETY: the pointer is to a live int.
    let got = unsafe { libc::waitpid(pid, &mut status, options) };
    if got < 0 {
        let error = io::Error::last_os_error();
        return if error.kind() == io::ErrorKind::Interrupted { Ok(None) } else { Err(error) };
    }
    Ok(if got == 0 {
        None
    } else if libc::WIFEXITED(status) {
        Some((got, Ended::Exited { code: libc::WEXITSTATUS(status) }))
    } else if libc::WIFSIGNALED(status) {
        Some((got, Ended::Killed { signal: libc::WTERMSIG(status) }))
    } else {
        None
    })
}

/// Sends a signal.
///
/// # Errors
/// When there is no such process, or it is not ours.
pub fn kill(pid: i32, signal: i32) -> io::Result<()> {
    // SAFETY: no pointers are passed.
    if unsafe { libc::kill(pid, signal) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What a process does, to be compared with what it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// `R` runs, `S` sleeps, `D` waits for a device, `T` is stopped, `Z` has ended.
    pub state: char,
    /// Processor time it has used.
    pub cpu_ticks: u64,
    /// Bytes it has read and written.
    pub io_bytes: u64,
}

/// What a process of ours does.
///
/// # Errors
/// When there is no such process, or the system does not tell.
pub fn activity(pid: i32) -> io::Result<Activity> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let transfers = std::fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
    // The name in the second field may hold anything.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let number = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let state = fields.first().and_then(|field| field.chars().next()).ok_or(io::ErrorKind::InvalidData)?;
    let bytes = transfers.lines().filter_map(|line| line.split_once(": ")?.1.parse::<u64>().ok());
    let io_bytes = bytes.fold(0, u64::wrapping_add);
    Ok(Activity { state, cpu_ticks: number(11) + number(12), io_bytes })
}

/// Stops this process until somebody sends it SIGCONT.
pub fn stop_self() {
    // SAFETY: no pointers are passed.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Makes this process the leader of a session of its own, without a terminal.
pub fn new_session() {
    // SAFETY: no pointers are passed. It fails only for one who leads a session already.
    unsafe { libc::setsid() };
}

/// Runs `body` with a file mode mask, for files whose rights must be right from the moment they appear. The mask is
/// that of all threads meanwhile.
pub fn with_umask<R>(mask: u32, body: impl FnOnce() -> R) -> R {
    // SAFETY: no pointers are passed and the call cannot fail.
    let before = unsafe { libc::umask(mask as libc::mode_t) };
    let result = body();
    // SAFETY: as above.
    unsafe { libc::umask(before) };
    result
}

/// Sets how eager the kernel is to kill this process when memory runs out, -1000 to 1000.
///
/// # Errors
/// When lowering it is not allowed.
pub fn set_oom_score_adj(value: i32) -> io::Result<()> {
    std::fs::write("/proc/self/oom_score_adj", value.to_string())
}

/// How eager the kernel is to kill this process when memory runs out.
///
/// # Errors
/// When the system does not tell.
pub fn oom_score_adj() -> io::Result<i32> {
    let text = std::fs::read_to_string("/proc/self/oom_score_adj")?;
    text.trim().parse().map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Removes a file; false when it could not be. Safe in a signal handler.
pub fn unlink(path: &CStr) -> bool {
    // SAFETY: the path is a C string.
    unsafe { libc::unlink(path.as_ptr()) == 0 }
}

/// Takes a variable out of the environment, so that children do not inherit it. Only while there is one thread.
pub fn forget_variable(name: &CStr) {
    // SAFETY: the name is a C string, and no other thread reads the environment, as the caller was told.
    unsafe { libc::unsetenv(name.as_ptr()) };
}

/// Whether this process has the rights of root.
pub fn is_root() -> bool {
    // SAFETY: takes and touches nothing.
    unsafe { libc::geteuid() == 0 }
}

/// Kernel name, release and machine as INFO's `os` shows them: `Linux 6.1.0 x86_64`.
pub fn kernel() -> String {
    // SAFETY: all zeroes is a valid utsname, and the pointer is to a live one; its fields are C strings after the
    // call, and empty ones should it fail.
    unsafe {
        let mut name: libc::utsname = std::mem::zeroed();
        libc::uname(&mut name);
        let text = |field: &[libc::c_char]| CStr::from_ptr(field.as_ptr()).to_string_lossy().into_owned();
        format!("{} {} {}", text(&name.sysname), text(&name.release), text(&name.machine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_waited_for_with_its_code() {
        for (code, want) in [(0, 0), (7, 7), (300, 44)] {
            match fork().expect("a process id is free") {
                Fork::Child => exit_now(code),
                Fork::Parent(child) => {
                    assert_eq!(wait_for(child).expect("it is our child"), Ended::Exited { code: want });
                }
            }
        }
    }

    #[test]
    fn a_killed_child_tells_its_signal() {
        match fork().expect("a process id is free") {
            Fork::Child => loop {
                stop_self();
            },
            Fork::Parent(child) => {
                kill(child, libc::SIGKILL).expect("it is our child");
                let ended = wait_for(child).expect("it is our child");
                assert_eq!(ended, Ended::Killed { signal: libc::SIGKILL });
                assert!(kill(child, 0).is_err());
                assert!(wait_for(child).is_err());
            }
        }
    }

    #[test]
    fn what_a_process_does_shows() {
        let before = activity(pid()).expect("this process is there");
        assert!(before.state == 'R' || before.state == 'S', "{before:?}");
        std::fs::read("/proc/self/stat").expect("Linux has it");
        let after = activity(pid()).expect("this process is there");
        assert!(after.cpu_ticks >= before.cpu_ticks && after != before, "{before:?} {after:?}");
        assert!(activity(i32::MAX).is_err());
    }

    #[test]
    fn ids_and_names() {
        assert_eq!(pid() as u32, std::process::id());
        assert!(thread_id() >= pid());
        let kernel = kernel();
        assert!(kernel.starts_with("Linux ") && kernel.split(' ').count() == 3, "{kernel}");
        assert!((-1000..=1000).contains(&oom_score_adj().expect("Linux has it")));
        assert_eq!(with_umask(0o077, || with_umask(0o022, || 5)), 5);
    }
}
