//! Where RDB bytes come from: a slice, or a stream behind a buffer. Owns the offset and the checksum. Memory is taken
//! for bytes that are there, not for bytes that a length announces. Knows no value.

use super::error::{Cause, LoadError};
use crate::util::crc64::Crc64;
use std::io::{ErrorKind, Read};

/// Bytes read from a stream at once.
const BUFFER: usize = 64 * 1024;
/// Memory taken at once for bytes whose number is only announced.
const CHUNK: usize = 1 << 20;

/// What reading gives.
pub type Result<T> = std::result::Result<T, LoadError>;

enum Input<'a> {
    Slice(&'a [u8]),
    Stream(Box<Stream<'a>>),
}

struct Stream<'a> {
    reader: Box<dyn Read + 'a>,
    buffer: Box<[u8]>,
    filled: usize,
    /// Up to where the buffer is part of `crc`.
    summed: usize,
    crc: Option<Crc64>,
    /// Bytes of the whole stream, where that is known.
    total: Option<u64>,
}

/// Gives the bytes of a file or a payload in order.
pub struct Source<'a> {
    input: Input<'a>,
    /// Where in the slice or buffer reading is.
    at: usize,
    /// Bytes before the buffer.
    base: u64,
}

impl<'a> Source<'a> {
    pub fn from_slice(bytes: &'a [u8]) -> Source<'a> {
        Source { input: Input::Slice(bytes), at: 0, base: 0 }
    }

    /// Reads a stream of `total` bytes, if that is known, and sums them if asked to.
    pub fn from_stream(reader: impl Read + 'a, total: Option<u64>, checksum: bool) -> Source<'a> {
        let buffer = vec![0; BUFFER].into_boxed_slice();
        let crc = checksum.then(Crc64::new);
        let stream = Stream { reader: Box::new(reader), buffer, filled: 0, summed: 0, crc, total };
        Source { input: Input::Stream(Box::new(stream)), at: 0, base: 0 }
    }

    /// Bytes read so far.
    pub fn offset(&self) -> u64 {
        self.base + self.at as u64
    }

    /// An error here.
    pub fn error(&self, cause: Cause) -> LoadError {
        LoadError { offset: self.offset(), cause }
    }

    /// What is not what it should be, ending here.
    pub fn corrupt(&self, what: &'static str) -> LoadError {
        self.error(Cause::Corrupt(what))
    }

    /// How many bytes can still come, where that is known.
    pub fn left(&self) -> Option<u64> {
        match &self.input {
            Input::Slice(bytes) => Some((bytes.len() - self.at) as u64),
            Input::Stream(stream) => stream.total.map(|total| total.saturating_sub(self.offset())),
        }
    }

    /// Whether so many bytes can still come, as far as that is known.
    fn may_have(&self, len: u64) -> bool {
        self.left().is_none_or(|left| len <= left)
    }

    fn window(&self) -> &[u8] {
        match &self.input {
            Input::Slice(bytes) => bytes.get(self.at..),
            Input::Stream(stream) => stream.buffer.get(self.at..stream.filled),
        }
        .unwrap_or_default()
    }

    /// Fills the empty window again.
    #[cold]
    fn refill(&mut self) -> Result<()> {
        let read = match &mut self.input {
            Input::Slice(_) => Ok(0),
            Input::Stream(stream) => {
                stream.sum_up(self.at);
                self.base += self.at as u64;
                (self.at, stream.filled, stream.summed) = (0, 0, 0);
                stream.read()
            }
        };
        match read {
            Ok(0) => Err(self.error(Cause::Truncated)),
            Ok(_) => Ok(()),
            Err(error) => Err(self.error(Cause::Io(error))),
        }
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8> {
        loop {
            if let Some(&byte) = self.window().first() {
                self.at += 1;
                return Ok(byte);
            }
            self.refill()?;
        }
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        if let Some(bytes) = self.window().first_chunk::<N>() {
            let bytes = *bytes;
            self.at += N;
            return Ok(bytes);
        }
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// The next `len` bytes, if all of them are in the window.
    #[inline]
    pub fn take_whole(&mut self, len: u64) -> Option<&[u8]> {
        let len = usize::try_from(len).ok()?;
        let window = match &self.input {
            Input::Slice(bytes) => bytes.get(self.at..),
            Input::Stream(stream) => stream.buffer.get(self.at..stream.filled),
        };
        let bytes = window?.get(..len)?;
        self.at += len;
        Some(bytes)
    }

    /// Appends exactly `len` bytes to `out`.
    pub fn bytes(&mut self, len: u64, out: &mut Vec<u8>) -> Result<()> {
        if let Some(bytes) = self.take_whole(len) {
            out.extend_from_slice(bytes);
            return Ok(());
        }
        if !self.may_have(len) {
            return Err(self.error(Cause::Truncated));
        }
        let Ok(mut left) = usize::try_from(len) else { return Err(self.error(Cause::Truncated)) };
        out.reserve(left.min(CHUNK));
        while left > 0 {
            let window = self.window();
            if window.is_empty() {
                self.refill()?;
                continue;
            }
            let step = window.len().min(left);
            out.extend_from_slice(&window[..step]);
            self.at += step;
            left -= step;
        }
        Ok(())
    }

    /// Passes over `len` bytes.
    pub fn skip(&mut self, len: u64) -> Result<()> {
        if !self.may_have(len) {
            return Err(self.error(Cause::Truncated));
        }
        let mut left = len;
        while left > 0 {
            let here = self.window().len() as u64;
            if here == 0 {
                self.refill()?;
                continue;
            }
            let step = here.min(left);
            self.at += step as usize;
            left -= step;
        }
        Ok(())
    }

    /// The checksum of all bytes read so far, if it is kept.
    pub fn checksum(&mut self) -> Option<u64> {
        let Input::Stream(stream) = &mut self.input else { return None };
        stream.sum_up(self.at);
        stream.crc.as_ref().map(Crc64::value)
    }

    /// Whether everything was read, of a slice.
    pub fn is_at_end(&self) -> bool {
        matches!(self.input, Input::Slice(_)) && self.window().is_empty()
    }
}

impl Stream<'_> {
    fn sum_up(&mut self, to: usize) {
        if let Some(crc) = &mut self.crc
            && let Some(bytes) = self.buffer.get(self.summed..to)
        {
            crc.update(bytes);
        }
        self.summed = to;
    }

    fn read(&mut self) -> std::io::Result<usize> {
        loop {
            match self.reader.read(&mut self.buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(read) => {
                    self.filled = read;
                    return Ok(read);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::util::crc64::crc64;

    /// Gives a few bytes at a time.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let len = self.0.len().min(out.len()).min(7);
            out[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    #[test]
    fn streams_and_slices_give_the_same() {
        let data: Vec<u8> = (0..1000u32).map(|i| (i * 7) as u8).collect();
        let mut dripping = Dripping(&data);
        for mut source in [Source::from_slice(&data), Source::from_stream(&mut dripping, Some(1000), true)] {
            assert_eq!(source.byte().ok(), Some(0));
            assert_eq!(source.array::<9>().ok().as_ref().map(|a| &a[..]), Some(&data[1..10]));
            let mut out = vec![1];
            assert!(source.bytes(500, &mut out).is_ok());
            assert_eq!(out[1..], data[10..510]);
            assert_eq!(source.offset(), 510);
            assert!(source.skip(480).is_ok());
            let sum = source.checksum();
            assert!(sum.is_none_or(|sum| sum == crc64(&data[..990])));
            assert!(source.bytes(11, &mut out).is_err());
            assert!(source.skip(10).is_ok());
            assert!(source.byte().is_err_and(|e| matches!(e.cause, Cause::Truncated) && e.offset == 1000));
        }
    }

    #[test]
    fn announced_bytes_take_no_memory() {
        let data = [1; 10];
        let mut reader = &data[..];
        let mut source = Source::from_stream(&mut reader, None, false);
        let mut out = Vec::new();
        assert!(source.bytes(u64::MAX / 2, &mut out).is_err());
        assert!(out.capacity() <= CHUNK);
        let mut source = Source::from_slice(&data);
        let mut out = Vec::new();
        assert!(source.bytes(1 << 40, &mut out).is_err() && out.capacity() == 0);
    }
}
