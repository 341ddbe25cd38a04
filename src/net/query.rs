//! The bytes a connection received and nobody has used up yet. An idle connection holds no buffer: chunks come from a
//! pool and go back to it.

use std::io::{self, Read};

/// Bytes of a pooled chunk: what one read takes at most, unless a long command is under way.
pub const CHUNK_BYTES: usize = 16 * 1024;

/// Chunks waiting to be used again. All are initialised, so that a read needs no clearing.
#[derive(Default)]
pub struct ChunkPool {
    free: Vec<Box<[u8]>>,
}

impl ChunkPool {
    const KEPT: usize = 64;

    fn take(&mut self) -> Box<[u8]> {
        self.free.pop().unwrap_or_else(|| vec![0; CHUNK_BYTES].into_boxed_slice())
    }

    fn give(&mut self, chunk: Box<[u8]>) {
        if chunk.len() == CHUNK_BYTES && self.free.len() < Self::KEPT {
            self.free.push(chunk);
        }
    }
}

/// What a read brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReadOutcome {
    /// Bytes came, and the socket has no more for now.
    Drained(usize),
    /// Bytes came, and more may wait.
    More(usize),
    Nothing,
    Closed,
}

/// Received bytes, `start..end` of the buffer.
#[derive(Default)]
pub struct QueryBuf {
    data: Box<[u8]>,
    start: usize,
    end: usize,
    /// The largest it was since the cron last looked.
    peak: usize,
    /// A command arrived in pieces: the buffer stays with the connection, which will likely need it again, until it
    /// was idle for a while.
    kept: bool,
}

/// An idle connection's free room of this many bytes is given back.
const WORTH_FREEING: usize = 4096;
/// Buffers larger than this are cut down when they are not used anywhere near their size.
const LARGE_BYTES: usize = 32 * 1024;

impl QueryBuf {
    /// The buffer up to the last received byte; offsets from [`QueryBuf::start`] on are live.
    pub fn filled(&self) -> &[u8] {
        &self.data[..self.end]
    }

    pub fn start(&self) -> usize {
        self.start
    }

    pub fn len(&self) -> usize {
        self.end - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Bytes allocated.
    pub fn capacity(&self) -> usize {
        self.data.len()
    }

    /// The buffer stays when it is empty, until [`QueryBuf::fit`] finds the connection idle.
    pub fn keep(&mut self) {
        self.kept = true;
    }

    /// Gives back what is not needed: of an `idle` connection all that is free, of another one what goes beyond its
    /// recent peak. `pending` bytes of an argument under way are still to fit.
    pub fn fit(&mut self, idle: bool, pending: usize, pool: &mut ChunkPool) {
        let free = self.data.len() - self.len();
        if free > WORTH_FREEING {
            if idle && self.is_empty() {
                self.kept = false;
                self.release(pool);
            } else if idle {
                self.resize(self.len());
            } else if self.data.len() > LARGE_BYTES && self.data.len() / 2 > self.peak {
                self.resize(self.peak.max(self.len()).max(pending).max(CHUNK_BYTES));
            }
        }
        self.peak = self.len().max(pending);
    }

    fn resize(&mut self, bytes: usize) {
        self.compact();
        let mut fitting = vec![0; bytes.max(self.end)].into_boxed_slice();
        fitting[..self.end].copy_from_slice(&self.data[..self.end]);
        self.data = fitting;
    }

    /// Bytes up to `offset` are used up.
    pub fn consume_to(&mut self, offset: usize) {
        debug_assert!(offset >= self.start && offset <= self.end);
        self.start = offset.min(self.end);
    }

    /// Gives the memory back when nothing is left in it.
    pub fn release(&mut self, pool: &mut ChunkPool) {
        if self.is_empty() {
            if !self.kept {
                pool.give(std::mem::take(&mut self.data));
            }
            self.start = 0;
            self.end = 0;
        }
    }

    /// Gives the memory back, with whatever is in it.
    pub fn discard(&mut self, pool: &mut ChunkPool) {
        self.start = self.end;
        self.kept = false;
        self.release(pool);
    }

    /// Moves what is left to the front, so that a long command has room. Returns by how much offsets shrank.
    fn compact(&mut self) -> usize {
        let shift = self.start;
        if shift > 0 {
            self.data.copy_within(self.start..self.end, 0);
            self.start = 0;
            self.end -= shift;
        }
        shift
    }

    /// Reads once. `need` is what the command under way lacks, in bytes: the buffer grows to hold it, so that a long
    /// argument is not moved again and again. Offsets of earlier calls are void afterwards.
    pub fn read_from(
        &mut self,
        socket: &mut impl Read,
        need: usize,
        pool: &mut ChunkPool,
    ) -> io::Result<ReadOutcome> {
        if self.data.is_empty() {
            self.data = pool.take();
        }
        self.make_room(need);
        let room = &mut self.data[self.end..];
        let asked = room.len();
        let got = loop {
            match socket.read(room) {
                Ok(n) => break n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(ReadOutcome::Nothing),
                Err(e) => return Err(e),
            }
        };
        self.end += got;
        self.peak = self.peak.max(self.len());
        Ok(match got {
            0 => ReadOutcome::Closed,
            n if n == asked => ReadOutcome::More(n),
            n => ReadOutcome::Drained(n),
        })
    }

    fn make_room(&mut self, need: usize) {
        // A command's known remainder is allocated at once; beyond 1 GB it is believed only as it arrives.
        let want = need.clamp(1, 1 << 30).max(if self.is_empty() { 1 } else { 1024 });
        if self.data.len() - self.end >= need.clamp(1, want) {
            return;
        }
        self.compact();
        // Some room beyond a long argument, so that its last read is a short one and asks for no growth.
        const BEYOND: usize = 1024;
        let missing = self.end + want + if want > CHUNK_BYTES { BEYOND } else { 0 };
        if self.data.len() < missing {
            // Grow by half at least, and never by more than a megabyte beyond what is known to come.
            let grown = missing.max(self.data.len() + (self.data.len() / 2).min(1 << 20));
            let mut bigger = vec![0; grown].into_boxed_slice();
            bigger[..self.end].copy_from_slice(&self.data[..self.end]);
            self.data = bigger;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_growth_and_partial_use() {
        let mut pool = ChunkPool::default();
        let mut buf = QueryBuf::default();
        let input: Vec<u8> = (0..100_000u32).flat_map(u32::to_le_bytes).collect();
        let mut source = &input[..];
        let mut out = Vec::new();
        let mut step = 1;
        loop {
            match buf.read_from(&mut source, step * 97 % 40_000, &mut pool).expect("slices do not fail") {
                ReadOutcome::Closed => break,
                _ => step += 1,
            }
            let to = buf.start() + buf.len() / 2;
            out.extend_from_slice(&buf.filled()[buf.start()..to]);
            buf.consume_to(to);
        }
        out.extend_from_slice(&buf.filled()[buf.start()..]);
        assert_eq!(out, input);
        let end = buf.filled().len();
        buf.consume_to(end);
        buf.release(&mut pool);
        assert_eq!(buf.capacity(), 0);
    }

    #[test]
    fn a_kept_buffer_goes_when_its_connection_is_idle() {
        let mut pool = ChunkPool::default();
        let mut buf = QueryBuf::default();
        let input = vec![7u8; 400_000];
        let mut source = &input[..];
        while buf.len() < input.len() {
            buf.read_from(&mut source, input.len() - buf.len(), &mut pool).expect("slices do not fail");
            buf.keep();
        }
        buf.consume_to(input.len() - 100);
        buf.fit(false, 0, &mut pool);
        assert!(buf.capacity() >= input.len(), "the peak was recent");
        buf.fit(false, 0, &mut pool);
        assert_eq!(buf.capacity(), CHUNK_BYTES);
        assert_eq!(buf.filled()[buf.start()..], input[..100]);
        buf.fit(true, 0, &mut pool);
        assert_eq!(buf.capacity(), 100);
        buf.consume_to(100);
        buf.release(&mut pool);
        assert_eq!((buf.capacity(), buf.len()), (100, 0));
        buf.read_from(&mut &input[..5], 0, &mut pool).expect("slices do not fail");
        buf.discard(&mut pool);
        assert_eq!(buf.capacity(), 0);
    }
}
