//! Requests: the bytes a client sent to arguments that are ranges of those bytes. Handles multibulk and
//! inline form, picks up a half-arrived command where it stopped, and copies nothing but quoted inline
//! arguments. Knows no command, no socket and no buffer policy: who calls it owns the bytes.

use std::ops::Range;

use crate::util::numbers::parse_i64;
use crate::util::quote::{is_space, unquote_arg};

/// A bulk of this many bytes or more is worth an allocation of its own: see [`Parser::detach_bulk`].
pub const BIG_BULK: usize = 32 * 1024;
/// The longest inline request, and the longest count or length line, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// What a client may send before it authenticated: arguments in a command, and bytes in one of them.
const UNAUTHENTICATED_ARGS: usize = 10;
const UNAUTHENTICATED_BULK: usize = 16 * 1024;
/// The largest count or length whose header is read without a search.
const SHORT: usize = 999;
/// A list of ranges kept for a half-arrived command is given back if it grew past this.
const KEPT_RANGES: usize = 64;

/// What the sender of a request may do at this moment.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// `proto-max-bulk-len`, in bytes.
    pub max_bulk_len: usize,
    /// False while the client still has to AUTH: then only short commands are taken.
    pub authenticated: bool,
    /// The bytes come from our primary: no limit on a bulk, and no inline commands but blank lines.
    pub primary: bool,
}

impl Limits {
    #[inline]
    fn bulk(&self) -> usize {
        let most = if self.primary { usize::MAX } else { self.max_bulk_len };
        if self.authenticated { most } else { most.min(UNAUTHENTICATED_BULK) }
    }

    #[inline]
    fn args(&self) -> usize {
        if self.authenticated { i32::MAX as usize } else { UNAUTHENTICATED_ARGS }
    }
}

/// Where one argument's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArgRange {
    /// Offset of the first byte; the two top bits tell in what.
    start: usize,
    len: usize,
}

const UNQUOTED: usize = 1 << (usize::BITS - 1);
const DETACHED: usize = 1 << (usize::BITS - 2);

/// [`ArgRange`] spelled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the buffer that was parsed.
    Buffer(Range<usize>),
    /// An inline argument that had quotes: in the [`ArgBuf`].
    Unquoted(Range<usize>),
    /// The `index`-th bulk of this command that was taken out by [`Parser::detach_bulk`].
    Detached { index: usize, len: usize },
}

impl ArgRange {
    /// The argument's length in bytes.
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether the argument is the empty string.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Where to look for the bytes.
    pub fn place(self) -> Place {
        if self.start & UNQUOTED != 0 {
            let start = self.start & !UNQUOTED;
            Place::Unquoted(start..start + self.len)
        } else if self.start & DETACHED != 0 {
            Place::Detached { index: self.start & !DETACHED, len: self.len }
        } else {
            Place::Buffer(self.start..self.start + self.len)
        }
    }

    fn is_in_buffer(self) -> bool {
        self.start & (UNQUOTED | DETACHED) == 0
    }
}

/// The arguments of any number of parsed commands, one after the other: one for all clients of a turn is
/// enough.
#[derive(Debug, Default)]
pub struct ArgBuf {
    ranges: Vec<ArgRange>,
    unquoted: Vec<u8>,
}

impl ArgBuf {
    /// Forgets all arguments and keeps the memory, unless a long command took much of it.
    pub fn clear(&mut self) {
        const KEPT: usize = 1024;
        self.ranges.clear();
        self.unquoted.clear();
        if self.ranges.capacity() > KEPT {
            self.ranges = Vec::new();
        }
        if self.unquoted.capacity() > KEPT * size_of::<ArgRange>() {
            self.unquoted = Vec::new();
        }
    }

    /// All arguments; a command's are those that [`Outcome::Command`] names.
    #[inline]
    pub fn ranges(&self) -> &[ArgRange] {
        &self.ranges
    }

    /// The bytes of one argument. `buf` is the buffer that was parsed, `detached` the bulks taken out of this
    /// command in their order, without their line ends.
    #[inline]
    pub fn bytes<'a>(&'a self, arg: ArgRange, buf: &'a [u8], detached: &'a [Vec<u8>]) -> &'a [u8] {
        let found = if arg.is_in_buffer() {
            buf.get(arg.start..arg.start + arg.len)
        } else {
            match arg.place() {
                Place::Unquoted(range) | Place::Buffer(range) => self.unquoted.get(range),
                Place::Detached { index, .. } => detached.get(index).map(Vec::as_slice),
            }
        };
        debug_assert!(found.is_some(), "an argument is looked for in the buffer it was parsed from");
        found.unwrap_or_default()
    }

    /// Bytes of memory held.
    pub fn memory_bytes(&self) -> usize {
        self.ranges.capacity() * size_of::<ArgRange>() + self.unquoted.capacity()
    }
}

/// What one call of [`Parser::parse`] found.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A whole command: `args` are its ranges in the [`ArgBuf`], `consumed` its bytes of the buffer from
    /// `from` on.
    Command { args: Range<usize>, consumed: usize },
    /// The command goes on. At least `need` more bytes are wanted before the next call can get further.
    Incomplete { need: usize },
    /// A blank line or an empty array: no command, `consumed` bytes to skip.
    Empty { consumed: usize },
    /// The client does not speak the protocol: answer and close.
    Error(ProtocolError),
}

/// Ways to break the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolError {
    BigInline,
    BigCountLine,
    InvalidCount,
    UnauthenticatedCount,
    UnauthenticatedBulk,
    BigLengthLine,
    /// This byte stood where `$` had to.
    ExpectedDollar(u8),
    InvalidBulkLen,
    UnbalancedQuotes,
    /// Our primary sent an inline command: the stream is out of step. Not answered, only logged.
    InlineFromPrimary,
}

impl ProtocolError {
    /// Appends the error text that the client is told, with its code.
    pub fn write_message(self, out: &mut Vec<u8>) {
        let text: &[u8] = match self {
            Self::BigInline => b"too big inline request",
            Self::BigCountLine => b"too big mbulk count string",
            Self::InvalidCount => b"invalid multibulk length",
            Self::UnauthenticatedCount => b"unauthenticated multibulk length",
            Self::UnauthenticatedBulk => b"unauthenticated bulk length",
            Self::BigLengthLine => b"too big bulk count string",
            Self::ExpectedDollar(_) => b"expected '$', got '",
            Self::InvalidBulkLen => b"invalid bulk length",
            Self::UnbalancedQuotes => b"unbalanced quotes in request",
            Self::InlineFromPrimary => b"inline command from primary",
        };
        out.extend_from_slice(b"ERR Protocol error: ");
        out.extend_from_slice(text);
        if let Self::ExpectedDollar(byte) = self {
            out.extend_from_slice(&[byte, b'\'']);
        }
    }

    /// The reason as the log line `Protocol error (...) from client` gives it.
    pub fn log_text(self) -> &'static str {
        match self {
            Self::BigInline => "too big inline request",
            Self::BigCountLine => "too big mbulk count string",
            Self::InvalidCount => "invalid mbulk count",
            Self::UnauthenticatedCount => "unauth mbulk count",
            Self::UnauthenticatedBulk => "unauth bulk length",
            Self::BigLengthLine => "too big bulk count string",
            Self::ExpectedDollar(_) => "expected $ but got something else",
            Self::InvalidBulkLen => "invalid bulk length",
            Self::UnbalancedQuotes => "unbalanced quotes in inline request",
            Self::InlineFromPrimary => "Master using the inline protocol. Desync?",
        }
    }
}

/// A bulk whose length is known and whose bytes have not all arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingBulk {
    /// Offset of its first byte from the start of the command.
    pub at: usize,
    /// Its length in bytes, without the two of the line end that follow it.
    pub len: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Unknown,
    Inline,
    Multibulk,
}

/// One connection's place in its stream of commands. Between commands it holds no memory beyond itself.
///
/// All its offsets count from the start of the command in progress, so the caller may move unparsed bytes to
/// another buffer between calls, as long as that command's bytes stay together.
#[derive(Debug, Default)]
pub struct Parser {
    form: Form,
    /// Arguments still to come; 0 while the count is not known.
    args_left: usize,
    /// Length of the argument at `at`, when its header has been read.
    bulk: Option<usize>,
    /// Bytes of the command that are dealt with.
    at: usize,
    /// Bytes of the command known to hold no end of the line at `at`.
    scanned: usize,
    detached: usize,
    /// Arguments found by earlier calls. They are moved here once and back once, however often the command
    /// stalls.
    early: Vec<ArgRange>,
}

impl Parser {
    /// Whether a command has begun and is not complete.
    pub fn is_midway(&self) -> bool {
        self.form != Form::Unknown
    }

    /// Heap bytes held for a half-arrived command.
    pub fn memory_bytes(&self) -> usize {
        self.early.capacity() * size_of::<ArgRange>()
    }

    /// Forgets a half-arrived command.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// The bulk that the last [`Outcome::Incomplete`] waits for, if its length is known.
    pub fn pending_bulk(&self) -> Option<PendingBulk> {
        self.bulk.map(|len| PendingBulk { at: self.at, len })
    }

    /// Takes the pending bulk out of the stream if it is a [`BIG_BULK`]. The caller cuts its buffer at the
    /// returned offset, gathers `len + 2` bytes (those already in the buffer first) in an allocation of its
    /// own, drops the line end, and then goes on parsing with the bytes that follow put after the cut. The
    /// argument will be a [`Place::Detached`].
    pub fn detach_bulk(&mut self) -> Option<PendingBulk> {
        let pending = self.pending_bulk().filter(|bulk| bulk.len >= BIG_BULK)?;
        self.early.push(ArgRange { start: DETACHED | self.detached, len: pending.len });
        self.detached += 1;
        self.bulk = None;
        self.scanned = 0;
        // The count may reach zero here: `multibulk` tells that from an unread count by `at`.
        self.args_left -= 1;
        Some(pending)
    }

    /// Parses the command that starts at `buf[from]`. Its arguments are appended to `args` if it is complete;
    /// offsets are those in `buf`. Takes time in proportion to the bytes that came since the last call.
    #[inline]
    pub fn parse(&mut self, buf: &[u8], from: usize, limits: &Limits, args: &mut ArgBuf) -> Outcome {
        let input = buf.get(from..).unwrap_or_default();
        let first = args.ranges.len();
        match (self.form, input.first()) {
            (Form::Unknown, None) => Outcome::Incomplete { need: 1 },
            (Form::Unknown, Some(b'*')) => match self.short_command(input, from, limits, args) {
                Some(consumed) => Outcome::Command { args: first..args.ranges.len(), consumed },
                None => self.multibulk(input, from, first, limits, args),
            },
            (Form::Multibulk, _) => self.multibulk(input, from, first, limits, args),
            (Form::Unknown | Form::Inline, _) => self.inline(input, from, limits, args),
        }
    }

    /// Parses a multibulk command that is whole and has arguments of up to 999 bytes, as nearly all are, and
    /// returns its length. Of any other it parses as much as is like that.
    #[inline]
    fn short_command(
        &mut self,
        input: &[u8],
        from: usize,
        limits: &Limits,
        args: &mut ArgBuf,
    ) -> Option<usize> {
        let (count, used) = short_header(input, b'*')?;
        if count == 0 || count > limits.args() || limits.bulk() < SHORT {
            return None;
        }
        let mut rest = &input[used..];
        for left in (1..=count).rev() {
            let header = short_header(rest, b'$');
            let end = header.and_then(|(len, used)| Some((len, used, rest.get(used + len + 2..)?)));
            let Some((len, used, after)) = end else {
                self.form = Form::Multibulk;
                self.at = input.len() - rest.len();
                self.args_left = left;
                return None;
            };
            args.ranges.push(ArgRange { start: from + (input.len() - rest.len()) + used, len });
            rest = after;
        }
        Some(input.len() - rest.len())
    }

    /// Parses any multibulk command from where it stands. Its arguments from `first` on are already found.
    fn multibulk(
        &mut self,
        input: &[u8],
        from: usize,
        first: usize,
        limits: &Limits,
        args: &mut ArgBuf,
    ) -> Outcome {
        self.form = Form::Multibulk;
        if self.at == 0 {
            match self.header(input, limits) {
                Ok(Some(0)) => {
                    let consumed = self.at;
                    self.finish();
                    return Outcome::Empty { consumed };
                }
                Ok(Some(count)) => self.args_left = count,
                Ok(None) => return Outcome::Incomplete { need: 1 },
                Err(error) => return Outcome::Error(error),
            }
        }
        while self.args_left > 0 {
            let len = match self.bulk {
                Some(len) => len,
                None => match self.header(input, limits) {
                    Ok(Some(len)) => len,
                    Ok(None) => return self.suspend(None, 1, from, first, args),
                    Err(error) => return Outcome::Error(error),
                },
            };
            let arrived = input.len().saturating_sub(self.at);
            if arrived < 2 || arrived - 2 < len {
                let need = len.saturating_add(2) - arrived;
                return self.suspend(Some(len), need, from, first, args);
            }
            args.ranges.push(ArgRange { start: from + self.at, len });
            self.at += len + 2;
            self.bulk = None;
            self.args_left -= 1;
        }
        if !self.early.is_empty() {
            self.restore_early(from, first, args);
        }
        let consumed = self.at;
        self.finish();
        Outcome::Command { args: first..args.ranges.len(), consumed }
    }

    /// Keeps what is known of an incomplete command for the next call.
    #[cold]
    fn suspend(
        &mut self,
        bulk: Option<usize>,
        need: usize,
        from: usize,
        first: usize,
        args: &mut ArgBuf,
    ) -> Outcome {
        self.bulk = bulk;
        let found = args.ranges.drain(first..);
        self.early.extend(found.map(|arg| ArgRange { start: arg.start - from, len: arg.len }));
        Outcome::Incomplete { need }
    }

    #[cold]
    fn restore_early(&mut self, from: usize, first: usize, args: &mut ArgBuf) {
        let placed = |arg: &ArgRange| {
            let shift = if arg.is_in_buffer() { from } else { 0 };
            ArgRange { start: arg.start + shift, len: arg.len }
        };
        args.ranges.splice(first..first, self.early.iter().map(placed));
        self.early.clear();
        self.early.shrink_to(KEPT_RANGES);
    }

    #[inline]
    fn finish(&mut self) {
        self.form = Form::Unknown;
        self.at = 0;
        self.scanned = 0;
        self.detached = 0;
    }

    /// Reads the count line (at the command's start) or the length line at `at`, and moves `at` past it.
    /// `None` when the line has not arrived.
    #[inline]
    fn header(&mut self, input: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let line = input.get(self.at..).unwrap_or_default();
        let (sigil, most) = if self.at == 0 { (b'*', limits.args()) } else { (b'$', limits.bulk()) };
        match short_header(line, sigil) {
            Some((value, used)) if value <= most => {
                self.at += used;
                Ok(Some(value))
            }
            _ => self.long_header(line, limits),
        }
    }

    fn long_header(&mut self, line: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let is_count = self.at == 0;
        let window = line.get(..=MAX_LINE).unwrap_or(line);
        let known = self.scanned.saturating_sub(self.at);
        let Some(found) = memchr::memchr(b'\r', window.get(known..).unwrap_or_default()) else {
            self.scanned = self.at + window.len();
            if window.len() <= MAX_LINE {
                return Ok(None);
            }
            return Err(if is_count { ProtocolError::BigCountLine } else { ProtocolError::BigLengthLine });
        };
        let end = known + found;
        if line.len() < end + 2 {
            self.scanned = self.at + end;
            return Ok(None);
        }
        let (sigil, digits) = line.split_at(1);
        let number = parse_i64(digits.get(..end.saturating_sub(1)).unwrap_or_default());
        let value = if is_count {
            checked_count(number, limits)?
        } else if sigil != b"$" {
            return Err(ProtocolError::ExpectedDollar(sigil[0]));
        } else {
            checked_bulk_len(number, limits)?
        };
        self.at += end + 2;
        Ok(Some(value))
    }

    fn inline(&mut self, input: &[u8], from: usize, limits: &Limits, args: &mut ArgBuf) -> Outcome {
        self.form = Form::Inline;
        let window = input.get(..=MAX_LINE).unwrap_or(input);
        let fresh = window.get(self.scanned..).unwrap_or_default();
        // COMPAT: a NUL hides the end of its line, so that such a line only grows too big.
        let end = match memchr::memchr2(b'\n', 0, fresh) {
            Some(i) if fresh[i] == b'\n' => self.scanned + i,
            found => {
                self.scanned += found.unwrap_or(fresh.len());
                if window.len() > MAX_LINE {
                    return Outcome::Error(ProtocolError::BigInline);
                }
                return Outcome::Incomplete { need: 1 };
            }
        };
        let line = &input[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let first = args.ranges.len();
        if split_inline(line, from, args).is_none() {
            return Outcome::Error(ProtocolError::UnbalancedQuotes);
        }
        if limits.primary && !line.is_empty() {
            return Outcome::Error(ProtocolError::InlineFromPrimary);
        }
        self.finish();
        let consumed = end + 1;
        if args.ranges.len() == first {
            return Outcome::Empty { consumed };
        }
        Outcome::Command { args: first..args.ranges.len(), consumed }
    }
}

/// The value, at most [`SHORT`], and length of a header of one to three digits, which nearly all are. As in
/// Redis, the byte after the carriage return is not looked at.
#[inline(always)]
fn short_header(line: &[u8], sigil: u8) -> Option<(usize, usize)> {
    let Some(head) = line.first_chunk::<8>() else { return last_header(line, sigil) };
    // One load serves all: the bytes are shifted out of it as they are looked at.
    let word = u64::from_le_bytes(*head);
    let byte = |at: u32| (word >> (8 * at)) as u8;
    let digit = |at: u32| usize::from(byte(at).wrapping_sub(b'0'));
    let first = digit(1);
    if byte(0) != sigil || first > 9 {
        return None;
    }
    if byte(2) == b'\r' {
        return Some((first, 4));
    }
    let second = digit(2);
    if first == 0 || second > 9 {
        return None;
    }
    let two = first * 10 + second;
    if byte(3) == b'\r' {
        return Some((two, 5));
    }
    let third = digit(3);
    (third <= 9 && byte(4) == b'\r').then_some((two * 10 + third, 6))
}

/// The same for the last bytes of a buffer.
fn last_header(line: &[u8], sigil: u8) -> Option<(usize, usize)> {
    let mut filled = [0; 8];
    filled.get_mut(..line.len())?.copy_from_slice(line);
    short_header(&filled, sigil).filter(|(_, used)| *used <= line.len())
}

fn checked_count(number: Option<i64>, limits: &Limits) -> Result<usize, ProtocolError> {
    let number = number.filter(|&n| n <= i64::from(i32::MAX)).ok_or(ProtocolError::InvalidCount)?;
    let count = usize::try_from(number).unwrap_or(0);
    if count > limits.args() { Err(ProtocolError::UnauthenticatedCount) } else { Ok(count) }
}

fn checked_bulk_len(number: Option<i64>, limits: &Limits) -> Result<usize, ProtocolError> {
    let len = number.and_then(|n| usize::try_from(n).ok()).ok_or(ProtocolError::InvalidBulkLen)?;
    if !limits.primary && len > limits.max_bulk_len {
        return Err(ProtocolError::InvalidBulkLen);
    }
    if len > limits.bulk() { Err(ProtocolError::UnauthenticatedBulk) } else { Ok(len) }
}

/// Splits an inline request as `quote::split_args` does, but leaves arguments without quotes where they are.
/// `None` for unbalanced quotes.
fn split_inline(line: &[u8], from: usize, args: &mut ArgBuf) -> Option<()> {
    let mut at = 0;
    loop {
        at += line.get(at..)?.iter().take_while(|&&byte| is_space(byte)).count();
        let rest = line.get(at..)?;
        if rest.is_empty() {
            return Some(());
        }
        let stops = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'');
        let len = rest.iter().position(stops).unwrap_or(rest.len());
        if matches!(rest.get(len), Some(b'"' | b'\'')) {
            let start = args.unquoted.len();
            at += unquote_arg(rest, &mut args.unquoted)?;
            args.ranges.push(ArgRange { start: UNQUOTED | start, len: args.unquoted.len() - start });
        } else {
            args.ranges.push(ArgRange { start: from + at, len });
            at += len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { max_bulk_len: 512 << 20, authenticated: true, primary: false };

    fn parse_all(input: &[u8]) -> (Outcome, Vec<Vec<u8>>) {
        let mut args = ArgBuf::default();
        let outcome = Parser::default().parse(input, 0, &LIMITS, &mut args);
        let texts = args.ranges().iter().map(|&arg| args.bytes(arg, input, &[]).to_vec()).collect();
        (outcome, texts)
    }

    fn command(input: &[u8], expected: &[&[u8]]) {
        let (outcome, args) = parse_all(input);
        assert_eq!(outcome, Outcome::Command { args: 0..expected.len(), consumed: input.len() }, "{input:?}");
        assert_eq!(args, expected, "{input:?}");
        // However the bytes arrive, and wherever in a buffer they are, the command is the same.
        let (mut parser, mut found, mut moved) = (Parser::default(), ArgBuf::default(), b"..".to_vec());
        for (i, &byte) in input.iter().enumerate() {
            let outcome = parser.parse(&moved, 2, &LIMITS, &mut found);
            assert!(
                matches!(outcome, Outcome::Incomplete { need } if need <= input.len() - i),
                "{outcome:?}"
            );
            assert!(found.ranges().is_empty());
            moved.push(byte);
        }
        assert_eq!(parser.parse(&moved, 2, &LIMITS, &mut found), outcome);
        let again: Vec<_> = found.ranges().iter().map(|&arg| found.bytes(arg, &moved, &[])).collect();
        assert_eq!(again, expected);
        assert!(!parser.is_midway() && parser.pending_bulk().is_none());
    }

    #[test]
    fn multibulk_commands() {
        command(b"*1\r\n$4\r\nPING\r\n", &[b"PING"]);
        command(b"*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$0\r\n\r\n", &[b"SET", b"key", b""]);
        command(b"*2\r\n$12\r\n0123456789\r\n\r\n$1\r\n\0\r\n", &[b"0123456789\r\n", b"\0"]);
        let long = [b'v'; 1234];
        let input = [&b"*2\r\n$1\r\na\r\n$1234\r\n"[..], &long, b"\r\n"].concat();
        command(&input, &[b"a", &long]);
        let many = [&b"*150\r\n"[..], &b"$1\r\nx\r\n".repeat(150)].concat();
        command(&many, &[&b"x"[..]; 150]);
        // The second byte of a line end is never looked at.
        command(b"*1\rx$1\rya..", &[b"a"]);
    }

    #[test]
    fn inline_commands() {
        command(b"PING\r\n", &[b"PING"]);
        command(b"  set key\tv \n", &[b"set", b"key", b"v"]);
        command(b"a\rb\n", &[b"a", b"b"]);
        command(b"set 'a b' \"\\x41\\n\" pl\"ai\"  end\r\n", &[b"set", b"a b", b"A\n", b"plai", b"end"]);
        command(b"$3 *1\n", &[b"$3", b"*1"]);
    }

    #[test]
    fn pipelines_share_one_argument_buffer() {
        let input = b"*1\r\n$1\r\na\r\nget 'b'\n\r\n*2\r\n$1\r\nc\r\n$2\r\ndd\r\n*1\r\n$9";
        let (mut parser, mut args, mut from, mut commands) =
            (Parser::default(), ArgBuf::default(), 0, vec![]);
        let last = loop {
            match parser.parse(input, from, &LIMITS, &mut args) {
                Outcome::Command { args, consumed } => {
                    commands.push(args);
                    from += consumed;
                }
                Outcome::Empty { consumed } => from += consumed,
                other => break other,
            }
        };
        assert_eq!(last, Outcome::Incomplete { need: 1 });
        assert_eq!(commands, [0..1, 1..3, 3..5]);
        let text: Vec<_> = args.ranges().iter().map(|&arg| args.bytes(arg, input, &[])).collect();
        assert_eq!(text, [&b"a"[..], b"get", b"b", b"c", b"dd"]);
    }

    #[test]
    fn no_command() {
        for input in [&b"\r\n"[..], b"\n", b" \t \r\n", b"*0\r\n", b"*-1\r\n", b"*-1234567\r\n"] {
            assert_eq!(parse_all(input).0, Outcome::Empty { consumed: input.len() }, "{input:?}");
        }
        assert_eq!(parse_all(b"").0, Outcome::Incomplete { need: 1 });
    }

    fn error_of(input: &[u8], limits: Limits) -> String {
        let mut args = ArgBuf::default();
        match Parser::default().parse(input, 0, &limits, &mut args) {
            Outcome::Error(error) => {
                let mut text = Vec::new();
                error.write_message(&mut text);
                let text = String::from_utf8_lossy(&text).into_owned();
                text.strip_prefix("ERR Protocol error: ").expect("prefix").to_owned()
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn errors_have_the_texts_of_the_referee() {
        let too_long = vec![b'1'; MAX_LINE + 1];
        let big_count = [b"*", &too_long[..]].concat();
        let big_len = [b"*1\r\n$", &too_long[..]].concat();
        for (input, expected) in [
            (&b"*x\r\n"[..], "invalid multibulk length"),
            (b"*\r\n", "invalid multibulk length"),
            (b"*01\r\n", "invalid multibulk length"),
            (b"*2147483648\r\n", "invalid multibulk length"),
            (b"*20000000000000000000000\r\n", "invalid multibulk length"),
            (b"*1\r\nx3\r\n", "expected '$', got 'x'"),
            (b"*1\r\n\r\n", "expected '$', got '\r'"),
            (b"*1\r\n\xff\r\n", "expected '$', got '\u{fffd}'"),
            (b"*1\r\n$x\r\n", "invalid bulk length"),
            (b"*1\r\n$\r\n", "invalid bulk length"),
            (b"*1\r\n$-1\r\n", "invalid bulk length"),
            (b"*1\r\n$536870913\r\n", "invalid bulk length"),
            (&big_count, "too big mbulk count string"),
            (&big_len, "too big bulk count string"),
            (&too_long, "too big inline request"),
            (b"get 'a\r\n", "unbalanced quotes in request"),
            (b"get \"a\"b\r\n", "unbalanced quotes in request"),
        ] {
            let shown = String::from_utf8_lossy(&input[..input.len().min(40)]).into_owned();
            assert_eq!(error_of(input, LIMITS), expected, "{shown:?}");
        }
    }

    #[test]
    fn limits_before_authentication_and_from_a_primary() {
        let stranger = Limits { authenticated: false, ..LIMITS };
        assert_eq!(error_of(b"*11\r\n", stranger), "unauthenticated multibulk length");
        assert_eq!(error_of(b"*10\r\n", stranger), "Incomplete { need: 1 }");
        assert_eq!(error_of(b"*1\r\n$16385\r\n", stranger), "unauthenticated bulk length");
        assert_eq!(error_of(b"*1\r\n$16384\r\n", stranger), "Incomplete { need: 16386 }");
        assert_eq!(error_of(b"*1\r\n$536870913\r\n", stranger), "invalid bulk length");

        let primary = Limits { primary: true, ..LIMITS };
        assert_eq!(error_of(b"*1\r\n$536870913\r\n", primary), "Incomplete { need: 536870915 }");
        assert!(error_of(b"*1\r\n$9223372036854775807\r\n", primary).starts_with("Incomplete"));
        assert_eq!(error_of(b"ping\r\n", primary), "inline command from primary");
        assert_eq!(error_of(b"\n", primary), "Empty { consumed: 1 }");
    }

    #[test]
    fn a_nul_hides_the_end_of_an_inline_line() {
        let mut input = b"\0".to_vec();
        input.extend(b"AAAA\r\n".repeat(MAX_LINE / 6));
        assert_eq!(parse_all(&input).0, Outcome::Incomplete { need: 1 });
        input.extend(b"AAAA\r\n");
        assert_eq!(parse_all(&input).0, Outcome::Error(ProtocolError::BigInline));
    }

    #[test]
    fn big_bulks_can_be_taken_out() {
        let (mut parser, mut args) = (Parser::default(), ArgBuf::default());
        let mut buf = b"*4\r\n$3\r\nSET\r\n$40000\r\nab".to_vec();
        assert_eq!(parser.parse(&buf, 0, &LIMITS, &mut args), Outcome::Incomplete { need: 40000 });
        let bulk = parser.detach_bulk().expect("the bulk is big and pending");
        assert_eq!(bulk, PendingBulk { at: 21, len: 40000 });
        assert_eq!(buf.split_off(bulk.at), b"ab");
        buf.extend_from_slice(b"$1\r\nx\r\n$32768\r\n");
        assert_eq!(parser.parse(&buf, 0, &LIMITS, &mut args), Outcome::Incomplete { need: 32770 });
        assert_eq!(parser.detach_bulk().map(|bulk| bulk.len), Some(32768));
        assert!(parser.detach_bulk().is_none());
        let consumed = buf.len();
        buf.extend_from_slice(b"*1\r\n$2\r\n..");
        let whole = parser.parse(&buf, 0, &LIMITS, &mut args);
        assert_eq!(whole, Outcome::Command { args: 0..4, consumed });
        let detached = [vec![b'v'; 40000], vec![b'w'; 32768]];
        let text: Vec<_> = args.ranges().iter().map(|&arg| args.bytes(arg, &buf, &detached)).collect();
        assert_eq!(text, [&b"SET"[..], &detached[0], b"x", &detached[1]]);
        assert_eq!(args.ranges()[3].place(), Place::Detached { index: 1, len: 32768 });
        assert_eq!(parser.parse(&buf, consumed, &LIMITS, &mut args), Outcome::Incomplete { need: 2 });
        assert!(parser.detach_bulk().is_none(), "two bytes are not worth it");
    }

    #[test]
    fn memory_follows_what_arrived_not_what_was_announced() {
        let (mut parser, mut args) = (Parser::default(), ArgBuf::default());
        parser.parse(b"*2147483647\r\n$1\r\na\r\n$536870912\r\n", 0, &LIMITS, &mut args);
        assert!(parser.memory_bytes() + args.memory_bytes() < 1024);
    }
}
