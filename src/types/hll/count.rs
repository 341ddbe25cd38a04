//! From a histogram of registers to a cardinality: the improved raw estimator of Otmar Ertl (arXiv:1702.01284), in the
//! order of operations that gives Redis' integers.

use super::REGISTERS;
use super::hash::RUN_BITS;

const ALPHA: f64 = 0.721_347_520_444_481_7;

/// The estimated number of distinct elements. Registers above 51, which no element can produce, are ignored.
pub(super) fn estimate(histogram: &[u32; 64]) -> u64 {
    let m = REGISTERS as f64;
    let saturated = f64::from(histogram[RUN_BITS as usize + 1]);
    let mut z = m * tau((m - saturated) / m);
    for count in histogram[1..=RUN_BITS as usize].iter().rev() {
        z = (z + f64::from(*count)) * 0.5;
    }
    z += m * sigma(f64::from(histogram[0]) / m);
    (ALPHA * m * m / z).round() as u64
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_counts_zero_and_hostile_histograms_end() {
        let mut histogram = [0; 64];
        histogram[0] = REGISTERS as u32;
        assert_eq!(estimate(&histogram), 0);
        for value in [1, 50, 51, 63] {
            let mut histogram = [0; 64];
            histogram[value] = REGISTERS as u32;
            estimate(&histogram);
        }
    }
}
