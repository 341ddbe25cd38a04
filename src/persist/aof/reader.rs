//! Commands out of a log, one after the other, with the offset behind each. Memory is taken for bytes that are there,
//! not for those that a length announces. Knows no command.

use std::io::{self, Read};

/// Bytes asked for at once.
const READ: usize = 256 * 1024;
/// Commands that are taken apart at once, if so many are there.
const BATCH: usize = 16;
/// The longest line, with its end: that of a count, a length or an annotation.
const MAX_LINE: usize = 1024;

/// Why reading stopped before the end.
#[derive(Debug)]
pub enum ReadError {
    /// The log ends within a command.
    Truncated,
    /// From here on there are zero bytes only, as after a power cut.
    Zeroes,
    /// Something else than a command.
    Format,
    Io(io::Error),
}

/// What one look at the buffer found.
enum Found {
    Command {
        end: usize,
    },
    Annotation {
        end: usize,
    },
    /// More is needed: so many bytes in the buffer at least.
    Partial {
        need: usize,
    },
    Wrong {
        at: usize,
    },
}

/// Reads a log.
pub struct LogReader<'a> {
    input: Box<dyn Read + 'a>,
    buffer: Vec<u8>,
    /// Where the next command starts in the buffer.
    at: usize,
    /// Bytes of the log before the buffer.
    base: u64,
    /// The batch that the last command is of, all of it in the buffer.
    batch: Vec<Parsed>,
    /// How many commands of the batch were gone to.
    told: usize,
    /// The arguments of the batch's commands, in the buffer.
    ranges: Vec<(usize, usize)>,
}

/// A command of a batch.
#[derive(Clone, Copy)]
struct Parsed {
    /// Its arguments, in [`LogReader::ranges`].
    first: usize,
    count: usize,
    /// Where it ends in the buffer.
    end: usize,
}

impl<'a> LogReader<'a> {
    /// Reads `input`, of which `skipped` bytes were read before.
    pub fn new(input: impl Read + 'a, skipped: u64) -> LogReader<'a> {
        let (batch, ranges) = (Vec::with_capacity(BATCH), Vec::new());
        LogReader { input: Box::new(input), buffer: Vec::new(), at: 0, base: skipped, batch, told: 0, ranges }
    }

    /// The offset behind the last command.
    pub fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The arguments of the last command.
    pub fn args(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.args_of(self.told.checked_sub(1).and_then(|last| self.batch.get(last)))
    }

    fn args_of(&self, command: Option<&Parsed>) -> impl ExactSizeIterator<Item = &[u8]> {
        let ranges = command.and_then(|at| self.ranges.get(at.first..at.first + at.count));
        let ranges = ranges.unwrap_or_default();
        ranges.iter().map(|(from, to)| self.buffer.get(*from..*to).unwrap_or_default())
    }

    /// The commands that were taken apart together, if the last command is the first of them: those behind it are
    /// gone to next, so what they need can be asked for.
    pub fn fresh_batch(&self) -> impl Iterator<Item = impl ExactSizeIterator<Item = &[u8]>> {
        let fresh = if self.told == 1 { &self.batch[..] } else { &[] };
        fresh.iter().map(|command| self.args_of(Some(command)))
    }

    /// Goes to the next command; false at the end.
    ///
    /// # Errors
    /// What there is instead. [`LogReader::offset`] stays behind the last command.
    #[inline]
    pub fn advance(&mut self) -> Result<bool, ReadError> {
        match self.batch.get(self.told) {
            Some(next) => {
                self.at = next.end;
                self.told += 1;
                Ok(true)
            }
            None => self.next_batch(),
        }
    }

    /// Takes commands apart, at least one, and goes to the first; false at the end.
    fn next_batch(&mut self) -> Result<bool, ReadError> {
        self.batch.clear();
        self.ranges.clear();
        self.told = 0;
        loop {
            if self.at == self.buffer.len() && !self.fill(1)? {
                return Ok(false);
            }
            match self.look(self.at) {
                Found::Command { end } => {
                    self.look_ahead(end);
                    self.at = end;
                    self.told = 1;
                    return Ok(true);
                }
                Found::Annotation { end } => self.at = end,
                Found::Partial { need } => {
                    if !self.fill(need)? {
                        return Err(ReadError::Truncated);
                    }
                }
                Found::Wrong { at } => return Err(self.fault(at)?),
            }
        }
    }

    /// Takes the commands behind the first apart, as far as they are there; what is something else is met again.
    fn look_ahead(&mut self, mut at: usize) {
        let mut first = 0;
        loop {
            self.batch.push(Parsed { first, count: self.ranges.len() - first, end: at });
            first = self.ranges.len();
            if self.batch.len() == BATCH || at == self.buffer.len() {
                return;
            }
            match self.look(at) {
                Found::Command { end } => at = end,
                _ => return,
            }
        }
    }

    /// Reads on until the buffer holds so many bytes from the next command's start; false if the log ends before.
    fn fill(&mut self, need: usize) -> Result<bool, ReadError> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.base += self.at as u64;
            self.at = 0;
        }
        while self.buffer.len() < need {
            let more =
                (&mut self.input).take(READ as u64).read_to_end(&mut self.buffer).map_err(ReadError::Io)?;
            if more == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether what is wrong at this place are zero bytes up to the end.
    fn fault(&mut self, at: usize) -> Result<ReadError, ReadError> {
        let mut from = at;
        loop {
            let rest = self.buffer.get(from..).unwrap_or_default();
            if rest.iter().any(|byte| *byte != 0) {
                return Ok(ReadError::Format);
            }
            // What was looked at is not needed again: the log is read no further.
            self.buffer.truncate(at);
            from = at;
            let more =
                (&mut self.input).take(READ as u64).read_to_end(&mut self.buffer).map_err(ReadError::Io)?;
            if more == 0 {
                return Ok(ReadError::Zeroes);
            }
        }
    }

    /// What there is at this place. The arguments of a command are added to `ranges`.
    fn look(&mut self, start: usize) -> Found {
        let known = self.ranges.len();
        let found = self.look_at(start);
        if !matches!(found, Found::Command { .. }) {
            self.ranges.truncate(known);
        }
        found
    }

    fn look_at(&mut self, start: usize) -> Found {
        if self.buffer.get(start) == Some(&b'#') {
            return match line_end(&self.buffer, start) {
                Line::Ends(end) => Found::Annotation { end },
                Line::Open => Found::Partial { need: self.missing() },
                Line::TooLong => Found::Wrong { at: first_zero(&self.buffer, start) },
            };
        }
        let (count, mut at) = match number(&self.buffer, start, b'*') {
            Number::Is(count, end) => (count, end),
            Number::Partial => return Found::Partial { need: self.missing() },
            Number::Wrong(at) => return Found::Wrong { at },
        };
        if count < 1 {
            return Found::Wrong { at: start };
        }
        for _ in 0..count {
            let (len, from) = match number(&self.buffer, at, b'$') {
                Number::Is(len, end) => (len, end),
                Number::Partial => return Found::Partial { need: self.missing() },
                Number::Wrong(at) => return Found::Wrong { at },
            };
            let to = usize::try_from(len).ok().and_then(|len| from.checked_add(len));
            let Some((to, end)) = to.and_then(|to| Some((to, to.checked_add(2)?))) else {
                return Found::Wrong { at };
            };
            match self.buffer.get(to..end) {
                None => return Found::Partial { need: end.saturating_sub(start) },
                Some(b"\r\n") => {}
                Some(end) => return Found::Wrong { at: to + usize::from(end.starts_with(b"\r")) },
            }
            self.ranges.push((from, to));
            at = end;
        }
        Found::Command { end: at }
    }

    /// One byte more than there is.
    fn missing(&self) -> usize {
        self.buffer.len() - self.at + 1
    }
}

enum Line {
    /// The offset behind it.
    Ends(usize),
    Open,
    TooLong,
}

fn line_end(buffer: &[u8], start: usize) -> Line {
    let rest = buffer.get(start..).unwrap_or_default();
    match memchr::memchr(b'\n', rest.get(..MAX_LINE).unwrap_or(rest)) {
        Some(at) => Line::Ends(start + at + 1),
        None if rest.len() >= MAX_LINE => Line::TooLong,
        None => Line::Open,
    }
}

/// Where zero bytes begin in what was to be a line: there it was cut.
fn first_zero(buffer: &[u8], start: usize) -> usize {
    let rest = buffer.get(start..).unwrap_or_default();
    rest.iter().position(|byte| *byte == 0).map_or(start, |at| start + at)
}

enum Number {
    /// The number, and the offset behind its line.
    Is(i64, usize),
    Partial,
    /// At this offset.
    Wrong(usize),
}

/// A line of a mark and a number.
#[inline]
fn number(buffer: &[u8], start: usize, mark: u8) -> Number {
    // Nearly all numbers have one or two digits.
    match buffer.get(start..) {
        Some([first, a @ b'0'..=b'9', b'\r', b'\n', ..]) if *first == mark => {
            Number::Is(i64::from(a - b'0'), start + 4)
        }
        Some([first, a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', b'\n', ..]) if *first == mark => {
            Number::Is(i64::from(a - b'0') * 10 + i64::from(b - b'0'), start + 5)
        }
        _ => any_number(buffer, start, mark),
    }
}

fn any_number(buffer: &[u8], start: usize, mark: u8) -> Number {
    match buffer.get(start) {
        None => return Number::Partial,
        Some(byte) if *byte != mark => return Number::Wrong(start),
        Some(_) => {}
    }
    let end = match line_end(buffer, start) {
        Line::Ends(end) => end,
        // Digits may still come; anything else may not.
        Line::Open if buffer.iter().skip(start + 1).all(|b| b.is_ascii_digit() || *b == b'\r') => {
            return Number::Partial;
        }
        Line::Open | Line::TooLong => return Number::Wrong(first_zero(buffer, start)),
    };
    let line = buffer.get(start + 1..end).unwrap_or_default().trim_ascii_end();
    let number = crate::util::numbers::parse_i64(line);
    number.map_or(Number::Wrong(start), |number| Number::Is(number, end))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Dripping<'a>(&'a [u8], usize);

    impl Read for Dripping<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let len = self.0.len().min(out.len()).min(self.1);
            out[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    const LOG: &[u8] = b"#TS:1628217470\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n\
        *3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n#TS:9\r\n";

    fn read(log: &[u8], step: usize) -> (Vec<Vec<Vec<u8>>>, u64, Option<ReadError>) {
        let mut input = Dripping(log, step);
        let mut reader = LogReader::new(&mut input, 0);
        let mut commands = Vec::new();
        loop {
            match reader.advance() {
                Ok(true) => commands.push(reader.args().map(<[u8]>::to_vec).collect()),
                Ok(false) => return (commands, reader.offset(), None),
                Err(error) => return (commands, reader.offset(), Some(error)),
            }
        }
    }

    #[test]
    fn commands_come_whole_however_the_bytes_come() {
        for step in [1, 7, 1000] {
            let (commands, offset, error) = read(LOG, step);
            assert_eq!(commands.len(), 2);
            assert_eq!(commands[1], [b"SET".to_vec(), b"".to_vec(), b"a\r\nb".to_vec()]);
            assert_eq!((offset, error.is_none()), (LOG.len() as u64, true));
        }
    }

    #[test]
    fn a_batch_is_told_with_its_first_command() {
        let log = [LOG, &LOG[16..LOG.len() - 7].repeat(40)].concat();
        let mut input = Dripping(&log, 1000);
        let mut reader = LogReader::new(&mut input, 7);
        let (mut ahead, mut offset, mut longest) = (0, 7, 0);
        while reader.advance().expect("a whole log") {
            let batch: Vec<Vec<Vec<u8>>> =
                reader.fresh_batch().map(|args| args.map(<[u8]>::to_vec).collect()).collect();
            if !batch.is_empty() {
                assert_eq!(ahead, 0, "all of the batch before were gone to");
                assert!(batch.len() <= BATCH && batch[0].iter().eq(reader.args()));
                ahead = batch.len();
                longest = longest.max(ahead);
            }
            ahead -= 1;
            assert!(reader.offset() > offset);
            offset = reader.offset();
        }
        assert_eq!((ahead, longest, reader.offset()), (0, BATCH, 7 + log.len() as u64));
    }

    #[test]
    fn every_prefix_is_whole_or_truncated() {
        let ends = [0, 16, 39, LOG.len() - 7, LOG.len()];
        for len in 0..LOG.len() {
            let (_, offset, error) = read(&LOG[..len], 5);
            let whole = ends.contains(&len);
            assert_eq!(error.is_none(), whole, "{len}");
            assert!(matches!(error, None | Some(ReadError::Truncated)));
            assert!(ends.contains(&(offset as usize)));
        }
    }

    #[test]
    fn zeroes_at_the_end_are_told_from_other_faults() {
        for cut in (17..LOG.len() - 7).chain([16]) {
            let zeroed = [&LOG[..cut], &[0; 5000][..]].concat();
            let (_, offset, error) = read(&zeroed, 999);
            assert!(matches!(error, Some(ReadError::Zeroes)), "{cut} {error:?}");
            assert!(offset == 16 || offset == 39, "{cut} {offset}");
            let (_, _, error) = read(&[&zeroed[..], b"x"].concat(), 999);
            assert!(matches!(error, Some(ReadError::Format)), "{cut}");
        }
        for bad in [&b"!!!"[..], b"*x\r\n", b"*0\r\n", b"*1\r\n$-1\r\n", b"*1\r\n!", b"*1\r\n$1\r\nabc"] {
            assert!(matches!(read(bad, 3).2, Some(ReadError::Format)), "{bad:?}");
        }
        assert!(read(b"*1\r\n$9223372036854775807\r\n", 3).2.is_some());
    }

    #[test]
    fn no_flipped_byte_makes_it_panic() {
        for at in 0..LOG.len() {
            for bit in 0..8 {
                let mut bad = LOG.to_vec();
                bad[at] ^= 1 << bit;
                assert!(read(&bad, 1000).0.len() <= 4);
            }
        }
    }
}
