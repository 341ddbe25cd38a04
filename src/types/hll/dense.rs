//! The dense form: 16384 registers of 6 bits, packed from the low bit up. Knows the packing only, not the header.

use super::REGISTERS;

const REGISTER_BITS: usize = 6;
const REGISTER_MAX: u16 = 63;
/// Bytes of all registers.
pub(super) const DENSE_BYTES: usize = REGISTERS * REGISTER_BITS / 8;

/// The register's value; 0 past the end.
pub(super) fn get(registers: &[u8], index: usize) -> u8 {
    let (byte, shift) = place(index);
    let low = registers.get(byte).copied().unwrap_or(0);
    let high = registers.get(byte + 1).copied().unwrap_or(0);
    (u16::from_le_bytes([low, high]) >> shift & REGISTER_MAX) as u8
}

/// Writes the register; does nothing past the end.
pub(super) fn set(registers: &mut [u8], index: usize, value: u8) {
    let (byte, shift) = place(index);
    let keep = !(REGISTER_MAX << shift);
    let put = (u16::from(value) & REGISTER_MAX) << shift;
    for (byte, (keep, put)) in
        registers.iter_mut().skip(byte).zip(keep.to_le_bytes().into_iter().zip(put.to_le_bytes()))
    {
        *byte = *byte & keep | put;
    }
}

/// Raises the register to `value`; false when it already was there.
pub(super) fn raise(registers: &mut [u8], index: usize, value: u8) -> bool {
    let higher = value > get(registers, index);
    if higher {
        set(registers, index, value);
    }
    higher
}

fn place(index: usize) -> (usize, u32) {
    let bit = index * REGISTER_BITS;
    (bit / 8, (bit % 8) as u32)
}

/// How many registers hold each value. Four tallies, so that equal neighbours do not wait for one another's store.
pub(super) fn histogram(registers: &[u8], out: &mut [u32; 64]) {
    let mut tallies = [[0u32; 64]; 4];
    for group in registers.as_chunks::<3>().0 {
        let word = u32::from_le_bytes([group[0], group[1], group[2], 0]);
        for (lane, tally) in tallies.iter_mut().enumerate() {
            tally[(word >> (lane * REGISTER_BITS) & 63) as usize] += 1;
        }
    }
    for tally in &tallies {
        out.iter_mut().zip(tally).for_each(|(sum, n)| *sum += n);
    }
}

/// Raises one-byte registers to those of a dense value: first unpacked eight at a time, then compared in one sweep
/// that the compiler turns into vector instructions.
pub(super) fn merge_into(raw: &mut [u8; REGISTERS], registers: &[u8]) {
    let mut unpacked = [0u8; REGISTERS];
    for (eight, packed) in unpacked.as_chunks_mut::<8>().0.iter_mut().zip(registers.as_chunks::<6>().0) {
        let [a, b, c, d, e, f] = *packed;
        let lanes = u64::from_le_bytes([a, b, c, 0, d, e, f, 0]);
        let lanes = lanes & 0x0000_0fff_0000_0fff | (lanes & 0x00ff_f000_00ff_f000) << 4;
        let lanes = lanes & 0x003f_003f_003f_003f | (lanes & 0x0fc0_0fc0_0fc0_0fc0) << 2;
        *eight = lanes.to_le_bytes();
    }
    raw.iter_mut().zip(&unpacked).for_each(|(max, value)| *max = (*max).max(*value));
}

/// Packs one-byte registers into the dense form.
pub(super) fn pack(registers: &mut [u8], raw: &[u8; REGISTERS]) {
    for (packed, eight) in registers.as_chunks_mut::<6>().0.iter_mut().zip(raw.as_chunks::<8>().0) {
        let lanes = u64::from_le_bytes(*eight) & 0x3f3f_3f3f_3f3f_3f3f;
        let lanes = lanes & 0x003f_003f_003f_003f | (lanes & 0x3f00_3f00_3f00_3f00) >> 2;
        let lanes = lanes & 0x0000_0fff_0000_0fff | (lanes & 0x0fff_0000_0fff_0000) >> 4;
        let [a, b, c, _, d, e, f, _] = lanes.to_le_bytes();
        *packed = [a, b, c, d, e, f];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_do_not_touch_their_neighbours() {
        let mut registers = vec![0xffu8; DENSE_BYTES];
        for index in [0, 1, 2, 3, 4, 8191, REGISTERS - 2, REGISTERS - 1] {
            set(&mut registers, index, 21);
            assert_eq!(get(&registers, index), 21);
            if index > 4 {
                assert_eq!(get(&registers, index - 1), if index == REGISTERS - 1 { 21 } else { 63 });
            }
        }
        assert!(!raise(&mut registers, 3, 21) && raise(&mut registers, 3, 22));
    }

    #[test]
    fn packing_and_merging_agree_with_single_registers() {
        let mut raw = [0u8; REGISTERS];
        raw.iter_mut().enumerate().for_each(|(i, r)| *r = (i * 37 % 64) as u8);
        let mut packed = vec![0; DENSE_BYTES];
        pack(&mut packed, &raw);
        assert!((0..REGISTERS).all(|i| get(&packed, i) == raw[i]));
        let mut merged = [31u8; REGISTERS];
        merge_into(&mut merged, &packed);
        assert!((0..REGISTERS).all(|i| merged[i] == raw[i].max(31)));
        let mut histogram_of = [0; 64];
        histogram(&packed, &mut histogram_of);
        assert!(histogram_of.iter().all(|n| *n == 256));
    }
}
