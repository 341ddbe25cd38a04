//! How many bits are set in a stretch of bytes.

/// Four words, which the compiler keeps in vector registers.
type Lanes = [u64; 4];

/// Set bits of `bytes`. Carry-save adders (Harley and Seal) let one count serve sixteen lanes: twice the speed of
/// counting every word on a machine whose population count we cannot ask for without `unsafe`.
pub(super) fn popcount(bytes: &[u8]) -> u64 {
    let (lanes, tail) = bytes.as_chunks::<32>();
    let (groups, loose) = lanes.as_chunks::<16>();
    let (mut ones, mut twos, mut fours, mut eights) = ([0; 4], [0; 4], [0; 4], [0; 4]);
    let mut sixteens = 0;
    for group in groups {
        let (mut of_four, mut of_eight) = ([[0; 4]; 4], [[0; 4]; 2]);
        for (four, quarter) in of_four.iter_mut().zip(group.as_chunks::<4>().0) {
            let first = add(&mut ones, load(&quarter[0]), load(&quarter[1]));
            let second = add(&mut ones, load(&quarter[2]), load(&quarter[3]));
            *four = add(&mut twos, first, second);
        }
        for (eight, pair) in of_eight.iter_mut().zip(of_four.as_chunks::<2>().0) {
            *eight = add(&mut fours, pair[0], pair[1]);
        }
        sixteens += ones_in(add(&mut eights, of_eight[0], of_eight[1]));
    }
    let held = 16 * sixteens + 8 * ones_in(eights) + 4 * ones_in(fours) + 2 * ones_in(twos) + ones_in(ones);
    let loose: u64 = loose.iter().map(|lane| ones_in(load(lane))).sum();
    held + loose + tail.iter().map(|byte| u64::from(byte.count_ones())).sum::<u64>()
}

/// Adds two lanes to `sum`, bit by bit, and gives the carries.
#[inline(always)]
fn add(sum: &mut Lanes, a: Lanes, b: Lanes) -> Lanes {
    std::array::from_fn(|i| {
        let half = a[i] ^ b[i];
        let carry = a[i] & b[i] | half & sum[i];
        sum[i] ^= half;
        carry
    })
}

#[inline(always)]
fn load(bytes: &[u8; 32]) -> Lanes {
    let (words, _) = bytes.as_chunks::<8>();
    std::array::from_fn(|i| u64::from_ne_bytes(words[i]))
}

fn ones_in(lanes: Lanes) -> u64 {
    lanes.iter().map(|word| u64::from(word.count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_at_every_length_and_offset() {
        let bytes: Vec<u8> = (0..1700u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for from in 0..40 {
            for to in (from..bytes.len()).step_by(13) {
                let plain: u64 = bytes[from..to].iter().map(|b| u64::from(b.count_ones())).sum();
                assert_eq!(popcount(&bytes[from..to]), plain);
            }
        }
    }
}
