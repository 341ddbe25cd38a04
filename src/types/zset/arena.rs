//! Where a big sorted set keeps its members: records of score and member, one after the other in chunks,
//! addressed by 40-bit handles. One allocation in thousands of members, no rounding but to four bytes, and
//! freed by the chunk. Readers may hold on to chunks: a writer copies those. Must not know in what order
//! members come.

use std::sync::Arc;

use super::score::sort_key;

/// Bytes of a full chunk: with the reference counts, an allocator's size class.
const CHUNK: usize = 65536 - 2 * size_of::<usize>();
/// The first chunk of a set starts with this.
const FIRST_CHUNK: usize = 512 - 2 * size_of::<usize>();
/// Records start at multiples of this.
const GRAIN: usize = 4;
/// Bits of a handle that tell the grain within a chunk.
const GRAIN_BITS: u32 = 14;
/// Larger records get a chunk of their own.
const MAX_SHARED: usize = 8192;
/// Sizes in grains for which freed records are remembered.
const SIZES: usize = 33;
/// A freed record's room for the link to the next one.
const MIN_RECORD: usize = 12;
/// Garbage up to this is left alone.
const SMALL_GARBAGE: usize = 4096;
const NONE: u64 = u64::MAX;

/// A record's address, below 2^40.
pub(super) type Handle = u64;

#[derive(Clone, Debug)]
struct Chunk {
    bytes: Arc<[u8]>,
    /// Bytes given out, from the start.
    used: usize,
    /// Records that are alive.
    live: usize,
    /// Its records are being moved elsewhere, to free it.
    old: bool,
    /// Holds one record larger than others may be.
    alone: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Arena {
    chunks: Vec<Option<Chunk>>,
    /// Free places in `chunks`.
    vacant: Vec<usize>,
    /// The chunk that new records go to.
    current: Option<usize>,
    /// Heads of the lists of freed records, by size in grains.
    freed: [Handle; SIZES],
    old_chunks: usize,
    /// Bytes of live records, of all that was ever given out in these chunks, and of the chunks.
    live_bytes: usize,
    used_bytes: usize,
    chunk_bytes: usize,
}

/// The chunks as they were: for reading while the set changes.
#[derive(Clone, Debug)]
pub(super) struct Frozen(Vec<Option<Arc<[u8]>>>);

impl Default for Arena {
    fn default() -> Self {
        Arena {
            chunks: Vec::new(),
            vacant: Vec::new(),
            current: None,
            freed: [NONE; SIZES],
            old_chunks: 0,
            live_bytes: 0,
            used_bytes: 0,
            chunk_bytes: 0,
        }
    }
}

fn len_bytes(len: usize) -> usize {
    (usize::BITS - (len | 1).leading_zeros()).div_ceil(7) as usize
}

/// Bytes of the record of a member of `len` bytes.
fn record_size(len: usize) -> usize {
    (8 + len_bytes(len) + len).max(MIN_RECORD).next_multiple_of(GRAIN)
}

fn chunk_of(handle: Handle) -> usize {
    (handle >> GRAIN_BITS) as usize
}

#[inline]
fn offset_of(handle: Handle) -> usize {
    (handle & ((1 << GRAIN_BITS) - 1)) as usize * GRAIN
}

fn handle_at(chunk: usize, offset: usize) -> Handle {
    (chunk as u64) << GRAIN_BITS | (offset / GRAIN) as u64
}

/// Score and member of the record at the start of `bytes`.
#[inline]
fn read(bytes: &[u8]) -> (f64, &[u8]) {
    let (score, rest) = bytes.split_first_chunk::<8>().expect("a record has a score");
    let (mut len, mut at) = (0usize, 0);
    loop {
        let byte = rest[at];
        len |= usize::from(byte & 0x7f) << (7 * at);
        at += 1;
        if byte < 0x80 {
            break;
        }
    }
    (f64::from_le_bytes(*score), &rest[at..at + len])
}

fn write(out: &mut [u8], score: f64, member: &[u8]) {
    out[..8].copy_from_slice(&score.to_le_bytes());
    let (mut len, mut at) = (member.len(), 8);
    while len >= 0x80 {
        out[at] = len as u8 | 0x80;
        len >>= 7;
        at += 1;
    }
    out[at] = len as u8;
    out[at + 1..at + 1 + member.len()].copy_from_slice(member);
}

impl Frozen {
    /// Score and member of a record that was alive when the chunks were frozen.
    pub(super) fn get(&self, handle: Handle) -> (f64, &[u8]) {
        let chunk = self.0.get(chunk_of(handle)).and_then(Option::as_ref);
        read(&chunk.expect("the chunk was there then")[offset_of(handle)..])
    }
}

impl Arena {
    /// Bytes allocated.
    pub(super) fn memory(&self) -> usize {
        self.chunk_bytes + self.chunks.capacity() * size_of::<Option<Chunk>>()
    }

    pub(super) fn freeze(&self) -> Frozen {
        Frozen(self.chunks.iter().map(|c| c.as_ref().map(|c| c.bytes.clone())).collect())
    }

    #[inline]
    fn chunk(&self, handle: Handle) -> &Chunk {
        self.chunks[chunk_of(handle)].as_ref().expect("a handle's chunk is there as long as its record")
    }

    #[inline]
    fn chunk_mut(&mut self, index: usize) -> &mut Chunk {
        self.chunks[index].as_mut().expect("a handle's chunk is there as long as its record")
    }

    /// Score and member.
    #[inline]
    pub(super) fn get(&self, handle: Handle) -> (f64, &[u8]) {
        read(&self.chunk(handle).bytes[offset_of(handle)..])
    }

    #[inline]
    pub(super) fn member(&self, handle: Handle) -> &[u8] {
        self.get(handle).1
    }

    /// The score's sort key.
    #[inline]
    pub(super) fn key(&self, handle: Handle) -> u64 {
        let bytes = &self.chunk(handle).bytes[offset_of(handle)..];
        sort_key(f64::from_le_bytes(*bytes.first_chunk().expect("a record has a score")))
    }

    /// The record's address, as a hint to the processor.
    #[inline]
    pub(super) fn address(&self, handle: Handle) -> usize {
        self.chunk(handle).bytes.as_ptr() as usize + offset_of(handle)
    }

    pub(super) fn set_score(&mut self, handle: Handle, score: f64) {
        let (chunk, at) = (self.chunk_mut(chunk_of(handle)), offset_of(handle));
        Arc::make_mut(&mut chunk.bytes)[at..at + 8].copy_from_slice(&score.to_le_bytes());
    }

    /// Adds a record. O(bytes of the member).
    pub(super) fn insert(&mut self, score: f64, member: &[u8]) -> Handle {
        let size = record_size(member.len());
        let handle = self.find_room(size);
        let (index, at) = (chunk_of(handle), offset_of(handle));
        let chunk = self.chunk_mut(index);
        chunk.live += 1;
        write(&mut Arc::make_mut(&mut chunk.bytes)[at..at + size], score, member);
        self.live_bytes += size;
        handle
    }

    fn find_room(&mut self, size: usize) -> Handle {
        let grains = size / GRAIN;
        if grains < SIZES && self.freed[grains] != NONE {
            let handle = self.freed[grains];
            let bytes = &self.chunk(handle).bytes[offset_of(handle)..];
            self.freed[grains] =
                u64::from_le_bytes(*bytes.first_chunk().expect("a freed record holds a link"));
            return handle;
        }
        if size > MAX_SHARED {
            return handle_at(self.add_chunk(size, true), 0);
        }
        let current = self.current;
        let index = current.filter(|&index| self.has_room(index, size)).unwrap_or_else(|| {
            let small = self.live_bytes < CHUNK;
            self.add_chunk(if small { size.max(FIRST_CHUNK) } else { CHUNK }, false)
        });
        self.current = Some(index);
        self.used_bytes += size;
        let chunk = self.chunk_mut(index);
        chunk.used += size;
        handle_at(index, chunk.used - size)
    }

    /// Does the chunk have `size` bytes left, or can it get them by growing?
    fn has_room(&mut self, index: usize, size: usize) -> bool {
        let chunk = self.chunk_mut(index);
        let (len, needed) = (chunk.bytes.len(), chunk.used + size);
        if needed > CHUNK {
            return false;
        }
        if needed > len {
            // Small sets have a small chunk, which doubles until it is a full one.
            let grown = (2 * (len + 16) - 16).max(needed).min(CHUNK);
            let zeros = std::iter::repeat_n(0, grown - len);
            chunk.bytes = chunk.bytes.iter().copied().chain(zeros).collect();
            self.chunk_bytes += grown - len;
        }
        true
    }

    fn add_chunk(&mut self, len: usize, alone: bool) -> usize {
        let bytes: Arc<[u8]> = std::iter::repeat_n(0, len).collect();
        let used = if alone { len } else { 0 };
        self.chunk_bytes += len;
        self.used_bytes += used;
        let chunk = Some(Chunk { bytes, used, live: 0, old: false, alone });
        match self.vacant.pop() {
            Some(index) => {
                self.chunks[index] = chunk;
                index
            }
            None => {
                self.chunks.push(chunk);
                self.chunks.len() - 1
            }
        }
    }

    fn drop_chunk(&mut self, index: usize) {
        if let Some(chunk) = self.chunks[index].take() {
            self.chunk_bytes -= chunk.bytes.len();
            self.used_bytes -= chunk.used;
            self.old_chunks -= usize::from(chunk.old);
            self.vacant.push(index);
        }
    }

    /// Removes a record. Its room is given to the next one of its size, or given back when much is unused.
    pub(super) fn remove(&mut self, handle: Handle) {
        let size = record_size(self.member(handle).len());
        self.live_bytes -= size;
        let (index, at, grains) = (chunk_of(handle), offset_of(handle), size / GRAIN);
        let next = self.freed.get(grains).copied();
        let chunk = self.chunk_mut(index);
        chunk.live -= 1;
        if chunk.alone || (chunk.old && chunk.live == 0) {
            self.drop_chunk(index);
        } else if let Some(next) = next
            && !chunk.old
        {
            Arc::make_mut(&mut chunk.bytes)[at..at + 8].copy_from_slice(&next.to_le_bytes());
            self.freed[grains] = handle;
        }
    }

    /// Does so much lie unused that all records should move together? Then it is time to call
    /// [`Self::start_moving`].
    pub(super) fn is_sparse(&self) -> bool {
        self.old_chunks == 0 && self.used_bytes > 2 * self.live_bytes + SMALL_GARBAGE
    }

    /// Declares all chunks old: their records are to be moved, one by one, and each chunk goes with its last
    /// one.
    pub(super) fn start_moving(&mut self) {
        self.freed = [NONE; SIZES];
        self.current = None;
        for index in 0..self.chunks.len() {
            let Some(chunk) = &mut self.chunks[index] else { continue };
            if chunk.live == 0 {
                self.drop_chunk(index);
            } else if !chunk.alone {
                chunk.old = true;
                self.old_chunks += 1;
            }
        }
    }

    pub(super) fn is_moving(&self) -> bool {
        self.old_chunks > 0
    }

    /// Moves a record if its chunk is old; returns where it is then.
    pub(super) fn relocate(&mut self, handle: Handle) -> Option<Handle> {
        if !self.chunk(handle).old {
            return None;
        }
        let (score, member) = self.get(handle);
        let member = member.to_vec();
        let moved = self.insert(score, &member);
        self.remove(handle);
        Some(moved)
    }

    /// Forgets up to `max` chunks, whatever they hold; true when none is left.
    pub(super) fn drop_some(&mut self, max: usize) -> bool {
        let keep = self.chunks.len().saturating_sub(max);
        self.chunks.truncate(keep);
        keep == 0
    }

    /// Compares the sums with what they sum.
    #[cfg(test)]
    pub(super) fn check(&self, handles: impl Iterator<Item = Handle>) {
        let (mut live, mut bytes) = (vec![0; self.chunks.len()], 0);
        for handle in handles {
            live[chunk_of(handle)] += 1;
            bytes += record_size(self.member(handle).len());
        }
        assert_eq!(bytes, self.live_bytes);
        for (chunk, live) in self.chunks.iter().zip(live) {
            assert_eq!(chunk.as_ref().map_or(0, |c| c.live), live);
        }
        let chunks = self.chunks.iter().flatten();
        assert_eq!(chunks.clone().map(|c| c.bytes.len()).sum::<usize>(), self.chunk_bytes);
        assert_eq!(chunks.clone().map(|c| c.used).sum::<usize>(), self.used_bytes);
        assert_eq!(chunks.filter(|c| c.old).count(), self.old_chunks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_what_they_are_given() {
        let mut arena = Arena::default();
        let lens = [0, 1, 2, 3, 4, 16, 119, 120, 127, 128, 300, 8000, 8183, 8184, 16383, 16384, 70_000];
        let members: Vec<Vec<u8>> = lens.iter().map(|&n| (0..n).map(|i| i as u8).collect()).collect();
        let handles: Vec<_> = members.iter().map(|m| arena.insert(m.len() as f64 / 3.0, m)).collect();
        for (m, &h) in members.iter().zip(&handles) {
            assert_eq!(arena.get(h), (m.len() as f64 / 3.0, m.as_slice()));
            assert!(h < 1 << 40);
        }
        arena.set_score(handles[5], -1.0);
        assert_eq!(arena.key(handles[5]), sort_key(-1.0));
        arena.check(handles.iter().copied());
        handles.iter().for_each(|&h| arena.remove(h));
        arena.check(std::iter::empty());
    }

    #[test]
    fn a_record_of_a_16_byte_member_takes_28() {
        assert_eq!((record_size(16), record_size(19), record_size(0), record_size(3)), (28, 28, 12, 12));
        let mut arena = Arena::default();
        for i in 0..100_000 {
            arena.insert(f64::from(i), b"member:000000000");
        }
        assert!(arena.memory() < 2_830_000, "{}", arena.memory());
    }

    #[test]
    fn freed_room_is_used_again() {
        let mut arena = Arena::default();
        let mut handles: Vec<_> =
            (0..5000).map(|i: i32| arena.insert(0.0, i.to_string().as_bytes())).collect();
        let before = arena.memory();
        for round in 0..10 {
            for handle in &mut handles {
                let (_, member) = arena.get(*handle);
                let member = member.to_vec();
                arena.remove(*handle);
                *handle = arena.insert(f64::from(round), &member);
            }
        }
        assert_eq!(arena.memory(), before);
        arena.check(handles.into_iter());
    }

    #[test]
    fn moving_gives_memory_back() {
        let mut arena = Arena::default();
        let handles: Vec<_> =
            (0..50_000).map(|i: i32| arena.insert(f64::from(i), &i.to_le_bytes())).collect();
        let (before, frozen) = (arena.memory(), arena.freeze());
        let (stay, go): (Vec<Handle>, Vec<Handle>) =
            handles.iter().partition(|&&h| arena.get(h).0 % 10.0 == 0.0);
        go.iter().for_each(|&h| arena.remove(h));
        assert!(arena.is_sparse());
        arena.start_moving();
        let stay: Vec<_> = stay.into_iter().map(|h| arena.relocate(h).unwrap_or(h)).collect();
        assert!(!arena.is_moving() && !arena.is_sparse() && arena.memory() < before / 5);
        for (i, &h) in stay.iter().enumerate() {
            assert_eq!(arena.get(h), (i as f64 * 10.0, &(i as i32 * 10).to_le_bytes()[..]));
        }
        arena.check(stay.into_iter());
        assert!(
            handles.iter().enumerate().all(|(i, &h)| frozen.get(h).0 == i as f64),
            "readers see what was"
        );
    }
}
