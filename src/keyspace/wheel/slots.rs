//! One level of a timing wheel: a ring of slots, each a list of chunks of packed records. Knows nothing of time; a
//! record is a hash and as many bytes of deadline as the level needs.

/// Slots in a level's ring: the 256 of the block the wheel stands in, and the 256 of the block after it.
pub(super) const SLOTS: usize = 512;
const WORDS: usize = SLOTS / 64;
const MASK: u64 = SLOTS as u64 - 1;
const HASH_BYTES: usize = 8;
/// With the link and the length a chunk is 512 bytes, a size class of its own in every allocator we care for.
const CHUNK_BYTES: usize = 502;

struct Chunk {
    next: Option<Box<Chunk>>,
    used: u16,
    data: [u8; CHUNK_BYTES],
}

impl Drop for Chunk {
    /// A slot may hold millions of chunks: dropping them one inside the other would exhaust the stack.
    fn drop(&mut self) {
        let mut next = self.next.take();
        while let Some(mut chunk) = next {
            next = chunk.next.take();
        }
    }
}

#[derive(Default)]
struct Slot {
    head: Option<Box<Chunk>>,
    count: u32,
}

/// A ring of slots whose records carry `offset_bytes` bytes of deadline each.
pub(super) struct Level {
    slots: Box<[Slot]>,
    occupied: [u64; WORDS],
    records: usize,
    chunks: usize,
    offset_bytes: usize,
}

impl Level {
    /// An empty level; allocates the ring (8 KB) but no chunk.
    pub(super) fn new(offset_bytes: usize) -> Level {
        let slots = (0..SLOTS).map(|_| Slot::default()).collect();
        Level { slots, occupied: [0; WORDS], records: 0, chunks: 0, offset_bytes }
    }

    pub(super) fn records(&self) -> usize {
        self.records
    }

    pub(super) fn memory_bytes(&self) -> usize {
        size_of::<Level>() + SLOTS * size_of::<Slot>() + self.chunks * size_of::<Chunk>()
    }

    /// How many records the slot holds. A slot is named by its number since the epoch; the ring position is that
    /// number modulo the ring.
    pub(super) fn count(&self, number: u64) -> u32 {
        self.slots[(number & MASK) as usize].count
    }

    pub(super) fn push(&mut self, number: u64, hash: u64, offset: u64) {
        let at = (number & MASK) as usize;
        let stride = HASH_BYTES + self.offset_bytes;
        let slot = &mut self.slots[at];
        let full = slot.head.as_ref().is_none_or(|chunk| chunk.used as usize + stride > CHUNK_BYTES);
        if full {
            let next = slot.head.take();
            slot.head = Some(Box::new(Chunk { next, used: 0, data: [0; CHUNK_BYTES] }));
            self.chunks += 1;
        }
        let chunk = slot.head.as_mut().expect("a chunk with room was just made sure of");
        let used = chunk.used as usize;
        chunk.data[used..used + HASH_BYTES].copy_from_slice(&hash.to_le_bytes());
        let offset_at = used + HASH_BYTES;
        chunk.data[offset_at..offset_at + self.offset_bytes]
            .copy_from_slice(&offset.to_le_bytes()[..self.offset_bytes]);
        chunk.used = (used + stride) as u16;
        slot.count += 1;
        self.records += 1;
        self.occupied[at / 64] |= 1 << (at % 64);
    }

    /// Takes one record, `(hash, offset)`, newest first.
    pub(super) fn pop(&mut self, number: u64) -> Option<(u64, u64)> {
        let at = (number & MASK) as usize;
        let stride = HASH_BYTES + self.offset_bytes;
        let slot = &mut self.slots[at];
        let chunk = slot.head.as_mut()?;
        let start = chunk.used as usize - stride;
        let mut hash = [0; 8];
        hash.copy_from_slice(&chunk.data[start..start + HASH_BYTES]);
        let mut offset = [0; 8];
        offset[..self.offset_bytes].copy_from_slice(&chunk.data[start + HASH_BYTES..start + stride]);
        chunk.used = start as u16;
        slot.count -= 1;
        self.records -= 1;
        if start == 0 {
            slot.head = chunk.next.take();
            self.chunks -= 1;
            if slot.head.is_none() {
                self.occupied[at / 64] &= !(1 << (at % 64));
            }
        }
        Some((u64::from_le_bytes(hash), u64::from_le_bytes(offset)))
    }

    /// The first slot number at or after `from` that holds a record, looking once around the ring.
    pub(super) fn first_from(&self, from: u64) -> Option<u64> {
        if self.records == 0 {
            return None;
        }
        let at = (from & MASK) as usize;
        let (word, bit) = (at / 64, at % 64);
        for step in 0..=WORDS {
            let mut bits = self.occupied[(word + step) % WORDS];
            if step == 0 {
                bits &= !0 << bit;
            } else if step == WORDS {
                bits &= !(!0 << bit);
            }
            if bits != 0 {
                let position = ((word + step) % WORDS) * 64 + bits.trailing_zeros() as usize;
                let distance = (position as u64).wrapping_sub(from) & MASK;
                return Some(from + distance);
            }
        }
        None
    }

    /// Frees up to `max` chunks with whatever is in them; the rest of the level stays usable. Returns how many.
    pub(super) fn free_chunks(&mut self, max: usize) -> usize {
        let mut freed = 0;
        let stride = HASH_BYTES + self.offset_bytes;
        while freed < max {
            let Some(number) = self.first_from(0) else { break };
            let slot = &mut self.slots[(number & MASK) as usize];
            let Some(mut chunk) = slot.head.take() else { break };
            let held = chunk.used as usize / stride;
            slot.head = chunk.next.take();
            slot.count -= held as u32;
            self.records -= held;
            self.chunks -= 1;
            if slot.head.is_none() {
                self.occupied[(number & MASK) as usize / 64] &= !(1 << (number % 64));
            }
            freed += 1;
        }
        freed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunk_is_half_a_kilobyte() {
        assert_eq!(size_of::<Chunk>(), 512);
    }

    #[test]
    fn records_come_back_whole_at_every_width() {
        for width in 0..=4 {
            let mut level = Level::new(width);
            let mask = (1u64 << (8 * width)) - 1;
            for i in 0..300u64 {
                level.push(1000, i.wrapping_mul(0x9e37_79b9_7f4a_7c15), (i * 7919) & mask);
            }
            assert_eq!((level.records(), level.count(1000)), (300, 300));
            for i in (0..300u64).rev() {
                assert_eq!(level.pop(1000), Some((i.wrapping_mul(0x9e37_79b9_7f4a_7c15), (i * 7919) & mask)));
            }
            assert_eq!((level.pop(1000), level.records(), level.chunks), (None, 0, 0));
            assert_eq!(level.first_from(0), None);
        }
    }

    #[test]
    fn search_wraps_around_the_ring() {
        let mut level = Level::new(1);
        level.push(700, 1, 0);
        for (from, found) in [(700, Some(700)), (189, Some(188 + 512)), (188, Some(188)), (512, Some(700))] {
            assert_eq!(level.first_from(from), found, "from {from}");
        }
        level.push(703, 2, 0);
        assert_eq!(level.first_from(701), Some(703));
    }

    #[test]
    fn freeing_in_slices_ends_empty() {
        let mut level = Level::new(2);
        for i in 0..5000u64 {
            level.push(i % 90, i, 3);
        }
        let held = level.chunks;
        let mut freed = 0;
        while level.records() > 0 {
            let now = level.free_chunks(7);
            assert!((1..=7).contains(&now));
            freed += now;
        }
        assert_eq!((freed, level.chunks, level.first_from(0)), (held, 0, None));
    }
}
