//! Random entries of a dictionary, fair ones and cheap ones. Owns no source of chance: the caller passes a random
//! word, which is stretched as far as needed.

use super::bucket::{Bucket, SLOTS, Word};
use super::dict::Dict;
use super::segment::{self, SIZES};
use crate::sys::prefetch::prefetch;

/// Attempts at a fair pick, enough for all but dictionaries that were nearly emptied a moment ago.
const ATTEMPTS: usize = 128;
/// Slots of the largest segment, as growth makes them.
const LARGEST: u64 = SIZES[SIZES.len() - 1] as u64 * SLOTS as u64;

/// Stretches one random word into many.
struct Stretch(u64);

impl Stretch {
    fn new(random: u64) -> Stretch {
        // Scrambled, so that callers who merely count do not get overlapping stretches.
        Stretch(scramble(random.wrapping_mul(0xd6e8_feb8_6659_fd93)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scramble(self.0)
    }

    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }
}

fn scramble(x: u64) -> u64 {
    let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ x >> 31
}

impl Dict {
    /// A random word, each with the same chance, chosen by the random number `random`. Some three cache misses.
    ///
    /// The hash of the attempt chooses a segment by the share of hashes it covers; then one of as many slots as the
    /// largest segment would have for that share. An attempt that names an empty or a missing slot is repeated: so
    /// neither a segment's fill nor its size matters.
    pub fn random(&self, random: u64) -> Option<Word> {
        if self.len == 0 {
            return None;
        }
        let mut stretch = Stretch::new(random);
        let deepest = self.dir.depth();
        for _ in 0..ATTEMPTS {
            let (buckets, depth) = self.dir.view(stretch.next());
            let slots = (buckets.len() * SLOTS) as u64;
            let all = if self.dir.segments() == 1 { slots } else { LARGEST.max(slots) << (deepest - depth) };
            let pick = stretch.below(all);
            if pick < slots {
                let (bucket, slot) = (pick as usize / SLOTS, pick as usize % SLOTS);
                if buckets[bucket].holds(slot) {
                    return Some(buckets[bucket].word(slot));
                }
            }
        }
        let mut found = None;
        self.sample(stretch.next(), 1, |word| found = Some(word));
        found
    }

    /// Tells `f` up to `count` words that live next to one another from a random place on, for samplers that want
    /// several for the price of a few cache misses. Their entries' first lines are asked for first. Fewer than
    /// `count` are told only if the dictionary holds fewer.
    pub fn sample(&self, random: u64, count: usize, mut f: impl FnMut(Word)) {
        let wanted = count.min(self.len);
        if wanted == 0 {
            return;
        }
        let mut told = 0;
        let (first, depth) = self.dir.view(random);
        let (before, after) = first.split_at(segment::home_of_hash(random, depth, first.len()));
        tell(after, wanted, &mut told, &mut f);
        let start = segment::prefix(random, depth);
        let mut at = segment::next_prefix(random, depth);
        while told < wanted && at != start {
            let (buckets, depth) = self.dir.view(at);
            tell(buckets, wanted, &mut told, &mut f);
            at = segment::next_prefix(at, depth);
        }
        tell(before, wanted, &mut told, &mut f);
    }
}

fn tell(buckets: &[Bucket], wanted: usize, told: &mut usize, f: &mut impl FnMut(Word)) {
    for (at, line) in buckets.iter().enumerate() {
        if *told >= wanted {
            return;
        }
        // One line ahead, as many as will be told: the first of them is waited for, the others arrive meanwhile.
        if at == 0 {
            line.occupied().for_each(|slot| prefetch(line.word(slot).get() as usize));
        }
        if wanted - *told > line.len()
            && let Some(next) = buckets.get(at + 1)
        {
            next.occupied().for_each(|slot| prefetch(next.word(slot).get() as usize));
        }
        for slot in line.occupied().take(wanted - *told) {
            *told += 1;
            f(line.word(slot));
        }
    }
}
