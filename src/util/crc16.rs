//! CRC16 (XMODEM) and the cluster slot of a key. Knows no node.

/// Slots of a cluster.
pub const SLOTS: u16 = 16_384;

static TABLE: [u16; 256] = table();

const fn table() -> [u16; 256] {
    const POLYNOMIAL: u16 = 0x1021;
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= POLYNOMIAL;
            }
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

/// CRC16 with polynomial 0x1021, not reflected, from 0.
pub fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, &byte| crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

/// The slot of `key`, below [`SLOTS`]: only what stands between its first `{` and the `}` after it counts, if
/// anything does.
pub fn key_slot(key: &[u8]) -> u16 {
    crc16(hash_tag(key).unwrap_or(key)) % SLOTS
}

/// The part of `key` in its first pair of braces, if it is not empty.
pub fn hash_tag(key: &[u8]) -> Option<&[u8]> {
    let open = memchr::memchr(b'{', key)?;
    let after = &key[open + 1..];
    let len = memchr::memchr(b'}', after)?;
    (len > 0).then_some(&after[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_value() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(crc16(b""), 0);
    }

    #[test]
    fn slots_follow_tags() {
        assert_eq!(key_slot(b"foo"), 12_182);
        assert_eq!(key_slot(b""), 0);
        assert_eq!(key_slot(b"a{foo}b"), key_slot(b"foo"));
        assert_eq!(key_slot(b"{user1000}.following"), key_slot(b"{user1000}.followers"));
        for (key, tag) in [
            (&b"foo{}{bar}"[..], None),
            (b"foo{{bar}}zap", Some(&b"{bar"[..])),
            (b"foo{bar}{zap}", Some(b"bar")),
            (b"foo{bar", None),
            (b"foo}bar{", None),
        ] {
            assert_eq!(hash_tag(key), tag);
        }
    }
}
