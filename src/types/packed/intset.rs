//! The intset: sorted integers of 2, 4 or 8 bytes each, little-endian, behind an 8-byte header. `IntsetRef`
//! reads borrowed bytes, `Intset` owns and edits them. Must not know of members that are not integers.

use super::codec::Corrupt;

/// Element width (u32 LE), then the number of elements (u32 LE).
const HEADER: usize = 8;

/// An intset in borrowed bytes.
#[derive(Clone, Copy, Debug)]
pub struct IntsetRef<'a> {
    width: usize,
    items: &'a [u8],
    bytes: &'a [u8],
}

/// Smallest element width that holds `n`.
fn width_of(n: i64) -> usize {
    if i16::try_from(n).is_ok() {
        2
    } else if i32::try_from(n).is_ok() {
        4
    } else {
        8
    }
}

#[inline]
fn read(items: &[u8], width: usize, index: usize) -> i64 {
    let item = &items[index * width..(index + 1) * width];
    match item {
        [a, b] => i64::from(i16::from_le_bytes([*a, *b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([*a, *b, *c, *d])),
        _ => item.try_into().map_or(0, i64::from_le_bytes),
    }
}

impl<'a> IntsetRef<'a> {
    /// Takes bytes this program wrote or has validated.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> IntsetRef<'a> {
        let width = match bytes.first() {
            Some(4) => 4,
            Some(8) => 8,
            _ => 2,
        };
        let items = bytes.get(HEADER..).unwrap_or_default();
        IntsetRef { width, items: &items[..items.len() - items.len() % width], bytes }
    }

    /// Checks bytes from outside in full: width, size, strictly rising order, at least one element. O(n).
    pub fn validated(bytes: &'a [u8]) -> Result<IntsetRef<'a>, Corrupt> {
        let (width, rest) = bytes.split_first_chunk::<4>().ok_or(Corrupt)?;
        let (count, items) = rest.split_first_chunk::<4>().ok_or(Corrupt)?;
        let (width, count) = (u32::from_le_bytes(*width) as usize, u32::from_le_bytes(*count) as usize);
        if !matches!(width, 2 | 4 | 8) || count == 0 || count.checked_mul(width) != Some(items.len()) {
            return Err(Corrupt);
        }
        let set = IntsetRef { width, items, bytes };
        if (1..count).any(|i| read(items, width, i - 1) >= read(items, width, i)) {
            return Err(Corrupt);
        }
        Ok(set)
    }

    pub fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    #[inline]
    pub fn len(self) -> usize {
        self.items.len() / self.width
    }

    pub fn is_empty(self) -> bool {
        self.items.is_empty()
    }

    /// The element at `index` in rising order.
    #[inline]
    pub fn get(self, index: usize) -> Option<i64> {
        (index < self.len()).then(|| read(self.items, self.width, index))
    }

    pub fn min(self) -> Option<i64> {
        self.get(0)
    }

    pub fn max(self) -> Option<i64> {
        self.get(self.len().checked_sub(1)?)
    }

    /// Where `n` is, or where it would go. O(log n).
    pub fn search(self, n: i64) -> Result<usize, usize> {
        // Values rising past the end are the common way to fill a set.
        match self.max() {
            None => return Err(0),
            Some(max) if n > max => return Err(self.len()),
            Some(_) => {}
        }
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match read(self.items, self.width, middle).cmp(&n) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    #[inline]
    pub fn contains(self, n: i64) -> bool {
        width_of(n) <= self.width && self.search(n).is_ok()
    }

    /// The elements in rising order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = i64> + ExactSizeIterator + Clone + 'a {
        let IntsetRef { width, items, .. } = self;
        (0..self.len()).map(move |i| read(items, width, i))
    }
}

/// An intset that owns its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intset {
    bytes: Vec<u8>,
}

impl Default for Intset {
    fn default() -> Self {
        Intset::new()
    }
}

impl Intset {
    /// An empty set of the narrowest width.
    pub fn new() -> Intset {
        Intset { bytes: vec![2, 0, 0, 0, 0, 0, 0, 0] }
    }

    /// Takes bytes this program wrote or has validated.
    pub fn from_trusted(bytes: Vec<u8>) -> Intset {
        debug_assert!(bytes.len() >= HEADER);
        Intset { bytes }
    }

    /// Takes bytes from outside, after checking all of them.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Intset, Corrupt> {
        IntsetRef::validated(&bytes)?;
        Ok(Intset { bytes })
    }

    #[inline]
    pub fn as_ref(&self) -> IntsetRef<'_> {
        IntsetRef::new(&self.bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

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

    /// Adds `n`; false if it was there. Widens all elements if `n` needs more bytes. O(n).
    pub fn insert(&mut self, n: i64) -> bool {
        let set = self.as_ref();
        let (width, len) = (width_of(n), set.len());
        if width > set.width {
            // A value too wide for the others lies outside their range: first or last.
            let mut wide = Vec::with_capacity(HEADER + (len + 1) * width);
            wide.extend_from_slice(&[width as u8, 0, 0, 0, 0, 0, 0, 0]);
            let low = (n < 0).then_some(n);
            for item in low.into_iter().chain(set.iter()).chain((n >= 0).then_some(n)) {
                wide.extend_from_slice(&item.to_le_bytes()[..width]);
            }
            self.bytes = wide;
        } else {
            let width = set.width;
            let Err(index) = set.search(n) else { return false };
            let at = HEADER + index * width;
            if self.bytes.capacity() - self.bytes.len() < width {
                self.bytes.reserve_exact(width.max(self.bytes.len() / 8));
            }
            let end = self.bytes.len();
            self.bytes.resize(end + width, 0);
            self.bytes.copy_within(at..end, at + width);
            self.bytes[at..at + width].copy_from_slice(&n.to_le_bytes()[..width]);
        }
        self.set_len(len + 1);
        true
    }

    /// Removes `n`; false if it was not there. Never narrows the elements. O(n).
    pub fn remove(&mut self, n: i64) -> bool {
        let set = self.as_ref();
        let (width, len) = (set.width, set.len());
        if !set.contains(n) {
            return false;
        }
        let Ok(index) = set.search(n) else { return false };
        let at = HEADER + index * width;
        self.bytes.copy_within(at + width.., at);
        self.bytes.truncate(self.bytes.len() - width);
        self.set_len(len - 1);
        true
    }

    /// Removes every element for which `keep` says no. O(n), one pass.
    pub fn retain(&mut self, mut keep: impl FnMut(i64) -> bool) {
        let IntsetRef { width, .. } = self.as_ref();
        let (len, mut kept) = (self.len(), 0);
        for index in 0..len {
            if keep(read(&self.bytes[HEADER..], width, index)) {
                let from = HEADER + index * width;
                self.bytes.copy_within(from..from + width, HEADER + kept * width);
                kept += 1;
            }
        }
        self.bytes.truncate(HEADER + kept * width);
        self.set_len(kept);
    }

    /// Removes `count` elements from `index` on in rising order.
    pub fn remove_range(&mut self, index: usize, count: usize) {
        let (width, len) = (self.as_ref().width, self.len());
        let from = index.min(len);
        let to = from.saturating_add(count).min(len);
        self.bytes.drain(HEADER + from * width..HEADER + to * width);
        self.set_len(len - (to - from));
    }

    fn set_len(&mut self, len: usize) {
        let len = u32::try_from(len).expect("sets turn into tables below a billion elements");
        self.bytes[4..HEADER].copy_from_slice(&len.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: &[i64]) -> Intset {
        let mut set = Intset::new();
        for &n in items {
            assert!(set.insert(n));
        }
        assert!(IntsetRef::validated(set.bytes()).is_ok() || items.is_empty());
        set
    }

    #[test]
    fn bytes_are_redis_bytes() {
        assert_eq!(of(&[3, 1, -2]).bytes(), b"\x02\0\0\0\x03\0\0\0\xfe\xff\x01\0\x03\0");
        assert_eq!(of(&[1, 70000]).bytes(), b"\x04\0\0\0\x02\0\0\0\x01\0\0\0\x70\x11\x01\0");
        let wide = of(&[1, i64::MIN]);
        assert_eq!(wide.bytes(), b"\x08\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\x80\x01\0\0\0\0\0\0\0");
    }

    #[test]
    fn widens_at_each_border_and_never_narrows() {
        for (n, width) in
            [(32767, 2), (32768, 4), (-32769, 4), (2147483647, 4), (2147483648, 8), (i64::MIN, 8)]
        {
            let mut set = of(&[-5, 0, 5]);
            assert!(!set.as_ref().contains(n));
            assert!(set.insert(n) && !set.insert(n));
            assert_eq!(set.bytes()[0], width, "{n}");
            assert!(set.as_ref().contains(n) && set.as_ref().contains(-5));
            assert!(set.remove(n) && !set.remove(n));
            assert_eq!(set.bytes()[0], width);
            assert_eq!(set.as_ref().iter().collect::<Vec<_>>(), [-5, 0, 5]);
        }
    }

    #[test]
    fn ranges_and_ends() {
        let mut set = of(&[10, 20, 30, 40, 50]);
        assert_eq!((set.as_ref().min(), set.as_ref().max()), (Some(10), Some(50)));
        assert_eq!((set.as_ref().search(30), set.as_ref().search(35)), (Ok(2), Err(3)));
        set.remove_range(1, 2);
        assert_eq!(set.as_ref().iter().rev().collect::<Vec<_>>(), [50, 40, 10]);
        set.remove_range(2, 99);
        assert_eq!(set.len(), 2);
        assert_eq!((set.as_ref().get(1), set.as_ref().get(2)), (Some(40), None));
        set.insert(20);
        set.retain(|n| n != 20);
        assert_eq!(set.as_ref().iter().collect::<Vec<_>>(), [10, 40]);
        set.remove_range(0, 2);
        assert!(set.is_empty() && set.as_ref().max().is_none());
    }

    #[test]
    fn hostile_bytes_are_refused() {
        let good = of(&[1, 2, 3]).into_bytes();
        assert!(Intset::from_bytes(good.clone()).is_ok());
        for i in 0..good.len() {
            assert_eq!(IntsetRef::validated(&good[..i]).err(), Some(Corrupt));
        }
        let bad: [&[u8]; 5] = [
            b"\x02\0\0\0\x02\0\0\0\x02\0\x01\0",
            b"\x02\0\0\0\x02\0\0\0\x01\0\x01\0",
            b"\x03\0\0\0\x01\0\0\0\x01\0\x01",
            b"\x02\0\0\0\0\0\0\0",
            b"\x08\0\0\0\xff\xff\xff\xff\x01\0\0\0\0\0\0\0",
        ];
        for bytes in bad {
            assert_eq!(Intset::from_bytes(bytes.to_vec()), Err(Corrupt));
            let set = IntsetRef::new(bytes);
            let _ = (set.contains(1), set.iter().count(), set.max());
        }
    }
}
