//! Unsigned integers of any size, with just the operations that exact decimal conversion of wide floats
//! needs. Knows no format.

use std::cmp::Ordering;

use super::binary_float::Exact;

/// Little-endian limbs without leading zeros.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BigUint(Vec<u32>);

impl BigUint {
    /// From ASCII digits.
    pub fn from_decimal(digits: impl Iterator<Item = u8>) -> Self {
        let mut value = Self::default();
        let (mut chunk, mut scale) = (0u32, 1u32);
        for digit in digits {
            chunk = chunk * 10 + u32::from(digit - b'0');
            scale *= 10;
            if scale == 1_000_000_000 {
                value.multiply_add(scale, chunk);
                (chunk, scale) = (0, 1);
            }
        }
        value.multiply_add(scale, chunk);
        value
    }

    /// Five to the `power`. Takes time quadratic in it.
    pub fn power_of_five(power: u32) -> Self {
        let mut value = Self(vec![1]);
        value.multiply_power_of_five(power);
        value
    }

    /// Multiplies by five to the `power`. Takes time quadratic in it.
    pub fn multiply_power_of_five(&mut self, power: u32) {
        // The largest that fits a limb.
        const MOST: u32 = 13;
        for _ in 0..power / MOST {
            self.multiply_add(5u32.pow(MOST), 0);
        }
        self.multiply_add(5u32.pow(power % MOST), 0);
    }

    fn multiply_add(&mut self, factor: u32, addend: u32) {
        let mut carry = u64::from(addend);
        for limb in &mut self.0 {
            carry += u64::from(*limb) * u64::from(factor);
            *limb = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Length in bits; 0 for zero.
    pub fn bit_len(&self) -> u32 {
        self.0.last().map_or(0, |top| self.0.len() as u32 * 32 - top.leading_zeros())
    }

    /// Multiplies by 2^`shift`.
    pub fn shift_left(&mut self, shift: u32) {
        if !self.0.is_empty() {
            self.multiply_add(1 << (shift % 32), 0);
            self.0.splice(0..0, std::iter::repeat_n(0, shift as usize / 32));
        }
    }

    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (i, limb) in self.0.iter_mut().enumerate() {
            let (less, under) = limb.overflowing_sub(other.0.get(i).copied().unwrap_or(0));
            let (less, under_too) = less.overflowing_sub(u32::from(borrow));
            (*limb, borrow) = (less, under || under_too);
        }
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }

    /// The top 128 bits, and whether there is more below them.
    pub fn to_exact(&self) -> Exact {
        let limbs = self.0.iter().rev().take(4);
        let bits = limbs.clone().fold(0u128, |bits, &limb| bits << 32 | u128::from(limb));
        let skipped = self.0.len().saturating_sub(4);
        let more = self.0.iter().take(skipped).any(|&limb| limb != 0);
        Exact { bits, exponent: skipped as i32 * 32, more }
    }

    /// `self / divisor` to 67 bits or more. Both must be above zero.
    pub fn divide(mut self, mut divisor: Self) -> Exact {
        const STEPS: i32 = 68;
        let shift = divisor.bit_len() as i32 - self.bit_len() as i32;
        self.shift_left(shift.max(0) as u32);
        divisor.shift_left((-shift).max(0) as u32);
        let mut bits = 0u128;
        for _ in 0..STEPS {
            bits <<= 1;
            if self.compare(&divisor) != Ordering::Less {
                self.subtract(&divisor);
                bits |= 1;
            }
            self.shift_left(1);
        }
        Exact { bits, exponent: 1 - STEPS - shift, more: !self.0.is_empty() }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// Appends `bits` x 2^`shift` in decimal.
pub fn write_shifted(out: &mut Vec<u8>, bits: u64, mut shift: u32) {
    const BASE: u64 = 1_000_000_000;
    let mut limbs: Vec<u64> = vec![bits % BASE, bits / BASE % BASE, bits / BASE / BASE];
    while shift > 0 {
        let step = shift.min(32);
        let mut carry = 0;
        for limb in &mut limbs {
            carry += *limb << step;
            *limb = carry % BASE;
            carry /= BASE;
        }
        while carry > 0 {
            limbs.push(carry % BASE);
            carry /= BASE;
        }
        shift -= step;
    }
    while limbs.len() > 1 && limbs.last() == Some(&0) {
        limbs.pop();
    }
    let mut digits = itoa::Buffer::new();
    for (i, &limb) in limbs.iter().rev().enumerate() {
        let text = digits.format(limb);
        if i > 0 {
            out.resize(out.len() + 9 - text.len(), b'0');
        }
        out.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> BigUint {
        BigUint::from_decimal(text.bytes())
    }

    #[test]
    fn decimal_and_binary_agree() {
        let five = BigUint::power_of_five(40);
        assert_eq!(five, decimal(&5u128.pow(40).to_string()));
        let mut ten = five;
        ten.shift_left(40);
        assert_eq!(ten, decimal(&format!("1{}", "0".repeat(40))));
        assert_eq!(ten.bit_len(), 133);
        let top = ten.to_exact();
        assert_eq!((top.bits, top.exponent, top.more), (5u128.pow(40) << 8, 32, false));
        assert!(decimal("340282366920938463463374607431768211457").to_exact().more, "2^128 + 1");
        assert_eq!(decimal("0").bit_len(), 0);
        assert_eq!(decimal("18446744073709551616").bit_len(), 65);
    }

    #[test]
    fn quotients_have_their_bits_and_their_rest() {
        for (a, b) in [(1u128, 3u128), (3, 1), (1, 1 << 40), (u128::MAX, 7), (12_345, 12_345), (1 << 100, 1)]
        {
            let quotient = decimal(&a.to_string()).divide(decimal(&b.to_string()));
            assert!(quotient.bits >> 66 > 0, "{a}/{b}");
            // quotient x b <= a < (quotient + 1) x b, compared after scaling to integers.
            let scale = -quotient.exponent;
            let mut scaled = decimal(&a.to_string());
            scaled.shift_left(scale.max(0) as u32);
            let times = |q: u128| {
                let mut product = decimal(&q.to_string());
                product.shift_left((-scale).max(0) as u32);
                let mut sum = BigUint::default();
                for bit in (0..128).rev() {
                    sum.shift_left(1);
                    if b >> bit & 1 == 1 {
                        sum = add(&sum, &product);
                    }
                }
                sum
            };
            assert_ne!(times(quotient.bits).compare(&scaled), Ordering::Greater, "{a}/{b}");
            assert_eq!(times(quotient.bits + 1).compare(&scaled), Ordering::Greater, "{a}/{b}");
            assert_eq!(quotient.more, times(quotient.bits) != scaled, "{a}/{b}");
        }
    }

    fn add(a: &BigUint, b: &BigUint) -> BigUint {
        let (mut limbs, mut carry) = (Vec::new(), 0u64);
        for i in 0..a.0.len().max(b.0.len()) {
            let limb = |x: &BigUint| u64::from(x.0.get(i).copied().unwrap_or(0));
            carry += limb(a) + limb(b);
            limbs.push(carry as u32);
            carry >>= 32;
        }
        limbs.extend((carry > 0).then_some(carry as u32));
        BigUint(limbs)
    }

    #[test]
    fn shifted_integers_print() {
        for (bits, shift) in
            [(0u64, 0u32), (1, 0), (u64::MAX, 0), (u64::MAX, 63), (1_000_000_007, 40), (3, 100)]
        {
            let mut out = Vec::new();
            write_shifted(&mut out, bits, shift);
            assert_eq!(String::from_utf8_lossy(&out), (u128::from(bits) << shift).to_string());
        }
    }
}
