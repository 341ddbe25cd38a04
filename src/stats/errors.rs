//! Errors counted by their code, the first word of the reply. Does not know which codes there are.

use std::collections::BTreeMap;

/// Scripts can make up codes: beyond so many, new ones of theirs are counted together.
const MAX_CODES: usize = 128;
const OVERFLOW: &[u8] = b"ERRORSTATS_OVERFLOW";
/// Where a code must have ended.
const MAX_CODE_BYTES: usize = 31;

/// How often each code was the answer, ordered by code.
#[derive(Debug, Default)]
pub struct Errors {
    counts: BTreeMap<Box<[u8]>, u64>,
}

/// The code of an error's text (without the leading `-`): its first word, or `ERR` when there is none.
pub fn code_of(text: &[u8]) -> &[u8] {
    let head = text.get(..MAX_CODE_BYTES).unwrap_or(text);
    memchr::memchr(b' ', head).and_then(|end| head.get(..end)).unwrap_or(b"ERR")
}

impl Errors {
    /// Counts an error. `made_up` is true of codes that a script chose: the number of those is limited.
    pub fn record(&mut self, code: &[u8], made_up: bool) {
        if let Some(count) = self.counts.get_mut(code) {
            *count += 1;
            return;
        }
        let code = if made_up && self.counts.len() >= MAX_CODES { OVERFLOW } else { code };
        *self.counts.entry(code.into()).or_default() += 1;
    }

    /// Codes and counts, in the order of the codes.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], u64)> {
        self.counts.iter().map(|(code, count)| (&**code, *count))
    }

    pub fn get(&self, code: &[u8]) -> u64 {
        self.counts.get(code).copied().unwrap_or(0)
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        self.counts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_first_words() {
        assert_eq!(code_of(b"WRONGTYPE Operation against"), b"WRONGTYPE");
        assert_eq!(code_of(b"oops"), b"ERR");
        assert_eq!(code_of(&[b"x".repeat(30), b" y".to_vec()].concat()), b"x".repeat(30));
        assert_eq!(code_of(&[b"x".repeat(31), b" y".to_vec()].concat()), b"ERR");
        assert_eq!(code_of(b""), b"ERR");
    }

    #[test]
    fn made_up_codes_are_limited() {
        let mut errors = Errors::default();
        for i in 1..=1100 {
            errors.record(i.to_string().as_bytes(), true);
        }
        assert_eq!(errors.get(OVERFLOW), 972);
        errors.record(b"ERR", false);
        errors.record(b"1", true);
        errors.record(b"My", true);
        assert_eq!((errors.get(b"ERR"), errors.get(b"1"), errors.get(OVERFLOW)), (1, 2, 973));
        assert_eq!(errors.iter().len(), 130);
        errors.reset();
        assert_eq!(errors.iter().count(), 0);
    }

    #[test]
    fn ordered_by_code() {
        let mut errors = Errors::default();
        for code in ["WRONGTYPE", "ERR", "NOAUTH", "ERR"] {
            errors.record(code.as_bytes(), false);
        }
        let all: Vec<_> = errors.iter().collect();
        assert_eq!(all, [(&b"ERR"[..], 2), (b"NOAUTH", 1), (b"WRONGTYPE", 1)]);
    }
}
