//! Where RDB bytes go: a buffer in memory, or a stream behind one. Owns the forms of lengths and strings, and the
//! checksum. An error of the stream is kept until the end: what is put after it is dropped. Knows no value.

use super::format::{MIN_COMPRESSED, encoding};
use crate::types::packed::{Value, parse_int};
use crate::util::crc64::Crc64;
use crate::util::lzf::Compressor;
use std::cell::RefCell;
use std::io::{self, Write};

/// Bytes that are gathered before they are summed and written.
const BUFFER: usize = 64 * 1024;
/// What compressing must save at least.
const MIN_SAVING: usize = 4;
/// No longer text is tried as a small integer.
const LONGEST_INT32: usize = 11;

thread_local! {
    /// The compressor's table is large, and worth keeping from one string to the next; so is the buffer behind it.
    static COMPRESSOR: RefCell<(Compressor, Vec<u8>)> = RefCell::new((Compressor::new(), Vec::new()));
}

/// Makes the compressor of this thread, so that a child of it has no need to allocate one.
pub fn prepare_compressor() {
    COMPRESSOR.with_borrow_mut(|_| ());
}

/// Takes the bytes of a file or a payload in order.
pub struct Sink<'a> {
    buffer: Vec<u8>,
    out: Option<&'a mut dyn Write>,
    crc: Option<Crc64>,
    /// Bytes that left the buffer.
    drained: u64,
    compress: bool,
    error: Option<io::Error>,
}

impl<'a> Sink<'a> {
    /// Keeps everything in memory.
    pub fn to_memory(compress: bool) -> Sink<'static> {
        Sink { buffer: Vec::new(), out: None, crc: None, drained: 0, compress, error: None }
    }

    /// Writes to a stream, keeping the checksum if asked to.
    pub fn to_stream(out: &'a mut dyn Write, compress: bool, checksum: bool) -> Sink<'a> {
        let crc = checksum.then(Crc64::new);
        Sink { buffer: Vec::with_capacity(BUFFER), out: Some(out), crc, drained: 0, compress, error: None }
    }

    /// Whether writing failed, so that going on is useless.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }

    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        if bytes.len() > self.buffer.capacity() - self.buffer.len() {
            return self.put_past(bytes);
        }
        self.buffer.extend_from_slice(bytes);
    }

    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// Puts what the buffer has no room for.
    #[cold]
    #[inline(never)]
    fn put_past(&mut self, bytes: &[u8]) {
        if self.out.is_some() {
            self.drain();
            if bytes.len() >= BUFFER {
                return self.pass(bytes);
            }
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Sums and writes what was gathered.
    fn drain(&mut self) {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.pass(&buffer);
        buffer.clear();
        self.buffer = buffer;
    }

    fn pass(&mut self, bytes: &[u8]) {
        let Some(out) = self.out.as_deref_mut().filter(|_| self.error.is_none()) else { return };
        if let Some(crc) = &mut self.crc {
            crc.update(bytes);
        }
        self.drained += bytes.len() as u64;
        self.error = out.write_all(bytes).err();
    }

    /// The checksum of everything so far; 0 if none is kept.
    pub fn checksum(&mut self) -> u64 {
        self.drain();
        self.crc.as_ref().map_or(0, Crc64::value)
    }

    /// A length, or any other number that is not negative.
    #[inline]
    pub fn length(&mut self, n: u64) {
        let be = n.to_be_bytes();
        match n {
            0..0x40 => self.byte(n as u8),
            0x40..0x4000 => self.put(&[0x40 | be[6], be[7]]),
            0x4000..=0xffff_ffff => self.put(&[0x80, be[4], be[5], be[6], be[7]]),
            _ => {
                self.byte(0x81);
                self.put(&be);
            }
        }
    }

    /// A time in milliseconds, or any other number of 64 bits with a sign.
    pub fn time(&mut self, ms: i64) {
        self.put(&ms.to_le_bytes());
    }

    pub fn double(&mut self, value: f64) {
        self.put(&value.to_le_bytes());
    }

    /// A string: as a small integer if it reads as one, compressed if that saves something, and as it is otherwise.
    pub fn text(&mut self, text: &[u8]) {
        if text.len() <= LONGEST_INT32
            && let Some(n) = parse_int(text).and_then(|n| i32::try_from(n).ok())
        {
            return self.small_int(n);
        }
        if self.compress && text.len() >= MIN_COMPRESSED && self.compressed(text) {
            return;
        }
        self.length(text.len() as u64);
        self.put(text);
    }

    /// A string that may be known as an integer.
    pub fn value(&mut self, value: Value<'_>) {
        match value {
            Value::Str(text) => self.text(text),
            Value::Int(n) => match i32::try_from(n) {
                Ok(n) => self.small_int(n),
                Err(_) => {
                    let mut digits = itoa::Buffer::new();
                    let digits = digits.format(n).as_bytes();
                    self.length(digits.len() as u64);
                    self.put(digits);
                }
            },
        }
    }

    fn small_int(&mut self, n: i32) {
        let le = n.to_le_bytes();
        if i8::try_from(n).is_ok() {
            self.put(&[0xc0 | encoding::INT8, le[0]]);
        } else if i16::try_from(n).is_ok() {
            self.put(&[0xc0 | encoding::INT16, le[0], le[1]]);
        } else {
            self.put(&[0xc0 | encoding::INT32, le[0], le[1], le[2], le[3]]);
        }
    }

    fn compressed(&mut self, text: &[u8]) -> bool {
        COMPRESSOR.with_borrow_mut(|(compressor, packed)| {
            packed.clear();
            if !compressor.compress(text, text.len() - MIN_SAVING, packed) {
                return false;
            }
            self.byte(0xc0 | encoding::LZF);
            self.length(packed.len() as u64);
            self.length(text.len() as u64);
            self.put(packed);
            if packed.capacity() > BUFFER {
                *packed = Vec::new();
            }
            true
        })
    }

    /// Writes what is left; how many bytes it was in all.
    ///
    /// # Errors
    /// The first error of the stream.
    pub fn finish(mut self) -> io::Result<u64> {
        self.drain();
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.drained),
        }
    }

    /// What was gathered in memory.
    pub fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::crc64::crc64;

    fn put(f: impl FnOnce(&mut Sink<'_>)) -> Vec<u8> {
        let mut sink = Sink::to_memory(true);
        f(&mut sink);
        sink.into_bytes()
    }

    #[test]
    fn lengths_take_the_shortest_form() {
        assert_eq!(put(|s| s.length(63)), [63]);
        assert_eq!(put(|s| s.length(64)), [0x40, 64]);
        assert_eq!(put(|s| s.length(16383)), [0x7f, 0xff]);
        assert_eq!(put(|s| s.length(16384)), [0x80, 0, 0, 0x40, 0]);
        assert_eq!(put(|s| s.length(1 << 32)), [0x81, 0, 0, 0, 1, 0, 0, 0, 0]);
    }

    #[test]
    fn strings_take_their_forms() {
        assert_eq!(put(|s| s.text(b"-5")), [0xc0, 0xfb]);
        assert_eq!(put(|s| s.text(b"300")), [0xc1, 0x2c, 1]);
        assert_eq!(put(|s| s.text(b"-2147483648")), [0xc2, 0, 0, 0, 0x80]);
        assert_eq!(put(|s| s.text(b"2147483648")), b"\x0a2147483648");
        assert_eq!(put(|s| s.value(Value::Int(1 << 31))), b"\x0a2147483648");
        assert_eq!(put(|s| s.text(b"007")), b"\x03007");
        let packed = put(|s| s.text(&[b'a'; 100]));
        assert!(packed.len() < 20 && packed[0] == 0xc3);
        assert_eq!(put(|s| s.text(b"abcdefghijklmnopqrstuvwxyz")).len(), 27);
    }

    #[test]
    fn a_stream_gets_all_of_it_and_its_sum() {
        let mut out = Vec::new();
        let mut sink = Sink::to_stream(&mut out, false, true);
        for i in 0..1000u32 {
            sink.put(&i.to_le_bytes());
        }
        sink.put(&[7; 100_000]);
        let sum = sink.checksum();
        assert_eq!(sink.finish().ok(), Some(104_000));
        assert_eq!((out.len(), sum), (104_000, crc64(&out)));
    }

    #[test]
    fn an_error_is_told_at_the_end() {
        let mut room = [0u8; 10];
        let mut out: &mut [u8] = &mut room;
        let mut sink = Sink::to_stream(&mut out, false, true);
        sink.put(&[1; 200_000]);
        sink.put(&[2; 5]);
        assert!(sink.failed() && sink.finish().is_err());
    }
}
