//! A Rust file as the linter sees it: the code without comments and literals, the comments alone, and which lines are
//! tests. It knows how Rust is written, and nothing of the rules.

use std::ops::Range;

/// One file. `code` and `comments` keep every line break of the text, so that offsets in them give line numbers.
pub struct Source {
    pub path: String,
    pub text: String,
    pub code: String,
    pub comments: String,
    tests: Vec<Range<usize>>,
}

impl Source {
    pub fn parse(path: &str, text: &str) -> Source {
        let (code, comments) = separate(text.as_bytes());
        let whole = std::iter::once(0..text.len());
        let tests = if is_test_file(path) { whole.collect() } else { test_regions(&code) };
        Source { path: path.into(), text: text.into(), code, comments, tests }
    }

    /// 1-based line of a byte offset.
    pub fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset].iter().filter(|&&b| b == b'\n').count() + 1
    }

    /// Is this offset inside `#[cfg(test)]` or a file that holds only tests?
    pub fn in_test(&self, offset: usize) -> bool {
        self.tests.iter().any(|r| r.contains(&offset))
    }

    /// A file that is one big table says so in its opening `//!`, and is free of the size rules.
    pub fn pure_table(&self) -> bool {
        self.text.lines().take_while(|l| l.starts_with("//!")).any(|l| l.contains("(pure table)"))
    }

    /// The room of `src/ROOM/...` or `src/ROOM.rs`; empty outside `src`.
    pub fn room(&self) -> &str {
        let Some(rest) = self.path.strip_prefix("src/") else { return "" };
        let first = rest.split('/').next().unwrap_or("");
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// Identifiers, `::` and single marks of the code with their offsets.
    pub fn tokens(&self) -> Vec<(usize, &str)> {
        let bytes = self.code.as_bytes();
        let mut out = Vec::new();
        let mut i = 0;
        while i < bytes.len() {
            let start = i;
            if is_word(bytes[i]) {
                while i < bytes.len() && is_word(bytes[i]) {
                    i += 1;
                }
            } else if bytes[i..].starts_with(b"::") {
                i += 2;
            } else {
                i += 1;
            }
            if !bytes[start].is_ascii_whitespace() {
                out.push((start, &self.code[start..i]));
            }
        }
        out
    }

    /// Offsets at which `word` stands in the code as a whole identifier.
    pub fn words(&self, word: &str) -> Vec<usize> {
        whole_words(&self.code, word)
    }
}

/// Offsets of `word` in `text` where no identifier character touches it.
pub fn whole_words(text: &str, word: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|&at| at == 0 || !is_word(bytes[at - 1]))
        .filter(|&at| bytes.get(at + word.len()).is_none_or(|&b| !is_word(b)))
        .collect()
}

/// The offset just past the bracket that closes the one at `open`.
pub fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0usize;
    for (i, b) in code.bytes().enumerate().skip(open) {
        match b {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    code.len()
}

fn is_word(b: u8) -> bool {
    b == b'_' || b.is_ascii_alphanumeric()
}

fn is_test_file(path: &str) -> bool {
    !path.starts_with("src/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

fn test_regions(code: &str) -> Vec<Range<usize>> {
    code.match_indices("#[cfg(test)]")
        .map(|(at, mark)| {
            let rest = &code[at + mark.len()..];
            let stop = rest.find(['{', ';']).map_or(code.len(), |i| at + mark.len() + i);
            at..if code[stop..].starts_with('{') { closing(code, stop) } else { stop }
        })
        .collect()
}

/// Splits a text into code (comments and the inside of literals blanked) and comments (all else blanked).
fn separate(text: &[u8]) -> (String, String) {
    let mut code = text.to_vec();
    let mut comments = text.to_vec();
    let mut i = 0;
    while i < text.len() {
        let (end, comment, inner) = piece(text, i);
        for j in i..end {
            if text[j] == b'\n' {
                continue;
            }
            if comment || inner.contains(&j) || !text[j].is_ascii() {
                code[j] = b' ';
            }
            if !comment {
                comments[j] = b' ';
            }
        }
        i = end;
    }
    (String::from_utf8_lossy(&code).into_owned(), String::from_utf8_lossy(&comments).into_owned())
}

/// The piece of text that starts at `i`: its end, whether it is a comment, and which part of it is a literal's inside.
fn piece(text: &[u8], i: usize) -> (usize, bool, Range<usize>) {
    let rest = &text[i..];
    if rest.starts_with(b"//") {
        return (i + find(rest, b"\n").unwrap_or(rest.len()), true, 0..0);
    }
    if rest.starts_with(b"/*") {
        return (i + block_comment(rest), true, 0..0);
    }
    if rest[0] == b'"' {
        let end = i + quoted(rest, b'"');
        return (end, false, i + 1..end - 1);
    }
    if rest[0] == b'\'' {
        let end = i + char_literal(rest);
        return (end, false, i + 1..(end - 1).max(i + 1));
    }
    if is_word(rest[0]) {
        let word = rest.iter().take_while(|&&b| is_word(b)).count();
        let raw =
            if matches!(&rest[..word], b"r" | b"br" | b"cr") { raw_string(&rest[word..]) } else { None };
        if let Some(end) = raw {
            return (i + word + end, false, i + word..i + word + end);
        }
        return (i + word, false, 0..0);
    }
    (i + 1, false, 0..0)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|w| w == what)
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut i) = (0usize, 0);
    while i < text.len() {
        if text[i..].starts_with(b"/*") {
            depth += 1;
            i += 2;
        } else if text[i..].starts_with(b"*/") {
            depth -= 1;
            i += 2;
            if depth == 0 {
                return i;
            }
        } else {
            i += 1;
        }
    }
    i
}

fn quoted(text: &[u8], quote: u8) -> usize {
    let mut i = 1;
    while i < text.len() && text[i] != quote {
        i += if text[i] == b'\\' { 2 } else { 1 };
    }
    (i + 1).min(text.len())
}

/// A character literal's length, or 1 where the mark begins a lifetime.
fn char_literal(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'\\') => quoted(text, b'\''),
        Some(_) => {
            let wide = text[1..].iter().skip(1).take_while(|&&b| b & 0xc0 == 0x80).count() + 1;
            if text.get(1 + wide) == Some(&b'\'') { wide + 2 } else { 1 }
        }
        None => 1,
    }
}

/// The length of `#"..."#` after its `r`, or nothing where the `r` begins a raw identifier.
fn raw_string(text: &[u8]) -> Option<usize> {
    let hashes = text.iter().take_while(|&&b| b == b'#').count();
    if text.get(hashes) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let body = hashes + 1;
    Some(find(&text[body..], &close).map_or(text.len(), |at| body + at + close.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_leave_the_code() {
        let text = "let a = \"x // y\"; // unsafe\nlet b = r#\"un\"safe\"#; /* /* in */ out */ let c = '\"';";
        let s = Source::parse("src/net/a.rs", text);
        assert!(!s.code.contains("unsafe") && !s.code.contains("safe") && !s.code.contains("out"));
        assert!(s.comments.contains("// unsafe") && !s.comments.contains("let"));
        assert!(s.code.contains("let c = '"));
        assert_eq!(s.code.len(), text.len());
    }

    #[test]
    fn lifetimes_are_no_literals() {
        let s =
            Source::parse("src/net/a.rs", "fn f<'a>(x: &'a str, y: char) -> bool { y == 'é' || y == '\\'' }");
        assert!(s.code.contains("fn f<'a>(x: &'a str"));
        assert!(!s.code.contains('é'));
        assert!(s.code.ends_with('}'));
    }

    #[test]
    fn test_modules_are_found() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { x() }\n}\nfn c() {}\n";
        let s = Source::parse("src/net/a.rs", text);
        let at = |what: &str| text.find(what).expect("in the text");
        assert!(!s.in_test(at("fn a")) && s.in_test(at("fn b")) && !s.in_test(at("fn c")));
        assert_eq!(s.line(at("fn c")), 6);
    }

    #[test]
    fn rooms_come_from_paths() {
        assert_eq!(Source::parse("src/ids.rs", "").room(), "ids");
        assert_eq!(Source::parse("src/net/tls/mod.rs", "").room(), "net");
        assert_eq!(Source::parse("tests/net/mod.rs", "").room(), "");
    }
}
