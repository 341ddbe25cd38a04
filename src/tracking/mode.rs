//! How one client wants its cached keys to be tracked, as CLIENT TRACKING sets it. It does not know the keys.

use crate::ids::ClientId;

/// Another connection that gets the invalidations.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Redirect {
    /// The number that CLIENT ID shows.
    pub number: u64,
    pub id: ClientId,
}

/// The choices of a client that tracks.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Mode {
    pub redirect: Option<Redirect>,
    /// It hears of all keys with its prefixes, whatever it read.
    pub broadcast: bool,
    /// Keys are remembered only after CLIENT CACHING YES.
    pub opt_in: bool,
    /// Keys are remembered except after CLIENT CACHING NO.
    pub opt_out: bool,
    /// It does not hear of its own changes.
    pub no_loop: bool,
    /// CLIENT CACHING was sent: it holds for the next command or transaction.
    pub caching: bool,
    /// The connection that should get the invalidations was found gone.
    pub broken: bool,
    /// With `broadcast`: what keys begin with, sorted.
    pub prefixes: Vec<Box<[u8]>>,
    /// Bytes of `prefixes`.
    pub prefix_bytes: usize,
}

impl Mode {
    /// The redirection as clients are shown it: 0 is none.
    pub fn redirect_number(&self) -> i64 {
        self.redirect.map_or(0, |redirect| redirect.number as i64)
    }

    /// O(1): memory that the choices take, in bytes; each prefix is in the table of prefixes as well.
    pub fn memory_bytes(&self) -> usize {
        const PREFIX_BYTES: usize = 96;
        std::mem::size_of::<Self>() + 2 * self.prefix_bytes + self.prefixes.len() * PREFIX_BYTES
    }

    /// Whether the keys of the command that ran are to be remembered.
    pub fn remembers(&self) -> bool {
        !self.broadcast && if self.caching { !self.opt_out } else { !self.opt_in }
    }

    /// A prefix of the client that keys can have together with this one.
    pub fn overlap<'a>(&'a self, prefix: &[u8]) -> Option<&'a [u8]> {
        self.prefixes.iter().map(|own| &**own).find(|own| overlaps(own, prefix))
    }

    /// Adds a prefix; false if it was there.
    pub fn add_prefix(&mut self, prefix: &[u8]) -> bool {
        match self.prefixes.binary_search_by(|own| (**own).cmp(prefix)) {
            Ok(_) => false,
            Err(at) => {
                self.prefixes.insert(at, prefix.into());
                self.prefix_bytes += prefix.len();
                true
            }
        }
    }
}

/// Whether some key begins with both.
pub fn overlaps(a: &[u8], b: &[u8]) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn caching_turns_the_default_round() {
        let remembers =
            |opt_in, opt_out, caching| Mode { opt_in, opt_out, caching, ..Mode::default() }.remembers();
        assert!(remembers(false, false, false));
        assert!(!remembers(true, false, false));
        assert!(remembers(true, false, true));
        assert!(remembers(false, true, false));
        assert!(!remembers(false, true, true));
        assert!(!Mode { broadcast: true, ..Mode::default() }.remembers());
    }

    #[test]
    fn prefixes_overlap_when_one_begins_the_other() {
        let mut mode = Mode::default();
        assert!(mode.add_prefix(b"foo"));
        assert!(!mode.add_prefix(b"foo"));
        assert_eq!(mode.overlap(b"foobar"), Some(&b"foo"[..]));
        assert_eq!(mode.overlap(b""), Some(&b"foo"[..]));
        assert_eq!(mode.overlap(b"bar"), None);
    }
}
