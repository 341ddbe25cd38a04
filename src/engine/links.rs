//! Connections to other servers that the machine talks to by itself, as MIGRATE does, and waits for. It has no sockets:
//! the host opens them, and here they are lent out and kept for a while. What is said over them is the caller's.

use std::fmt;

/// Connections kept at once.
const KEPT_MAX: usize = 64;
/// A connection that nobody used for longer is closed.
const KEPT_US: u64 = 10_000_000;

/// Why a connection is of no use any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkError {
    /// The other side took too long.
    TimedOut,
    /// Nobody listens there.
    Refused,
    /// There is none, or it ended.
    Broken,
}

/// A connection to another server, used one request at a time.
pub trait Link {
    /// Sends bytes, a piece at a time, each within so many milliseconds.
    ///
    /// # Errors
    /// What happened to the connection, which is not to be used any more.
    fn send(&mut self, bytes: &[u8], timeout_ms: u64) -> Result<(), LinkError>;

    /// The next line without its end, once it came in, within so many milliseconds.
    ///
    /// # Errors
    /// What happened to the connection, which is not to be used any more.
    fn read_line(&mut self, timeout_ms: u64) -> Result<Vec<u8>, LinkError>;
}

/// A connection with what is known of it.
pub struct Kept {
    pub link: Box<dyn Link>,
    /// The database that is selected there, if we know.
    pub db: Option<i64>,
}

struct Place {
    name: Vec<u8>,
    kept: Kept,
    used_us: u64,
}

/// Connections that are kept after use, the one used last at the end.
#[derive(Default)]
pub struct Links {
    places: Vec<Place>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.places.iter().map(|place| String::from_utf8_lossy(&place.name));
        f.debug_list().entries(names).finish()
    }
}

impl Links {
    /// How many are kept.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Lends the connection of that name out; it is gone unless it is kept again.
    pub fn take(&mut self, name: &[u8]) -> Option<Kept> {
        let at = self.places.iter().position(|place| place.name == name)?;
        Some(self.places.remove(at).kept)
    }

    /// Keeps a connection, for which the one that was used longest ago may have to go.
    pub fn keep(&mut self, name: Vec<u8>, kept: Kept, now_us: u64) {
        if self.places.len() >= KEPT_MAX {
            self.places.remove(0);
        }
        self.places.push(Place { name, kept, used_us: now_us });
    }

    /// Closes those that nobody used for a while.
    pub fn close_idle(&mut self, now_us: u64) {
        self.places.retain(|place| now_us.saturating_sub(place.used_us) <= KEPT_US);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Silent;

    impl Link for Silent {
        fn send(&mut self, _bytes: &[u8], _timeout_ms: u64) -> Result<(), LinkError> {
            Ok(())
        }

        fn read_line(&mut self, _timeout_ms: u64) -> Result<Vec<u8>, LinkError> {
            Err(LinkError::TimedOut)
        }
    }

    fn kept(db: i64) -> Kept {
        Kept { link: Box::new(Silent), db: Some(db) }
    }

    #[test]
    fn connections_are_lent_by_name_and_close_when_idle() {
        let mut links = Links::default();
        links.keep(b"a:1".to_vec(), kept(1), 0);
        links.keep(b"b:1".to_vec(), kept(2), 5_000_000);
        assert_eq!(links.take(b"a:1").and_then(|kept| kept.db), Some(1));
        assert!(links.take(b"a:1").is_none());
        links.close_idle(15_000_000);
        assert_eq!(links.len(), 1);
        links.close_idle(15_000_001);
        assert!(links.is_empty());
    }

    #[test]
    fn the_one_used_longest_ago_makes_room() {
        let mut links = Links::default();
        for n in 0..KEPT_MAX as i64 {
            links.keep(n.to_string().into_bytes(), kept(n), 0);
        }
        let first = links.take(b"0").expect("it was kept");
        links.keep(b"0".to_vec(), first, 1);
        links.keep(b"one more".to_vec(), kept(-1), 2);
        assert_eq!(links.len(), KEPT_MAX);
        assert!(links.take(b"1").is_none());
        assert!(links.take(b"0").is_some());
    }
}
