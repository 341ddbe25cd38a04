//! The options of SORT, and where its keys are. Knows no key space.

use crate::engine::keys_of::KeyAt;
use crate::engine::{Args, Error, KeyFlags};
use smallvec::SmallVec;

/// What is asked of a sort.
pub struct Options<'a> {
    pub descending: bool,
    /// By bytes, not by number.
    pub alpha: bool,
    offset: i64,
    /// Negative: all.
    count: i64,
    /// The pattern of the keys that hold the weights.
    pub by: Option<&'a [u8]>,
    /// A BY without a star: there is nothing to sort by.
    pub unsorted: bool,
    pub get: SmallVec<[&'a [u8]; 4]>,
    pub store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    /// Reads the options from argument 2 on; `stores` says whether STORE is one.
    pub fn parse(args: &Args<'a>, stores: bool) -> Result<Self, Error> {
        let mut options = Options {
            descending: false,
            alpha: false,
            offset: 0,
            count: -1,
            by: None,
            unsorted: false,
            get: SmallVec::new(),
            store: None,
        };
        let mut i = 2;
        while i < args.len() {
            let left = args.len() - i - 1;
            if args.is(i, "asc") {
                options.descending = false;
            } else if args.is(i, "desc") {
                options.descending = true;
            } else if args.is(i, "alpha") {
                options.alpha = true;
            } else if args.is(i, "limit") && left >= 2 {
                options.offset = args.int(i + 1)?;
                options.count = args.int(i + 2)?;
                i += 2;
            } else if left == 0 {
                return Err(Error::Syntax);
            } else {
                i += 1;
                options.valued(args, i, stores)?;
            }
            i += 1;
        }
        Ok(options)
    }

    /// Reads an option whose value is argument `i`.
    fn valued(&mut self, args: &Args<'a>, i: usize, stores: bool) -> Result<(), Error> {
        let value = args.get(i);
        if args.is(i - 1, "by") {
            self.by = Some(value);
            // COMPAT: one BY without a star turns sorting off for all that follow.
            self.unsorted |= !value.contains(&b'*');
        } else if args.is(i - 1, "get") {
            self.get.push(value);
        } else if stores && args.is(i - 1, "store") {
            self.store = Some(value);
        } else {
            return Err(Error::Syntax);
        }
        Ok(())
    }

    /// The first and the number of the elements wanted of `len`.
    pub fn window(&self, len: usize) -> (usize, usize) {
        let start = usize::try_from(self.offset).unwrap_or(0).min(len);
        let count = usize::try_from(self.count).unwrap_or(usize::MAX).min(len - start);
        (start, count)
    }
}

/// The keys among the arguments of SORT: what is sorted, and where the last STORE says.
pub fn keys_of_sort(args: &Args<'_>) -> Vec<KeyAt> {
    let mut keys = keys_of_sort_ro(args);
    let mut i = 2;
    let mut store = None;
    while i < args.len() {
        if args.is(i, "limit") {
            i += 2;
        } else if args.is(i, "get") || args.is(i, "by") {
            i += 1;
        } else if args.is(i, "store") && i + 1 < args.len() {
            i += 1;
            store = Some(KeyAt { index: i, flags: KeyFlags::OW.with(KeyFlags::UPDATE) });
        }
        i += 1;
    }
    keys.extend(store);
    keys
}

/// The key among the arguments of SORT_RO.
pub fn keys_of_sort_ro(_args: &Args<'_>) -> Vec<KeyAt> {
    vec![KeyAt { index: 1, flags: KeyFlags::RO.with(KeyFlags::ACCESS) }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(offset: i64, count: i64, len: usize) -> (usize, usize) {
        let line = format!("sort k limit {offset} {count}");
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        Options::parse(&Args::new(&words), true).expect("valid options").window(len)
    }

    #[test]
    fn windows_are_cut_to_what_is_there() {
        assert_eq!(window(0, -1, 5), (0, 5));
        assert_eq!(window(2, 2, 5), (2, 2));
        assert_eq!(window(-3, 9, 5), (0, 5));
        assert_eq!(window(5, 10, 5), (5, 0));
        assert_eq!(window(i64::MAX, i64::MAX, 5), (5, 0));
        assert_eq!(window(1, 0, 5), (1, 0));
        assert_eq!(window(0, -1, 0), (0, 0));
    }

    #[test]
    fn the_last_store_is_the_one() {
        let words: Vec<&[u8]> =
            "sort abc get store store invalid store def".split(' ').map(str::as_bytes).collect();
        let keys: Vec<usize> = keys_of_sort(&Args::new(&words)).iter().map(|key| key.index).collect();
        assert_eq!(keys, [1, 7]);
    }
}
