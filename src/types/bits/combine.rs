//! BITOP: several strings into one, a missing byte counting as zero.

/// What to do with the inputs' bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operation {
    And,
    Or,
    Xor,
    /// The inverse of the first input; the others are not looked at.
    Not,
}

/// The result, as long as the longest input. O(bytes of all inputs).
pub fn combine(operation: Operation, inputs: &[&[u8]]) -> Vec<u8> {
    let len = inputs.iter().map(|input| input.len()).max().unwrap_or(0);
    let mut out = Vec::with_capacity(len);
    let Some((first, rest)) = inputs.split_first() else { return out };
    if operation == Operation::Not {
        out.extend(first.iter().map(|byte| !byte));
        return out;
    }
    out.extend_from_slice(first);
    out.resize(len, 0);
    for input in rest {
        let (common, beyond) = out.split_at_mut(input.len());
        let pairs = common.iter_mut().zip(*input);
        match operation {
            Operation::And => {
                pairs.for_each(|(out, byte)| *out &= byte);
                beyond.fill(0);
            }
            Operation::Or => pairs.for_each(|(out, byte)| *out |= byte),
            Operation::Xor => pairs.for_each(|(out, byte)| *out ^= byte),
            Operation::Not => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_inputs_count_as_padded_with_zeros() {
        let inputs: [&[u8]; 3] = [b"\xff\x0f", b"\xf0\xff\xaa", b"\xff"];
        assert_eq!(combine(Operation::And, &inputs), b"\xf0\x00\x00");
        assert_eq!(combine(Operation::Or, &inputs), b"\xff\xff\xaa");
        assert_eq!(combine(Operation::Xor, &inputs), b"\xf0\xf0\xaa");
        assert_eq!(combine(Operation::Not, &[b"\xf0\x00"]), b"\x0f\xff");
        assert_eq!(combine(Operation::And, &[b"", b""]), b"");
        assert_eq!(combine(Operation::Or, &[]), b"");
    }
}
