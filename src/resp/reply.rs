//! Replies: appends RESP2 or RESP3 to an output buffer. Knows no client and no command; error texts are the
//! caller's.

use crate::util::float::write_f64;
use std::sync::Arc;

/// The protocol version a client chose with HELLO.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proto {
    #[default]
    Resp2,
    Resp3,
}

/// Where the header of an aggregate goes whose length is not known yet.
#[derive(Debug)]
#[must_use = "a reply without its header is not a reply"]
pub struct Deferred {
    at: usize,
}

/// Long bytes of a reply that are not copied into it.
#[derive(Debug)]
pub struct Pin {
    /// Where in the reply's bytes they belong.
    pub at: usize,
    pub bytes: Arc<Vec<u8>>,
}

/// A writer of replies.
#[derive(Debug)]
pub struct Reply<'a> {
    pub out: &'a mut Vec<u8>,
    pub proto: Proto,
    /// Where bytes may be pinned to that are to follow what is written so far.
    pin: Option<&'a mut Option<Pin>>,
}

impl<'a> Reply<'a> {
    /// A writer that appends to `out`.
    pub fn new(out: &'a mut Vec<u8>, proto: Proto) -> Self {
        Self { out, proto, pin: None }
    }

    /// The same, for an output that takes long bytes as they are: one in each reply.
    pub fn with_pin(out: &'a mut Vec<u8>, proto: Proto, pin: Option<&'a mut Option<Pin>>) -> Self {
        Self { out, proto, pin }
    }

    fn is_resp3(&self) -> bool {
        self.proto == Proto::Resp3
    }

    /// `+OK`.
    #[inline]
    pub fn ok(&mut self) {
        self.out.extend_from_slice(b"+OK\r\n");
    }

    /// A simple string; line ends in it become spaces.
    pub fn simple(&mut self, text: impl AsRef<[u8]>) {
        self.line(b'+', text.as_ref());
    }

    /// An error. `text` starts with its code (`ERR ...`); line ends at its end are dropped, others become
    /// spaces.
    pub fn error(&mut self, text: impl AsRef<[u8]>) {
        let mut text = text.as_ref();
        while let [head @ .., b'\r' | b'\n'] = text {
            text = head;
        }
        self.line(b'-', text);
    }

    fn line(&mut self, sigil: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(sigil);
        let start = self.out.len();
        self.out.extend_from_slice(text);
        for byte in &mut self.out[start..] {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        self.out.extend_from_slice(b"\r\n");
    }

    /// An integer.
    #[inline]
    pub fn int(&mut self, value: i64) {
        if (0..10).contains(&value) {
            self.out.extend_from_slice(&[b':', b'0' + value as u8, b'\r', b'\n']);
        } else {
            self.signed(b':', value);
        }
    }

    fn signed(&mut self, sigil: u8, value: i64) {
        let mut digits = itoa::Buffer::new();
        self.token(sigil, digits.format(value).as_bytes());
    }

    /// `sigil`, `text` and a line end. `text` must hold no line end.
    fn token(&mut self, sigil: u8, text: &[u8]) {
        self.out.reserve(text.len() + 3);
        self.out.push(sigil);
        self.out.extend_from_slice(text);
        self.out.extend_from_slice(b"\r\n");
    }

    #[inline]
    fn header(&mut self, sigil: u8, count: usize) {
        let tens = (count / 10) as u8;
        let ones = b'0' + (count % 10) as u8;
        if count < 10 {
            self.out.extend_from_slice(&[sigil, ones, b'\r', b'\n']);
        } else if count < 100 {
            self.out.extend_from_slice(&[sigil, b'0' + tens, ones, b'\r', b'\n']);
        } else {
            let mut digits = itoa::Buffer::new();
            self.token(sigil, digits.format(count).as_bytes());
        }
    }

    /// A bulk string.
    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.out.reserve(bytes.len() + 32);
        self.header(b'$', bytes.len());
        self.out.extend_from_slice(bytes);
        self.out.extend_from_slice(b"\r\n");
    }

    /// A bulk string that is shared with the reply, not copied, where the output takes it so. Not for replies with a
    /// deferred header, which would move it.
    pub fn bulk_shared(&mut self, bytes: &Arc<Vec<u8>>) {
        if !matches!(self.pin, Some(None)) {
            return self.bulk(bytes);
        }
        self.header(b'$', bytes.len());
        let at = self.out.len();
        if let Some(pin) = &mut self.pin {
            **pin = Some(Pin { at, bytes: Arc::clone(bytes) });
        }
        self.out.extend_from_slice(b"\r\n");
    }

    /// The header of a bulk of `len` bytes, which the caller appends to `out`, followed by
    /// [`Self::bulk_end`].
    #[inline]
    pub fn bulk_header(&mut self, len: usize) {
        self.out.reserve(len + 32);
        self.header(b'$', len);
    }

    /// The line end after a bulk begun by [`Self::bulk_header`].
    #[inline]
    pub fn bulk_end(&mut self) {
        self.out.extend_from_slice(b"\r\n");
    }

    /// An integer as a bulk string.
    pub fn bulk_int(&mut self, value: i64) {
        let mut digits = itoa::Buffer::new();
        self.bulk(digits.format(value).as_bytes());
    }

    /// Nothing: `$-1`, or `_` in RESP3.
    #[inline]
    pub fn null(&mut self) {
        self.out.extend_from_slice(if self.is_resp3() { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// No array: `*-1`, or `_` in RESP3.
    pub fn null_array(&mut self) {
        self.out.extend_from_slice(if self.is_resp3() { b"_\r\n" } else { b"*-1\r\n" });
    }

    /// The header of an array of `count` elements.
    #[inline]
    pub fn array(&mut self, count: usize) {
        self.header(b'*', count);
    }

    /// The header of a map of `pairs` keys and values; in RESP2 an array of twice as many.
    pub fn map(&mut self, pairs: usize) {
        let (sigil, count) = self.map_header(pairs);
        self.header(sigil, count);
    }

    /// The header of a set; in RESP2 an array.
    pub fn set(&mut self, count: usize) {
        self.header(self.set_sigil(), count);
    }

    /// The header of an out-of-band push; in RESP2 an array.
    pub fn push(&mut self, count: usize) {
        self.header(if self.is_resp3() { b'>' } else { b'*' }, count);
    }

    /// The header of attributes of the reply that follows them. RESP3 only: ask [`Self::proto`] first.
    pub fn attribute(&mut self, pairs: usize) {
        debug_assert!(self.is_resp3(), "RESP2 has no attributes");
        self.header(b'|', pairs);
    }

    /// A double as `write_f64` prints it; in RESP2 a bulk string.
    pub fn double(&mut self, value: f64) {
        let start = self.out.len();
        if self.is_resp3() {
            self.out.push(b',');
            write_f64(self.out, value);
        } else {
            write_f64(self.out, value);
            let text_end = self.out.len();
            self.header(b'$', text_end - start);
            self.put_last_first(start, text_end);
        }
        self.out.extend_from_slice(b"\r\n");
    }

    /// A number that the caller printed, as a double; in RESP2 a bulk string. For 80-bit floats and
    /// coordinates.
    pub fn double_text(&mut self, text: &[u8]) {
        if self.is_resp3() { self.token(b',', text) } else { self.bulk(text) }
    }

    /// An integer of any size, in decimal; in RESP2 a bulk string.
    pub fn big_number(&mut self, digits: &[u8]) {
        if self.is_resp3() { self.token(b'(', digits) } else { self.bulk(digits) }
    }

    /// A truth value; in RESP2 the integer 1 or 0.
    pub fn bool(&mut self, value: bool) {
        match (self.proto, value) {
            (Proto::Resp2, value) => self.int(i64::from(value)),
            (Proto::Resp3, true) => self.out.extend_from_slice(b"#t\r\n"),
            (Proto::Resp3, false) => self.out.extend_from_slice(b"#f\r\n"),
        }
    }

    /// Text with a format of three letters (`txt`, `mkd`; cut, or filled up with spaces); in RESP2 a bulk
    /// string.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        if !self.is_resp3() {
            return self.bulk(text);
        }
        let mut tag = *b"   :";
        for (to, from) in tag.iter_mut().take(3).zip(format.bytes()) {
            *to = from;
        }
        self.out.reserve(text.len() + 32);
        self.header(b'=', text.len() + tag.len());
        self.out.extend_from_slice(&tag);
        self.out.extend_from_slice(text);
        self.out.extend_from_slice(b"\r\n");
    }

    /// Replies that are already RESP.
    pub fn raw(&mut self, resp: &[u8]) {
        self.out.extend_from_slice(resp);
    }

    /// Marks the place of an aggregate whose length is only known after its elements: write them, then call one of the
    /// `set_deferred_` functions. Nested ones are set from the inside out. Setting moves the elements by the length of
    /// the header.
    pub fn defer(&mut self) -> Deferred {
        Deferred { at: self.out.len() }
    }

    /// Makes what was written since `defer` an array.
    pub fn set_deferred_array(&mut self, deferred: Deferred, count: usize) {
        self.set_deferred(deferred, b'*', count);
    }

    /// Makes what was written since `defer` a map.
    pub fn set_deferred_map(&mut self, deferred: Deferred, pairs: usize) {
        let (sigil, count) = self.map_header(pairs);
        self.set_deferred(deferred, sigil, count);
    }

    /// Makes what was written since `defer` a set.
    pub fn set_deferred_set(&mut self, deferred: Deferred, count: usize) {
        let sigil = self.set_sigil();
        self.set_deferred(deferred, sigil, count);
    }

    /// Puts what `write` writes in front of what was written since `defer`.
    pub fn set_deferred_with(&mut self, deferred: Deferred, write: impl FnOnce(&mut Self)) {
        let body_end = self.out.len();
        write(self);
        self.put_last_first(deferred.at, body_end);
    }

    fn set_deferred(&mut self, Deferred { at }: Deferred, sigil: u8, count: usize) {
        let body_end = self.out.len();
        self.header(sigil, count);
        self.put_last_first(at, body_end);
    }

    /// Moves the header written after `body_end` to the body's start.
    fn put_last_first(&mut self, body_start: usize, body_end: usize) {
        let header_len = self.out.len() - body_end;
        self.out[body_start..].rotate_right(header_len);
    }

    fn map_header(&self, pairs: usize) -> (u8, usize) {
        if self.is_resp3() { (b'%', pairs) } else { (b'*', pairs * 2) }
    }

    fn set_sigil(&self) -> u8 {
        if self.is_resp3() { b'~' } else { b'*' }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(write: impl Fn(&mut Reply<'_>)) -> (String, String) {
        let one = |proto| {
            let mut out = Vec::new();
            write(&mut Reply::new(&mut out, proto));
            String::from_utf8(out).expect("test replies are text")
        };
        (one(Proto::Resp2), one(Proto::Resp3))
    }

    fn expect(write: impl Fn(&mut Reply<'_>), resp2: &str, resp3: &str) {
        assert_eq!(both(write), (resp2.to_owned(), resp3.to_owned()));
    }

    #[test]
    fn scalars() {
        expect(|r| r.ok(), "+OK\r\n", "+OK\r\n");
        expect(|r| r.simple("a\r\nb"), "+a  b\r\n", "+a  b\r\n");
        expect(|r| r.error("ERR a\nb\r\n"), "-ERR a b\r\n", "-ERR a b\r\n");
        expect(|r| r.null(), "$-1\r\n", "_\r\n");
        expect(|r| r.null_array(), "*-1\r\n", "_\r\n");
        expect(|r| r.bool(true), ":1\r\n", "#t\r\n");
        expect(|r| r.bool(false), ":0\r\n", "#f\r\n");
        expect(|r| r.bulk_int(-42), "$3\r\n-42\r\n", "$3\r\n-42\r\n");
        expect(|r| r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n");
        expect(|r| r.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n");
        expect(|r| r.double_text(b"3.14"), "$4\r\n3.14\r\n", ",3.14\r\n");
        expect(|r| r.big_number(b"-123"), "$4\r\n-123\r\n", "(-123\r\n");
        expect(|r| r.verbatim("txt", b"hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n");
        expect(|r| r.verbatim("m", b""), "$0\r\n\r\n", "=4\r\nm  :\r\n");
    }

    #[test]
    fn integers_and_lengths_at_the_borders_of_their_fast_paths() {
        for value in [0, 1, 9, 10, 99, 100, 12345, -1, -10, i64::MAX, i64::MIN] {
            assert_eq!(both(|r| r.int(value)).0, format!(":{value}\r\n"));
        }
        for len in [0, 1, 9, 10, 99, 100, 999, 1000, 70_000] {
            let body = "x".repeat(len);
            assert_eq!(both(|r| r.bulk(body.as_bytes())).0, format!("${len}\r\n{body}\r\n"));
            assert_eq!(both(|r| r.array(len)).0, format!("*{len}\r\n"));
        }
    }

    #[test]
    fn aggregates() {
        expect(|r| r.map(3), "*6\r\n", "%3\r\n");
        expect(|r| r.set(2), "*2\r\n", "~2\r\n");
        expect(|r| r.push(2), "*2\r\n", ">2\r\n");
        assert_eq!(
            {
                let mut out = Vec::new();
                Reply::new(&mut out, Proto::Resp3).attribute(1);
                out
            },
            b"|1\r\n"
        );
    }

    #[test]
    fn deferred_headers_nest() {
        let write = |r: &mut Reply<'_>| {
            r.ok();
            let outer = r.defer();
            r.int(1);
            let inner = r.defer();
            r.bulk(b"a");
            r.bulk(b"b");
            r.set_deferred_map(inner, 1);
            let empty = r.defer();
            r.set_deferred_set(empty, 0);
            r.set_deferred_with(outer, |r| r.array(123));
        };
        expect(
            write,
            "+OK\r\n*123\r\n:1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n*0\r\n",
            "+OK\r\n*123\r\n:1\r\n%1\r\n$1\r\na\r\n$1\r\nb\r\n~0\r\n",
        );
    }
}
