//! Going to the background, the pid file, and telling a supervisor how far the server is.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;

use super::log::{self, notice, verbose, warning};
use crate::config::Supervised;
use crate::sys::errno::reason;
use crate::sys::process::{Fork, exit_now, forget_variable, fork, new_session, pid, stop_self};

/// Where a server in the background writes its process id when no file is named.
pub const DEFAULT_PIDFILE: &[u8] = b"/var/run/redis.pid";

/// Goes on in the background: the caller's process ends, a child without a terminal and with closed standard streams
/// returns. Call it while there is one thread, before sockets and helper threads.
///
/// # Errors
/// When the system cannot fork.
pub fn daemonize() -> io::Result<()> {
    if let Fork::Parent(_) = fork()? {
        exit_now(0);
    }
    new_session();
    // Without /dev/null the streams stay as they are, as they do in Redis.
    let _ = crate::sys::fd::detach_standard_streams();
    log::adopt_process();
    Ok(())
}

/// Writes the process id to a file. A failure is logged and not held against the start.
pub fn create_pid_file(path: &[u8]) {
    if let Err(error) = fs::write(OsStr::from_bytes(path), format!("{}\n", pid())) {
        warning!("Failed to write PID file: {}", reason(&error));
    }
}

/// Removes the file at the end.
pub fn remove_pid_file(path: &[u8]) {
    notice!("Removing the pid file.");
    // Somebody else may have removed it; nothing depends on it now.
    let _ = fs::remove_file(OsStr::from_bytes(path));
}

/// Who watches over this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Supervisor {
    Upstart,
    Systemd,
}

impl Supervisor {
    /// The name in INFO's `process_supervised`.
    pub fn word(self) -> &'static str {
        match self {
            Supervisor::Upstart => "upstart",
            Supervisor::Systemd => "systemd",
        }
    }

    /// Tells of readiness, and of what a replica still waits for.
    pub fn ready(self, replica: bool) {
        let status = if replica {
            "STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync\n"
        } else {
            "STATUS=Ready to accept connections\n"
        };
        self.tell(status);
        self.tell("READY=1\n");
    }

    /// Tells that the server is going down.
    pub fn stopping(self) {
        self.tell("STOPPING=1\n");
    }

    /// Sends systemd one of its messages; to others there is nothing to say. A failure is logged.
    pub fn tell(self, message: &str) {
        if self == Supervisor::Systemd {
            tell_systemd(message);
        }
    }
}

/// Finds the supervisor that `mode` asks for, or under `auto` the one that started us, and reports to it. `None` when
/// there is none: why is logged.
pub fn supervise(mode: Supervised) -> Option<Supervisor> {
    match detect(mode, |name| env::var_os(name).is_some())? {
        Supervisor::Upstart => supervised_by_upstart(),
        Supervisor::Systemd => supervised_by_systemd(),
    }
}

fn detect(mode: Supervised, is_set: impl Fn(&str) -> bool) -> Option<Supervisor> {
    match mode {
        Supervised::No => None,
        Supervised::Upstart => Some(Supervisor::Upstart),
        Supervised::Systemd => Some(Supervisor::Systemd),
        Supervised::Auto if is_set("UPSTART_JOB") => {
            verbose!("Upstart supervision detected.");
            Some(Supervisor::Upstart)
        }
        Supervised::Auto if is_set("NOTIFY_SOCKET") => {
            verbose!("Systemd supervision detected.");
            Some(Supervisor::Systemd)
        }
        Supervised::Auto => None,
    }
}

fn supervised_by_upstart() -> Option<Supervisor> {
    if env::var_os("UPSTART_JOB").is_none() {
        warning!("upstart supervision requested, but UPSTART_JOB not found!");
        return None;
    }
    notice!("supervised by upstart, will stop to signal readiness.");
    stop_self();
    forget_variable(c"UPSTART_JOB");
    Some(Supervisor::Upstart)
}

fn supervised_by_systemd() -> Option<Supervisor> {
    if !tell_systemd("STATUS=Redis is loading...\n") {
        return None;
    }
    notice!(
        "Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec \
         in your service unit."
    );
    Some(Supervisor::Systemd)
}

fn tell_systemd(message: &str) -> bool {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else {
        warning!("systemd supervision error: NOTIFY_SOCKET not found!");
        return false;
    };
    match send_datagram(&socket, message.as_bytes()) {
        Ok(()) => true,
        Err(error) => {
            let code = error.raw_os_error().unwrap_or(0).saturating_neg();
            warning!("systemd supervision error: sd_notify: {code}");
            false
        }
    }
}

/// Sends to a Unix socket: a path, or a name without a file when it begins with `@`.
fn send_datagram(to: &OsStr, message: &[u8]) -> io::Result<()> {
    let address = match to.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(Path::new(to))?,
    };
    UnixDatagram::unbound()?.send_to_addr(message, &address).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_takes_who_is_there() {
        let of = |mode, set: &'static str| detect(mode, move |name| name == set);
        assert_eq!(of(Supervised::Auto, "UPSTART_JOB"), Some(Supervisor::Upstart));
        assert_eq!(of(Supervised::Auto, "NOTIFY_SOCKET"), Some(Supervisor::Systemd));
        assert_eq!(of(Supervised::Auto, ""), None);
        assert_eq!(of(Supervised::No, "NOTIFY_SOCKET"), None);
        assert_eq!(of(Supervised::Systemd, ""), Some(Supervisor::Systemd));
        assert_eq!(of(Supervised::Upstart, ""), Some(Supervisor::Upstart));
    }

    #[test]
    fn messages_reach_both_kinds_of_socket() {
        let mut buf = [0u8; 64];
        let name = format!("spinel-notify-{}", pid());
        let address = SocketAddr::from_abstract_name(&name).expect("the name is short");
        let socket = UnixDatagram::bind_addr(&address).expect("nobody else has the name");
        send_datagram(OsStr::new(&format!("@{name}")), b"READY=1\n").expect("the socket is bound");
        let got = socket.recv(&mut buf).expect("it was sent");
        assert_eq!(&buf[..got], b"READY=1\n");

        let path = env::temp_dir().join(&name);
        let socket = UnixDatagram::bind(&path).expect("nobody else has the name");
        send_datagram(path.as_os_str(), b"STOPPING=1\n").expect("the socket is bound");
        let got = socket.recv(&mut buf).expect("it was sent");
        fs::remove_file(&path).expect("it is there");
        assert_eq!(&buf[..got], b"STOPPING=1\n");
        assert!(send_datagram(path.as_os_str(), b"x").is_err());
    }

    #[test]
    fn the_pid_file_comes_and_goes() {
        let path = env::temp_dir().join(format!("spinel-pid-{}", pid()));
        let bytes = path.as_os_str().as_bytes();
        create_pid_file(bytes);
        assert_eq!(fs::read_to_string(&path).expect("it was written"), format!("{}\n", pid()));
        remove_pid_file(bytes);
        assert!(!path.exists());
        create_pid_file(b"/nonexistent/dir/pid");
    }
}
