//! The server's log: lines in Redis' format, to a file, the standard output and syslog. What is logged, and when, is
//! up to others, who use `tracing`: its warnings and errors are Redis' level `warning` (`#`), infos `notice` (`*`),
//! debugs `verbose` (`-`), traces `debug` (`.`). Only events of this crate count.
//!
//! A line is built on the stack and goes out in one write, with no lock and no allocation, so a forked child may log
//! as well. The file is opened for each line: whoever rotates logs may move it at any time.

use std::ffi::CString;
use std::fmt::{self, Write as _};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, AtomicU8, Ordering};

pub use tracing::{debug as verbose, info as notice, trace as debug, warn as warning};

use tracing::field::{Field, Visit};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use super::logline::{Head, Line, Severity, Writer};
use crate::config::{Choice, Config, LogFormat, LogLevel, LogTimestamp};
use crate::sys::{clock, fd, localtime, process, syslog};

/// What the server is at the moment: the letter between the process id and the date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
    Replica,
    Sentinel,
}

/// Where lines go. Known once the configuration is read, and the same from then on.
struct Sink {
    /// `None` is the standard output.
    file: Option<CString>,
    syslog: bool,
}

static SINK: OnceLock<Sink> = OnceLock::new();
static LEVEL: AtomicU8 = AtomicU8::new(LogLevel::Notice as u8);
static FORMAT: AtomicU8 = AtomicU8::new(LogFormat::Legacy as u8);
static TIMESTAMP: AtomicU8 = AtomicU8::new(LogTimestamp::Legacy as u8);
static ROLE: AtomicU8 = AtomicU8::new(Role::Primary as u8);
/// The server's process id: a line of another process is that of a forked child.
static SERVER: AtomicI32 = AtomicI32::new(0);

/// Starts logging: to the standard output, at level `notice`, until [`open`] and [`apply`] say otherwise. A second call
/// does nothing.
pub fn init() {
    adopt_process();
    let subscriber = tracing_subscriber::registry().with(LogLayer { wanted, deliver });
    // An error means that logging was started before, which is as good.
    let _ = tracing::subscriber::set_global_default(subscriber);
}

/// Makes this process the one that logs as the server: after a daemon's fork.
pub fn adopt_process() {
    SERVER.store(process::pid(), Ordering::Relaxed);
    localtime::adopt();
    localtime::utc_offset_s(clock::wall_ms() / 1000);
}

/// Turns to the file and the syslog that the configuration names. Only the first call counts: neither can be changed.
///
/// # Errors
/// When the file cannot be opened for appending.
pub fn open(config: &Config) -> io::Result<()> {
    let file = match &*config.logfile {
        [] => None,
        path => Some(CString::new(path)?),
    };
    if let Some(path) = &file {
        fd::open_append(path)?;
    }
    if config.syslog_enabled {
        let ident = String::from_utf8_lossy(&config.syslog_ident);
        syslog::open(&ident, config.syslog_facility.word()).map_err(io::Error::other)?;
    }
    let _ = SINK.set(Sink { file, syslog: config.syslog_enabled });
    Ok(())
}

/// Takes over what of the configuration may change while the server runs: level, format, time stamps.
pub fn apply(config: &Config) {
    LEVEL.store(config.loglevel as u8, Ordering::Relaxed);
    FORMAT.store(config.log_format as u8, Ordering::Relaxed);
    TIMESTAMP.store(config.log_timestamp_format as u8, Ordering::Relaxed);
}

/// The letter that lines carry from now on.
pub fn set_role(role: Role) {
    ROLE.store(role as u8, Ordering::Relaxed);
}

/// Whether lines of this severity are written: for whoever would have to gather much to say it.
pub fn wanted(severity: Severity) -> bool {
    severity as u8 >= LEVEL.load(Ordering::Relaxed)
}

/// Whether lines go to a terminal and nowhere else: where the logo is welcome.
pub fn on_terminal() -> bool {
    SINK.get().is_none_or(|sink| sink.file.is_none() && !sink.syslog) && fd::is_terminal(STDOUT)
}

/// Logs a text as it is, line breaks and all, with nothing before it.
pub fn raw(severity: Severity, text: &str) {
    if wanted(severity) {
        write(text.as_bytes());
        if send_syslog() {
            syslog::send(priority(severity), text);
        }
    }
}

/// Logs from where neither allocation nor locks are allowed: a fatal signal's handler. The time zone is as it was last
/// known, and syslog hears nothing.
pub fn plain(severity: Severity, message: fmt::Arguments<'_>) {
    if wanted(severity) {
        let mut line = begin(severity, localtime::last_utc_offset_s());
        let _ = line.write_fmt(message);
        write(line.finish());
    }
}

/// Logs from the handler of a signal that leaves the process alive, in Redis' own format for this.
pub fn from_handler(severity: Severity, message: &str) {
    if wanted(severity)
        && let Some(mut out) = Direct::open()
    {
        let (pid, unix_s) = (process::pid(), clock::wall_ms() / 1000);
        let _ = writeln!(out, "{pid}:signal-handler ({unix_s}) {message}");
    }
}

const STDOUT: RawFd = 1;

/// The log as an open file, for writing in pieces. Takes no lock and allocates nothing; write(2) is called for
/// each piece.
#[derive(Debug)]
pub struct Direct {
    file: Option<OwnedFd>,
}

impl Direct {
    /// `None` when the log file cannot be opened.
    pub fn open() -> Option<Direct> {
        let file = match SINK.get().and_then(|sink| sink.file.as_ref()) {
            Some(path) => Some(fd::open_append(path).ok()?),
            None => None,
        };
        Some(Direct { file })
    }
}

impl Direct {
    /// Writes bytes as they are.
    ///
    /// # Errors
    /// What write(2) answers.
    pub fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        fd::write_all(self.file.as_ref().map_or(STDOUT, AsRawFd::as_raw_fd), bytes)
    }
}

impl fmt::Write for Direct {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.write_bytes(text.as_bytes()).map_err(|_| fmt::Error)
    }
}

/// Whoever cannot write a log can tell nobody: errors end here.
fn write(bytes: &[u8]) {
    let _ = match SINK.get().and_then(|sink| sink.file.as_ref()) {
        Some(path) => fd::append(path, bytes),
        None => fd::write_all(STDOUT, bytes),
    };
}

/// Syslog takes locks, which a forked child may find held for ever.
fn send_syslog() -> bool {
    SINK.get().is_some_and(|sink| sink.syslog) && SERVER.load(Ordering::Relaxed) == process::pid()
}

fn begin(severity: Severity, offset_s: i64) -> Line {
    let pid = process::pid();
    let server = SERVER.load(Ordering::Relaxed);
    let role = ROLE.load(Ordering::Relaxed);
    let writer = if role == Role::Sentinel as u8 {
        Writer::Sentinel
    } else if server != 0 && server != pid {
        Writer::Child
    } else if role == Role::Replica as u8 {
        Writer::Replica
    } else {
        Writer::Primary
    };
    let head = Head { pid, writer, severity, at_ms: clock::wall_ms(), offset_s };
    let format = choice::<LogFormat>(&FORMAT, |it| it as u8, LogFormat::Legacy);
    let timestamp = choice::<LogTimestamp>(&TIMESTAMP, |it| it as u8, LogTimestamp::Legacy);
    Line::begin(&head, format, timestamp)
}

fn choice<C: Choice>(cell: &AtomicU8, number: fn(C) -> u8, default: C) -> C {
    let stored = cell.load(Ordering::Relaxed);
    C::VALUES.iter().copied().find(|value| number(*value) == stored).unwrap_or(default)
}

fn priority(severity: Severity) -> syslog::Priority {
    match severity {
        Severity::Debug => syslog::Priority::Debug,
        Severity::Verbose => syslog::Priority::Info,
        Severity::Notice => syslog::Priority::Notice,
        Severity::Warning => syslog::Priority::Warning,
    }
}

fn severity(level: &Level) -> Severity {
    match *level {
        Level::TRACE => Severity::Debug,
        Level::DEBUG => Severity::Verbose,
        Level::INFO => Severity::Notice,
        Level::WARN | Level::ERROR => Severity::Warning,
    }
}

/// Writes a line whose message begins at `start`.
fn deliver(severity: Severity, mut line: Line, start: usize) {
    if send_syslog() {
        syslog::send(priority(severity), &String::from_utf8_lossy(line.text_from(start)));
    }
    write(line.finish());
}

/// Where `tracing` hands its events over. Where they go is passed in, so that tests can look.
struct LogLayer {
    wanted: fn(Severity) -> bool,
    deliver: fn(Severity, Line, usize),
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        let ours = metadata.is_event() && metadata.target().starts_with(env!("CARGO_PKG_NAME"));
        if ours { Interest::sometimes() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        (self.wanted)(severity(metadata.level()))
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let severity = severity(event.metadata().level());
        let mut line = begin(severity, localtime::utc_offset_s(clock::wall_ms() / 1000));
        let start = line.len();
        event.record(&mut Message { line: &mut line, start });
        (self.deliver)(severity, line, start);
    }
}

/// Writes an event's message, and behind it whatever fields it has besides.
struct Message<'a> {
    line: &'a mut Line,
    start: usize,
}

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // A line takes everything; a value that cannot show itself is left out.
        let _ = if field.name() == "message" {
            write!(self.line, "{value:?}")
        } else {
            let gap = if self.line.len() > self.start { " " } else { "" };
            write!(self.line, "{gap}{}={value:?}", field.name())
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    thread_local! {
        static SEEN: RefCell<Vec<(Severity, String)>> = const { RefCell::new(Vec::new()) };
    }

    fn keep(severity: Severity, mut line: Line, start: usize) {
        let message = String::from_utf8_lossy(line.text_from(start)).into_owned();
        assert!(line.finish().ends_with(message.as_bytes()) || line.finish().ends_with(b"\n"));
        SEEN.with_borrow_mut(|seen| seen.push((severity, message)));
    }

    #[test]
    fn events_become_lines_of_their_severity() {
        let layer = LogLayer { wanted: |severity| severity >= Severity::Verbose, deliver: keep };
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            warning!("a {}", 1);
            tracing::error!("b");
            notice!(bytes = 5, "c\nd");
            verbose!("e");
            debug!("f");
            tracing::warn!(target: "another_crate", "g");
            notice!(only = "field");
        });
        let seen = SEEN.take();
        let want = [
            (Severity::Warning, "a 1"),
            (Severity::Warning, "b"),
            (Severity::Notice, "c d bytes=5"),
            (Severity::Verbose, "e"),
            (Severity::Notice, "only=\"field\""),
        ];
        assert_eq!(seen, want.map(|(severity, text)| (severity, text.to_string())));
    }

    #[test]
    fn levels_are_ordered_as_the_directive_orders_them() {
        let order = [Severity::Debug, Severity::Verbose, Severity::Notice, Severity::Warning];
        for (severity, level) in order.into_iter().zip(LogLevel::VALUES) {
            assert_eq!(severity as u8, *level as u8);
        }
        assert!(LogLevel::Nothing as u8 > Severity::Warning as u8);
    }

    #[test]
    fn choices_come_back_from_their_numbers() {
        let of = |number| choice(&AtomicU8::new(number), |it| it as u8, LogTimestamp::Legacy);
        for value in LogTimestamp::VALUES {
            assert_eq!(of(*value as u8), *value);
        }
        assert_eq!(of(200), LogTimestamp::Legacy);
    }
}
