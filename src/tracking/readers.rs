//! Which clients read which keys since these last changed. Clients that are gone are not looked for: their ids stay
//! until the key changes or is dropped, and are never given to another client.

use crate::ids::ClientId;
use crate::table::Hasher;
use hashbrown::HashTable;

/// Keys with those who read them.
pub struct Readers {
    hasher: Hasher,
    /// Places in `entries`.
    index: HashTable<usize>,
    entries: Vec<Entry>,
    items: usize,
    /// Where the next key to be dropped lies.
    hand: usize,
}

struct Entry {
    key: Box<[u8]>,
    /// Sorted.
    clients: Vec<ClientId>,
}

impl Readers {
    pub fn new(hasher: Hasher) -> Self {
        Readers { hasher, index: HashTable::new(), entries: Vec::new(), items: 0, hand: 0 }
    }

    /// How many keys are remembered.
    pub fn keys(&self) -> usize {
        self.entries.len()
    }

    /// How many clients are remembered, once for each key.
    pub fn items(&self) -> usize {
        self.items
    }

    /// Remembers that a client read a key. O(log n) in the key's readers, O(n) for a new one.
    pub fn remember(&mut self, key: &[u8], client: ClientId) {
        let Readers { hasher, index, entries, items, .. } = self;
        let hash = hasher.hash(key);
        let Some(&at) = index.find(hash, |at| *entries[*at].key == *key) else {
            let at = entries.len();
            entries.push(Entry { key: key.into(), clients: vec![client] });
            index.insert_unique(hash, at, |at| hasher.hash(&entries[*at].key));
            *items += 1;
            return;
        };
        let clients = &mut entries[at].clients;
        if let Err(place) = clients.binary_search(&client) {
            clients.insert(place, client);
            *items += 1;
        }
    }

    /// Forgets a key: who read it. O(1).
    pub fn take(&mut self, key: &[u8]) -> Option<Vec<ClientId>> {
        let Readers { hasher, index, entries, .. } = self;
        let found = index.find_entry(hasher.hash(key), |at| *entries[*at].key == *key).ok()?;
        let at = found.remove().0;
        Some(self.remove(at).clients)
    }

    /// Forgets one key to make room: the hand goes round, so that every key gets its turn.
    pub fn drop_one(&mut self) -> Option<(Box<[u8]>, Vec<ClientId>)> {
        let at = if self.hand < self.entries.len() { self.hand } else { 0 };
        let hash = self.hasher.hash(&self.entries.get(at)?.key);
        if let Ok(found) = self.index.find_entry(hash, |place| *place == at) {
            found.remove();
        }
        self.hand = at + 1;
        let Entry { key, clients } = self.remove(at);
        Some((key, clients))
    }

    /// Forgets all keys.
    pub fn clear(&mut self) {
        *self = Readers::new(self.hasher);
    }

    /// Takes an entry that is not in the index any more; the last one gets its place.
    fn remove(&mut self, at: usize) -> Entry {
        let last = self.entries.len() - 1;
        if at != last {
            let hash = self.hasher.hash(&self.entries[last].key);
            if let Some(place) = self.index.find_mut(hash, |place| *place == last) {
                *place = at;
            }
        }
        let entry = self.entries.swap_remove(at);
        self.items -= entry.clients.len();
        entry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(index: u32) -> ClientId {
        ClientId { index, generation: 1 }
    }

    #[test]
    fn keys_are_taken_with_all_who_read_them() {
        let mut readers = Readers::new(Hasher::new(1, 2));
        for i in 0..100u32 {
            for reader in [i % 7, i % 3, i % 7] {
                readers.remember(format!("k{}", i % 40).as_bytes(), client(reader));
            }
        }
        assert_eq!(readers.keys(), 40);
        let mut items = readers.items();
        for i in 0..40 {
            let key = format!("k{i}");
            let clients = readers.take(key.as_bytes()).expect("it was read");
            assert!(clients.is_sorted() && clients.contains(&client(i % 7)), "{key}");
            items -= clients.len();
            assert_eq!(readers.take(key.as_bytes()), None);
        }
        assert_eq!((items, readers.items(), readers.keys()), (0, 0, 0));
    }

    #[test]
    fn room_is_made_key_by_key() {
        let mut readers = Readers::new(Hasher::new(1, 2));
        for i in 0..10u32 {
            readers.remember(&[i as u8], client(i));
        }
        let mut dropped: Vec<u8> = std::iter::from_fn(|| readers.drop_one()).map(|(key, _)| key[0]).collect();
        dropped.sort_unstable();
        assert_eq!(dropped, (0..10).collect::<Vec<u8>>());
        assert_eq!(readers.items(), 0);
    }
}
