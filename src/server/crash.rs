//! The last report: what a fatal signal, a panic or an alarm leaves in the log, in the layout of Redis' bug reports.
//! How signals are caught and stacks are walked is `sys`' part; what the server tells of itself comes from whoever
//! lent its state to `sys::witness`.

use std::backtrace::Backtrace;
use std::ffi::CString;
use std::fmt::{self, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::log::{self, Direct};
use super::logline::Severity;
use crate::config::Config;
use crate::sys::fault::{self, Fault};
use crate::sys::memtest::test_own_memory;
use crate::sys::process::{exit_now, thread_id, unlink};
use crate::sys::registers::Registers;
use crate::sys::signals::{self, Alarm};
use crate::sys::trace::{self, Frames};
use crate::sys::witness::Doomed;

static LOG_CRASHES: AtomicBool = AtomicBool::new(false);
static TEST_MEMORY: AtomicBool = AtomicBool::new(true);
static EXIT_ON_PANIC: AtomicBool = AtomicBool::new(false);
static PIDFILE: OnceLock<CString> = OnceLock::new();
static EXECUTABLE: OnceLock<String> = OnceLock::new();
/// The signal that the process is to die of, should the report get stuck.
static DYING_OF: AtomicI32 = AtomicI32::new(fault::ABORT);

/// How long a report may take before it is cut off: what it waits for may have been held when the process broke.
const PATIENCE_MS: u64 = 10_000;
/// How long the memory is tested: whoever waits for the server's restart waits for this.
const MEMORY_TEST_MS: u64 = 10_000;
/// Bytes of function names: an overflowing stack has tens of thousands of them.
const MAX_NAMES: usize = 16 * 1024;

/// Makes crashes, panics and alarms leave a report, as the configuration wants it. Call it in the thread that will run
/// the loop, before others are started.
pub fn install(config: &Config) {
    trace::prepare();
    let name = std::env::current_exe().map(|path| path.to_string_lossy().into_owned());
    let _ = EXECUTABLE.set(name.unwrap_or_default());
    signals::take_alarms(on_alarm);
    panic::set_hook(Box::new(on_panic));
    apply(config);
}

/// Takes over what of the configuration may change while the server runs.
pub fn apply(config: &Config) {
    TEST_MEMORY.store(config.crash_memcheck_enabled, Ordering::Relaxed);
    EXIT_ON_PANIC.store(config.use_exit_on_panic, Ordering::Relaxed);
    LOG_CRASHES.store(config.crash_log_enabled, Ordering::Relaxed);
    if config.crash_log_enabled {
        fault::catch(on_fault);
    } else {
        fault::uncatch();
    }
}

/// Has this file removed when the process crashes: the pid file of a server in the background.
pub fn remove_on_crash(pidfile: &[u8]) {
    if let Ok(path) = CString::new(pidfile) {
        let _ = PIDFILE.set(path);
    }
}

/// Starts a section of a report.
pub fn heading(out: &mut dyn Write, title: &str) {
    let _ = writeln!(out, "\n------ {title} ------");
}

macro_rules! tell {
    ($($arg:tt)+) => { log::plain(Severity::Warning, format_args!($($arg)+)) };
}

/// Reports a fatal signal, in its handler, and dies of it.
fn on_fault(fault: &Fault) {
    let Some(mut out) = Direct::open() else { return };
    DYING_OF.store(fault.signal, Ordering::Relaxed);
    fault::freeze_other_threads();
    signals::ring_after_ms(PATIENCE_MS);
    if fault.again {
        log::from_handler(
            Severity::Warning,
            "Crashed running signal handler. Providing reduced version of recursive crash report.",
        );
    } else {
        start(&mut out);
    }
    tell!(
        "Spinel {} crashed by signal: {}, si_code: {}",
        env!("CARGO_PKG_VERSION"),
        fault.signal,
        fault.code
    );
    if let Some(address) = fault.address {
        tell!("Accessing address: {address:#x}");
    }
    if let Some((pid, uid)) = fault.sender {
        tell!("Killed by PID: {pid}, UID: {uid}");
    }
    tell!("Crashed running the instruction at: {:#x}", fault.instruction);
    stack(&mut out, Some(fault.instruction));
    registers(&mut out, &fault.registers);
    let doomed = Doomed::new();
    if !fault.again && !fault.cramped {
        particulars(&mut out, &doomed);
        test_memory(&mut out);
    }
    end(&mut out);
    doomed.die_of(fault.signal);
}

/// Reports a panic and ends the process. Nothing is unwound: a value that broke its own rules may be half changed.
fn on_panic(info: &PanicHookInfo<'_>) {
    let doomed = Doomed::new();
    let message = info.payload_as_str().unwrap_or("no message");
    let (file, line) = info.location().map_or(("?", 0), |at| (at.file(), at.line()));
    if !fault::begin_reporting() {
        tell!("Panicked while reporting: {message} #{file}:{line}");
        doomed.die_of(DYING_OF.load(Ordering::Relaxed));
    }
    fault::freeze_other_threads();
    signals::ring_after_ms(PATIENCE_MS);
    if let Some(mut out) = Direct::open() {
        start(&mut out);
        if message.starts_with("assertion") {
            tell!("=== ASSERTION FAILED ===");
            tell!("==> {file}:{line} '{message}' is not true");
        } else {
            tell!("------------------------------------------------");
            tell!("!!! Software Failure. Press left mouse button to continue");
            tell!("Guru Meditation: {message} #{file}:{line}");
        }
        if LOG_CRASHES.load(Ordering::Relaxed) {
            stack(&mut out, None);
            particulars(&mut out, &doomed);
            test_memory(&mut out);
        }
        end(&mut out);
    }
    fault::uncatch();
    if EXIT_ON_PANIC.load(Ordering::Relaxed) {
        exit_now(1);
    }
    doomed.die_of(fault::ABORT);
}

/// Shows where the process is, in the handler of SIGALRM, and lets it go on; unless a report has taken too long.
fn on_alarm(alarm: &Alarm) {
    let Some(mut out) = Direct::open() else { return };
    if fault::reporting() {
        log::from_handler(Severity::Warning, "The report does not get on: leaving the rest out.");
        end(&mut out);
        fault::die_of(DYING_OF.load(Ordering::Relaxed));
    }
    let why = if alarm.by_timer { "\n--- WATCHDOG TIMER EXPIRED ---" } else { "\nReceived SIGALRM" };
    log::from_handler(Severity::Warning, why);
    stack(&mut out, Some(alarm.instruction));
    log::from_handler(Severity::Warning, "--------\n");
}

fn start(out: &mut Direct) {
    let _ = out.write_str("\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
}

/// Ends the report and cleans up behind the process.
fn end(out: &mut Direct) {
    let _ = out.write_str(
        "\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n\
         \x20      Please report this crash to the Spinel project, with the whole of the above.\n\
         \x20      It shows addresses and what INFO and CLIENT LIST show: look whether all of it may be public.\n\n\
         \x20      Some causes lie in the system: see --check-system.\n\n",
    );
    if let Some(path) = PIDFILE.get() {
        unlink(path);
    }
}

/// The stack as addresses, from where a signal found it. Names come later, if at all: looking them up allocates.
fn stack(out: &mut Direct, from: Option<usize>) {
    let frames = Frames::here(from);
    heading(out, "STACK TRACE");
    if let Some(address) = from {
        let _ = out.write_str("EIP:\n");
        frame(out, address);
    }
    let _ = writeln!(out, "\n{} *", thread_id());
    for address in frames.as_slice() {
        frame(out, *address);
    }
    heading(out, "STACK TRACE DONE");
}

fn frame(out: &mut Direct, address: usize) {
    let _ = match (trace::offset_in_executable(address), EXECUTABLE.get()) {
        (Some(offset), Some(name)) => writeln!(out, "{name}(+{offset:#x})[{address:#x}]"),
        _ => writeln!(out, "[{address:#x}]"),
    };
}

fn registers(out: &mut Direct, registers: &Registers) {
    heading(out, "REGISTERS");
    for row in registers.named.chunks(4) {
        for (index, (name, value)) in row.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let _ = write!(out, "{gap}{name}:{value:016x}");
        }
        let _ = out.write_str("\n");
    }
}

/// What may itself crash or get stuck, because it allocates and reads what may be broken.
fn particulars(out: &mut Direct, doomed: &Doomed) {
    let mut told = Pieces { out, buf: [0; 1024], len: 0, allowed: usize::MAX };
    doomed.testify(&mut told);
    told.flush();
    heading(out, "FUNCTION NAMES");
    let mut told = Pieces { out, buf: [0; 1024], len: 0, allowed: MAX_NAMES };
    let _ = writeln!(told, "{}", Backtrace::force_capture());
    told.flush();
}

fn test_memory(out: &mut Direct) {
    if !TEST_MEMORY.load(Ordering::Relaxed) {
        return;
    }
    // An alarm's handler would find its own variables under test.
    signals::ring_after_ms(0);
    heading(out, "FAST MEMORY TEST");
    let tested = test_own_memory(MEMORY_TEST_MS, |start, bytes| {
        let _ = writeln!(out, "*** Preparing to test memory region {start:x} ({bytes} bytes)");
    });
    let _ = if tested.errors > 0 {
        writeln!(out, "!!! MEMORY ERROR DETECTED! Check your memory ASAP !!!")
    } else if tested.cut_short {
        writeln!(out, "No error in the {} bytes tested; time was up before all was.", tested.bytes)
    } else {
        writeln!(
            out,
            "Fast memory test PASSED, however your memory can still be broken. \
             Please run a memory test for several hours if possible."
        )
    };
}

/// Gathers small pieces, so that each is not a write of its own.
struct Pieces<'a> {
    out: &'a mut Direct,
    buf: [u8; 1024],
    len: usize,
    /// Bytes that are still taken; what is beyond is dropped.
    allowed: usize,
}

impl Pieces<'_> {
    fn flush(&mut self) {
        let _ = self.out.write_bytes(self.buf.get(..self.len).unwrap_or_default());
        self.len = 0;
    }
}

impl Write for Pieces<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes().take(self.allowed) {
            if self.len == self.buf.len() {
                self.flush();
            }
            if let Some(slot) = self.buf.get_mut(self.len) {
                *slot = byte;
                self.len += 1;
            }
        }
        self.allowed = self.allowed.saturating_sub(text.len());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::process::{Ended, Fork, fork, kill, pid, wait_for};
    use crate::sys::{limits, witness};
    use std::os::unix::ffi::OsStrExt;

    fn tell_state(state: &u32, out: &mut dyn Write) {
        heading(out, "INFO OUTPUT");
        let _ = writeln!(out, "state:{state}");
    }

    /// Runs `body` in a child that logs to a file of its own: how it ended, and the log.
    fn report_of(name: &str, change: fn(&mut Config), body: fn()) -> (Ended, String) {
        let path = std::env::temp_dir().join(format!("spinel-crash-{name}-{}", pid()));
        let mut config = Config { logfile: path.as_os_str().as_bytes().to_vec(), ..Config::default() };
        change(&mut config);
        let child = match fork().expect("a process id is free") {
            Fork::Parent(child) => child,
            Fork::Child => {
                let _ = limits::set_core_size(0);
                log::adopt_process();
                log::open(&config).expect("the temporary directory can be written");
                install(&config);
                witness::during(&mut 4711, tell_state, |_| body());
                exit_now(0)
            }
        };
        let ended = wait_for(child).expect("it is our child");
        let text = std::fs::read_to_string(&path).expect("the child wrote it");
        std::fs::remove_file(&path).expect("it is there");
        (ended, text)
    }

    fn in_order(text: &str, marks: &[&str]) {
        let mut rest = text;
        for mark in marks {
            let at = rest.find(mark).unwrap_or_else(|| panic!("{mark} is missing or misplaced in:\n{text}"));
            rest = &rest[at + mark.len()..];
        }
    }

    #[test]
    fn pieces_are_joined_and_cut_where_asked() {
        let path = std::env::temp_dir().join(format!("spinel-pieces-{}", pid()));
        let config = Config { logfile: path.as_os_str().as_bytes().to_vec(), ..Config::default() };
        let write = |allowed| {
            log::open(&config).expect("the temporary directory can be written");
            let mut out = Direct::open().expect("it was just opened");
            let mut pieces = Pieces { out: &mut out, buf: [0; 1024], len: 0, allowed };
            for _ in 0..1000 {
                let _ = pieces.write_str("abcde");
            }
            pieces.flush();
            exit_now(0)
        };
        for (allowed, want) in [(usize::MAX, 5000), (1023, 1023), (0, 0)] {
            match fork().expect("a process id is free") {
                Fork::Child => write(allowed),
                Fork::Parent(child) => wait_for(child).expect("it is our child"),
            };
            let text = std::fs::read_to_string(&path).expect("the child wrote it");
            std::fs::remove_file(&path).expect("it is there");
            assert_eq!(text, "abcde".repeat(1000)[..want]);
        }
    }

    #[test]
    fn a_fatal_signal_leaves_a_whole_report() {
        let (ended, text) = report_of("segv", |_| {}, fault::crash_now);
        assert_eq!(ended, Ended::Killed { signal: 11 });
        let marks = [
            "=== REDIS BUG REPORT START",
            "crashed by signal: 11, si_code: 1",
            "Accessing address: 0x8",
            "------ STACK TRACE ------",
            "(+0x",
            "------ STACK TRACE DONE ------",
            "------ REGISTERS ------",
            "------ INFO OUTPUT ------\nstate:4711",
            "------ FAST MEMORY TEST ------",
            "=== REDIS BUG REPORT END",
        ];
        in_order(&text, &marks);
        assert_eq!(text.matches("STACK TRACE -").count(), 1, "{text}");
    }

    #[test]
    fn an_abort_from_outside_names_the_sender() {
        let quick = |config: &mut Config| config.crash_memcheck_enabled = false;
        let (ended, text) = report_of("abrt", quick, || kill(pid(), fault::ABORT).expect("it is ourselves"));
        assert_eq!(ended, Ended::Killed { signal: fault::ABORT });
        in_order(&text, &["crashed by signal: 6", "Killed by PID: ", "BUG REPORT END"]);
        assert!(!text.contains("MEMORY TEST"));
    }

    #[test]
    fn a_panic_reports_once_and_ends_as_asked() {
        let quick = |config: &mut Config| config.crash_memcheck_enabled = false;
        let (ended, text) = report_of("panic", quick, || panic!("the {} broke", 7));
        assert_eq!(ended, Ended::Killed { signal: fault::ABORT });
        in_order(&text, &["Guru Meditation: the 7 broke #src/server/crash.rs:", "state:4711", "REPORT END"]);
        assert!(!text.contains("crashed by signal"));
        let exits = |config: &mut Config| {
            (config.use_exit_on_panic, config.crash_log_enabled) = (true, false);
        };
        let (ended, text) = report_of("assert", exits, || assert!(pid() == 0, "assertion of a test"));
        assert_eq!(ended, Ended::Exited { code: 1 });
        in_order(&text, &["=== ASSERTION FAILED ===", "==> src/server/crash.rs:", "REPORT END"]);
        assert!(!text.contains("STACK TRACE"));
    }

    #[test]
    fn an_alarm_shows_the_stack_and_lets_go_on() {
        let (ended, text) = report_of("alarm", |_| {}, || kill(pid(), 14).expect("it is ourselves"));
        assert_eq!(ended, Ended::Exited { code: 0 });
        in_order(&text, &["Received SIGALRM", "STACK TRACE DONE", "--------"]);
        assert!(!text.contains("BUG REPORT"));
    }
}
