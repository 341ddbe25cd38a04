//! Replies read back, as a client sees them: for tests, the benchmark's side of a socket, and callers that
//! run commands inside the server. Speaks RESP2 and RESP3. Knows no IO.

use crate::util::numbers::parse_i64;

/// Aggregates nested deeper than this are refused, so that reading needs a bounded stack.
const MAX_DEPTH: usize = 256;
/// The longest line that is not a bulk's body, in bytes.
const MAX_LINE: usize = 1 << 20;

/// One reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `$-1` or `_`.
    Null,
    /// `*-1`.
    NullArray,
    Simple(Vec<u8>),
    /// An error's text with its code; from `-` or `!`.
    Error(Vec<u8>),
    Int(i64),
    Bulk(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Set(Vec<Value>),
    Push(Vec<Value>),
    Bool(bool),
    Double(f64),
    BigNumber(Vec<u8>),
    Verbatim {
        format: [u8; 3],
        text: Vec<u8>,
    },
    /// A reply with attributes before it.
    Attributed(Vec<(Value, Value)>, Box<Value>),
}

impl Value {
    /// The bytes of a string of any kind, an error included.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Simple(text) | Self::Error(text) | Self::Bulk(text) | Self::BigNumber(text) => Some(text),
            Self::Verbatim { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The elements of an array, set or push.
    pub fn as_items(&self) -> Option<&[Value]> {
        match self {
            Self::Array(items) | Self::Set(items) | Self::Push(items) => Some(items),
            _ => None,
        }
    }

    /// The integer, from `:` only.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        matches!(self, Self::Error(_))
    }
}

/// The bytes are no reply; says what is wrong with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadReply(pub &'static str);

/// Finds where a reply ends, over any number of calls, in time proportional to its bytes and with no memory.
#[derive(Clone, Debug)]
pub struct ReplyEnd {
    at: usize,
    /// Replies, nested ones included, that have yet to begin at `at`.
    wanted: u64,
    /// Bytes searched for the end of the line at `at`.
    scanned: usize,
}

impl Default for ReplyEnd {
    fn default() -> Self {
        Self { at: 0, wanted: 1, scanned: 0 }
    }
}

impl ReplyEnd {
    /// `input` starts at the reply's first byte and has not lost any since the last call. Returns the reply's length
    /// once it is whole, and is then ready for the next.
    pub fn find(&mut self, input: &[u8]) -> Result<Option<usize>, BadReply> {
        while self.wanted > 0 {
            let rest = input.get(self.at..).unwrap_or_default();
            let Some(line) = read_line(rest, &mut self.scanned)? else { return Ok(None) };
            let item = read_head(line)?;
            let end = match item {
                Head::Body { len, .. } => (line.len() + 2).saturating_add(len).saturating_add(2),
                _ => line.len() + 2,
            };
            if rest.len() < end {
                self.scanned = line.len();
                return Ok(None);
            }
            let nested = match item {
                Head::Aggregate { sigil, count } => elements(sigil, count)?,
                _ => 0,
            };
            self.wanted = (self.wanted - 1).checked_add(nested).ok_or(BadReply("too many elements"))?;
            self.at += end;
            self.scanned = 0;
        }
        let len = self.at;
        *self = Self::default();
        Ok(Some(len))
    }
}

/// Reads the reply at the start of `input`: the value and its length in bytes, or `None` if it is not whole.
/// A caller that reads in small pieces finds the end with [`ReplyEnd`] first.
pub fn read_value(input: &[u8]) -> Result<Option<(Value, usize)>, BadReply> {
    let mut reader = Reader { input, at: 0 };
    Ok(reader.value(0)?.map(|value| (value, reader.at)))
}

/// A reply's first line, understood.
enum Head<'a> {
    Whole(Value),
    Body { sigil: u8, len: usize },
    Aggregate { sigil: u8, count: usize },
    Text { sigil: u8, text: &'a [u8] },
}

fn read_line<'a>(rest: &'a [u8], scanned: &mut usize) -> Result<Option<&'a [u8]>, BadReply> {
    let fresh = rest.get(*scanned..).unwrap_or_default();
    let Some(found) = memchr::memchr(b'\r', fresh) else {
        *scanned = rest.len();
        return if rest.len() > MAX_LINE { Err(BadReply("a line without end")) } else { Ok(None) };
    };
    let end = *scanned + found;
    *scanned = end;
    match rest.get(end + 1) {
        None => Ok(None),
        Some(b'\n') => Ok(Some(&rest[..end])),
        Some(_) => Err(BadReply("a carriage return inside a line")),
    }
}

fn read_head(line: &[u8]) -> Result<Head<'_>, BadReply> {
    let (&sigil, text) = line.split_first().ok_or(BadReply("an empty line"))?;
    let number = || parse_i64(text).ok_or(BadReply("not a number"));
    Ok(match sigil {
        b'+' | b'-' | b'(' => Head::Text { sigil, text },
        b':' => Head::Whole(Value::Int(number()?)),
        b',' => Head::Whole(Value::Double(read_double(text)?)),
        b'_' if text.is_empty() => Head::Whole(Value::Null),
        b'#' if text == b"t" => Head::Whole(Value::Bool(true)),
        b'#' if text == b"f" => Head::Whole(Value::Bool(false)),
        b'$' if text == b"-1" => Head::Whole(Value::Null),
        b'*' if text == b"-1" => Head::Whole(Value::NullArray),
        b'$' | b'=' | b'!' => Head::Body { sigil, len: length(number()?)? },
        b'*' | b'%' | b'~' | b'>' | b'|' => Head::Aggregate { sigil, count: length(number()?)? },
        _ => return Err(BadReply("unknown kind of reply")),
    })
}

fn length(number: i64) -> Result<usize, BadReply> {
    usize::try_from(number).map_err(|_| BadReply("a negative length"))
}

fn read_double(text: &[u8]) -> Result<f64, BadReply> {
    let text = std::str::from_utf8(text).map_err(|_| BadReply("not a double"))?;
    text.parse().map_err(|_| BadReply("not a double"))
}

/// How many replies follow an aggregate's header; with attributes, also the one they belong to.
fn elements(sigil: u8, count: usize) -> Result<u64, BadReply> {
    let count = count as u64;
    let elements = match sigil {
        b'%' => count.checked_mul(2),
        b'|' => count.checked_mul(2).and_then(|n| n.checked_add(1)),
        _ => Some(count),
    };
    elements.ok_or(BadReply("too many elements"))
}

struct Reader<'a> {
    input: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Option<Value>, BadReply> {
        if depth > MAX_DEPTH {
            return Err(BadReply("nested too deeply"));
        }
        let rest = self.input.get(self.at..).unwrap_or_default();
        let Some(line) = read_line(rest, &mut 0)? else { return Ok(None) };
        self.at += line.len() + 2;
        match read_head(line)? {
            Head::Whole(value) => Ok(Some(value)),
            Head::Text { sigil, text } => Ok(Some(match sigil {
                b'+' => Value::Simple(text.to_vec()),
                b'-' => Value::Error(text.to_vec()),
                _ => Value::BigNumber(text.to_vec()),
            })),
            Head::Body { sigil, len } => self.body(sigil, len),
            Head::Aggregate { sigil: sigil @ (b'%' | b'|'), count } => self.pairs(sigil, count, depth),
            Head::Aggregate { sigil, count } => {
                let mut items = Vec::new();
                for _ in 0..count {
                    let Some(item) = self.value(depth + 1)? else { return Ok(None) };
                    items.push(item);
                }
                Ok(Some(match sigil {
                    b'~' => Value::Set(items),
                    b'>' => Value::Push(items),
                    _ => Value::Array(items),
                }))
            }
        }
    }

    fn body(&mut self, sigil: u8, len: usize) -> Result<Option<Value>, BadReply> {
        let end = self.at.saturating_add(len);
        let (Some(body), Some(after)) =
            (self.input.get(self.at..end), self.input.get(end..end.saturating_add(2)))
        else {
            return Ok(None);
        };
        if after != b"\r\n" {
            return Err(BadReply("a bulk that is longer than announced"));
        }
        self.at = end + 2;
        match sigil {
            b'!' => Ok(Some(Value::Error(body.to_vec()))),
            b'=' => match body {
                [a, b, c, b':', text @ ..] => {
                    Ok(Some(Value::Verbatim { format: [*a, *b, *c], text: text.to_vec() }))
                }
                _ => Err(BadReply("a verbatim string without format")),
            },
            _ => Ok(Some(Value::Bulk(body.to_vec()))),
        }
    }

    fn pairs(&mut self, sigil: u8, count: usize, depth: usize) -> Result<Option<Value>, BadReply> {
        let mut pairs = Vec::new();
        for _ in 0..count {
            let Some(key) = self.value(depth + 1)? else { return Ok(None) };
            let Some(value) = self.value(depth + 1)? else { return Ok(None) };
            pairs.push((key, value));
        }
        if sigil == b'%' {
            return Ok(Some(Value::Map(pairs)));
        }
        Ok(self.value(depth + 1)?.map(|value| Value::Attributed(pairs, Box::new(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY_KIND: &[u8] =
        b"*13\r\n+OK\r\n-ERR no\r\n:-5\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,1.5\r\n\
        (123456789012345678901234567890\r\n=6\r\ntxt:hi\r\n%1\r\n+k\r\n~1\r\n:1\r\n\
        |1\r\n+ttl\r\n:3\r\n>1\r\n!3\r\nbad\r\n";

    #[test]
    fn every_kind_is_read() {
        let (value, len) = read_value(EVERY_KIND).expect("valid").expect("whole");
        assert_eq!(len, EVERY_KIND.len());
        let text = |s: &str| s.as_bytes().to_vec();
        let expected = vec![
            Value::Simple(text("OK")),
            Value::Error(text("ERR no")),
            Value::Int(-5),
            Value::Bulk(text("a\r\n")),
            Value::Null,
            Value::NullArray,
            Value::Null,
            Value::Bool(true),
            Value::Double(1.5),
            Value::BigNumber(text("123456789012345678901234567890")),
            Value::Verbatim { format: *b"txt", text: text("hi") },
            Value::Map(vec![(Value::Simple(text("k")), Value::Set(vec![Value::Int(1)]))]),
            Value::Attributed(
                vec![(Value::Simple(text("ttl")), Value::Int(3))],
                Box::new(Value::Push(vec![Value::Error(text("bad"))])),
            ),
        ];
        assert_eq!(value, Value::Array(expected));
    }

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        let mut end = ReplyEnd::default();
        for i in 0..EVERY_KIND.len() {
            assert_eq!(end.find(&EVERY_KIND[..i]), Ok(None));
            assert_eq!(read_value(&EVERY_KIND[..i]), Ok(None));
        }
        assert_eq!(end.find(EVERY_KIND), Ok(Some(EVERY_KIND.len())));
        assert_eq!(end.find(b"+a\r\n+b\r\n"), Ok(Some(4)), "ready for the next");
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in [
            "x\r\n",
            "\r\n",
            ":\r\n",
            ":1x\r\n",
            "$-2\r\n",
            "*-2\r\n",
            "#x\r\n",
            "_x\r\n",
            ",x\r\n",
            "+a\rb\r\n",
        ] {
            assert!(read_value(bad.as_bytes()).is_err(), "{bad:?}");
            assert!(ReplyEnd::default().find(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(read_value(b"$1\r\nab\r\n").is_err());
        assert!(read_value(b"=2\r\nab\r\n").is_err());
        assert!(read_value(&b"*1\r\n".repeat(MAX_DEPTH + 2)).is_err());
        assert_eq!(read_value(b"$9223372036854775807\r\n"), Ok(None));
        assert_eq!(read_value(b"*9223372036854775807\r\n"), Ok(None));
    }
}
