//! Growing towards a size that is known beforehand, as while a file is loaded: segments are parted while they are
//! empty, and jump to the size they will have. Owns the choice of depth and size; a wrong guess costs some memory until
//! [`Dict::maintain`] had its turn, nothing else.

use super::dict::Dict;
use super::directory::Segment;
use super::segment::{self, MAX_DEPTH};

/// Words for which one segment is enough: a little fewer than make it split.
const FILL: usize = 640;

impl Dict {
    /// Prepares an empty dictionary for about `count` words; another one stays as it is. Takes some 100 ns and 70
    /// bytes for every 400 of them.
    pub fn expect(&mut self, count: usize) {
        if !self.dir.is_empty() || count <= FILL {
            return;
        }
        let mut depth = 0;
        while count >> depth > FILL && depth < MAX_DEPTH {
            depth += 1;
        }
        self.expected_buckets = segment::size_for(count >> depth);
        self.dir.start(Segment::allocate(1, 0));
        for level in 0..depth {
            for prefix in 0..1u64 << level {
                let hash = prefix.checked_shl(64 - level).unwrap_or(0);
                let [left, right] = [level + 1; 2].map(|depth| Segment::allocate(1, depth));
                self.dir.split(hash, left, right);
            }
        }
    }

    /// From now on segments grow as they always do.
    pub fn expect_no_more(&mut self) {
        self.expected_buckets = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Hasher, Word};
    use super::*;

    fn word(i: u64) -> Word {
        Word::new(i + 1).expect("a small number")
    }

    fn hash(word: Word) -> u64 {
        Hasher::new(3, 4).hash(&word.get().to_le_bytes())
    }

    fn filled(expected: usize, count: u64) -> Dict {
        let mut dict = Dict::new();
        dict.expect(expected);
        (0..count).for_each(|i| dict.insert(hash(word(i)), word(i), hash));
        dict.check(hash);
        (0..count).for_each(|i| assert!(dict.find(hash(word(i)), |found| found == word(i)).is_some()));
        dict
    }

    #[test]
    fn a_right_guess_moves_next_to_nothing() {
        for count in [641, 5_000, 150_000] {
            let (mut guessed, grown) = (filled(count, count as u64), filled(0, count as u64));
            assert!(guessed.moved_bytes() * 10 < grown.moved_bytes());
            assert!(guessed.memory_bytes() < grown.memory_bytes() * 5 / 4);
            guessed.expect_no_more();
            guessed.expect(1 << 30);
            guessed.check(hash);
        }
    }

    #[test]
    fn a_wrong_guess_is_made_good() {
        filled(1_000, 100_000);
        let mut dict = filled(1_000_000, 1_000);
        dict.expect_no_more();
        while dict.maintain(100) {}
        dict.check(hash);
        assert!(dict.memory_bytes() < 100_000);
        let mut empty = filled(1_000_000, 0);
        while empty.maintain(100) {}
        assert_eq!(empty.memory_bytes(), 0);
    }
}
