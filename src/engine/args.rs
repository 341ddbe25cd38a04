//! A command's arguments: slices of wherever they were read to, or of an owned copy when a command has to outlive its
//! turn (MULTI, blocking, postponed).

use crate::keyspace::Key;
use smallvec::SmallVec;

/// The slices of one command, on the stack for all but long commands.
pub type ArgSlices<'a> = SmallVec<[&'a [u8]; 12]>;

/// The arguments of one command, its name first.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    slices: &'a [&'a [u8]],
    /// The hash of argument `first_key`, when the batch already computed it for the prefetch; 0 otherwise.
    hash: u64,
    first_key: usize,
}

impl<'a> Args<'a> {
    pub fn new(slices: &'a [&'a [u8]]) -> Self {
        Args { slices, hash: 0, first_key: 0 }
    }

    /// The same arguments, with the hash of argument `first_key` known.
    pub fn with_hash(mut self, first_key: usize, hash: u64) -> Self {
        self.hash = hash;
        self.first_key = first_key;
        self
    }

    /// How many, with the name.
    #[allow(clippy::len_without_is_empty)]
    #[inline]
    pub fn len(&self) -> usize {
        self.slices.len()
    }

    /// Argument `i`. Handlers index only what their arity or their own check of `len` warrants.
    #[inline]
    pub fn get(&self, i: usize) -> &'a [u8] {
        self.slices[i]
    }

    /// Argument `i`, where it may be missing.
    #[inline]
    pub fn opt(&self, i: usize) -> Option<&'a [u8]> {
        self.slices.get(i).copied()
    }

    /// Argument `i` as a key, with its hash if that is known already.
    #[inline]
    pub fn key(&self, i: usize) -> Key<'a> {
        Key::with_hash(self.slices[i], if self.first_key == i { self.hash } else { 0 })
    }

    /// The arguments from `i` on.
    #[inline]
    pub fn rest(&self, i: usize) -> &'a [&'a [u8]] {
        self.slices.get(i..).unwrap_or_default()
    }

    /// Whether argument `i` is there and is `word`, in any case.
    pub fn is(&self, i: usize, word: &str) -> bool {
        self.opt(i).is_some_and(|arg| arg.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Bytes of all arguments together.
    pub fn bytes(&self) -> usize {
        self.slices.iter().map(|arg| arg.len()).sum()
    }

    /// A copy that owns its bytes.
    pub fn to_owned(&self) -> OwnedArgs {
        OwnedArgs::new(self.slices)
    }
}

impl std::fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.slices.iter().map(|arg| String::from_utf8_lossy(arg))).finish()
    }
}

/// Arguments that own their bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedArgs {
    bytes: Box<[u8]>,
    /// Where each argument ends in `bytes`.
    ends: Box<[usize]>,
}

impl OwnedArgs {
    pub fn new(args: &[&[u8]]) -> Self {
        let mut bytes = Vec::with_capacity(args.iter().map(|arg| arg.len()).sum());
        let mut ends = Vec::with_capacity(args.len());
        for arg in args {
            bytes.extend_from_slice(arg);
            ends.push(bytes.len());
        }
        OwnedArgs { bytes: bytes.into_boxed_slice(), ends: ends.into_boxed_slice() }
    }

    /// The slices, to make [`Args`] of.
    pub fn slices(&self) -> ArgSlices<'_> {
        let mut start = 0;
        self.ends.iter().map(|&end| &self.bytes[std::mem::replace(&mut start, end)..end]).collect()
    }

    /// How many, with the name.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Heap bytes this copy holds.
    pub fn heap_bytes(&self) -> usize {
        self.bytes.len() + std::mem::size_of_val(&*self.ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owned_copy_has_the_same_arguments() {
        let slices: [&[u8]; 4] = [b"SET", b"", b"key", b"value"];
        let owned = Args::new(&slices).to_owned();
        assert_eq!(owned.slices().as_slice(), slices);
        assert!(Args::new(&owned.slices()).is(0, "set"));
        assert!(!Args::new(&owned.slices()).is(9, "set"));
    }
}
