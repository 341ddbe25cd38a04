//! Prefixes that clients follow, with the keys that changed under each since this was last told.

use crate::ids::ClientId;
use std::collections::BTreeMap;
use std::ops::Bound;

/// The prefixes.
#[derive(Default)]
pub struct Broadcast {
    prefixes: BTreeMap<Box<[u8]>, Followers>,
    /// Some key waits to be told.
    waiting: bool,
}

/// Keys that changed, each with the client that changed it last.
pub type Changed = BTreeMap<Box<[u8]>, Option<ClientId>>;

#[derive(Default)]
struct Followers {
    /// Sorted.
    clients: Vec<ClientId>,
    changed: Changed,
}

impl Broadcast {
    /// How many prefixes somebody follows.
    pub fn prefixes(&self) -> usize {
        self.prefixes.len()
    }

    pub fn follow(&mut self, prefix: &[u8], client: ClientId) {
        let followers = match self.prefixes.get_mut(prefix) {
            Some(followers) => followers,
            None => self.prefixes.entry(prefix.into()).or_default(),
        };
        if let Err(at) = followers.clients.binary_search(&client) {
            followers.clients.insert(at, client);
        }
    }

    pub fn leave(&mut self, prefix: &[u8], client: ClientId) {
        let Some(followers) = self.prefixes.get_mut(prefix) else { return };
        followers.clients.retain(|follower| *follower != client);
        if followers.clients.is_empty() {
            self.prefixes.remove(prefix);
        }
    }

    /// Notes a changed key under every prefix it has. O(prefixes between the key's first byte and the key).
    pub fn note(&mut self, key: &[u8], by: Option<ClientId>) {
        if let Some(all) = self.prefixes.get_mut(&b""[..]) {
            all.changed.insert(key.into(), by);
            self.waiting = true;
        }
        let Some(first) = key.get(..1) else { return };
        // Whatever the key begins with sorts between its first byte and itself.
        let range = (Bound::Included(first), Bound::Included(key));
        for (prefix, followers) in self.prefixes.range_mut::<[u8], _>(range) {
            if key.starts_with(prefix) {
                followers.changed.insert(key.into(), by);
                self.waiting = true;
            }
        }
    }

    /// Whether there is something to tell.
    #[inline]
    pub fn is_waiting(&self) -> bool {
        self.waiting
    }

    /// The followers of each prefix with the keys they are to be told, which are forgotten.
    pub fn take_changed(&mut self) -> Vec<(Vec<ClientId>, Changed)> {
        self.waiting = false;
        let changed = self.prefixes.values_mut().filter(|followers| !followers.changed.is_empty());
        changed.map(|followers| (followers.clients.clone(), std::mem::take(&mut followers.changed))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_noted_under_all_their_prefixes() {
        let client = |index| ClientId { index, generation: 1 };
        let mut broadcast = Broadcast::default();
        for (prefix, follower) in [("", 1), ("a", 2), ("abc", 3), ("abc", 2), ("b", 4)] {
            broadcast.follow(prefix.as_bytes(), client(follower));
        }
        assert_eq!(broadcast.prefixes(), 4);
        broadcast.note(b"abcd", None);
        broadcast.note(b"ab", Some(client(1)));
        broadcast.note(b"ab", None);
        broadcast.note(b"", None);
        let told: Vec<_> = broadcast
            .take_changed()
            .into_iter()
            .map(|(to, keys)| (to.iter().map(|id| id.index).collect::<Vec<_>>(), keys.len()))
            .collect();
        assert_eq!(told, [(vec![1], 3), (vec![2], 2), (vec![2, 3], 1)]);
        assert!(!broadcast.is_waiting());
        assert!(broadcast.take_changed().is_empty());
        broadcast.leave(b"abc", client(3));
        broadcast.leave(b"abc", client(2));
        assert_eq!(broadcast.prefixes(), 3);
    }
}
