//! The system's log.

use std::ffi::{CString, c_int};

/// How grave a line is, in the system log's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    Debug,
    Info,
    Notice,
    Warning,
}

/// Connects to the system's log under the name `ident`, which is cut at a zero byte. `facility` is `user` or `local0`
/// to `local7`, in any case.
///
/// # Errors
/// The facility, when it is none of these.
pub fn open(ident: &str, facility: &str) -> Result<(), String> {
    let code = facility_code(facility).ok_or_else(|| facility.to_string())?;
    let ident = ident.split('\0').next().unwrap_or_default();
    let ident = CString::new(ident).unwrap_or_default();
    // SAFETY: the C library keeps the pointer, so the name is leaked: it lives for ever. This happens once.
    unsafe { libc::openlog(ident.into_raw(), libc::LOG_PID | libc::LOG_NDELAY | libc::LOG_NOWAIT, code) };
    Ok(())
}

fn facility_code(name: &str) -> Option<c_int> {
    const LOCAL: [c_int; 8] = [
        libc::LOG_LOCAL0,
        libc::LOG_LOCAL1,
        libc::LOG_LOCAL2,
        libc::LOG_LOCAL3,
        libc::LOG_LOCAL4,
        libc::LOG_LOCAL5,
        libc::LOG_LOCAL6,
        libc::LOG_LOCAL7,
    ];
    let name = name.to_ascii_lowercase();
    if name == "user" {
        return Some(libc::LOG_USER);
    }
    let digit: usize = name.strip_prefix("local")?.parse().ok()?;
    LOCAL.get(digit).copied()
}

/// Sends a line. Takes the C library's lock: not for signal handlers nor forked children. A zero byte ends the line.
pub fn send(priority: Priority, line: &str) {
    let priority = match priority {
        Priority::Debug => libc::LOG_DEBUG,
        Priority::Info => libc::LOG_INFO,
        Priority::Notice => libc::LOG_NOTICE,
        Priority::Warning => libc::LOG_WARNING,
    };
    let line = CString::new(line.split('\0').next().unwrap_or_default()).unwrap_or_default();
    // SAFETY: the format takes one C string, and gets one.
    unsafe { libc::syslog(priority, c"%s".as_ptr(), line.as_ptr()) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facilities_are_those_that_the_directive_knows() {
        assert_eq!(facility_code("USER"), Some(libc::LOG_USER));
        assert_eq!(facility_code("local0"), Some(libc::LOG_LOCAL0));
        assert_eq!(facility_code("Local7"), Some(libc::LOG_LOCAL7));
        for bad in ["local8", "local", "mail", "", "local-1"] {
            assert_eq!(facility_code(bad), None, "{bad}");
        }
        assert_eq!(open("spinel-test", "mail"), Err("mail".to_string()));
    }
}
