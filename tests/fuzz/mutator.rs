//! The seeded source of bad input for every fuzz test: a small random generator, mutations of valid input,
//! and how long to go on. Knows no format.

/// Multiplies every test's number of rounds, for long runs.
const ROUNDS: &str = "SPINEL_FUZZ_FACTOR";

/// How often a test repeats: `short` times, or that times the environment's factor.
pub fn rounds(short: u64) -> u64 {
    let factor = std::env::var(ROUNDS).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    short.saturating_mul(factor)
}

/// splitmix64: every seed is a good one, and a failing round is found again by its seed.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.word() >> 11) as usize % bound.max(1)
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// Up to `most` bytes, of all values or out of few, so that both texts and repetitions come up.
    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        let len = self.below(most + 1);
        let alphabet: &[u8] = if self.one_in(2) { &[] } else { b"ab\r\n\"'\\ 1" };
        (0..len).map(|_| if alphabet.is_empty() { self.word() as u8 } else { *self.pick(alphabet) }).collect()
    }
}

/// Changes `input` in one to four places. `tokens` are bits of the format worth inserting.
pub fn mutate(rng: &mut Rng, input: &mut Vec<u8>, tokens: &[&[u8]]) {
    for _ in 0..=rng.below(4) {
        let at = rng.below(input.len());
        let end = at + rng.below((input.len() - at).min(64) + 1);
        match rng.below(8) {
            0 if !input.is_empty() => input[at] ^= 1 << rng.below(8),
            1 if !input.is_empty() => {
                input[at] = *rng.pick(&[0, 1, 0x7f, 0x80, 0xff, b'0', b'9', b'-', b'\r', b'\n'])
            }
            2 => drop(input.drain(at..end)),
            3 => {
                let copy = input[at..end].to_vec();
                let to = rng.below(input.len() + 1);
                input.splice(to..to, copy);
            }
            4 => input.truncate(at),
            5 if !tokens.is_empty() => drop(input.splice(at..at, rng.pick(tokens).iter().copied())),
            6 => number(rng, input, at),
            _ => {
                let noise = rng.bytes(16);
                input.splice(at..end, noise);
            }
        }
    }
}

/// Replaces the first number from `at` on by one at a border.
fn number(rng: &mut Rng, input: &mut Vec<u8>, at: usize) {
    let Some(start) = input[at..].iter().position(u8::is_ascii_digit).map(|i| at + i) else { return };
    let len = input[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let borders = [
        "0",
        "-1",
        "1",
        "00",
        "16385",
        "2147483647",
        "2147483648",
        "4294967296",
        "9223372036854775807",
        "1e9",
    ];
    input.splice(start..start + len, rng.pick(&borders).bytes());
}
