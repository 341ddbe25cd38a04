//! Keys to which clients of a writable replica gave a time. The primary knows nothing of them and will never say DEL,
//! so the replica deletes them itself. Knows no connection to a primary.

use super::key::Key;
use super::space::{ExpiryMode, Keyspace};
use crate::ids::{DbIndex, UnixMs};
use std::collections::BTreeSet;

/// The times that were given, in order. A time that was changed since leaves a record that is found stale.
#[derive(Debug, Default)]
pub struct OwnTimes(BTreeSet<(UnixMs, DbIndex, Box<[u8]>)>);

impl OwnTimes {
    pub(super) fn next_due(&self) -> Option<UnixMs> {
        self.0.first().map(|(ms, ..)| ms.saturating_add(1))
    }

    fn take_due(&mut self, now_ms: UnixMs) -> Option<(DbIndex, Box<[u8]>)> {
        self.0.first().filter(|(ms, ..)| *ms < now_ms)?;
        self.0.pop_first().map(|(_, db, key)| (db, key))
    }
}

impl Keyspace {
    /// A client gives a key a time.
    #[inline]
    pub(super) fn note_own_time(&mut self, db: DbIndex, key: &[u8], ms: UnixMs) {
        if self.expiry_mode == ExpiryMode::OwnOnly {
            self.own_times.0.insert((ms, db, key.into()));
        }
    }

    /// Forgets all of them, as when the server begins to follow another, whose data replaces its own, or nobody.
    pub fn forget_own_times(&mut self) {
        self.own_times = OwnTimes::default();
    }

    /// Deletes the next key of these whose time has come, with all that follows from it; `None` if no time has.
    /// Says whether a key went: it may have got another time, or be gone. O(log n).
    pub fn expire_own(&mut self) -> Option<bool> {
        if self.expiry_mode != ExpiryMode::OwnOnly || !self.active_expiry {
            return None;
        }
        let (db, name) = self.own_times.take_due(self.now_ms)?;
        let key = Key::new(&name);
        let due = self.find_raw(db, &key).is_some_and(|entry| self.is_due(entry));
        if due {
            self.expire(db, &key);
        }
        Some(due)
    }
}
