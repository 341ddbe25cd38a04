//! Commands out of a log, one after the other, with the offset behind each. Memory is taken for bytes that are there,
//! not for those that a length announces. Knows no command.

use std::io::{self, Read};

/// Bytes asked for at once.
const READ: usize = 256 * 1024;
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
    /// The arguments of the last command, in the buffer.
    ranges: Vec<(usize, usize)>,
}

impl<'a> LogReader<'a> {
    /// Reads `input`, of which `skipped` bytes were read before.
    pub fn new(input: impl Read + 'a, skipped: u64) -> LogReader<'a> {
        LogReader { input: Box::new(input), buffer: Vec::new(), at: 0, base: skipped, ranges: Vec::new() }
    }

    /// The offset behind the last command.
    pub fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// The arguments of the last command.
    pub fn args(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.ranges.iter().map(|(from, to)| self.buffer.get(*from..*to).unwrap_or_default())
    }

    /// Goes to the next command; false at the end.
    ///
    /// # Errors
    /// What there is instead. [`LogReader::offset`] stays behind the last command.
    pub fn advance(&mut self) -> Result<bool, ReadError> {
        loop {
            if self.at == self.buffer.len() && !self.fill(1)? {
                return Ok(false);
            }
            match self.look() {
                Found::Command { end } => {
                    self.at = end;
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

    fn look(&mut self) -> Found {
        self.ranges.clear();
        let start = self.at;
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
fn number(buffer: &[u8], start: usize, mark: u8) -> Number {
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
