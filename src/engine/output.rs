//! A client's replies on their way out: one open buffer that commands append to, and sealed chunks before it.

use crate::resp::reply::Pin;
use std::collections::VecDeque;
use std::sync::Arc;

/// A buffer of this size is sealed, so that a long reply is not copied again as it grows.
pub const CHUNK_BYTES: usize = 16 * 1024;

/// Bytes that are complete.
#[derive(Debug)]
enum Chunk {
    Own(Vec<u8>),
    /// A value that the keyspace has, too.
    Shared(Arc<Vec<u8>>),
}

impl Chunk {
    fn bytes(&self) -> &Vec<u8> {
        match self {
            Chunk::Own(bytes) => bytes,
            Chunk::Shared(bytes) => bytes,
        }
    }
}

/// Bytes to be sent to one client, oldest first.
#[derive(Default, Debug)]
pub struct Output {
    /// Appended to by replies. Sealed between commands only: a deferred header may be spliced in until then.
    pub buf: Vec<u8>,
    /// A long string that belongs into the open buffer.
    pub pin: Option<Pin>,
    sealed: VecDeque<Chunk>,
    sealed_bytes: usize,
    /// Memory of the sealed chunks.
    sealed_capacity: usize,
    /// Bytes of the oldest chunk that are sent already.
    sent: usize,
    /// The longest the open buffer was since the cron last looked.
    pub peak: usize,
    /// Bytes sent in all, as far as they were counted: what `holds` count from.
    sent_total: u64,
    /// Up to where it is known what the bytes wait for.
    noted: u64,
    /// From so many bytes on, in all, what follows waits for an offset of the log. Both numbers grow.
    holds: VecDeque<(u64, u64)>,
}

/// What an open buffer is not shrunk below.
const MIN_BYTES: usize = 1024;

impl Output {
    /// Bytes not sent yet.
    pub fn pending(&self) -> usize {
        let pinned = self.pin.as_ref().map_or(0, |pin| pin.bytes.len());
        self.sealed_bytes + self.buf.len() + pinned - self.sent
    }

    pub fn is_empty(&self) -> bool {
        self.sealed.is_empty() && self.buf.is_empty()
    }

    /// Chunks beyond the first, and their bytes: what CLIENT LIST shows as `oll` and `omem`.
    pub fn overflow(&self) -> (usize, usize) {
        if self.sealed.is_empty() {
            return (0, 0);
        }
        let chunks = self.sealed.len() - 1 + usize::from(!self.buf.is_empty());
        let sealed = self.sealed.iter().skip(1).map(|chunk| chunk.bytes().capacity());
        let bytes = sealed.sum::<usize>() + self.buf.capacity();
        (chunks, if chunks == 0 { 0 } else { bytes })
    }

    /// Bytes in the first chunk: what CLIENT LIST shows as `obl`.
    pub fn first_len(&self) -> usize {
        self.sealed.front().map_or(self.buf.len(), |chunk| chunk.bytes().len())
    }

    /// Memory held, in bytes.
    pub fn memory_bytes(&self) -> usize {
        self.sealed_capacity + self.buf.capacity()
    }

    /// Called when a command ended: seals the open buffer if it is long.
    #[inline]
    pub fn settle(&mut self) {
        self.peak = self.peak.max(self.buf.len());
        if self.pin.is_some() {
            self.place_pin();
        }
        if self.buf.len() >= CHUNK_BYTES {
            let next = Vec::with_capacity(CHUNK_BYTES + 1024);
            let full = std::mem::replace(&mut self.buf, next);
            self.seal(Chunk::Own(full));
        }
    }

    /// Appends bytes that are complete, without copying them.
    pub fn append(&mut self, bytes: Vec<u8>) {
        if !self.buf.is_empty() {
            let head = std::mem::replace(&mut self.buf, Vec::with_capacity(MIN_BYTES));
            self.seal(Chunk::Own(head));
        }
        self.seal(Chunk::Own(bytes));
    }

    fn seal(&mut self, chunk: Chunk) {
        self.sealed_bytes += chunk.bytes().len();
        self.sealed_capacity += chunk.bytes().capacity();
        self.sealed.push_back(chunk);
    }

    /// Cuts the open buffer where the pinned bytes belong, and puts them between.
    fn place_pin(&mut self) {
        let Some(pin) = self.pin.take() else { return };
        let mut next = Vec::with_capacity(MIN_BYTES);
        next.extend_from_slice(&self.buf[pin.at..]);
        self.buf.truncate(pin.at);
        let head = std::mem::replace(&mut self.buf, next);
        self.seal(Chunk::Own(head));
        self.seal(Chunk::Shared(pin.bytes));
    }

    /// The unsent bytes as slices for one gathering write, at most `slices.len()` of them, and no byte behind the first
    /// `most`; returns how many slices.
    pub fn gather<'a>(&'a self, slices: &mut [std::io::IoSlice<'a>], most: usize) -> usize {
        let mut room = most;
        let parts = self.sealed.iter().map(Chunk::bytes).chain((!self.buf.is_empty()).then_some(&self.buf));
        let mut n = 0;
        for (i, (slot, part)) in slices.iter_mut().zip(parts).enumerate() {
            let from = if i == 0 { self.sent } else { 0 };
            let part = part.get(from..).unwrap_or_default();
            let part = part.get(..room).unwrap_or(part);
            *slot = std::io::IoSlice::new(part);
            n = i + 1;
            room -= part.len();
            if room == 0 {
                break;
            }
        }
        n
    }

    /// Forgets `n` bytes that were sent.
    pub fn advance(&mut self, n: usize) {
        self.sent += n;
        self.sent_total += n as u64;
        while let Some(front) = self.sealed.front().map(Chunk::bytes) {
            if self.sent < front.len() {
                return;
            }
            self.sent -= front.len();
            self.sealed_bytes -= front.len();
            self.sealed_capacity -= front.capacity();
            self.sealed.pop_front();
        }
        if self.sent == self.buf.len() {
            self.sent = 0;
            self.buf.clear();
        }
    }

    /// Has the bytes that came since the last call wait until the log is confirmed up to `need`.
    pub fn hold(&mut self, need: u64, confirmed: u64) {
        let end = self.sent_total + self.pending() as u64;
        if need > confirmed && end > self.noted && self.holds.back().is_none_or(|(_, last)| *last < need) {
            self.holds.push_back((self.noted.max(self.sent_total), need));
        }
        self.noted = end;
    }

    /// Has all bytes that are not sent yet wait.
    pub fn hold_all(&mut self, need: u64) {
        self.noted = self.sent_total + self.pending() as u64;
        self.holds.clear();
        self.holds.push_back((self.sent_total, need));
    }

    /// Whether some bytes wait for the log.
    #[inline]
    pub fn is_held(&self) -> bool {
        !self.holds.is_empty()
    }

    /// How many bytes may be sent when the log is confirmed so far.
    pub fn releasable(&mut self, confirmed: u64) -> usize {
        while self.holds.front().is_some_and(|(_, need)| *need <= confirmed) {
            self.holds.pop_front();
        }
        self.holds.front().map_or(usize::MAX, |(from, _)| from.saturating_sub(self.sent_total) as usize)
    }

    /// An output whose buffer has its least size, so that short replies find room.
    pub fn new() -> Self {
        Output { buf: Vec::with_capacity(MIN_BYTES), ..Output::default() }
    }

    /// Fits the open buffer to what it was used for: one that was never half full is cut down to its peak. Says
    /// whether it was.
    pub fn shrink(&mut self) -> bool {
        let capacity = self.buf.capacity();
        if capacity / 2 < MIN_BYTES || self.peak >= capacity / 2 {
            return false;
        }
        self.buf.shrink_to(MIN_BYTES.max(self.peak + 1));
        true
    }

    /// All bytes, for tests and scripts; empties the output.
    pub fn drain(&mut self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.pending());
        for part in self.sealed.drain(..) {
            all.extend_from_slice(part.bytes());
        }
        all.append(&mut self.buf);
        all.drain(..self.sent);
        self.sealed_bytes = 0;
        self.sealed_capacity = 0;
        self.sent = 0;
        self.sent_total += all.len() as u64;
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::reply::{Proto, Reply};

    #[test]
    fn pinned_bytes_go_out_where_they_belong_without_a_copy() {
        let mut out = Output::new();
        let value = Arc::new(vec![b'v'; 50_000]);
        out.buf.extend_from_slice(b"+before\r\n");
        Reply::with_pin(&mut out.buf, Proto::Resp2, Some(&mut out.pin)).bulk_shared(&value);
        let text = String::from_utf8_lossy(&value).into_owned();
        let wanted = format!("+before\r\n$50000\r\n{text}\r\n+OK\r\n");
        assert_eq!(out.pending(), wanted.len() - 5);
        out.settle();
        Reply::new(&mut out.buf, Proto::Resp2).ok();
        assert_eq!(Arc::strong_count(&value), 2);
        assert_eq!(out.pending(), wanted.len());
        out.advance(10);
        assert_eq!(String::from_utf8_lossy(&out.drain()), wanted[10..]);
        assert!(out.is_empty() && Arc::strong_count(&value) == 1);
    }

    #[test]
    fn held_bytes_go_when_their_offset_is_confirmed() {
        let mut out = Output::new();
        let add = |out: &mut Output, len: usize, need: u64| {
            out.buf.extend(std::iter::repeat_n(0, len));
            out.hold(need, 10);
        };
        add(&mut out, 5, 0);
        assert!(!out.is_held());
        add(&mut out, 7, 20);
        add(&mut out, 2, 15);
        add(&mut out, 3, 30);
        assert_eq!(out.releasable(10), 5);
        out.advance(5);
        assert_eq!(out.releasable(19), 0);
        assert_eq!(out.releasable(20), 9);
        out.advance(4);
        assert_eq!(out.releasable(29), 5);
        assert_eq!(out.releasable(30), usize::MAX);
        assert!(!out.is_held());
        out.hold_all(40);
        assert_eq!(out.releasable(30), 0);
    }

    #[test]
    fn bytes_leave_in_order_across_chunks() {
        let mut out = Output::default();
        let mut all = Vec::new();
        for i in 0..10_000u32 {
            out.buf.extend_from_slice(&i.to_be_bytes());
            all.extend_from_slice(&i.to_be_bytes());
            out.settle();
        }
        assert_eq!(out.pending(), all.len());
        let mut got = Vec::new();
        while !out.is_empty() {
            let mut slices = [std::io::IoSlice::new(&[]); 2];
            let n = out.gather(&mut slices, 9000);
            let part: Vec<u8> = slices[..n].iter().flat_map(|s| s.iter().copied()).take(7777).collect();
            out.advance(part.len());
            got.extend(part);
        }
        assert_eq!(got, all);
        assert_eq!(out.pending(), 0);
    }
}
