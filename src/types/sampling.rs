//! Fair picks from random words that the caller brings. Must not know where the words come from.

/// A number below `bound`, which is not zero. The bias is `bound / 2^64`.
#[inline]
pub fn below(word: u64, bound: usize) -> usize {
    ((u128::from(word) * bound as u128) >> 64) as usize
}

/// Chooses some of a sequence whose length is known, in one pass: every subset of that size is equally
/// likely.
#[derive(Clone, Debug)]
pub struct Selection {
    wanted: usize,
    left: usize,
}

impl Selection {
    /// Chooses `wanted` of `all`, or all if there are fewer.
    pub fn new(wanted: usize, all: usize) -> Selection {
        Selection { wanted: wanted.min(all), left: all }
    }

    /// Is the next of the sequence chosen?
    #[inline]
    pub fn take(&mut self, word: u64) -> bool {
        let chosen = self.left > 0 && below(word, self.left) < self.wanted;
        self.left = self.left.saturating_sub(1);
        self.wanted -= usize::from(chosen);
        chosen
    }

    /// Are all chosen?
    pub fn is_done(&self) -> bool {
        self.wanted == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_below_their_bound() {
        assert_eq!((below(0, 7), below(u64::MAX, 7), below(u64::MAX, 1)), (0, 6, 0));
        assert_eq!(below(u64::MAX, usize::MAX), usize::MAX - 1);
    }

    #[test]
    fn selections_are_complete_and_fair() {
        let mut word = 5u64;
        let mut counts = [0; 10];
        for _ in 0..4000 {
            let mut selection = Selection::new(3, 10);
            for count in &mut counts {
                word = word.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                *count += usize::from(selection.take(word));
            }
            assert!(selection.is_done());
        }
        assert_eq!(counts.iter().sum::<usize>(), 12_000);
        assert!(counts.iter().all(|c| (1080..1320).contains(c)), "{counts:?}");
        let mut all = Selection::new(9, 2);
        assert!(all.take(u64::MAX) && all.take(u64::MAX) && !all.take(0));
    }
}
