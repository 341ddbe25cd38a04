//! Signals that mean the process is broken: catching them once, so that a last report can be written, and then dying
//! of them as if they had not been caught. What the report says is the reporter's business.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

use super::process::{pid, thread_id};
use super::registers::{self, Registers};
use super::signals::handle;

/// The signal of a process that gave itself up.
pub const ABORT: i32 = libc::SIGABRT;

const FATAL: [c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT];

/// What is known of a fatal signal.
#[derive(Debug)]
pub struct Fault {
    pub signal: i32,
    /// Why, in the kernel's `si_code`.
    pub code: i32,
    /// The address that could not be accessed; set for SIGSEGV and SIGBUS.
    pub address: Option<usize>,
    /// Process and user that sent the signal, if it was sent.
    pub sender: Option<(i32, u32)>,
    /// Where the thread was.
    pub instruction: usize,
    pub registers: Registers,
    /// The reporter itself has crashed: report little, and nothing that was tried before.
    pub again: bool,
    /// The handler runs on a small emergency stack: call nothing that goes deep.
    pub cramped: bool,
}

static REPORTER: OnceLock<fn(&Fault)> = OnceLock::new();
/// The thread that is reporting; 0 while nothing has happened.
static REPORTING: AtomicI32 = AtomicI32::new(0);
static FAULTS: AtomicU32 = AtomicU32::new(0);

/// Catches the fatal signals: `reporter` is called in the handler of the first one, and the process dies of the signal
/// when it returns. Another thread's crash meanwhile waits; a crash of the reporter calls it once more. Only the first
/// call's function counts, and only the thread of that call gets an emergency stack, on which a stack overflow can be
/// reported in full.
pub fn catch(reporter: fn(&Fault)) {
    let _ = REPORTER.set(reporter);
    give_emergency_stack();
    for signal in FATAL {
        handle(signal, on_fault, libc::SA_NODEFER | libc::SA_ONSTACK);
    }
}

/// Lets the fatal signals kill at once again.
pub fn uncatch() {
    for signal in FATAL {
        // SAFETY: SIG_DFL is a valid disposition for all of them, and no pointer is passed.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Whether a report is being written now, by whichever thread.
pub fn reporting() -> bool {
    REPORTING.load(Ordering::Relaxed) != 0
}

/// Claims the reporting for the calling thread, as a fatal signal would: for a panic, which is not a signal. False
/// when a report is under way; one by another thread is waited for, until it ends the process.
pub fn begin_reporting() -> bool {
    let me = thread_id();
    match REPORTING.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => true,
        Err(owner) if owner == me => false,
        Err(_) => wait_for_the_end(),
    }
}

fn wait_for_the_end() -> ! {
    loop {
        // SAFETY: takes and touches nothing.
        unsafe { libc::pause() };
    }
}

/// Dies of a signal, with a core file where those are enabled.
pub fn die_of(signal: i32) -> ! {
    // SAFETY: no memory is touched; the signal is unblocked and has its default effect, and if that is not to end the
    // process, abort does.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &set, std::ptr::null_mut());
        libc::kill(pid(), signal);
        libc::raise(signal);
        libc::signal(libc::SIGABRT, libc::SIG_DFL);
        libc::abort()
    }
}

/// Reads from an address that is never mapped: for trying the crash report.
pub fn crash_now() {
    // SAFETY: this is meant to fault. The page below 64 KB cannot be mapped by an ordinary process, and a volatile
    // read is not removed or reasoned about.
    unsafe { std::ptr::read_volatile(std::ptr::without_provenance::<u8>(8)) };
}

extern "C" fn on_fault(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let again = !begin_reporting();
    // A reporter that crashed in its short form too has nothing left to try.
    if FAULTS.fetch_add(1, Ordering::SeqCst) < 3
        && let Some(reporter) = REPORTER.get()
    {
        // SAFETY: the kernel passes a valid siginfo and a valid context to a handler that asked for them.
        let fault = unsafe { describe(signal, &*info, &*context.cast::<libc::ucontext_t>(), again) };
        reporter(&fault);
    }
    die_of(signal);
}

/// # Safety
/// `info` must be of the signal `signal`: which of its fields mean something depends on that.
unsafe fn describe(signal: c_int, info: &libc::siginfo_t, context: &libc::ucontext_t, again: bool) -> Fault {
    let by_hardware = matches!(signal, libc::SIGSEGV | libc::SIGBUS);
    let sent = matches!(info.si_code, libc::SI_USER | libc::SI_TKILL | libc::SI_QUEUE);
    // SAFETY: the address is there for these two signals, the sender for a signal that was sent.
    let (address, sender) = unsafe {
        (
            (by_hardware && !sent).then(|| info.si_addr() as usize),
            sent.then(|| (info.si_pid(), info.si_uid())),
        )
    };
    Fault {
        signal,
        code: info.si_code,
        address,
        sender,
        instruction: registers::instruction(context),
        registers: registers::all(context),
        again,
        cramped: on_small_stack(),
    }
}

const EMERGENCY_STACK: usize = 1 << 20;

/// Maps an emergency stack for the calling thread, unless one was given before. Its pages are taken when they are
/// used, if ever.
fn give_emergency_stack() {
    static GIVEN: AtomicBool = AtomicBool::new(false);
    if GIVEN.swap(true, Ordering::Relaxed) {
        return;
    }
    // SAFETY: an anonymous mapping wherever the kernel likes; it is never unmapped, so the stack stays valid.
    unsafe {
        let base = libc::mmap(
            std::ptr::null_mut(),
            EMERGENCY_STACK,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        );
        if base != libc::MAP_FAILED {
            let stack = libc::stack_t { ss_sp: base, ss_flags: 0, ss_size: EMERGENCY_STACK };
            libc::sigaltstack(&stack, std::ptr::null_mut());
        }
    }
}

/// Whether the handler runs on an emergency stack other than ours: that of a helper thread, a few KB.
fn on_small_stack() -> bool {
    // SAFETY: all zeroes is a valid stack_t, and the pointer is to a live one.
    unsafe {
        let mut stack: libc::stack_t = std::mem::zeroed();
        libc::sigaltstack(std::ptr::null(), &mut stack);
        stack.ss_flags & libc::SS_ONSTACK != 0 && stack.ss_size < EMERGENCY_STACK
    }
}

/// Stops all other threads where they are, for good: what they would still write or acknowledge is not to be trusted,
/// and the report reads what they change. Safe in a signal handler.
pub fn freeze_other_threads() {
    extern "C" fn frozen(_: c_int, _: *mut libc::siginfo_t, _: *mut c_void) {
        wait_for_the_end();
    }
    let signal = libc::SIGRTMIN() + 3;
    handle(signal, frozen, 0);
    let (me, process) = (thread_id(), pid());
    for_each_thread(|thread| {
        if thread != me {
            // SAFETY: ids are passed by number. A thread that has ended meanwhile is an error that changes nothing.
            unsafe { libc::syscall(libc::SYS_tgkill, process, thread, signal) };
        }
    });
}

/// Calls `visit` with the id of each thread, without allocating: opendir(3) would.
fn for_each_thread(mut visit: impl FnMut(i32)) {
    #[repr(align(8))]
    struct Buffer([u8; 4096]);
    let mut buffer = Buffer([0; 4096]);
    // SAFETY: the path is a C string; the kernel writes at most the buffer's length; the descriptor is closed by whom
    // it was opened.
    unsafe {
        let dir =
            libc::open(c"/proc/self/task".as_ptr(), libc::O_RDONLY | libc::O_DIRECTORY | libc::O_CLOEXEC);
        if dir < 0 {
            return;
        }
        loop {
            let got = libc::syscall(libc::SYS_getdents64, dir, buffer.0.as_mut_ptr(), buffer.0.len());
            let Ok(got @ 1..) = usize::try_from(got) else { break };
            thread_ids(buffer.0.get(..got).unwrap_or_default(), &mut visit);
        }
        libc::close(dir);
    }
}

/// The names that are numbers in a block of directory entries: an inode (8 bytes), an offset (8), the entry's length
/// (2), a type (1), and the name, ended by a zero.
fn thread_ids(mut block: &[u8], visit: &mut impl FnMut(i32)) {
    while let (Some(&low), Some(&high), Some(name)) = (block.get(16), block.get(17), block.get(19..)) {
        let name = name.split(|&b| b == 0).next().unwrap_or_default();
        if let Some(id) = std::str::from_utf8(name).ok().and_then(|name| name.parse().ok()) {
            visit(id);
        }
        let len = usize::from(u16::from_ne_bytes([low, high])).max(1);
        block = block.get(len..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_found() {
        let mut ids = Vec::new();
        for_each_thread(|id| ids.push(id));
        assert!(ids.contains(&thread_id()) && ids.contains(&pid()), "{ids:?}");
    }

    #[test]
    fn directory_entries_are_parsed_and_torn_ones_end_it() {
        let entry = |name: &[u8]| {
            let mut bytes = vec![0u8; 16];
            let len = (19 + name.len() + 1).next_multiple_of(8);
            bytes.extend((len as u16).to_ne_bytes());
            bytes.push(4);
            bytes.extend(name);
            bytes.resize(len, 0);
            bytes
        };
        let block = [entry(b"."), entry(b".."), entry(b"123"), entry(b"45")].concat();
        let read = |block: &[u8]| {
            let mut ids = Vec::new();
            thread_ids(block, &mut |id| ids.push(id));
            ids
        };
        assert_eq!(read(&block), [123, 45]);
        for cut in 0..block.len() {
            read(&block[..cut]);
        }
        assert_eq!(read(&[0; 64]), Vec::<i32>::new());
    }
}
