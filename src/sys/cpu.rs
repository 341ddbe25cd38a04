//! Processor time spent, by process, by its ended children and by thread.

use std::mem::MaybeUninit;

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

#[cfg(test)]
mod tests {
    use super::*;

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
