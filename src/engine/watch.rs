//! Which clients watch which keys.

use super::client::{Client, Watched};
use super::machine::Engine;
use crate::ids::{ClientId, DbIndex};
use crate::keyspace::EventClass;
use hashbrown::HashMap;

/// Watched keys with their watchers.
#[derive(Default)]
pub struct WatchIndex {
    keys: HashMap<(DbIndex, Box<[u8]>), Vec<ClientId>>,
}

impl WatchIndex {
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Watched keys, each with how many watch it: what INFO counts.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    fn watchers(&self, db: DbIndex, key: &[u8]) -> &[ClientId] {
        self.keys.get(&(db, Box::from(key))).map_or(&[], Vec::as_slice)
    }
}

/// What a client keeps of a key that it watches.
fn watched<'a>(client: &'a mut Client, db: DbIndex, key: &[u8]) -> Option<&'a mut Watched> {
    client.watching.iter_mut().find(|watched| watched.db == db && *watched.key == *key)
}

impl Engine {
    /// Starts watching a key for a client.
    pub fn watch_key(&mut self, id: ClientId, key: &[u8]) {
        let db = self.clients[id].session.db;
        let watching = &self.clients[id].watching;
        if watching.iter().any(|watched| watched.db == db && *watched.key == *key) {
            return;
        }
        let was_due = self.keyspace.is_due_raw(db, key);
        let client = &mut self.clients[id];
        client.watching.push(Watched { db, key: key.into(), was_due });
        client.watched_bytes += 2 * key.len();
        self.watch.keys.entry((db, key.into())).or_default().push(id);
        self.renew_interest();
    }

    /// Ends all watching of a client.
    pub fn unwatch(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        client.dirty_cas = false;
        client.watched_bytes = 0;
        for watched in std::mem::take(&mut client.watching) {
            let place = (watched.db, watched.key);
            if let Some(watchers) = self.watch.keys.get_mut(&place) {
                watchers.retain(|w| *w != id);
                if watchers.is_empty() {
                    self.watch.keys.remove(&place);
                }
            }
        }
        self.renew_interest();
    }

    /// Whether the time of a key that the client watches has come since it began to.
    pub fn watched_expired(&self, id: ClientId) -> bool {
        self.clients[id]
            .watching
            .iter()
            .any(|watched| !watched.was_due && self.keyspace.is_due_raw(watched.db, &watched.key))
    }

    /// Marks the watchers of touched keys.
    pub(super) fn settle_watches(&mut self) {
        let Engine { keyspace, watch, clients, .. } = self;
        for (db, key) in keyspace.effects.touched() {
            for id in watch.watchers(db, key) {
                let client = &mut clients[*id];
                // A key that was as good as gone when the watching began, and is gone now: nothing changed.
                let gone = watched(client, db, key)
                    .is_some_and(|watched| watched.was_due && !keyspace.contains_raw(db, key));
                if gone && let Some(watched) = watched(client, db, key) {
                    watched.was_due = false;
                    continue;
                }
                client.dirty_cas = true;
            }
        }
    }

    /// Marks the watchers of every key of a database (of all with `None`) before it is flushed or swapped: those whose
    /// key is there, or will be there after a swap with `other`. A key whose time had come counts as not there.
    pub fn touch_watched_of_db(&mut self, db: Option<DbIndex>, other: Option<DbIndex>) {
        let Engine { keyspace, watch, clients, .. } = self;
        for ((watched_db, key), watchers) in &watch.keys {
            if db.is_some_and(|db| db != *watched_db) {
                continue;
            }
            let here = keyspace.contains_raw(*watched_db, key);
            let there = other.is_some_and(|other| keyspace.contains_raw(other, key));
            let due_there = other.is_some_and(|other| keyspace.is_due_raw(other, key));
            if !here && !there {
                continue;
            }
            for id in watchers {
                let client = &mut clients[*id];
                let Some(watched) = watched(client, *watched_db, key) else { continue };
                match (watched.was_due, there) {
                    (true, false) => watched.was_due = false,
                    (true, true) if due_there => {}
                    (false, true) if !here && due_there => watched.was_due = true,
                    _ => client.dirty_cas = true,
                }
            }
        }
    }

    /// Tells the effects what anybody wants to hear of; called when watchers, blocked clients or settings change.
    pub fn renew_interest(&mut self) {
        let waiting = !self.blocking.is_empty();
        let classes = self.config.notify_keyspace_events.0;
        let channels = (EventClass::KEYSPACE.0 | EventClass::KEYEVENT.0) & classes != 0;
        let effects = &mut self.keyspace.effects;
        effects.wants_touched = waiting || !self.watch.is_empty() || self.tracking.any() || self.hold.active;
        effects.wants_events = if channels { classes } else { 0 };
        effects.wants_log = self.feed.is_some();
    }
}
