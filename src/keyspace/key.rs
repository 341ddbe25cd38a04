//! A key as commands name it: its bytes, and its hash once somebody computed it.

/// A key to look up. The hash travels along so that it is computed once a command, usually by the batch's prefetch.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    pub bytes: &'a [u8],
    /// 0: not computed yet.
    hash: u64,
}

impl<'a> Key<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Key { bytes, hash: 0 }
    }

    pub fn with_hash(bytes: &'a [u8], hash: u64) -> Self {
        Key { bytes, hash }
    }

    #[inline]
    pub(super) fn hash(self, hasher: &crate::table::hash::Hasher) -> u64 {
        if self.hash != 0 { self.hash } else { hasher.hash(self.bytes) }
    }
}

impl<'a> From<&'a [u8]> for Key<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Key::new(bytes)
    }
}

/// A key holds a value of another type than the command works on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WrongType;
