//! LZF, the compression of long strings in RDB files and of quicklist nodes: the compressor makes the same
//! choices as liblzf in its "very fast" setting, the decompressor takes nothing on trust. Knows no format
//! around it.
//!
//! Compressed bytes are runs: `000nnnnn` and n + 1 literal bytes; or `lllooooo oooooooo`, copy l + 2 bytes
//! from o + 1 back; or `111ooooo llllllll oooooooo`, copy l + 9 bytes.

const HASH_BITS: u32 = 16;
const MAX_LITERALS: usize = 32;
const MAX_DISTANCE: usize = 1 << 13;
const MAX_MATCH: usize = 264;
/// No compressed byte can stand for more than this many: 264 bytes in three.
const MAX_EXPANSION: usize = 88;

/// A compressor, with the table of where three bytes were seen last. Keeps 256 KB for as long as it lives,
/// and does not clear them between inputs.
#[derive(Debug)]
pub struct Compressor {
    /// Positions plus `base`; what is not above `base` is from an earlier input.
    seen: Box<[u32]>,
    base: u32,
}

impl Default for Compressor {
    fn default() -> Self {
        Self::new()
    }
}

impl Compressor {
    /// A compressor that has seen nothing.
    pub fn new() -> Self {
        Self { seen: vec![0; 1 << HASH_BITS].into_boxed_slice(), base: 0 }
    }

    /// Appends `input` compressed to `out` if that takes at most `limit` bytes, and tells whether it did.
    /// `out` is as it was if not. Inputs of 2 GB and more are not compressed.
    pub fn compress(&mut self, input: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let Some(next_base) = self.make_room(input.len()) else { return false };
        let mut run = Run { out, start, limit, literals: 0 };
        let fits = limit > 0 && !input.is_empty() && self.encode(input, &mut run).is_some();
        self.base = next_base;
        if !fits {
            out.truncate(start);
        }
        fits
    }

    /// Makes sure that positions in an input of `len` bytes can be told from all earlier ones.
    fn make_room(&mut self, len: usize) -> Option<u32> {
        let len = u32::try_from(len).ok().filter(|&len| len < 1 << 31)?;
        if self.base.checked_add(len).is_none() {
            self.seen.fill(0);
            self.base = 0;
        }
        Some(self.base + len)
    }

    fn encode(&mut self, input: &[u8], run: &mut Run<'_>) -> Option<()> {
        let mut at = 0;
        run.begin();
        while at + 2 < input.len() {
            let Some(earlier) = self.replace_seen(input, at) else {
                run.literal(input[at])?;
                at += 1;
                continue;
            };
            let len = match_len(input, earlier, at);
            run.copy(at - earlier - 1, len)?;
            at += len;
            if at + 2 >= input.len() {
                break;
            }
            for inside in [at - 2, at - 1] {
                self.remember(input, inside);
            }
        }
        run.check_tail()?;
        for &byte in &input[at..] {
            run.literal_unchecked(byte);
        }
        run.end();
        Some(())
    }

    fn slot(input: &[u8], at: usize) -> usize {
        let three = u32::from(input[at]) << 16 | u32::from(input[at + 1]) << 8 | u32::from(input[at + 2]);
        ((three >> (24 - HASH_BITS)).wrapping_sub(three.wrapping_mul(5)) & ((1 << HASH_BITS) - 1)) as usize
    }

    fn remember(&mut self, input: &[u8], at: usize) {
        self.seen[Self::slot(input, at)] = self.base + at as u32;
    }

    /// Remembers the three bytes at `at`, and returns where they were seen before if that is near enough to
    /// copy from. The very first position never is, as in liblzf, where it cannot be told from none.
    fn replace_seen(&mut self, input: &[u8], at: usize) -> Option<usize> {
        let seen = &mut self.seen[Self::slot(input, at)];
        let earlier = seen.checked_sub(self.base).filter(|&position| position > 0);
        *seen = self.base + at as u32;
        let earlier = earlier? as usize;
        (at - earlier <= MAX_DISTANCE && input[earlier..earlier + 3] == input[at..at + 3]).then_some(earlier)
    }
}

/// How many bytes at `at` repeat those at `earlier`, of which three are known to, as far as a copy can reach.
/// COMPAT: like liblzf, leaves the last two bytes of the input out, unless its unrolled first steps have
/// already run over them.
fn match_len(input: &[u8], earlier: usize, at: usize) -> usize {
    let most = (input.len() - at - 2).min(MAX_MATCH);
    let most = most.max(if most > 16 { 19 } else { 3 });
    let pairs = input[earlier..].iter().zip(&input[at..]).take(most);
    3 + pairs.skip(3).take_while(|(a, b)| a == b).count()
}

/// The output, at some place in a run of literals.
struct Run<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    limit: usize,
    /// Bytes in the current run; its header, a byte yet to be filled in, stands before them.
    literals: usize,
}

impl Run<'_> {
    fn written(&self) -> usize {
        self.out.len() - self.start
    }

    fn begin(&mut self) {
        self.literals = 0;
        self.out.push(0);
    }

    /// Fills in the header of the run, or takes it back if the run is empty.
    fn end(&mut self) {
        if self.literals == 0 {
            self.out.pop();
        } else {
            let header = self.out.len() - self.literals - 1;
            self.out[header] = (self.literals - 1) as u8;
        }
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        if self.written() >= self.limit {
            return None;
        }
        self.literal_unchecked(byte);
        Some(())
    }

    fn literal_unchecked(&mut self, byte: u8) {
        self.out.push(byte);
        self.literals += 1;
        if self.literals == MAX_LITERALS {
            self.end();
            self.begin();
        }
    }

    fn copy(&mut self, offset: usize, len: usize) -> Option<()> {
        if self.written() + 4 >= self.limit + usize::from(self.literals == 0) {
            return None;
        }
        self.end();
        let (high, low) = ((offset >> 8) as u8, offset as u8);
        match len - 2 {
            short @ ..7 => self.out.extend_from_slice(&[high | (short as u8) << 5, low]),
            long => self.out.extend_from_slice(&[high | 7 << 5, (long - 7) as u8, low]),
        }
        self.begin();
        Some(())
    }

    /// Whether the up to three bytes after the last copy still fit.
    fn check_tail(&self) -> Option<()> {
        (self.written() + 3 <= self.limit).then_some(())
    }
}

/// What makes compressed bytes unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corrupt {
    /// They end inside a run.
    Truncated,
    /// A copy from before the beginning.
    BadDistance,
    /// They do not give the announced length.
    BadLength,
}

/// Appends what `input` stands for, which must be exactly `len` bytes, to `out`. On an error `out` is as it
/// was. Memory is taken in proportion to the input, whatever `len` says.
pub fn decompress(input: &[u8], len: usize, out: &mut Vec<u8>) -> Result<(), Corrupt> {
    if len > input.len().saturating_mul(MAX_EXPANSION) {
        return Err(Corrupt::BadLength);
    }
    let start = out.len();
    out.reserve(len);
    let result = decode(input, start, len, out);
    if result.is_err() {
        out.truncate(start);
    }
    result
}

fn decode(mut input: &[u8], start: usize, len: usize, out: &mut Vec<u8>) -> Result<(), Corrupt> {
    while let Some((&control, rest)) = input.split_first() {
        let room = len - (out.len() - start);
        if control < 1 << 5 {
            let (literals, rest) =
                rest.split_at_checked(usize::from(control) + 1).ok_or(Corrupt::Truncated)?;
            if literals.len() > room {
                return Err(Corrupt::BadLength);
            }
            out.extend_from_slice(literals);
            input = rest;
            continue;
        }
        let (count, low, rest) = match (control >> 5, rest) {
            (7, [more, low, rest @ ..]) => (usize::from(*more) + 9, low, rest),
            (short @ 1..7, [low, rest @ ..]) => (usize::from(short) + 2, low, rest),
            _ => return Err(Corrupt::Truncated),
        };
        let distance = (usize::from(control & 0x1f) << 8 | usize::from(*low)) + 1;
        if count > room {
            return Err(Corrupt::BadLength);
        }
        if distance > out.len() - start {
            return Err(Corrupt::BadDistance);
        }
        copy_back(out, distance, count);
        input = rest;
    }
    if out.len() - start == len { Ok(()) } else { Err(Corrupt::BadLength) }
}

/// Appends `count` bytes from `distance` back, which may reach into what is being appended.
fn copy_back(out: &mut Vec<u8>, distance: usize, mut count: usize) {
    let from = out.len() - distance;
    while count > 0 {
        let step = count.min(out.len() - from);
        out.extend_from_within(from..from + step);
        count -= step;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(input: &[u8]) -> Option<usize> {
        let mut packed = b"before".to_vec();
        if !Compressor::new().compress(input, input.len(), &mut packed) {
            assert_eq!(packed, b"before");
            return None;
        }
        let mut out = b"kept".to_vec();
        assert_eq!(decompress(&packed[6..], input.len(), &mut out), Ok(()));
        assert_eq!(&out[4..], input);
        Some(packed.len() - 6)
    }

    #[test]
    fn what_repeats_shrinks() {
        assert_eq!(round_trip(b""), None);
        assert_eq!(round_trip(b"a"), None);
        assert_eq!(round_trip(b"abcdefgh"), None);
        assert_eq!(round_trip(&[b'a'; 20]), Some(9));
        assert!(round_trip(&[b'a'; 100_000]).is_some_and(|len| len < 1_300));
        assert!(round_trip(&b"the same words again and again. ".repeat(50)).is_some_and(|len| len < 100));
        let mixed = |i: u32| (i.wrapping_mul(0x9e37_79b9) ^ i << 7).wrapping_mul(0x85eb_ca6b);
        let noise: Vec<u8> = (1..5_000).map(|i| (mixed(mixed(i)) >> 24) as u8).collect();
        assert_eq!(round_trip(&noise), None);
    }

    #[test]
    fn an_old_table_does_not_show() {
        let mut used = Compressor::new();
        let inputs = [b"abcabcabcabcabcabc".repeat(3), b"xabcabcabc, abcabcabc".repeat(9), vec![b'c'; 300]];
        for base in [0, u32::MAX - 200] {
            used.base = base.max(used.base);
            for input in &inputs {
                let (mut fresh, mut again) = (Vec::new(), Vec::new());
                assert!(Compressor::new().compress(input, input.len(), &mut fresh));
                assert!(used.compress(input, input.len(), &mut again));
                assert_eq!(fresh, again);
            }
        }
    }

    #[test]
    fn corrupt_input_is_told_apart() {
        let mut out = b"kept".to_vec();
        for (input, len, expected) in [
            (&b"\x02ab"[..], 3, Corrupt::Truncated),
            (b"\x00a\x20", 4, Corrupt::Truncated),
            (b"\x00a\xe0\x01", 4, Corrupt::Truncated),
            (b"\x00a\x20\x01", 4, Corrupt::BadDistance),
            (b"\x20\x00", 3, Corrupt::BadDistance),
            (b"\x01ab", 1, Corrupt::BadLength),
            (b"\x01ab", 3, Corrupt::BadLength),
            (b"\x00a\x20\x00", 3, Corrupt::BadLength),
            (b"\x00a", usize::MAX, Corrupt::BadLength),
        ] {
            assert_eq!(decompress(input, len, &mut out), Err(expected), "{input:?}");
            assert_eq!(out, b"kept");
        }
        assert_eq!(decompress(b"\x00a\xe0\xff\x00", 265, &mut out), Ok(()));
        assert_eq!(out.len(), 4 + 265);
    }
}
