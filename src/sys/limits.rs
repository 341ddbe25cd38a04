//! Resource limits of the process.

use std::io;

/// A limit on open files, before and after [`raise_open_files`].
#[derive(Debug)]
pub struct OpenFiles {
    /// Descriptors that may be open now.
    pub limit: u64,
    /// What the limit was before; `None` when the system did not tell.
    pub before: Option<u64>,
    /// Why it is less than was asked for.
    pub error: Option<io::Error>,
}

/// Lets the process open `wanted` descriptors, or as many as the system grants. Never lowers a limit: where the soft
/// limit is higher already nothing changes.
pub fn raise_open_files(wanted: u64) -> OpenFiles {
    let Some(old) = get(libc::RLIMIT_NOFILE) else {
        return OpenFiles { limit: 1024, before: None, error: Some(io::Error::last_os_error()) };
    };
    let before = Some(old.rlim_cur);
    if old.rlim_cur >= wanted {
        return OpenFiles { limit: old.rlim_cur, before, error: None };
    }
    // Going past the hard limit takes a privilege, and the kernel's own ceiling bounds even that.
    let hard = wanted.max(old.rlim_max);
    let error = match set(libc::RLIMIT_NOFILE, wanted, hard) {
        Ok(()) => return OpenFiles { limit: wanted, before, error: None },
        Err(error) => error,
    };
    let best = old.rlim_max.min(wanted);
    let limit = match set(libc::RLIMIT_NOFILE, best, old.rlim_max) {
        Ok(()) => best.max(old.rlim_cur),
        Err(_) => old.rlim_cur,
    };
    OpenFiles { limit, before, error: Some(error) }
}

/// Sets the size in bytes of the core file that a crash may leave, up to the hard limit; 0 for none.
///
/// # Errors
/// What setrlimit(2) answers.
pub fn set_core_size(bytes: u64) -> io::Result<()> {
    let old = get(libc::RLIMIT_CORE).ok_or_else(io::Error::last_os_error)?;
    set(libc::RLIMIT_CORE, bytes.min(old.rlim_max), old.rlim_max)
}

#[cfg(target_env = "gnu")]
type Resource = libc::__rlimit_resource_t;
#[cfg(not(target_env = "gnu"))]
type Resource = libc::c_int;

fn get(resource: Resource) -> Option<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a live rlimit.
    (unsafe { libc::getrlimit(resource, &mut limit) } == 0).then_some(limit)
}

fn set(resource: Resource, soft: u64, hard: u64) -> io::Result<()> {
    let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the pointer is to a live rlimit.
    if unsafe { libc::setrlimit(resource, &limit) } == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_already_stays() {
        let now = raise_open_files(1);
        assert_eq!(Some(now.limit), now.before);
        assert!(now.error.is_none() && now.limit > 1);
        // No system grants this many; the limit must not shrink by having asked.
        let much = raise_open_files(1 << 40);
        assert!(much.error.is_some() && much.limit >= now.limit);
        assert_eq!(raise_open_files(1).limit, much.limit);
    }

    #[test]
    fn core_size_is_capped_not_refused() {
        set_core_size(0).expect("lowering is always allowed");
        let limit = get(libc::RLIMIT_CORE).expect("the limit can be read");
        assert_eq!(limit.rlim_cur, 0);
    }
}
