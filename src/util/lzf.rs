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
    seen: Box<[u32; 1 << HASH_BITS]>,
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
        let seen = vec![0; 1 << HASH_BITS].into_boxed_slice();
        Self { seen: seen.try_into().expect("it has that length"), base: 0 }
    }

    /// Appends `input` compressed to `out` if that takes at most `limit` bytes, and tells whether it did.
    /// `out` is as it was if not. Inputs of 2 GB and more are not compressed.
    pub fn compress(&mut self, input: &[u8], limit: usize, out: &mut Vec<u8>) -> bool {
        let start = out.len();
        let Some(next_base) = self.make_room(input.len()) else { return false };
        let mut run = Run { input, out, limit, from: 0, written: 1 };
        let fits = limit > 0 && !input.is_empty() && self.encode(&mut run).is_some();
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

    fn encode(&mut self, run: &mut Run<'_>) -> Option<()> {
        let input = run.input;
        let mut at = 0;
        while let Some(three) = three_at(input, at) {
            let Some(earlier) = self.replace_seen(input, at, three) else {
                at += 1;
                run.literal(at)?;
                continue;
            };
            let len = match_len(input, earlier, at);
            run.copy(at, at - earlier - 1, len)?;
            at += len;
            if at + 2 >= input.len() {
                break;
            }
            for inside in [at - 2, at - 1] {
                self.remember(input, inside);
            }
        }
        run.tail(at)
    }

    fn slot(three: [u8; 3]) -> usize {
        let [a, b, c] = three.map(u32::from);
        let three = a << 16 | b << 8 | c;
        ((three >> (24 - HASH_BITS)).wrapping_sub(three.wrapping_mul(5)) & ((1 << HASH_BITS) - 1)) as usize
    }

    fn remember(&mut self, input: &[u8], at: usize) {
        if let Some(three) = three_at(input, at) {
            self.seen[Self::slot(three)] = self.base + at as u32;
        }
    }

    /// Remembers the three bytes at `at`, and returns where they were seen before if that is near enough to
    /// copy from. The very first position never is, as in liblzf, where it cannot be told from none.
    #[inline]
    fn replace_seen(&mut self, input: &[u8], at: usize, three: [u8; 3]) -> Option<usize> {
        let seen = &mut self.seen[Self::slot(three)];
        let earlier = seen.checked_sub(self.base).filter(|&position| position > 0);
        *seen = self.base + at as u32;
        let earlier = earlier? as usize;
        (at - earlier <= MAX_DISTANCE && three_at(input, earlier) == Some(three)).then_some(earlier)
    }
}

#[inline]
fn three_at(input: &[u8], at: usize) -> Option<[u8; 3]> {
    input.get(at..)?.first_chunk().copied()
}

/// How many bytes at `at` repeat those at `earlier`, of which three are known to, as far as a copy can reach.
/// COMPAT: like liblzf, leaves the last two bytes of the input out, unless its unrolled first steps have
/// already run over them.
fn match_len(input: &[u8], earlier: usize, at: usize) -> usize {
    let most = (input.len() - at - 2).min(MAX_MATCH);
    let most = most.max(if most > 16 { 19 } else { 3 });
    3 + common_prefix(&input[earlier + 3..earlier + most], &input[at + 3..at + most])
}

/// How many bytes two slices of one length have in common at their starts.
fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    let (eights, rest) = a.as_chunks::<8>();
    let (other_eights, other_rest) = b.as_chunks::<8>();
    for (n, (x, y)) in eights.iter().zip(other_eights).enumerate() {
        let differs = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differs != 0 {
            return n * 8 + differs.trailing_zeros() as usize / 8;
        }
    }
    a.len() - rest.len() + rest.iter().zip(other_rest).take_while(|(x, y)| x == y).count()
}

/// The output, at some place in a run of literals, which stay in the input until the run ends.
struct Run<'a> {
    input: &'a [u8],
    out: &'a mut Vec<u8>,
    limit: usize,
    /// Where the run of literals starts in the input.
    from: usize,
    /// Bytes written, those of the run and its header among them.
    written: usize,
}

impl Run<'_> {
    /// Writes the run, which ends before `at`.
    fn end(&mut self, at: usize) {
        let literals = &self.input[self.from..at];
        if !literals.is_empty() {
            self.out.push((literals.len() - 1) as u8);
            self.out.extend_from_slice(literals);
        }
        self.from = at;
    }

    /// Takes the byte before `at` into the run.
    #[inline]
    fn literal(&mut self, at: usize) -> Option<()> {
        if self.written >= self.limit {
            return None;
        }
        self.literal_unchecked(at);
        Some(())
    }

    #[inline]
    fn literal_unchecked(&mut self, at: usize) {
        self.written += 1;
        if at - self.from == MAX_LITERALS {
            self.end(at);
            self.written += 1;
        }
    }

    /// Ends the run before `at` and copies `len` bytes from `offset` + 1 back, behind which another run begins.
    fn copy(&mut self, at: usize, offset: usize, len: usize) -> Option<()> {
        let empty = usize::from(self.from == at);
        if self.written + 4 >= self.limit + empty {
            return None;
        }
        self.end(at);
        let (high, low) = ((offset >> 8) as u8, offset as u8);
        let before = self.out.len();
        match len - 2 {
            short @ ..7 => self.out.extend_from_slice(&[high | (short as u8) << 5, low]),
            long => self.out.extend_from_slice(&[high | 7 << 5, (long - 7) as u8, low]),
        }
        // An empty run has no header; the next one's is counted already.
        self.written += self.out.len() - before + 1 - empty;
        self.from = at + len;
        Some(())
    }

    /// Takes the up to three bytes after the last copy, if they still fit.
    fn tail(&mut self, at: usize) -> Option<()> {
        if self.written + 3 > self.limit {
            return None;
        }
        for at in at..self.input.len() {
            self.literal_unchecked(at + 1);
        }
        self.end(self.input.len());
        Some(())
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
    if distance == 1
        && let Some(&last) = out.last()
    {
        out.resize(out.len() + count, last);
        return;
    }
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
