//! Reading lengths, numbers and strings in all their forms. Knows no value.

use super::error::Cause;
use super::format::encoding;
use super::source::{Result, Source};
use crate::util::lzf;

/// What the bytes in the place of a length say.
enum Length {
    Plain(u64),
    /// A string in one of the forms of [`encoding`].
    Encoded(u8),
}

/// The form of a string, with all that stands before its bytes.
enum Form {
    Plain(u64),
    Int(i64),
    Compressed { packed: u64, len: u64 },
}

impl Source<'_> {
    #[inline]
    fn length_or_encoding(&mut self) -> Result<Length> {
        let first = self.byte()?;
        Ok(Length::Plain(match (first >> 6, first) {
            (0, _) => u64::from(first),
            (1, _) => u64::from(first & 0x3f) << 8 | u64::from(self.byte()?),
            (_, 0x80) => u64::from(u32::from_be_bytes(self.array()?)),
            (_, 0x81) => u64::from_be_bytes(self.array()?),
            (3, _) => return Ok(Length::Encoded(first & 0x3f)),
            _ => return Err(self.corrupt("Unknown length encoding in RDB file")),
        }))
    }

    /// A length, or any other number that is not negative.
    #[inline]
    pub fn length(&mut self) -> Result<u64> {
        match self.length_or_encoding()? {
            Length::Plain(n) => Ok(n),
            Length::Encoded(_) => Err(self.corrupt("A string where a length should be")),
        }
    }

    /// A time in milliseconds.
    pub fn time(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub fn double(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// A number as text behind a byte of length, which also stands for what has no digits.
    pub fn double_text(&mut self) -> Result<f64> {
        let len = match self.byte()? {
            255 => return Ok(f64::NEG_INFINITY),
            254 => return Ok(f64::INFINITY),
            253 => return Ok(f64::NAN),
            len => len,
        };
        let mut text = Vec::with_capacity(usize::from(len));
        self.bytes(u64::from(len), &mut text)?;
        let number = std::str::from_utf8(&text).ok().and_then(|text| text.trim_start().parse().ok());
        number.ok_or_else(|| self.corrupt("A score that is no number"))
    }

    /// A string.
    pub fn text(&mut self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.append_text(&mut out)?;
        Ok(out)
    }

    /// A string in the place of what `out` held.
    pub fn text_into(&mut self, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        self.append_text(out)
    }

    /// A string, behind what `out` holds.
    #[inline]
    pub fn append_text(&mut self, out: &mut Vec<u8>) -> Result<()> {
        let form = self.form()?;
        self.append_form(form, out)
    }

    /// A string, behind what `out` holds if it is announced with at most `short` bytes, and by itself otherwise.
    #[inline]
    pub fn append_short_text(&mut self, short: u64, out: &mut Vec<u8>) -> Result<Option<Vec<u8>>> {
        let form = self.form()?;
        let len = match form {
            Form::Plain(len) => len,
            Form::Compressed { len, .. } => len,
            Form::Int(_) => 0,
        };
        if len <= short {
            return self.append_form(form, out).map(|()| None);
        }
        let mut long = Vec::new();
        self.append_form(form, &mut long)?;
        Ok(Some(long))
    }

    #[inline]
    fn form(&mut self) -> Result<Form> {
        Ok(match self.length_or_encoding()? {
            Length::Plain(len) => Form::Plain(len),
            Length::Encoded(encoding::LZF) => {
                Form::Compressed { packed: self.length()?, len: self.length()? }
            }
            Length::Encoded(encoding::INT8) => Form::Int(i64::from(i8::from_le_bytes(self.array()?))),
            Length::Encoded(encoding::INT16) => Form::Int(i64::from(i16::from_le_bytes(self.array()?))),
            Length::Encoded(encoding::INT32) => Form::Int(i64::from(i32::from_le_bytes(self.array()?))),
            Length::Encoded(_) => return Err(self.corrupt("Unknown RDB string encoding type")),
        })
    }

    #[inline]
    fn append_form(&mut self, form: Form, out: &mut Vec<u8>) -> Result<()> {
        match form {
            Form::Plain(len) => self.bytes(len, out),
            Form::Compressed { packed, len } => self.append_compressed(packed, len, out),
            Form::Int(n) => {
                out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
                Ok(())
            }
        }
    }

    fn append_compressed(&mut self, packed_len: u64, len: u64, out: &mut Vec<u8>) -> Result<()> {
        let len = usize::try_from(len).map_err(|_| self.error(Cause::Truncated))?;
        let unpacked = match self.take_whole(packed_len) {
            Some(packed) => lzf::decompress(packed, len, out),
            None => {
                let mut packed = Vec::new();
                self.bytes(packed_len, &mut packed)?;
                lzf::decompress(&packed, len, out)
            }
        };
        unpacked.map_err(|_| self.corrupt("Invalid LZF compressed string"))
    }

    /// Passes over a string.
    pub fn skip_text(&mut self) -> Result<()> {
        match self.form()? {
            Form::Plain(len) | Form::Compressed { packed: len, .. } => self.skip(len),
            Form::Int(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sink::Sink;
    use super::*;

    #[test]
    fn what_is_put_is_read() {
        let mut sink = Sink::to_memory(true);
        let lengths = [0, 63, 64, 16383, 16384, u64::from(u32::MAX), 1 << 32, u64::MAX];
        let long = b"what repeats is compressed, ".repeat(40);
        let texts: [&[u8]; 9] =
            [b"", b"a", b"0", b"-1", b"32768", b"-2147483649", b"9223372036854775807", b"01", &long];
        lengths.iter().for_each(|n| sink.length(*n));
        texts.iter().for_each(|text| sink.text(text));
        sink.time(-5);
        sink.double(0.1);
        let bytes = sink.into_bytes();
        let mut source = Source::from_slice(&bytes);
        assert!(lengths.iter().all(|n| source.length().ok() == Some(*n)));
        assert!(texts.iter().all(|text| source.text().ok().as_deref() == Some(*text)));
        assert_eq!((source.time().ok(), source.double().ok()), (Some(-5), Some(0.1)));
        assert!(source.is_at_end());
        let mut source = Source::from_slice(&bytes);
        assert!(
            lengths.iter().all(|_| source.length().is_ok())
                && texts.iter().all(|_| source.skip_text().is_ok())
        );
        assert_eq!(source.time().ok(), Some(-5));
        for cut in 0..bytes.len() {
            let mut source = Source::from_slice(&bytes[..cut]);
            let read = (0..8).try_for_each(|_| source.length().map(drop));
            let read = read.and_then(|()| (0..9).try_for_each(|_| source.text().map(drop)));
            let read = read.and_then(|()| source.array::<16>().map(drop));
            assert!(read.is_err());
        }
    }

    #[test]
    fn bad_forms_are_refused() {
        for bytes in
            [&b"\x82"[..], b"\xc4abc", b"\xc3\x02\x81\xff\xff\xff\xff\xff\xff\xff\xffab", b"\x05abcd"]
        {
            assert!(Source::from_slice(bytes).text().is_err());
        }
        assert!(Source::from_slice(b"\xc0\x01").length().is_err());
        assert!(Source::from_slice(b"\x02x1").double_text().is_err());
        assert_eq!(Source::from_slice(b"\x04-1.5").double_text().ok(), Some(-1.5));
        assert_eq!(Source::from_slice(b"\xfe").double_text().ok(), Some(f64::INFINITY));
    }
}
