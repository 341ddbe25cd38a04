//! The text of a log line, in Redis' formats. Built in place, of what it is given: no allocation, no clock, no lock.

use std::fmt::{self, Write as _};

use crate::config::{LogFormat, LogTimestamp};
use crate::sys::localtime::LocalTime;

/// The longest line; what is beyond is cut off.
pub const MAX_LINE: usize = 4096;

/// Who writes: the letter of the classic format, and the word of logfmt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    Sentinel,
    /// A forked child that saves.
    Child,
    Replica,
    Primary,
}

impl Writer {
    fn letter(self) -> char {
        match self {
            Writer::Sentinel => 'X',
            Writer::Child => 'C',
            Writer::Replica => 'S',
            Writer::Primary => 'M',
        }
    }

    fn word(self) -> &'static str {
        match self {
            Writer::Sentinel => "sentinel",
            Writer::Child => "RDB/AOF",
            Writer::Replica => "replica",
            Writer::Primary => "primary",
        }
    }
}

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Debug,
    Verbose,
    Notice,
    Warning,
}

impl Severity {
    fn mark(self) -> char {
        match self {
            Severity::Debug => '.',
            Severity::Verbose => '-',
            Severity::Notice => '*',
            Severity::Warning => '#',
        }
    }

    fn word(self) -> &'static str {
        match self {
            Severity::Debug => "debug",
            Severity::Verbose => "verbose",
            Severity::Notice => "notice",
            Severity::Warning => "warning",
        }
    }
}

/// What stands before the message.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    pub pid: i32,
    pub writer: Writer,
    pub severity: Severity,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// Seconds that local time is ahead of UTC.
    pub offset_s: i64,
}

/// A line under construction. Line breaks within it become blanks: one event is one line.
#[derive(Debug)]
pub struct Line {
    bytes: [u8; MAX_LINE],
    len: usize,
    format: LogFormat,
}

impl Line {
    /// A line with its head; the message is to be written to it.
    pub fn begin(head: &Head, format: LogFormat, timestamp: LogTimestamp) -> Line {
        let mut line = Line { bytes: [0; MAX_LINE], len: 0, format: LogFormat::Legacy };
        // Writing to a line cannot fail: what does not fit is dropped.
        let _ = line.write_head(head, format, timestamp);
        line.format = format;
        line
    }

    fn write_head(&mut self, head: &Head, format: LogFormat, timestamp: LogTimestamp) -> fmt::Result {
        match format {
            LogFormat::Legacy => {
                write!(self, "{}:{} ", head.pid, head.writer.letter())?;
                self.write_time(head, timestamp)?;
                write!(self, " {} ", head.severity.mark())
            }
            LogFormat::Logfmt => {
                write!(self, "pid={} role={} timestamp=\"", head.pid, head.writer.word())?;
                self.write_time(head, timestamp)?;
                write!(self, "\" level={} message=\"", head.severity.word())
            }
        }
    }

    fn write_time(&mut self, head: &Head, timestamp: LogTimestamp) -> fmt::Result {
        const MONTHS: [&str; 13] =
            ["", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        if timestamp == LogTimestamp::Milliseconds {
            return write!(self, "{}", head.at_ms);
        }
        let t = LocalTime::with_offset(head.at_ms.div_euclid(1000), head.offset_s);
        let (hour, minute, second, ms) = (t.hour, t.minute, t.second, head.at_ms.rem_euclid(1000));
        if timestamp == LogTimestamp::Iso8601 {
            write!(self, "{:04}-{:02}-{:02}T", t.year, t.month, t.day)?;
            write!(self, "{hour:02}:{minute:02}:{second:02}.{ms:03}")?;
            let (sign, ahead) = (if head.offset_s < 0 { '-' } else { '+' }, head.offset_s.abs());
            return write!(self, "{sign}{:02}:{:02}", ahead / 3600, ahead % 3600 / 60);
        }
        let month = MONTHS.get(usize::from(t.month)).copied().unwrap_or_default();
        write!(self, "{:02} {month} {} {hour:02}:{minute:02}:{second:02}.{ms:03}", t.day, t.year)
    }

    /// The message so far, from a position that [`Line::len`] told.
    pub fn text_from(&self, start: usize) -> &[u8] {
        self.bytes.get(start..self.len).unwrap_or_default()
    }

    /// How long the line is so far.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The whole line with its end.
    pub fn finish(&mut self) -> &[u8] {
        let end: &[u8] = if self.format == LogFormat::Logfmt { b"\"\n" } else { b"\n" };
        for (slot, byte) in self.bytes.iter_mut().skip(self.len).zip(end) {
            *slot = *byte;
        }
        self.bytes.get(..self.len + end.len()).unwrap_or_default()
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Two bytes are kept for the end.
        let room = (MAX_LINE - 2).saturating_sub(self.len);
        for (slot, byte) in self.bytes.iter_mut().skip(self.len).zip(text.bytes().take(room)) {
            *slot = match byte {
                b'\n' | b'\r' => b' ',
                b'"' if self.format == LogFormat::Logfmt => b'\'',
                byte => byte,
            };
        }
        self.len += text.len().min(room);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: Head = Head {
        pid: 77,
        writer: Writer::Primary,
        severity: Severity::Notice,
        at_ms: 1_709_210_096_007,
        offset_s: 3600,
    };

    fn line(head: Head, format: LogFormat, timestamp: LogTimestamp, message: &str) -> String {
        let mut line = Line::begin(&head, format, timestamp);
        line.write_str(message).expect("a line takes everything");
        String::from_utf8_lossy(line.finish()).into_owned()
    }

    fn classic(head: Head, message: &str) -> String {
        line(head, LogFormat::Legacy, LogTimestamp::Legacy, message)
    }

    #[test]
    fn the_classic_line() {
        assert_eq!(classic(HEAD, "Ready"), "77:M 29 Feb 2024 13:34:56.007 * Ready\n");
        let head =
            Head { writer: Writer::Child, severity: Severity::Warning, at_ms: -1, offset_s: 0, ..HEAD };
        assert_eq!(classic(head, ""), "77:C 31 Dec 1969 23:59:59.999 # \n");
        let head = Head { writer: Writer::Replica, severity: Severity::Verbose, ..HEAD };
        assert!(classic(head, "a\r\nb").ends_with(".007 - a  b\n"));
        let head = Head { writer: Writer::Sentinel, severity: Severity::Debug, ..HEAD };
        assert!(classic(head, "say \"x\"").starts_with("77:X ") && classic(head, "\"").ends_with(" . \"\n"));
    }

    #[test]
    fn the_other_formats() {
        let of = |format, stamp| line(HEAD, format, stamp, "say \"x\"\n");
        assert_eq!(
            of(LogFormat::Logfmt, LogTimestamp::Iso8601),
            "pid=77 role=primary timestamp=\"2024-02-29T13:34:56.007+01:00\" level=notice message=\"say 'x' \"\n"
        );
        assert_eq!(of(LogFormat::Legacy, LogTimestamp::Milliseconds), "77:M 1709210096007 * say \"x\" \n");
        let west = Head { offset_s: -12_600, ..HEAD };
        assert!(line(west, LogFormat::Legacy, LogTimestamp::Iso8601, "").contains("T09:04:56.007-03:30"));
    }

    #[test]
    fn long_lines_are_cut_and_still_end() {
        for format in [LogFormat::Legacy, LogFormat::Logfmt] {
            let text = line(HEAD, format, LogTimestamp::Legacy, &"é".repeat(5000));
            assert!(text.ends_with('\n') && text.len() >= MAX_LINE - 2);
        }
        let mut line = Line::begin(&HEAD, LogFormat::Legacy, LogTimestamp::Legacy);
        let start = line.len();
        write!(line, "{}-{}", 1, 2).expect("a line takes everything");
        assert_eq!(line.text_from(start), b"1-2");
        assert_eq!(line.text_from(9999), b"");
    }
}
