//! Randomness: bytes from the kernel for what must not be guessed, and a fast generator for sampling, where only
//! evenness matters.

/// Fills `out` with bytes from the kernel's generator. Blocks only in the first moments after the machine's start.
pub fn random_bytes(out: &mut [u8]) {
    let mut filled = 0;
    while filled < out.len() {
        let rest = &mut out[filled..];
        // SAFETY: the pointer and the length are those of one live, writable slice.
        let got = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        if got > 0 {
            filled += got as usize;
        } else if std::io::Error::last_os_error().kind() != std::io::ErrorKind::Interrupted {
            // Only kernels before 3.17 and broken sandboxes come here; neither may weaken a run id or a hash key.
            panic!("the kernel gives no random bytes: {}", std::io::Error::last_os_error());
        }
    }
}

/// `n` random lower-case hexadecimal digits: run ids, replication ids, node names.
pub fn random_hex(n: usize) -> String {
    let mut bytes = vec![0u8; n];
    random_bytes(&mut bytes);
    bytes.iter().map(|b| char::from(b"0123456789abcdef"[usize::from(b & 15)])).collect()
}

/// A fast generator (xoshiro256++) for sampling. Whoever sees its output can tell what comes next.
#[derive(Clone, Debug)]
pub struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// A generator that differs in every run.
    pub fn from_entropy() -> Rng {
        let mut seed = [0u8; 8];
        random_bytes(&mut seed);
        Rng::with_seed(u64::from_le_bytes(seed))
    }

    /// The generator that `seed` stands for: the same numbers every time.
    pub fn with_seed(seed: u64) -> Rng {
        let mut x = seed;
        // SplitMix64 spreads the seed, so that neighbouring seeds share nothing and the state is never all zero.
        let mut next = || {
            x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        };
        Rng { state: [next(), next(), next(), next()] }
    }

    /// A generator of its own that goes on from here, for work during which this one is out of reach.
    pub fn fork(&mut self) -> Rng {
        Rng::with_seed(self.next_u64())
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let out = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        out
    }

    /// A number in `0..n`, each as likely as any other; 0 when `n` is 0.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        let mut wide = u128::from(self.next_u64()) * u128::from(n);
        if (wide as u64) < n {
            let reject_under = n.wrapping_neg() % n;
            while (wide as u64) < reject_under {
                wide = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (wide >> 64) as u64
    }

    /// An index into a slice of `len` elements; 0 when it has none.
    #[inline]
    pub fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// A number in `[0, 1)`, of 53 random bits.
    #[inline]
    pub fn unit_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// Fills `out` with random bytes.
    pub fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_has_the_asked_length_and_differs() {
        let (a, b) = (random_hex(40), random_hex(40));
        assert_eq!(a.len(), 40);
        assert_ne!(a, b);
        assert!(a.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)));
        assert_eq!(random_hex(0), "");
    }

    #[test]
    fn a_seed_repeats_and_another_does_not() {
        let draw = |seed| {
            let mut rng = Rng::with_seed(seed);
            [rng.next_u64(), rng.next_u64(), rng.next_u64()]
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert_ne!(Rng::from_entropy().next_u64(), Rng::from_entropy().next_u64());
    }

    #[test]
    fn below_is_even_and_in_range() {
        let mut rng = Rng::with_seed(1);
        let mut counts = [0u32; 10];
        for _ in 0..100_000 {
            counts[rng.index(10)] += 1;
        }
        assert!(counts.iter().all(|&c| (9_500..10_500).contains(&c)), "{counts:?}");
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.below(1), 0);
        assert!((0..1000).all(|_| rng.below(u64::MAX) < u64::MAX));
        assert!((0..1000).map(|_| rng.unit_f64()).all(|f| (0.0..1.0).contains(&f)));
    }

    #[test]
    fn fill_covers_odd_lengths() {
        let mut out = [0u8; 13];
        Rng::with_seed(3).fill(&mut out);
        assert!(out[8..].iter().any(|&b| b != 0));
    }
}
