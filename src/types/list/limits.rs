//! How much one node of a list holds: the rules behind `list-max-listpack-size`, and when an element is too
//! large to be packed at all. Must not know where the figures come from.

/// Sizes that the negative values of `list-max-listpack-size` stand for, from -1 on.
const SIZE_LEVELS: [usize; 5] = [4096, 8192, 16384, 32768, 65536];
/// A node limited by its number of elements still ends here.
const SAFE_SIZE: usize = 8192;
/// What an element costs in a node beside its text, estimated high.
const ENTRY_OVERHEAD: usize = 8;

/// The directives that shape a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListLimits {
    /// `list-max-listpack-size`: elements in a node if positive, a level of bytes if negative.
    pub fill: i32,
    /// `list-compress-depth`: nodes at either end that stay uncompressed; 0 compresses none.
    pub compress: u32,
    /// `DEBUG QUICKLIST-PACKED-THRESHOLD`: bytes from which on an element gets a node of its own; 0 for the
    /// default.
    pub packed_threshold: usize,
}

impl Default for ListLimits {
    fn default() -> Self {
        ListLimits { fill: -2, compress: 0, packed_threshold: 0 }
    }
}

impl ListLimits {
    /// Largest size in bytes and number of elements of a node.
    pub(super) fn node_limit(self) -> (usize, usize) {
        match usize::try_from(self.fill) {
            Ok(count) => (usize::MAX, count.max(1)),
            Err(_) => (self.level_size(), usize::MAX),
        }
    }

    fn level_size(self) -> usize {
        let level = usize::try_from(self.fill.unsigned_abs()).unwrap_or(usize::MAX);
        SIZE_LEVELS[level.clamp(1, SIZE_LEVELS.len()) - 1]
    }

    /// Is a node of `bytes` and `count` elements over the limit?
    #[inline]
    pub(super) fn exceeded_by(self, bytes: usize, count: usize) -> bool {
        match self.node_limit() {
            (usize::MAX, max) => bytes > SAFE_SIZE || count > max,
            (max, _) => bytes > max,
        }
    }

    /// Does an element of `len` bytes get a node of its own, unpacked?
    #[inline]
    pub(super) fn is_large(self, len: usize) -> bool {
        match (self.packed_threshold, self.fill) {
            (0, 0..) => len > SAFE_SIZE,
            (0, _) => len > self.level_size(),
            (threshold, _) => len >= threshold,
        }
    }

    /// May an element of `len` bytes join a packed node of `bytes` and `count` elements?
    #[inline]
    pub(super) fn admits(self, bytes: usize, count: usize, len: usize) -> bool {
        !self.is_large(len)
            && !self.exceeded_by(bytes.saturating_add(len).saturating_add(ENTRY_OVERHEAD), count + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(fill: i32) -> ListLimits {
        ListLimits { fill, ..ListLimits::default() }
    }

    #[test]
    fn levels_and_counts() {
        let sizes: Vec<_> = (-7..0).rev().map(|f| fill(f).node_limit().0).collect();
        assert_eq!(sizes, [4096, 8192, 16384, 32768, 65536, 65536, 65536]);
        assert_eq!(fill(i32::MIN).node_limit().0, 65536);
        assert_eq!([fill(0).node_limit().1, fill(1).node_limit().1, fill(128).node_limit().1], [1, 1, 128]);
        assert!(!fill(-2).exceeded_by(8192, 1 << 20) && fill(-2).exceeded_by(8193, 1));
        assert!(!fill(4).exceeded_by(8192, 4) && fill(4).exceeded_by(10, 5) && fill(4).exceeded_by(8193, 1));
    }

    #[test]
    fn large_elements_stay_alone() {
        assert!(!fill(-1).is_large(4096) && fill(-1).is_large(4097));
        assert!(!fill(1000).is_large(8192) && fill(1000).is_large(8193));
        let low = ListLimits { packed_threshold: 5, ..ListLimits::default() };
        assert!(!low.is_large(4) && low.is_large(5) && !low.admits(7, 0, 5) && low.admits(7, 0, 4));
        assert!(fill(-2).admits(8000, 1, 184) && !fill(-2).admits(8000, 1, 185));
        assert!(!fill(-2).admits(usize::MAX, 1, 1));
    }
}
