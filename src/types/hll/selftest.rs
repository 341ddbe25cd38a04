//! PFSELFTEST: registers keep what was written, both forms agree, and the error stays within six deviations. The
//! caller brings the randomness.

use super::value::{self, DATA, Encoding};
use super::{REGISTERS, add, dense, empty, encoding, to_dense};
use std::fmt;

/// What did not hold. `Display` gives the whole error line of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelfTestFailure {
    Register { index: usize, wrote: u8, read: u8 },
    NotSparse,
    FormsDisagree,
    TooBigError { cardinality: u64, error: u64 },
}

impl fmt::Display for SelfTestFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SelfTestFailure::Register { index, wrote, read } => {
                write!(f, "TESTFAILED Register {index} should be {wrote} but is {read}")
            }
            SelfTestFailure::NotSparse => f.write_str("TESTFAILED sparse encoding not used"),
            SelfTestFailure::FormsDisagree => f.write_str("TESTFAILED dense/sparse disagree"),
            SelfTestFailure::TooBigError { cardinality, error } => {
                write!(f, "TESTFAILED Too big error. card:{cardinality} abserr:{error}")
            }
        }
    }
}

/// Runs the test with `elements` distinct elements (Redis adds 10,000,000, some seconds) and `cycles` rounds over the
/// registers (Redis: 1000).
///
/// # Errors
/// The first thing that did not hold.
pub fn self_test(
    mut random: impl FnMut() -> u64,
    elements: u64,
    cycles: usize,
    sparse_max_bytes: usize,
) -> Result<(), SelfTestFailure> {
    let mut packed = vec![0; dense::DENSE_BYTES];
    let mut plain = vec![0; REGISTERS];
    for _ in 0..cycles {
        for (index, wrote) in plain.iter_mut().enumerate() {
            *wrote = random() as u8 & 63;
            dense::set(&mut packed, index, *wrote);
        }
        for (index, wrote) in plain.iter().copied().enumerate() {
            let read = dense::get(&packed, index);
            if read != wrote {
                return Err(SelfTestFailure::Register { index, wrote, read });
            }
        }
    }
    accuracy(random(), elements, sparse_max_bytes)
}

fn accuracy(seed: u64, elements: u64, sparse_max_bytes: usize) -> Result<(), SelfTestFailure> {
    let mut grown = empty();
    let mut dense_only = empty();
    to_dense(&mut dense_only).expect("a new value is sound");
    let relative = 1.04 / (REGISTERS as f64).sqrt();
    let mut checkpoint = 1;
    for j in 1..=elements {
        let element = (j ^ seed).to_le_bytes();
        let (index, run) = super::hash::register_and_run(&element);
        dense::raise(&mut dense_only[DATA..], index, run);
        add(&mut grown, [&element[..]], sparse_max_bytes).map_err(|_| SelfTestFailure::FormsDisagree)?;
        if j != checkpoint {
            continue;
        }
        let form = encoding(&grown).map_err(|_| SelfTestFailure::FormsDisagree)?;
        if j < sparse_max_bytes as u64 / 2 && form != Encoding::Sparse {
            return Err(SelfTestFailure::NotSparse);
        }
        let estimate = value::estimate(&dense_only, Encoding::Dense);
        if value::estimate(&grown, form) != estimate {
            return Err(SelfTestFailure::FormsDisagree);
        }
        let error = estimate.unwrap_or(0).abs_diff(checkpoint);
        // At ten elements one collision is likely enough to be seen now and then, and is one tenth.
        let allowed = if j == 10 { 1 } else { (relative * 6.0 * checkpoint as f64).ceil() as u64 };
        if error > allowed {
            return Err(SelfTestFailure::TooBigError { cardinality: checkpoint, error });
        }
        checkpoint *= 10;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes() {
        let mut state = 88_172_645_463_325_252u64;
        let random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        assert_eq!(self_test(random, 100_000, 3, 3000), Ok(()));
    }
}
