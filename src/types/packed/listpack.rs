//! The listpack: entries one after the other in one run of bytes, walkable from both ends. `ListpackRef`
//! reads bytes that somebody else holds, `Listpack` owns and edits them. Must not know what the entries mean
//! or where the bytes live.
//!
//! Readers never panic: bytes that break the format read as if the listpack ended there. Bytes from outside
//! go through [`validate`](super::validate) first.

use super::codec::{self, COUNT_UNKNOWN, Corrupt, EOF, Encoded, HEADER};
use super::value::{Value, parse_int};

/// Offset of an entry from the start of the listpack. Any edit at or before it makes it stale.
pub type Pos = usize;

/// No listpack grows past this many bytes, so that its 32-bit length cannot overflow.
const MAX_BYTES: usize = 1 << 30;

/// A listpack in borrowed bytes.
#[derive(Clone, Copy, Debug)]
pub struct ListpackRef<'a> {
    bytes: &'a [u8],
}

impl<'a> ListpackRef<'a> {
    /// Takes bytes this program wrote or has validated.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> ListpackRef<'a> {
        debug_assert!(bytes.len() > HEADER);
        ListpackRef { bytes }
    }

    /// The encoded bytes.
    #[inline]
    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Number of entries. O(1) up to 65534, a walk beyond.
    #[inline]
    pub fn len(self) -> usize {
        self.known_len().unwrap_or_else(|| self.iter().count())
    }

    pub fn is_empty(self) -> bool {
        self.bytes.len() <= HEADER + 1
    }

    #[inline]
    fn known_len(self) -> Option<usize> {
        match self.bytes {
            [_, _, _, _, a, b, ..] => match u16::from_le_bytes([*a, *b]) {
                COUNT_UNKNOWN => None,
                n => Some(usize::from(n)),
            },
            _ => Some(0),
        }
    }

    /// Position of the end mark: where an appended entry goes.
    #[inline]
    pub fn end(self) -> Pos {
        self.bytes.len().saturating_sub(1)
    }

    #[inline]
    pub fn first(self) -> Option<Pos> {
        (self.end() > HEADER).then_some(HEADER)
    }

    #[inline]
    pub fn last(self) -> Option<Pos> {
        self.prev(self.end())
    }

    /// The entry after the one at `pos`.
    #[inline]
    pub fn next(self, pos: Pos) -> Option<Pos> {
        let next = self.skip(pos)?;
        (next < self.end()).then_some(next)
    }

    /// The entry before `pos`, which may be the end.
    #[inline]
    pub fn prev(self, pos: Pos) -> Option<Pos> {
        let len = codec::decode_back_len(self.bytes.get(HEADER..pos)?)?;
        let prev = pos.checked_sub(len + codec::back_len_size(len))?;
        (prev >= HEADER && prev < pos).then_some(prev)
    }

    /// Where the entry at `pos` ends.
    #[inline]
    fn skip(self, pos: Pos) -> Option<Pos> {
        let len = codec::entry_len(self.bytes.get(pos..)?)?;
        pos.checked_add(len + codec::back_len_size(len))
    }

    /// The entry at `pos`.
    #[inline]
    pub fn get(self, pos: Pos) -> Option<Value<'a>> {
        Some(codec::decode(self.bytes.get(pos..)?)?.0)
    }

    /// Position of the entry at `index`; negative counts from the end. Walks from the nearer end.
    pub fn seek(self, index: i64) -> Option<Pos> {
        let from_end = match self.known_len() {
            None => index < 0,
            Some(len) => {
                let len = len as i64;
                let index = if index < 0 { index + len } else { index };
                if !(0..len).contains(&index) {
                    return None;
                }
                if index > len / 2 {
                    return self.walk_back(len - 1 - index);
                }
                return self.walk(index);
            }
        };
        if from_end { self.walk_back(-1 - index) } else { self.walk(index) }
    }

    fn walk(self, steps: i64) -> Option<Pos> {
        let mut pos = self.first()?;
        for _ in 0..steps {
            pos = self.next(pos)?;
        }
        Some(pos)
    }

    fn walk_back(self, steps: i64) -> Option<Pos> {
        let mut pos = self.last()?;
        for _ in 0..steps {
            pos = self.prev(pos)?;
        }
        Some(pos)
    }

    /// The entry at `index`; negative counts from the end.
    pub fn at(self, index: i64) -> Option<Value<'a>> {
        self.get(self.seek(index)?)
    }

    /// First entry at or after `from` whose text is `text`, looking at one entry and skipping `skip`, and so
    /// on.
    #[inline]
    pub fn find_from(self, from: Pos, text: &[u8], skip: usize) -> Option<Pos> {
        match parse_int(text) {
            Some(n) => self.find_matching(from, skip, |v| match v {
                Value::Int(m) => m == n,
                Value::Str(s) => s == text,
            }),
            None => self.find_matching(from, skip, |v| matches!(v, Value::Str(s) if s == text)),
        }
    }

    #[inline]
    fn find_matching(self, from: Pos, skip: usize, is: impl Fn(Value<'a>) -> bool) -> Option<Pos> {
        let end = self.end();
        let mut pos = from;
        while pos < end {
            let (value, len) = codec::decode(self.bytes.get(pos..end)?)?;
            if is(value) {
                return Some(pos);
            }
            pos += len + codec::back_len_size(len);
            for _ in 0..skip {
                if pos >= end {
                    return None;
                }
                pos = self.skip(pos)?;
            }
        }
        None
    }

    /// First entry whose text is `text`.
    #[inline]
    pub fn find(self, text: &[u8]) -> Option<Pos> {
        self.find_from(HEADER, text, 0)
    }

    /// In a listpack of pairs, the position of the key `text`.
    #[inline]
    pub fn find_key(self, text: &[u8]) -> Option<Pos> {
        self.find_from(HEADER, text, 1)
    }

    /// All entries, from either end.
    #[inline]
    pub fn iter(self) -> Iter<'a> {
        Iter { lp: self, front: HEADER, back: self.end() }
    }

    /// The entries from `pos` on.
    pub fn iter_from(self, pos: Pos) -> Iter<'a> {
        Iter { lp: self, front: pos, back: self.end() }
    }

    /// The entries before `pos`; its `rev` walks from `pos` to the start.
    pub fn iter_to(self, pos: Pos) -> Iter<'a> {
        Iter { lp: self, front: HEADER, back: pos.min(self.end()) }
    }

    /// The entries two by two. A last entry without partner is left out.
    pub fn pairs(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let mut iter = self.iter();
        std::iter::from_fn(move || Some((iter.next()?, iter.next()?)))
    }

    /// May `add` bytes of text be added without passing the size a listpack may have?
    pub fn fits(self, add: usize) -> bool {
        self.bytes.len().checked_add(add).is_some_and(|n| n <= MAX_BYTES)
    }
}

impl<'a> IntoIterator for ListpackRef<'a> {
    type Item = Value<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The entries of a listpack in order; see [`ListpackRef::iter`].
#[derive(Clone, Debug)]
pub struct Iter<'a> {
    lp: ListpackRef<'a>,
    front: Pos,
    back: Pos,
}

impl<'a> Iter<'a> {
    /// Position of the entry that `next` gives.
    pub fn pos(&self) -> Pos {
        self.front
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = Value<'a>;

    #[inline]
    fn next(&mut self) -> Option<Value<'a>> {
        let (value, len) = codec::decode(self.lp.bytes.get(self.front..self.back)?)?;
        self.front += len + codec::back_len_size(len);
        Some(value)
    }
}

impl<'a> DoubleEndedIterator for Iter<'a> {
    #[inline]
    fn next_back(&mut self) -> Option<Value<'a>> {
        if self.front >= self.back {
            return None;
        }
        self.back = self.lp.prev(self.back)?;
        self.lp.get(self.back)
    }
}

/// A listpack that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listpack {
    bytes: Vec<u8>,
}

impl Default for Listpack {
    fn default() -> Self {
        Listpack::new()
    }
}

impl Listpack {
    /// An empty listpack.
    pub fn new() -> Listpack {
        Listpack::with_capacity(0)
    }

    /// An empty listpack with room for `bytes` of entries.
    pub fn with_capacity(bytes: usize) -> Listpack {
        Listpack::empty_in(Vec::with_capacity(HEADER + 1 + bytes))
    }

    /// An empty listpack in the memory of `buffer`, whose bytes go.
    pub fn empty_in(mut buffer: Vec<u8>) -> Listpack {
        buffer.clear();
        buffer.extend_from_slice(&[(HEADER + 1) as u8, 0, 0, 0, 0, 0, EOF]);
        Listpack { bytes: buffer }
    }

    /// Takes bytes this program wrote or has validated.
    pub fn from_trusted(bytes: Vec<u8>) -> Listpack {
        debug_assert!(codec::validate(&bytes).is_ok());
        Listpack { bytes }
    }

    /// Takes bytes from outside, after checking all of them.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Listpack, Corrupt> {
        codec::validate(&bytes)?;
        Ok(Listpack { bytes })
    }

    pub fn from_values<'a>(values: impl IntoIterator<Item = Value<'a>>) -> Listpack {
        let mut lp = Listpack::new();
        values.into_iter().for_each(|v| lp.append(v));
        lp
    }

    #[inline]
    pub fn as_ref(&self) -> ListpackRef<'_> {
        ListpackRef { bytes: &self.bytes }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.as_ref().len()
    }

    pub fn is_empty(&self) -> bool {
        self.as_ref().is_empty()
    }

    /// Bytes allocated.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Gives back unused capacity.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
    }

    /// Puts `value` before the entry at `pos`, or at the end if `pos` is [`ListpackRef::end`]; the new entry
    /// then is at
    /// `pos`. O(bytes behind).
    ///
    /// # Panics
    /// If the listpack would pass 4 GB: ask [`ListpackRef::fits`] before.
    #[inline]
    pub fn insert(&mut self, pos: Pos, value: Value<'_>) {
        let entry = Encoded::new(value);
        self.open(pos, 0, entry.size());
        entry.write(&mut self.bytes[pos..pos + entry.size()]);
        self.set_total();
        self.add_count(1);
    }

    #[inline]
    pub fn append(&mut self, value: Value<'_>) {
        let entry = Encoded::new(value);
        self.reserve(entry.size());
        self.bytes.pop();
        entry.append(&mut self.bytes);
        self.bytes.push(EOF);
        self.set_total();
        self.add_count(1);
    }

    /// Appends all of `values`, writing the header once.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    #[inline]
    pub fn extend<'v>(&mut self, values: impl IntoIterator<Item = Value<'v>>) {
        self.bytes.pop();
        let mut added = 0;
        for value in values {
            let entry = Encoded::new(value);
            self.reserve(entry.size() + 1);
            entry.append(&mut self.bytes);
            added += 1;
        }
        self.bytes.push(EOF);
        self.set_total();
        self.add_count(added);
    }

    #[inline]
    pub fn prepend(&mut self, value: Value<'_>) {
        self.insert(HEADER, value);
    }

    /// Appends the form `text` takes when stored: an integer if it reads as one.
    #[inline]
    pub fn append_text(&mut self, text: &[u8]) {
        self.append(Value::of(text));
    }

    #[inline]
    pub fn append_int(&mut self, n: i64) {
        self.append(Value::Int(n));
    }

    /// Puts `value` in the place of the entry at `pos`.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    pub fn replace(&mut self, pos: Pos, value: Value<'_>) {
        let Some(next) = self.as_ref().skip(pos) else { return };
        let entry = Encoded::new(value);
        if entry.size() != next - pos {
            self.open(pos, next - pos, entry.size());
            self.set_total();
        }
        entry.write(&mut self.bytes[pos..pos + entry.size()]);
    }

    /// Removes the entry at `pos` and up to `count - 1` behind it; what follows is then at `pos`. Returns how
    /// many went.
    pub fn delete(&mut self, pos: Pos, count: usize) -> usize {
        let lp = self.as_ref();
        let (end, mut to, mut gone) = (lp.end(), pos, 0);
        while gone < count && to < end {
            let Some(next) = lp.skip(to).filter(|&next| next <= end) else { break };
            to = next;
            gone += 1;
        }
        self.cut(pos, to, gone);
        gone
    }

    /// Removes up to `count` entries from the one at `index` on; negative counts from the end. Returns how
    /// many went.
    pub fn delete_range(&mut self, index: i64, count: usize) -> usize {
        let lp = self.as_ref();
        let Some(pos) = lp.seek(index).filter(|_| count > 0) else { return 0 };
        // Dropping the whole tail needs no walk to its end if the count is known.
        if let Some(len) = lp.known_len() {
            let start = if index < 0 { index + len as i64 } else { index } as usize;
            if len - start <= count {
                self.cut(pos, self.as_ref().end(), len - start);
                return len - start;
            }
        }
        self.delete(pos, count)
    }

    /// Removes every entry for which `keep` says no. O(bytes), one pass. Returns how many went.
    pub fn retain(&mut self, mut keep: impl FnMut(Value<'_>) -> bool) -> usize {
        let end = self.as_ref().end();
        let (mut from, mut to, mut gone) = (HEADER, HEADER, 0);
        while from < end {
            let Some((value, len)) = codec::decode(&self.bytes[from..end]) else { break };
            let next = from + len + codec::back_len_size(len);
            if keep(value) {
                self.bytes.copy_within(from..next, to);
                to += next - from;
            } else {
                gone += 1;
            }
            from = next;
        }
        self.cut(to, from, gone);
        gone
    }

    /// Appends all entries of `other`.
    ///
    /// # Panics
    /// As [`insert`](Self::insert).
    pub fn append_all(&mut self, other: ListpackRef<'_>) {
        let count = self.len() + other.len();
        let entries = other.bytes.get(HEADER..other.end()).unwrap_or_default();
        self.reserve(entries.len());
        self.bytes.pop();
        self.bytes.extend_from_slice(entries);
        self.bytes.push(EOF);
        self.set_total();
        self.set_count(count);
    }

    /// Keeps the entries before index `at` and returns the others.
    pub fn split_off(&mut self, at: usize) -> Listpack {
        let len = self.len();
        let mut tail = Listpack::new();
        if at >= len {
            return tail;
        }
        let Some(pos) = self.as_ref().seek(at as i64) else { return tail };
        let end = self.as_ref().end();
        tail.reserve(end - pos);
        tail.bytes.pop();
        tail.bytes.extend_from_slice(&self.bytes[pos..=end]);
        tail.set_total();
        tail.set_count(len - at);
        self.cut(pos, end, 0);
        self.set_count(at);
        tail
    }

    /// Empties the listpack, keeping its capacity.
    pub fn clear(&mut self) {
        self.bytes.truncate(HEADER);
        self.bytes.push(EOF);
        self.set_total();
        self.set_count(0);
    }

    /// Makes the `old` bytes at `pos` into `new` bytes of any content.
    #[inline]
    fn open(&mut self, pos: Pos, old: usize, new: usize) {
        debug_assert!((HEADER..self.bytes.len()).contains(&pos));
        let len = self.bytes.len();
        if new > old {
            self.reserve(new - old);
            self.bytes.resize(len + new - old, EOF);
        }
        self.bytes.copy_within(pos + old..len, pos + new);
        self.bytes.truncate(len + new - old);
    }

    /// Removes the bytes from `from` to `to`, which held `gone` entries.
    fn cut(&mut self, from: Pos, to: Pos, gone: usize) {
        if from == to {
            return;
        }
        self.bytes.copy_within(to.., from);
        self.bytes.truncate(self.bytes.len() - (to - from));
        self.set_total();
        if let Some(len) = self.as_ref().known_len() {
            self.set_count(len.saturating_sub(gone));
        }
    }

    /// Grows by an eighth at least: what a doubling would leave unused shows in the memory of a million small
    /// values.
    #[inline]
    fn reserve(&mut self, add: usize) {
        let (len, capacity) = (self.bytes.len(), self.bytes.capacity());
        if capacity - len < add {
            self.bytes.reserve_exact(add.max(len / 8));
        }
    }

    #[inline]
    fn set_total(&mut self) {
        let total = u32::try_from(self.bytes.len()).expect("callers ask `fits` before they add");
        self.bytes[..4].copy_from_slice(&total.to_le_bytes());
    }

    #[inline]
    fn add_count(&mut self, n: usize) {
        if let Some(len) = self.as_ref().known_len() {
            self.set_count(len + n);
        }
    }

    fn set_count(&mut self, count: usize) {
        let count = u16::try_from(count).unwrap_or(COUNT_UNKNOWN);
        self.bytes[4..HEADER].copy_from_slice(&count.to_le_bytes());
    }
}

/// Bytes that a listpack of `count` times `n` takes: an upper bound for sets of integers no longer than `n`.
pub fn size_of_repeated(n: i64, count: usize) -> usize {
    codec::encoded_size(Value::Int(n)).saturating_mul(count).saturating_add(HEADER + 1)
}

#[cfg(test)]
mod tests {
    use super::super::validate;
    use super::*;

    fn of(texts: &[&str]) -> Listpack {
        Listpack::from_values(texts.iter().map(|t| Value::of(t.as_bytes())))
    }

    fn texts(lp: &Listpack) -> Vec<String> {
        validate(lp.bytes()).expect("well formed");
        lp.as_ref().iter().map(|v| String::from_utf8(v.to_vec()).expect("ascii")).collect()
    }

    #[test]
    fn bytes_are_redis_bytes() {
        assert_eq!(Listpack::new().bytes(), [7, 0, 0, 0, 0, 0, 255]);
        let lp = of(&["hello", "5", "-300", "70000"]);
        let expected = b"\x18\0\0\0\x04\0\x85hello\x06\x05\x01\xde\xd4\x02\xf2\x70\x11\x01\x04\xff";
        assert_eq!(lp.bytes(), expected);
        // Dumped by the referee from a list of these elements.
        let y = "x".repeat(64);
        let lp = of(&[
            "0",
            "127",
            "128",
            "-1",
            "4095",
            "-4096",
            "4096",
            "-32768",
            "32768",
            "8388607",
            "-8388609",
            "2147483647",
            "-2147483648",
            "2147483648",
            "-9223372036854775808",
            &y,
            "01",
            "",
        ]);
        let narrow = b"\x98\0\0\0\x12\0\0\x01\x7f\x01\xc0\x80\x02\xdf\xff\x02\xcf\xff\x02\xd0\0\x02";
        let middle = b"\xf1\0\x10\x03\xf1\0\x80\x03\xf2\0\x80\0\x04\xf2\xff\xff\x7f\x04";
        let wide = b"\xf3\xff\xff\x7f\xff\x05\xf3\xff\xff\xff\x7f\x05\xf3\0\0\0\x80\x05";
        let widest = b"\xf4\0\0\0\x80\0\0\0\0\x09\xf4\0\0\0\0\0\0\0\x80\x09\xe0\x40";
        let tail = b"\x42\x82\x30\x31\x03\x80\x01\xff";
        assert_eq!(lp.bytes(), [&narrow[..], middle, wide, widest, y.as_bytes(), tail].concat());
    }

    #[test]
    fn walks_both_ways_and_seeks() {
        let all = ["a", "1", "long string that needs no int", "-5000", "123456789012"];
        let lp = of(&all);
        let lp = lp.as_ref();
        let back: Vec<_> = lp.iter().rev().map(|v| v.to_vec()).collect();
        assert_eq!(back, all.iter().rev().map(|s| s.as_bytes().to_vec()).collect::<Vec<_>>());
        for (i, text) in all.iter().enumerate() {
            let i = i as i64;
            assert_eq!(lp.at(i).map(Value::to_vec), Some(text.as_bytes().to_vec()));
            assert_eq!(lp.seek(i), lp.seek(i - all.len() as i64));
        }
        assert_eq!((lp.seek(5), lp.seek(-6), lp.seek(i64::MIN)), (None, None, None));
        assert_eq!(lp.find(b"-5000"), lp.seek(3));
        assert_eq!(lp.find(b"-05000"), None);
        assert_eq!(lp.find_key(b"1"), None);
        assert_eq!(lp.find_key(b"-5000"), None);
        assert_eq!(lp.find_key(b"123456789012"), lp.seek(4));
        assert_eq!(lp.pairs().count(), 2);
        assert_eq!(Listpack::new().as_ref().first(), None);
        assert_eq!(Listpack::new().as_ref().last(), None);
    }

    #[test]
    fn edits() {
        let mut lp = of(&["a", "b", "c", "d"]);
        let at = lp.as_ref().seek(1).expect("there");
        lp.insert(at, Value::Int(77));
        assert_eq!(texts(&lp), ["a", "77", "b", "c", "d"]);
        lp.replace(at, Value::of(b"a much longer text than before"));
        lp.prepend(Value::of(b"first"));
        assert_eq!(texts(&lp), ["first", "a", "a much longer text than before", "b", "c", "d"]);
        lp.replace(lp.as_ref().seek(2).expect("there"), Value::Int(1));
        assert_eq!(lp.delete_range(-2, 9), 2);
        assert_eq!(texts(&lp), ["first", "a", "1", "b"]);
        assert_eq!(lp.delete_range(1, 2), 2);
        assert_eq!(lp.delete_range(5, 1), 0);
        assert_eq!(texts(&lp), ["first", "b"]);
        lp.append_all(of(&["1", "2", "3"]).as_ref());
        let tail = lp.split_off(2);
        assert_eq!(
            (texts(&lp), texts(&tail)),
            (vec!["first".into(), "b".into()], vec!["1".into(), "2".into(), "3".into()])
        );
        let mut tail = tail;
        assert_eq!(tail.retain(|v| v != Value::Int(2)), 1);
        assert_eq!(texts(&tail), ["1", "3"]);
        assert_eq!(tail.delete(tail.as_ref().last().expect("there"), 5), 1);
        tail.clear();
        assert_eq!(tail, Listpack::new());
    }

    #[test]
    fn count_saturates_and_comes_back() {
        let mut lp = Listpack::from_values((0..65_540).map(Value::Int));
        assert_eq!(lp.bytes()[4..6], [255, 255]);
        assert_eq!(lp.len(), 65_540);
        assert_eq!(validate(lp.bytes()), Ok(65_540));
        assert_eq!(lp.as_ref().at(-1), Some(Value::Int(65_539)));
        assert_eq!(lp.delete_range(0, 10), 10);
        assert_eq!(lp.len(), 65_530);
        let tail = lp.split_off(65_000);
        assert_eq!((lp.len(), tail.len()), (65_000, 530));
        assert_eq!(lp.bytes()[4..6], 65_000u16.to_le_bytes());
    }

    #[test]
    fn hostile_bytes_are_refused_and_harmless() {
        let good = of(&["field", "12345", "x", &"y".repeat(200)]).into_bytes();
        assert_eq!(validate(&good), Ok(4));
        for i in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[i] ^= 1 << bit;
                if validate(&bad).is_err() {
                    let lp = ListpackRef::new(&bad);
                    lp.iter().for_each(drop);
                    lp.iter().rev().for_each(drop);
                    let _ = (lp.find(b"x"), lp.find_key(b"12345"), lp.at(2), lp.at(-2));
                }
            }
            assert_eq!(validate(&good[..i]), Err(Corrupt));
        }
        let mut middle_end = good.clone();
        middle_end[HEADER] = EOF;
        assert_eq!(validate(&middle_end), Err(Corrupt));
        assert_eq!(validate(&[]), Err(Corrupt));
    }

    #[test]
    fn growth_is_bounded() {
        let lp = Listpack::new();
        assert!(
            lp.as_ref().fits(MAX_BYTES - 7)
                && !lp.as_ref().fits(MAX_BYTES - 6)
                && !lp.as_ref().fits(usize::MAX)
        );
        assert_eq!(size_of_repeated(100, 3), of(&["100", "100", "100"]).bytes().len());
    }
}
