//! Looks through one file of a log as the server would load it, and tells up to where it is good.

use super::check_rdb;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// What a look at a file came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Valid,
    Empty,
    Truncated,
    TruncatedToTime,
}

/// How files are looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// Cut off what is bad, if whoever runs this agrees.
    pub fix: bool,
    /// Cut off what came after this second; 0 for nothing.
    pub until_s: i64,
}

/// The longest line of an annotation.
const MAX_LINE: usize = 1024;
/// The longest line of a number.
const MAX_NUMBER: usize = 128;

/// The look at one file.
pub struct LogCheck<'a> {
    name: &'a str,
    path: &'a Path,
    asked: Asked,
    last: bool,
    reader: BufReader<File>,
    at: u64,
    /// Where what is read now began.
    began: u64,
    /// Counted over all files, as Redis does.
    line: &'a mut u64,
    error: String,
    ended: bool,
    open_units: i64,
}

/// Tells of an end that is none of the file's fault.
fn give_up(text: String) -> Result<Verdict, ()> {
    println!("{text}");
    Err(())
}

/// Looks through a file.
///
/// # Errors
/// When it is bad, or cannot be read; that was printed.
pub fn check_file(
    name: &str,
    path: &Path,
    last: bool,
    preamble: bool,
    asked: Asked,
    line: &mut u64,
) -> Result<Verdict, ()> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) => {
            let why = crate::sys::errno::reason(&error);
            return give_up(format!("Cannot open file {}: {why}, aborting...", path.display()));
        }
    };
    let Ok(size) = file.metadata().map(|about| about.len()) else {
        return give_up(format!("Cannot stat file: {name}, aborting..."));
    };
    if size == 0 {
        return Ok(Verdict::Empty);
    }
    let mut skipped = 0;
    if preamble {
        match check_rdb::check(path) {
            Some(bytes) => skipped = bytes,
            None => return give_up("RDB preamble of AOF file is not sane, aborting.".to_string()),
        }
        println!("RDB preamble is OK, proceeding with AOF tail...");
    }
    let mut reader = BufReader::new(file);
    if reader.seek(SeekFrom::Start(skipped)).is_err() {
        return give_up(format!("Failed to fseek in AOF {name}"));
    }
    let check = LogCheck {
        name,
        path,
        asked,
        last,
        reader,
        at: skipped,
        began: skipped,
        line,
        error: String::new(),
        ended: false,
        open_units: 0,
    };
    check.run(size)
}

impl LogCheck<'_> {
    fn run(mut self, size: u64) -> Result<Verdict, ()> {
        let mut good = self.at;
        loop {
            if self.open_units == 0 {
                good = self.at;
            }
            match self.peek() {
                Err(_) => return give_up(format!("Failed to read from AOF {}, aborting...", self.name)),
                Ok(None) => break,
                Ok(Some(b'#')) => {
                    if self.annotation()? {
                        return Ok(Verdict::TruncatedToTime);
                    }
                }
                Ok(Some(b'*')) => {
                    if self.command().is_none() {
                        break;
                    }
                }
                Ok(Some(_)) => {
                    println!("AOF {} format error", self.name);
                    break;
                }
            }
        }
        if self.ended && self.open_units != 0 && self.error.is_empty() {
            self.fail("Reached EOF before reading EXEC for MULTI".to_string());
        }
        if !self.error.is_empty() {
            println!("{}", self.error);
        }
        self.judge(size, good)
    }

    fn judge(&mut self, size: u64, good: u64) -> Result<Verdict, ()> {
        let name = self.name;
        let bad = size.saturating_sub(good);
        if bad == 0 && self.asked.until_s != 0 {
            println!("Truncate nothing in AOF {name} to timestamp {}", self.asked.until_s);
            return Ok(Verdict::Valid);
        }
        println!(
            "AOF analyzed: filename={name}, size={size}, ok_up_to={good}, ok_up_to_line={}, diff={bad}",
            self.line
        );
        if bad == 0 {
            return Ok(Verdict::Valid);
        }
        if !self.asked.fix {
            return give_up(format!("AOF {name} is not valid. Use the --fix option to try fixing it."));
        }
        if !self.last {
            return give_up(format!("Failed to truncate AOF {name} because it is not the last file"));
        }
        println!("This will shrink the AOF {name} from {size} bytes, with {bad} bytes, to {good} bytes");
        print!("Continue? [y/N]: ");
        // The question is of no use if it is not seen; the answer counts all the same.
        let _ = io::Write::flush(&mut io::stdout());
        let mut answer = String::new();
        let answered = io::stdin().read_line(&mut answer);
        if answered.is_err() || !answer.to_ascii_lowercase().starts_with('y') {
            return give_up("Aborting...".to_string());
        }
        match self.reader.get_ref().set_len(good) {
            Ok(()) => Ok(Verdict::Truncated),
            Err(_) => give_up(format!("Failed to truncate AOF {name}")),
        }
    }

    fn fail(&mut self, text: String) {
        self.error = format!("0x{:16x}: {text}", self.began);
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        let byte = self.reader.fill_buf()?.first().copied();
        self.ended |= byte.is_none();
        Ok(byte)
    }

    /// A line with its end, or what there is of one; `None` at the end of the file.
    fn line_of(&mut self, longest: usize) -> Option<Vec<u8>> {
        self.began = self.at;
        let mut line = Vec::new();
        let most = longest.saturating_sub(1) as u64;
        self.reader.by_ref().take(most).read_until(b'\n', &mut line).ok()?;
        self.at += line.len() as u64;
        if line.last() != Some(&b'\n') && (line.len() as u64) < most {
            self.ended = true;
        }
        (!line.is_empty()).then_some(line)
    }

    /// The time in the log; whether the file was cut at it.
    fn annotation(&mut self) -> Result<bool, ()> {
        let (name, until_s) = (self.path.display(), self.asked.until_s);
        let start = self.at;
        let Some(line) = self.line_of(MAX_LINE) else {
            return give_up(format!("Failed to read annotations from AOF {name}, aborting..."))
                .map(|_| false);
        };
        let Some(stamp) = line.strip_prefix(b"#TS:").filter(|_| until_s != 0) else { return Ok(false) };
        let digits = stamp.strip_suffix(b"\r\n").and_then(crate::util::numbers::parse_i64);
        let Some(stamp_s) = digits else {
            return give_up("Invalid timestamp annotation".to_string()).map(|_| false);
        };
        if stamp_s <= until_s {
            return Ok(false);
        }
        if start == 0 {
            let text = format!("AOF {name} has nothing before timestamp {until_s}, aborting...");
            return give_up(text).map(|_| false);
        }
        if !self.last {
            println!(
                "Failed to truncate AOF {name} to timestamp {until_s} to offset {start} because it is not the last \
                 file."
            );
            let text = "If you insist, please delete all files after this file according to the manifest file and \
                        delete the corresponding records in manifest file manually. Then re-run redis-check-aof.";
            return give_up(text.to_string()).map(|_| false);
        }
        match self.reader.get_ref().set_len(start) {
            Ok(()) => Ok(true),
            Err(_) => give_up(format!("Failed to truncate AOF {name} to timestamp {until_s}")).map(|_| false),
        }
    }

    /// One command; `None` when it is not whole or not right.
    fn command(&mut self) -> Option<()> {
        let words = self.number(b'*')?;
        for at in 0..words {
            let word = self.word()?;
            if at > 0 {
                continue;
            }
            if word.eq_ignore_ascii_case(b"multi") {
                self.open_units += 1;
                if self.open_units != 1 {
                    self.fail(format!("Unexpected MULTI in AOF {}", self.path.display()));
                    return None;
                }
            } else if word.eq_ignore_ascii_case(b"exec") {
                self.open_units -= 1;
                if self.open_units != 0 {
                    self.fail(format!("Unexpected EXEC in AOF {}", self.path.display()));
                    return None;
                }
            }
        }
        Some(())
    }

    fn number(&mut self, mark: u8) -> Option<i64> {
        let line = self.line_of(MAX_NUMBER)?;
        let (first, rest) = line.split_first()?;
        if *first != mark {
            let (mark, first) = (char::from(mark), char::from(*first));
            self.fail(format!("Expected prefix '{mark}', got: '{first}'"));
            return None;
        }
        let sign = usize::from(matches!(rest.first(), Some(b'-' | b'+')));
        let digits = sign + rest.iter().skip(sign).take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, end) = rest.split_at(digits);
        self.line_end(end)?;
        let digits = digits.strip_prefix(b"+").unwrap_or(digits);
        Some(crate::util::numbers::parse_i64(digits).unwrap_or(0))
    }

    fn line_end(&mut self, end: &[u8]) -> Option<()> {
        if end.starts_with(b"\r\n") {
            *self.line += 1;
            return Some(());
        }
        let byte = |at: usize| end.get(at).copied().unwrap_or(0);
        self.fail(format!("Expected \\r\\n, got: {:02x}{:02x}", byte(0), byte(1)));
        None
    }

    fn word(&mut self) -> Option<Vec<u8>> {
        let len = self.number(b'$')?;
        let Some(whole) =
            u64::try_from(len).ok().filter(|len| *len <= i64::MAX as u64 - 2).map(|len| len + 2)
        else {
            self.fail(format!("Expected to read string of {len} bytes, which is not in the suitable range"));
            return None;
        };
        self.began = self.at;
        let mut word = Vec::new();
        let got = self.reader.by_ref().take(whole).read_to_end(&mut word).unwrap_or(0) as u64;
        self.at += got;
        if got != whole {
            self.ended = true;
            self.fail(format!("Expected to read {whole} bytes, got {got} bytes"));
            return None;
        }
        let end = word.split_off(word.len() - 2);
        self.line_end(&end)?;
        Some(word)
    }
}
