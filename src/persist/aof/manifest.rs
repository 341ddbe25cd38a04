//! The manifest: which files make up the log, in which order. Text in, text out; opens nothing.

use crate::util::quote::{needs_quoting, split_args, write_quoted};

/// What a file is in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Base,
    /// Replaced, and not removed yet.
    History,
    Increment,
}

impl Role {
    fn letter(self) -> char {
        match self {
            Role::Base => 'b',
            Role::History => 'h',
            Role::Increment => 'i',
        }
    }
}

/// One file of the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    pub name: Vec<u8>,
    pub seq: i64,
}

/// The files of the log.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Manifest {
    pub base: Option<Part>,
    pub history: Vec<Part>,
    pub increments: Vec<Part>,
    base_seq: i64,
    increment_seq: i64,
    /// It is not on the disk as it is here.
    pub dirty: bool,
}

/// Why a manifest cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ManifestError {
    /// The number of the line, and the line.
    pub line: Option<(usize, Vec<u8>)>,
    pub reason: &'static str,
}

/// The longest line, in bytes.
const MAX_LINE: usize = 1024;
const BAD_FORMAT: &str = "Invalid AOF manifest file format";

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// The first line that is wrong, and why.
    pub fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
        if text.is_empty() {
            return Err(ManifestError { line: None, reason: "Found an empty AOF manifest" });
        }
        let mut manifest = Manifest::default();
        for (at, raw) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if raw.first() == Some(&b'#') {
                continue;
            }
            if raw.len() > MAX_LINE || raw.last() != Some(&b'\n') {
                return Err(ManifestError {
                    line: None,
                    reason: "The AOF manifest file contains too long line",
                });
            }
            let line = raw.trim_ascii();
            manifest
                .take_line(line)
                .map_err(|reason| ManifestError { line: Some((at + 1, line.to_vec())), reason })?;
        }
        Ok(manifest)
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let words = split_args(line).filter(|words| words.len() >= 6 && words.len().is_multiple_of(2));
        let words = words.ok_or(BAD_FORMAT)?;
        let (mut name, mut seq, mut letter) = (Vec::new(), 0, None);
        // Other words are for later versions to know.
        for pair in words.chunks_exact(2) {
            let [word, value] = pair else { continue };
            if word.eq_ignore_ascii_case(b"file") {
                if value.contains(&b'/') || value.contains(&b'\\') {
                    return Err("File can't be a path, just a filename");
                }
                name.clone_from(value);
            } else if word.eq_ignore_ascii_case(b"seq") {
                seq = leading_number(value);
            } else if word.eq_ignore_ascii_case(b"type") {
                letter = value.first().copied();
            }
        }
        // The files that follow take the next numbers, and their names from them: there must be one, and not 0.
        let counts = (1..i64::MAX).contains(&seq);
        let Some(letter) = letter.filter(|_| !name.is_empty() && counts) else { return Err(BAD_FORMAT) };
        let part = Part { name, seq };
        match letter {
            b'b' if self.base.is_some() => return Err("Found duplicate base file information"),
            b'b' => {
                self.base_seq = seq;
                self.base = Some(part);
            }
            b'h' => self.history.push(part),
            b'i' if seq <= self.increment_seq => return Err("Found a non-monotonic sequence number"),
            b'i' => {
                self.increment_seq = seq;
                self.increments.push(part);
            }
            _ => return Err("Unknown AOF file type"),
        }
        Ok(())
    }

    /// The manifest as it is written.
    pub fn format(&self) -> Vec<u8> {
        let base = self.base.iter().map(|part| (part, Role::Base));
        let history = self.history.iter().map(|part| (part, Role::History));
        let increments = self.increments.iter().map(|part| (part, Role::Increment));
        let mut text = Vec::new();
        for (part, role) in base.chain(history).chain(increments) {
            text.extend_from_slice(b"file ");
            if needs_quoting(&part.name) {
                write_quoted(&mut text, &part.name);
            } else {
                text.extend_from_slice(&part.name);
            }
            text.extend_from_slice(format!(" seq {} type {}\n", part.seq, role.letter()).as_bytes());
        }
        text
    }

    /// Whether it names no file that would have to be loaded.
    pub fn is_empty(&self) -> bool {
        self.base.is_none() && self.increments.is_empty()
    }

    /// The files to be loaded, in order.
    pub fn parts(&self) -> impl Iterator<Item = &Part> {
        self.base.iter().chain(&self.increments)
    }

    /// Takes a file of the old style for the base.
    pub fn adopt(&mut self, name: &[u8]) {
        self.base = Some(Part { name: name.to_vec(), seq: 1 });
        self.base_seq = 1;
        self.dirty = true;
    }

    /// Names a new base, after which the one before is history.
    pub fn next_base(&mut self, file: &[u8], as_rdb: bool) -> Vec<u8> {
        if let Some(old) = self.base.take() {
            self.history.insert(0, old);
        }
        self.base_seq = self.base_seq.saturating_add(1);
        let suffix = if as_rdb { "rdb" } else { "aof" };
        let name = [file, format!(".{}.base.{suffix}", self.base_seq).as_bytes()].concat();
        self.base = Some(Part { name: name.clone(), seq: self.base_seq });
        self.dirty = true;
        name
    }

    /// Names a new increment.
    pub fn next_increment(&mut self, file: &[u8]) -> Vec<u8> {
        self.increment_seq = self.increment_seq.saturating_add(1);
        let name = [file, format!(".{}.incr.aof", self.increment_seq).as_bytes()].concat();
        self.increments.push(Part { name: name.clone(), seq: self.increment_seq });
        self.dirty = true;
        name
    }

    /// The increment that is appended to; a new one if there is none.
    pub fn last_increment(&mut self, file: &[u8]) -> Vec<u8> {
        match self.increments.last() {
            Some(last) => last.name.clone(),
            None => self.next_increment(file),
        }
    }

    /// All increments, but for the last `kept` of them, became history: a new base has what they say.
    pub fn retire_increments(&mut self, kept: usize) {
        if self.increments.is_empty() {
            return;
        }
        let retired = self.increments.len().saturating_sub(kept);
        for part in self.increments.drain(..retired).rev() {
            self.history.insert(0, part);
        }
        self.dirty = true;
    }

    /// Forgets the history and returns it, for its files to be removed.
    pub fn take_history(&mut self) -> Vec<Part> {
        self.dirty |= !self.history.is_empty();
        std::mem::take(&mut self.history)
    }
}

/// A number as atoll(3) reads it: as many digits as there are.
fn leading_number(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digits = digits.iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0i64, |n, digit| n.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if negative { -number } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> (Option<usize>, &'static str) {
        let error = Manifest::parse(text.as_bytes()).expect_err("refused");
        (error.line.map(|(at, _)| at), error.reason)
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut manifest = Manifest::default();
        for name in ["appendonly.aof", "a name\n with \"all\""] {
            manifest.next_base(name.as_bytes(), true);
            manifest.next_increment(name.as_bytes());
        }
        manifest.retire_increments(1);
        let read = Manifest::parse(&manifest.format()).expect("its own text");
        assert_eq!(read, Manifest { dirty: false, ..manifest.clone() });
        let text = String::from_utf8(manifest.format()).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], r#"file "a name\n with \"all\".2.base.rdb" seq 2 type b"#);
        assert_eq!(lines[1], "file appendonly.aof.1.incr.aof seq 1 type h");
        assert_eq!(lines[2], "file appendonly.aof.1.base.rdb seq 1 type h");
        assert_eq!(manifest.take_history().len(), 2);
    }

    #[test]
    fn comments_and_words_of_later_versions_are_passed_over() {
        let text = "# hello\nfile a.1.incr.aof newkey newvalue seq 4 type i\nfile b seq 9 type i x y\n";
        let manifest = Manifest::parse(text.as_bytes()).expect("it can be read");
        assert_eq!(manifest.increments.len(), 2);
        let mut manifest = manifest;
        assert_eq!(manifest.next_increment(b"x"), b"x.10.incr.aof");
    }

    #[test]
    fn each_fault_has_its_name() {
        assert_eq!(refusal("").1, "Found an empty AOF manifest");
        assert_eq!(refusal("file a seq 1 type i").1, "The AOF manifest file contains too long line");
        assert_eq!(refusal(&format!("file {} seq 1 type i\n", "a".repeat(1030))).0, None);
        let first = "file a seq 1 type b\n";
        let fault = |line: &str| refusal(&format!("{first}{line}\n"));
        assert_eq!(fault(""), (Some(2), BAD_FORMAT));
        assert_eq!(fault("file a seq 1"), (Some(2), BAD_FORMAT));
        assert_eq!(fault("file a seq 0 type i"), (Some(2), BAD_FORMAT));
        assert_eq!(fault("file a seq 1 type"), (Some(2), BAD_FORMAT));
        assert_eq!(fault("file b seq 1 type b"), (Some(2), "Found duplicate base file information"));
        assert_eq!(fault("file b seq 1 type x"), (Some(2), "Unknown AOF file type"));
        assert_eq!(fault("file ../b seq 1 type i"), (Some(2), "File can't be a path, just a filename"));
        assert_eq!(
            refusal("file a seq 2 type i\nfile b seq 2 type i\n").1,
            "Found a non-monotonic sequence number"
        );
    }

    #[test]
    fn no_text_makes_it_panic() {
        let text = b"file \"a b\" seq 2 type b\nfile b seq 3 type i\n";
        for at in 0..text.len() {
            let _ = Manifest::parse(&text[..at]);
            for byte in [0, b'"', b'\\', b'\n', 0xff] {
                let mut bad = text.to_vec();
                bad[at] = byte;
                let _ = Manifest::parse(&bad);
            }
        }
    }
}
