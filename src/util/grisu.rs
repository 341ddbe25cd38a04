//! The digits of a double: Grisu2, the algorithm with which Redis 7.2 and its relatives print scores. Its
//! result always reads back to the same double; about one in a thousand is not the very shortest or nearest,
//! and those few have to be the same on every server of a kind, which rules out a better algorithm. After
//! Florian Loitsch, "Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010. Knows no
//! layout.

/// Decimal digits without a point: the value is `digits` x 10^`exponent`.
#[derive(Debug)]
pub struct Digits {
    bytes: [u8; 18],
    len: usize,
    pub exponent: i32,
}

impl Digits {
    /// ASCII digits, the first not zero.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push(&mut self, digit: u64) {
        if digit != 0 || self.len > 0 {
            self.bytes[self.len] = b'0' + digit as u8;
            self.len += 1;
        }
    }
}

/// A 64-bit significand times a power of two.
#[derive(Clone, Copy)]
struct Scaled {
    bits: u64,
    exponent: i32,
}

impl Scaled {
    fn normalized(self) -> Self {
        let shift = self.bits.leading_zeros();
        Self { bits: self.bits << shift, exponent: self.exponent - shift as i32 }
    }

    /// The upper half of the product, rounded half up.
    fn times(self, other: Self) -> Self {
        let product = u128::from(self.bits) * u128::from(other.bits) + (1 << 63);
        Self { bits: (product >> 64) as u64, exponent: self.exponent + other.exponent + 64 }
    }
}

/// The digits of a finite `value` above zero.
pub fn digits(value: f64) -> Digits {
    const FRACTION: u64 = (1 << 52) - 1;
    let (fraction, biased) = (value.to_bits() & FRACTION, (value.to_bits() >> 52) as i32 & 0x7ff);
    let exact = if biased == 0 {
        Scaled { bits: fraction, exponent: -1074 }
    } else {
        Scaled { bits: fraction | (FRACTION + 1), exponent: biased - 1075 }
    };
    // Halfway to the neighbours; below a power of two the neighbour is twice as near.
    let above = Scaled { bits: exact.bits * 2 + 1, exponent: exact.exponent - 1 }.normalized();
    let nearer = u32::from(exact.bits == FRACTION + 1);
    let below =
        Scaled { bits: (exact.bits << (1 + nearer)) - 1, exponent: exact.exponent - 1 - nearer as i32 };
    let below = below.bits << (below.exponent - above.exponent);

    let (power, decimal) = cached_power(above.exponent);
    let exact = exact.normalized().times(power);
    let high = above.times(power);
    let low = Scaled { bits: below, exponent: above.exponent }.times(power);
    // A unit off on both sides makes up for the rounding of the products.
    let (high_bits, low_bits) = (high.bits - 1, low.bits + 1);
    generate(high_bits, high_bits - exact.bits, high_bits - low_bits, -high.exponent as u32, -decimal)
}

/// Writes digits of `high` until what is left lies within `delta`, then steps the last digit down towards the
/// value, which lies `distance` under `high`. The point stands `shift` bits from the right.
fn generate(high: u64, distance: u64, mut delta: u64, shift: u32, exponent: i32) -> Digits {
    let mut out = Digits { bytes: [0; 18], len: 0, exponent };
    let mask = (1 << shift) - 1;
    let (mut whole, mut part) = (high >> shift, high & mask);
    let mut unit = 1_000_000_000;
    for kappa in (0..10).rev() {
        out.push(whole / unit);
        whole %= unit;
        let rest = (whole << shift) + part;
        if rest <= delta {
            out.exponent += kappa;
            step_down(&mut out, distance, delta, rest, unit << shift);
            return out;
        }
        unit /= 10;
    }
    let mut scale = 1u64;
    loop {
        part = part.wrapping_mul(10);
        delta = delta.wrapping_mul(10);
        scale = scale.wrapping_mul(10);
        out.exponent -= 1;
        out.push(part >> shift);
        part &= mask;
        if part < delta {
            step_down(&mut out, distance.wrapping_mul(scale), delta, part, 1 << shift);
            return out;
        }
    }
}

/// Lowers the last digit while that brings the number nearer to the value and keeps it within `delta`.
fn step_down(out: &mut Digits, distance: u64, delta: u64, mut rest: u64, unit: u64) {
    while rest < distance && delta - rest >= unit {
        let next = rest.wrapping_add(unit);
        if next >= distance && distance - rest <= next - distance {
            break;
        }
        out.bytes[out.len - 1] -= 1;
        rest = next;
    }
}

/// The power of ten, and its exponent, that brings a significand with binary `exponent` near 2^-46.
fn cached_power(exponent: i32) -> (Scaled, i32) {
    const LOG10_OF_2: f64 = 0.30102999566398114;
    let nearest = (f64::from(-(exponent + POWERS.len() as i32)) * LOG10_OF_2) as i32;
    let mut index = (nearest - FIRST_POWER) / POWER_STEP;
    loop {
        let decimal = FIRST_POWER + index * POWER_STEP;
        // floor(decimal * log2(10)), exact in this range.
        let binary = ((decimal * 217_706) >> 16) - 63;
        match exponent + binary + 64 {
            ..-60 => index += 1,
            -60..=-32 => return (Scaled { bits: POWERS[index as usize], exponent: binary }, decimal),
            _ => index -= 1,
        }
    }
}

const FIRST_POWER: i32 = -348;
const POWER_STEP: i32 = 8;
/// 10^-348, 10^-340 ... 10^340, each as the nearest 64-bit significand with its top bit set.
#[rustfmt::skip]
static POWERS: [u64; 87] = [
    0xfa8fd5a0081c0288, 0xbaaee17fa23ebf76, 0x8b16fb203055ac76, 0xcf42894a5dce35ea,
    0x9a6bb0aa55653b2d, 0xe61acf033d1a45df, 0xab70fe17c79ac6ca, 0xff77b1fcbebcdc4f,
    0xbe5691ef416bd60c, 0x8dd01fad907ffc3c, 0xd3515c2831559a83, 0x9d71ac8fada6c9b5,
    0xea9c227723ee8bcb, 0xaecc49914078536d, 0x823c12795db6ce57, 0xc21094364dfb5637,
    0x9096ea6f3848984f, 0xd77485cb25823ac7, 0xa086cfcd97bf97f4, 0xef340a98172aace5,
    0xb23867fb2a35b28e, 0x84c8d4dfd2c63f3b, 0xc5dd44271ad3cdba, 0x936b9fcebb25c996,
    0xdbac6c247d62a584, 0xa3ab66580d5fdaf6, 0xf3e2f893dec3f126, 0xb5b5ada8aaff80b8,
    0x87625f056c7c4a8b, 0xc9bcff6034c13053, 0x964e858c91ba2655, 0xdff9772470297ebd,
    0xa6dfbd9fb8e5b88f, 0xf8a95fcf88747d94, 0xb94470938fa89bcf, 0x8a08f0f8bf0f156b,
    0xcdb02555653131b6, 0x993fe2c6d07b7fac, 0xe45c10c42a2b3b06, 0xaa242499697392d3,
    0xfd87b5f28300ca0e, 0xbce5086492111aeb, 0x8cbccc096f5088cc, 0xd1b71758e219652c,
    0x9c40000000000000, 0xe8d4a51000000000, 0xad78ebc5ac620000, 0x813f3978f8940984,
    0xc097ce7bc90715b3, 0x8f7e32ce7bea5c70, 0xd5d238a4abe98068, 0x9f4f2726179a2245,
    0xed63a231d4c4fb27, 0xb0de65388cc8ada8, 0x83c7088e1aab65db, 0xc45d1df942711d9a,
    0x924d692ca61be758, 0xda01ee641a708dea, 0xa26da3999aef774a, 0xf209787bb47d6b85,
    0xb454e4a179dd1877, 0x865b86925b9bc5c2, 0xc83553c5c8965d3d, 0x952ab45cfa97a0b3,
    0xde469fbd99a05fe3, 0xa59bc234db398c25, 0xf6c69a72a3989f5c, 0xb7dcbf5354e9bece,
    0x88fcf317f22241e2, 0xcc20ce9bd35c78a5, 0x98165af37b2153df, 0xe2a0b5dc971f303a,
    0xa8d9d1535ce3b396, 0xfb9b7cd9a4a7443c, 0xbb764c4ca7a44410, 0x8bab8eefb6409c1a,
    0xd01fef10a657842c, 0x9b10a4e5e9913129, 0xe7109bfba19c0c9d, 0xac2820d9623bf429,
    0x80444b5e7aa7cf85, 0xbf21e44003acdd2d, 0x8e679c2f5e44ff8f, 0xd433179d9c8cb841,
    0x9e19db92b4e31ba9, 0xeb96bf6ebadf77d9, 0xaf87023b9bf0ee6b,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64) -> String {
        let digits = digits(value);
        format!("{}e{}", String::from_utf8_lossy(digits.as_bytes()), digits.exponent)
    }

    #[test]
    fn digits_are_those_of_the_referee_even_where_shorter_ones_exist() {
        for (value, expected) in [
            (0.1, "1e-1"),
            (123.456, "123456e-3"),
            (5e-324, "5e-324"),
            (f64::MAX, "17976931348623157e292"),
            (f64::MIN_POSITIVE, "22250738585072014e-324"),
            (1e23, "9999999999999999e7"),
            (9007199254740993.0, "9007199254740992e0"),
            // Not the shortest, or not the nearest.
            (f64::from_bits(0x4316_ef7d_22c0_816b), "16139425551565707e-1"),
            (f64::from_bits(0x4095_3b21_9d23_91d5), "13587828259999999e-13"),
            (f64::from_bits(0x4118_f4db_8e48_e8a6), "40888688894999994e-11"),
        ] {
            assert_eq!(text(value), expected);
        }
    }

    #[test]
    fn every_exponent_reads_back() {
        let mut fraction = 0x9e37_79b9_7f4a_7c15u64;
        for biased in 0..2047u64 {
            for bits in [0, 1, fraction >> 12, (1 << 52) - 1] {
                let value = f64::from_bits(biased << 52 | bits);
                if value > 0.0 {
                    assert_eq!(text(value).parse(), Ok(value), "{value:e}");
                }
            }
            fraction = fraction.rotate_left(7).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
    }
}
