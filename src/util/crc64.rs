//! CRC64 as RDB files and DUMP payloads carry it (Jones' polynomial, reflected, from 0). Knows no format.

use crc_fast::{CrcAlgorithm, Digest};

/// A checksum in progress. Some 6 GB/s when fed tens of kilobytes at a time; every call costs some 30 ns, so
/// gather small pieces first.
#[derive(Clone, Debug)]
pub struct Crc64(Digest);

impl Crc64 {
    /// The checksum of no bytes.
    pub fn new() -> Self {
        Self::resume(0)
    }

    /// Goes on from the checksum of earlier bytes.
    pub fn resume(value: u64) -> Self {
        Self(Digest::new_with_init_state(CrcAlgorithm::Crc64Redis, value))
    }

    /// Adds `bytes`.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes so far.
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl Default for Crc64 {
    fn default() -> Self {
        Self::new()
    }
}

/// The checksum of `bytes`.
pub fn crc64(bytes: &[u8]) -> u64 {
    let mut crc = Crc64::new();
    crc.update(bytes);
    crc.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value() {
        assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(crc64(b""), 0);
    }

    #[test]
    fn pieces_make_the_whole() {
        let bytes: Vec<u8> = (0..3_000u32).map(|i| ((i * i) >> 3) as u8).collect();
        // Bit by bit, after the definition.
        let slow = bytes.iter().fold(0u64, |crc, &byte| {
            (0..8).fold(crc ^ u64::from(byte), |crc, _| {
                crc >> 1 ^ if crc & 1 == 1 { 0x95ac_9329_ac4b_c9b5 } else { 0 }
            })
        });
        assert_eq!(crc64(&bytes), slow);
        for cut in [0, 1, 7, 16, 255, 256, 1_000, 2_999, 3_000] {
            let mut first = Crc64::new();
            first.update(&bytes[..cut]);
            let mut rest = Crc64::resume(first.value());
            rest.update(&bytes[cut..]);
            first.update(&bytes[cut..]);
            assert_eq!((first.value(), rest.value()), (slow, slow), "cut at {cut}");
        }
    }
}
