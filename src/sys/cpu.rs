//! Processors: the time spent on them, by process, by its ended children and by thread, and which of them to use.

use std::io;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

/// Whose time is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// All threads of this process.
    Process,
    /// The children that ended and were waited for.
    Children,
    /// The calling thread.
    Thread,
}

/// Processor time since the start, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CpuTimes {
    pub user_us: u64,
    pub system_us: u64,
}

/// The processor time of `who`. One system call.
pub fn cpu_times(who: Who) -> CpuTimes {
    let usage = rusage(who);
    CpuTimes { user_us: micros(usage.ru_utime), system_us: micros(usage.ru_stime) }
}

fn rusage(who: Who) -> libc::rusage {
    let who = match who {
        Who::Process => libc::RUSAGE_SELF,
        Who::Children => libc::RUSAGE_CHILDREN,
        Who::Thread => libc::RUSAGE_THREAD,
    };
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a writable rusage; all zeroes is a valid value of it, should the call fail.
    unsafe {
        libc::getrusage(who, usage.as_mut_ptr());
        usage.assume_init()
    }
}

fn micros(t: libc::timeval) -> u64 {
    (t.tv_sec as u64).saturating_mul(1_000_000).saturating_add(t.tv_usec as u64)
}

/// How many processors this process may run on; at least 1.
pub fn available_processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Binds the calling thread, and those it starts, to the processors in `list`: numbers, ranges and ranges with a
/// step, as in `0-7:2,9`. An empty list changes nothing.
///
/// # Errors
/// When the list says nothing, or the system has none of these processors.
pub fn bind_to_processors(list: &str) -> io::Result<()> {
    if list.is_empty() {
        return Ok(());
    }
    bind(&set_of(list)?)
}

/// What helper threads are bound to.
static HELPERS: OnceLock<libc::cpu_set_t> = OnceLock::new();

/// Has threads that call [`join_helpers`] run on the processors in `list`; an empty one means those that the calling
/// thread may run on now. Only the first call counts.
///
/// # Errors
/// When the list says nothing, or the system does not tell.
pub fn keep_helpers_on(list: &str) -> io::Result<()> {
    let set = if list.is_empty() { own_set()? } else { set_of(list)? };
    let _ = HELPERS.set(set);
    Ok(())
}

/// Binds the calling thread to the processors for helpers, wherever the thread that started it runs.
pub fn join_helpers() {
    if let Some(set) = HELPERS.get() {
        // What does not go is no worse than not having been asked for.
        let _ = bind(set);
    }
}

fn set_of(list: &str) -> io::Result<libc::cpu_set_t> {
    let numbers = parse_list(list).ok_or(io::ErrorKind::InvalidInput)?;
    // SAFETY: all zeroes is an empty set, and CPU_SET gets only numbers that it has room for.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        for number in numbers {
            libc::CPU_SET(number, &mut set);
        }
        Ok(set)
    }
}

fn bind(set: &libc::cpu_set_t) -> io::Result<()> {
    // SAFETY: the pointer and the size are those of the set.
    let bound = unsafe { libc::sched_setaffinity(0, size_of_val(set), set) };
    if bound == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn own_set() -> io::Result<libc::cpu_set_t> {
    // SAFETY: all zeroes is an empty set; the pointer and the size are those of the set.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let got = libc::sched_getaffinity(0, size_of_val(&set), &mut set);
        if got == 0 { Ok(set) } else { Err(io::Error::last_os_error()) }
    }
}

/// The numbers of a list, `None` when it cannot be read or is empty.
fn parse_list(list: &str) -> Option<Vec<usize>> {
    const MOST: usize = libc::CPU_SETSIZE as usize;
    let mut numbers = Vec::new();
    for part in list.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        let step: usize = step.trim().parse().ok()?;
        if first > last || last >= MOST || step == 0 {
            return None;
        }
        numbers.extend((first..=last).step_by(step));
    }
    (!numbers.is_empty()).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_lists() {
        assert_eq!(parse_list("0-6:2,9"), Some(vec![0, 2, 4, 6, 9]));
        assert_eq!(parse_list("3"), Some(vec![3]));
        assert_eq!(parse_list(" 1 , 2-3 "), Some(vec![1, 2, 3]));
        for bad in ["", ",", "a", "3-1", "1-", "0-3:0", "99999999", "1-2-3", "-1"] {
            assert_eq!(parse_list(bad), None, "{bad}");
        }
        assert!(bind_to_processors("").is_ok());
        assert!(bind_to_processors("x").is_err());
    }

    #[test]
    fn helpers_run_where_they_are_told_to() {
        let all = available_processors();
        let own = own_set().expect("Linux tells");
        // SAFETY: the numbers are those that the set has room for.
        let first = (0..libc::CPU_SETSIZE as usize).find(|number| unsafe { libc::CPU_ISSET(*number, &own) });
        keep_helpers_on(&first.unwrap_or(0).to_string()).expect("it is a number");
        let thread = std::thread::spawn(|| {
            join_helpers();
            available_processors()
        });
        assert_eq!((thread.join().ok(), available_processors()), (Some(1), all));
    }

    #[test]
    fn spinning_shows_in_thread_and_process() {
        let (thread, process) = (cpu_times(Who::Thread), cpu_times(Who::Process));
        let spent = |who, from: CpuTimes| {
            let now = cpu_times(who);
            now.user_us + now.system_us - from.user_us - from.system_us
        };
        while spent(Who::Thread, thread) < 1000 {
            std::hint::spin_loop();
        }
        assert!(spent(Who::Process, process) >= 1000);
        assert!(available_processors() >= 1);
    }
}
