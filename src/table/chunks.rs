//! Which of an allocator's chunks an address lies in. Owns the chunks' mappings; must not know what is in them.

use crate::sys::huge;
use crate::sys::pages::{CHUNK_BYTES, Chunk};

/// Up to so many chunks each begins with small pages, which become resident as they are used, and is put into one
/// huge page once it is full: 2 MB of which next to nothing is used show in a small data set.
const FEW: usize = 32;
const SHIFT: u32 = CHUNK_BYTES.trailing_zeros();

/// Chunks under small dense numbers, found by any address inside them. A number stays with its chunk until the
/// chunk is taken out, and is then used again.
#[derive(Debug, Default)]
pub struct Chunks {
    chunks: Vec<Option<Chunk>>,
    bases: Vec<usize>,
    vacant: Vec<u32>,
    /// Open addressing: chunk number of the address in the high half, our number plus one in the low half.
    /// Neighbouring mappings have neighbouring addresses, so the plain low bits spread them perfectly.
    index: Vec<u64>,
    huge: bool,
    /// Where the chunk begins that was mapped last, if it has small pages.
    filling: usize,
}

impl Chunks {
    /// No chunks. Allocates nothing.
    pub const fn new() -> Chunks {
        Chunks {
            chunks: Vec::new(),
            bases: Vec::new(),
            vacant: Vec::new(),
            index: Vec::new(),
            huge: false,
            filling: 0,
        }
    }

    /// How many chunks are held.
    pub fn held(&self) -> usize {
        self.chunks.len() - self.vacant.len()
    }

    /// Whether chunks are to be backed by huge pages, the first ones only once they are full: a process that holds
    /// next to nothing shall not have 2 MB resident for it.
    pub fn set_huge_pages(&mut self, on: bool) {
        self.huge = on;
    }

    /// Has chunks that are no huge pages, because a child's copy-on-write took them apart, put together again.
    pub fn mend(&self) {
        if self.huge {
            huge::mend(self.bases.iter().copied().filter(|&base| base != 0 && base != self.filling));
        }
    }

    /// Maps one more chunk and tells its number. Ends the process when the system has no memory, as any other
    /// allocation does.
    pub fn add(&mut self) -> usize {
        let ready = if self.huge && self.held() >= FEW { huge::take(self.held()) } else { None };
        let small = ready.is_none();
        let Some(chunk) = ready.or_else(Chunk::map) else {
            let layout = std::alloc::Layout::new::<[u8; CHUNK_BYTES]>();
            std::alloc::handle_alloc_error(layout)
        };
        let base = chunk.base().as_ptr().expose_provenance();
        let full = std::mem::replace(&mut self.filling, if small { base } else { 0 });
        if self.huge && full != 0 {
            huge::mend([full]);
        }
        let number = match self.vacant.pop() {
            Some(number) => number as usize,
            None => {
                self.chunks.push(None);
                self.bases.push(0);
                self.chunks.len() - 1
            }
        };
        self.chunks[number] = Some(chunk);
        self.bases[number] = base;
        if self.index.len() < 2 * self.chunks.len() {
            self.reindex();
        } else {
            self.enter(number);
        }
        number
    }

    /// Takes chunks out; the caller drops them where a pause does no harm. O(chunks held), whatever their number.
    pub fn remove(&mut self, numbers: &[usize]) -> Vec<Chunk> {
        let mut taken = Vec::with_capacity(numbers.len());
        for &number in numbers {
            if let Some(chunk) = self.chunks.get_mut(number).and_then(Option::take) {
                self.bases[number] = 0;
                self.vacant.push(number as u32);
                taken.push(chunk);
            }
        }
        if !taken.is_empty() {
            self.reindex();
            taken.extend(huge::surplus(self.held()));
        }
        taken
    }

    /// The chunk of that number.
    pub fn get(&self, number: usize) -> Option<&Chunk> {
        self.chunks.get(number)?.as_ref()
    }

    /// The address of the start of chunk `number`, 0 if there is none.
    #[inline]
    pub fn base(&self, number: usize) -> usize {
        self.bases[number]
    }

    /// The number of the chunk that `address` lies in.
    #[inline]
    pub fn find(&self, address: usize) -> Option<usize> {
        let key = (address >> SHIFT) as u64;
        let mask = self.index.len().wrapping_sub(1);
        let mut at = key as usize & mask;
        loop {
            let entry = *self.index.get(at)?;
            if entry >> 32 == key && entry != 0 {
                return Some((entry as u32 - 1) as usize);
            }
            if entry == 0 {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    fn reindex(&mut self) {
        let size = (4 * self.chunks.len()).next_power_of_two();
        self.index.clear();
        self.index.resize(size, 0);
        for number in 0..self.chunks.len() {
            if self.bases[number] != 0 {
                self.enter(number);
            }
        }
    }

    fn enter(&mut self, number: usize) {
        let key = (self.bases[number] >> SHIFT) as u64;
        let mask = self.index.len() - 1;
        let mut at = key as usize & mask;
        while self.index[at] != 0 {
            at = (at + 1) & mask;
        }
        self.index[at] = key << 32 | (number as u64 + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_finds_its_chunk_and_no_other() {
        let mut chunks = Chunks::new();
        assert_eq!(chunks.find(0x7000_0000_0000), None);
        let numbers: Vec<usize> = (0..40).map(|_| chunks.add()).collect();
        assert_eq!(numbers, (0..40).collect::<Vec<_>>());
        for number in (0..40).step_by(3) {
            let base = chunks.base(number);
            assert_eq!(chunks.remove(&[number]).len(), 1, "it is held");
            assert_eq!(chunks.find(base), None);
        }
        assert_eq!(chunks.held(), 26);
        for number in 0..40 {
            if number % 3 != 0 {
                let base = chunks.base(number);
                assert_eq!(chunks.find(base), Some(number));
                assert_eq!(chunks.find(base + CHUNK_BYTES - 1), Some(number));
            }
        }
        assert!(chunks.add().is_multiple_of(3), "numbers are used again");
        assert_eq!(chunks.held(), 27);
    }
}
