//! What one element of a packed collection is: a 64-bit integer or a run of bytes. Owns the rule that says
//! which strings are integers; must not know how either is laid out.

/// One element as a packed encoding stores it. An integer stands for exactly its shortest decimal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    Int(i64),
    Str(&'a [u8]),
}

impl<'a> Value<'a> {
    /// The form `bytes` takes when stored: `Int` if it is the canonical text of an `i64`, `Str` otherwise.
    #[inline]
    pub fn of(bytes: &'a [u8]) -> Value<'a> {
        match parse_int(bytes) {
            Some(n) => Value::Int(n),
            None => Value::Str(bytes),
        }
    }

    /// The element's text; an integer is written into `buf`.
    #[inline]
    pub fn bytes<'b>(self, buf: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Value::Int(n) => buf.format(n).as_bytes(),
            Value::Str(s) => s,
        }
    }

    /// The element's text in a vector of its own.
    pub fn to_vec(self) -> Vec<u8> {
        self.bytes(&mut itoa::Buffer::new()).to_vec()
    }

    /// Length of the text in bytes.
    pub fn text_len(self) -> usize {
        match self {
            Value::Int(n) => decimal_len(n),
            Value::Str(s) => s.len(),
        }
    }

    /// Is the element's text exactly `text`?
    pub fn is(self, text: &[u8]) -> bool {
        match self {
            Value::Int(n) => parse_int(text) == Some(n),
            Value::Str(s) => s == text,
        }
    }

    /// The element as an integer, if its text is the canonical text of one.
    pub fn as_int(self) -> Option<i64> {
        match self {
            Value::Int(n) => Some(n),
            Value::Str(s) => parse_int(s),
        }
    }
}

/// A text to compare with many elements: whether it reads as an integer is found out once.
#[derive(Clone, Copy, Debug)]
pub struct Needle<'a> {
    text: &'a [u8],
    int: Option<i64>,
}

impl<'a> Needle<'a> {
    #[inline]
    pub fn new(text: &'a [u8]) -> Needle<'a> {
        Needle { text, int: parse_int(text) }
    }

    /// Is the text of `value` the needle's?
    #[inline]
    pub fn is(&self, value: Value<'_>) -> bool {
        match value {
            Value::Int(n) => self.int == Some(n),
            Value::Str(s) => s == self.text,
        }
    }
}

/// Reads the canonical decimal text of an `i64`: no plus sign, no space, no leading zero, no `-0`, so that
/// printing the number gives back the same bytes.
#[inline]
pub fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (&first, rest) = digits.split_first()?;
    match first {
        b'1'..=b'9' if rest.len() < 19 => {}
        b'0' if text.len() == 1 => return Some(0),
        _ => return None,
    }
    // 19 digits always fit a u64.
    let mut magnitude = u64::from(first - b'0');
    for &c in rest {
        let digit = c.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit);
    }
    match (negative, magnitude) {
        (true, m) if m <= 1 << 63 => Some((m as i64).wrapping_neg()),
        (false, m) => i64::try_from(m).ok(),
        _ => None,
    }
}

/// Number of characters in the decimal text of `n`.
pub fn decimal_len(n: i64) -> usize {
    n.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1 + usize::from(n < 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_text_is_an_integer() {
        for n in [0, 1, -1, 9, 10, 127, -4096, 1 << 40, i64::MAX, i64::MIN] {
            assert_eq!(parse_int(n.to_string().as_bytes()), Some(n));
            assert_eq!(decimal_len(n), n.to_string().len());
        }
        let odd = [
            "",
            "-",
            "+1",
            "01",
            "-0",
            "00",
            " 1",
            "1 ",
            "1.0",
            "9223372036854775808",
            "-9223372036854775809",
        ];
        for text in odd.into_iter().chain(["99999999999999999999", "18446744073709551616", "1x", "x1", "--1"])
        {
            assert_eq!(parse_int(text.as_bytes()), None, "{text:?}");
            assert_eq!(Value::of(text.as_bytes()), Value::Str(text.as_bytes()));
        }
    }

    #[test]
    fn text_of_a_value() {
        let mut buf = itoa::Buffer::new();
        assert_eq!(Value::Int(-12).bytes(&mut buf), b"-12");
        assert_eq!(Value::Str(b"a").bytes(&mut buf), b"a");
        assert_eq!(Value::Int(-12).text_len(), 3);
        assert!(Value::Int(7).is(b"7") && !Value::Int(7).is(b"07") && Value::Str(b"07").is(b"07"));
    }
}
