//! LZF: everything comes back, and bytes that are no compressed data are refused without harm.

use spinel::util::lzf::{Compressor, decompress};

use super::mutator::{Rng, mutate, rounds};

fn input(rng: &mut Rng) -> Vec<u8> {
    let size = if rng.one_in(20) { 40_000 } else { 500 };
    let mut bytes = rng.bytes(size);
    for _ in 0..rng.below(10) {
        if bytes.is_empty() {
            break;
        }
        let start = rng.below(bytes.len());
        let end = start + rng.below((bytes.len() - start).min(300) + 1);
        let copy = bytes[start..end].to_vec();
        let at = rng.below(bytes.len() + 1);
        bytes.splice(at..at, copy);
    }
    bytes
}

#[test]
fn compressed_bytes_come_back_and_mutated_ones_do_no_harm() {
    let (mut compressor, mut packed, mut out) = (Compressor::new(), Vec::new(), Vec::new());
    let (mut compressed, mut refused) = (0, 0);
    for seed in 0..rounds(6_000) {
        let mut rng = Rng::new(seed);
        let bytes = input(&mut rng);
        let limit = if rng.one_in(3) { rng.below(bytes.len() + 5) } else { bytes.len() };
        packed.clear();
        if !compressor.compress(&bytes, limit, &mut packed) {
            assert!(packed.is_empty(), "seed {seed}");
            continue;
        }
        compressed += 1;
        assert!(packed.len() <= limit, "seed {seed}");
        out.clear();
        assert_eq!(decompress(&packed, bytes.len(), &mut out), Ok(()), "seed {seed}");
        assert_eq!(out, bytes, "seed {seed}");

        mutate(&mut rng, &mut packed, &[b"\xff\xff\xff", b"\x20\x00", b"\x1f"]);
        let claimed = *rng.pick(&[bytes.len(), bytes.len() + 1, 0, rng.clone().word() as usize]);
        let mut fresh = Vec::new();
        match decompress(&packed, claimed, &mut fresh) {
            Ok(()) => assert_eq!(fresh.len(), claimed, "seed {seed}"),
            Err(_) => {
                refused += 1;
                assert!(fresh.is_empty(), "seed {seed}");
            }
        }
        assert!(fresh.capacity() <= 64 + packed.len() * 100, "seed {seed}: {}", fresh.capacity());
    }
    assert!(compressed > 1_000 && refused > 1_000, "{compressed} {refused}");
}
