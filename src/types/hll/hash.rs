//! From an element's bytes to the register it touches and the run of zeros it saw there. Must stay what Redis
//! computes for ever: stored registers are only comparable under one hash.

use super::REGISTERS;

/// Bits of the hash that remain once the register was chosen.
pub(super) const RUN_BITS: u32 = 64 - REGISTERS.trailing_zeros();
const SEED: u64 = 0xadc8_3b19;
const MULTIPLIER: u64 = 0xc6a4_a793_5bd1_e995;

/// The register of `element` and the value it asks for: 1 plus the zeros before the first one bit, at most 51.
pub(super) fn register_and_run(element: &[u8]) -> (usize, u8) {
    let hash = murmur64a(element, SEED);
    let register = (hash & (REGISTERS as u64 - 1)) as usize;
    let rest = hash >> REGISTERS.trailing_zeros() | 1 << RUN_BITS;
    (register, rest.trailing_zeros() as u8 + 1)
}

/// MurmurHash2 in its 64-bit variant A, reading little endian on every machine.
fn murmur64a(data: &[u8], seed: u64) -> u64 {
    let mix = |word: u64| {
        let word = word.wrapping_mul(MULTIPLIER);
        (word ^ word >> 47).wrapping_mul(MULTIPLIER)
    };
    let mut hash = seed ^ (data.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, tail) = data.as_chunks::<8>();
    for word in words {
        hash = (hash ^ mix(u64::from_le_bytes(*word))).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        let mut last = [0; 8];
        last[..tail.len()].copy_from_slice(tail);
        hash = (hash ^ u64::from_le_bytes(last)).wrapping_mul(MULTIPLIER);
    }
    hash = (hash ^ hash >> 47).wrapping_mul(MULTIPLIER);
    hash ^ hash >> 47
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_stay_within_the_register() {
        for i in 0..20_000u32 {
            let (register, run) = register_and_run(&i.to_le_bytes()[..(i % 5) as usize]);
            assert!(register < REGISTERS && (1..=51).contains(&run));
        }
    }

    #[test]
    fn every_tail_length_counts() {
        let text = b"abcdefghijklmnopqrstuvwx";
        let hashes: std::collections::HashSet<u64> =
            (0..=text.len()).map(|n| murmur64a(&text[..n], SEED)).collect();
        assert_eq!(hashes.len(), text.len() + 1);
    }
}
