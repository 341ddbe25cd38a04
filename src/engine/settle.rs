//! What follows from a unit, in one fixed order: log, keyspace events, WATCH, tracking, blocked clients. Runs when the
//! outermost command is over, never inside one.

use super::machine::{Engine, Feed};
use crate::ids::{ClientId, DbIndex};
use crate::keyspace::EventClass;
use crate::keyspace::effects::encode_command;
use crate::pubsub::Kind;
use crate::resp::reply::Reply;

impl Engine {
    /// Settles the unit and wakes whoever waited for what it did.
    #[inline]
    pub fn settle(&mut self) {
        if self.depth > 0 {
            return;
        }
        self.settle_once();
        if !self.blocking.is_empty() {
            self.wake_blocked();
        }
    }

    /// Settles one unit without waking anybody.
    #[inline]
    pub(super) fn settle_once(&mut self) {
        let effects = &mut self.keyspace.effects;
        self.dirty_since_save += effects.dirty;
        if effects.is_quiet() {
            effects.dirty = 0;
            return;
        }
        self.settle_log();
        if self.hold.active {
            self.settle_hold();
        }
        self.settle_events();
        if !self.watch.is_empty() {
            self.settle_watches();
        }
        if self.tracking.any() {
            self.settle_tracking();
        }
        if !self.blocking.is_empty() {
            self.settle_blocked();
        }
        if !self.walks.is_empty() {
            self.settle_walks();
        }
        self.keyspace.effects.clear();
    }

    /// The commands of the unit go to the log, as one transaction if there are several.
    fn settle_log(&mut self) {
        let Engine { keyspace, feed, config, clock, .. } = self;
        let Some(feed) = feed else { return };
        let items = keyspace.effects.log_items();
        if config.aof_timestamp_enabled && items.len() > 0 {
            feed.stamp(clock.now_ms / 1000);
        }
        let many = items.len() > 1;
        feed.units += usize::from(items.len() > 0);
        if many {
            feed.append(b"*1\r\n$5\r\nMULTI\r\n");
        }
        for (db, bytes) in items {
            feed.select(db);
            feed.append(bytes);
        }
        if many {
            feed.append(b"*1\r\n$4\r\nEXEC\r\n");
        }
    }

    fn settle_events(&mut self) {
        let wanted = self.keyspace.effects.wants_events;
        if wanted == 0 {
            return;
        }
        let mut messages = Vec::new();
        for (event, key) in self.keyspace.effects.events() {
            if wanted & EventClass::KEYSPACE.0 != 0 {
                let channel = [format!("__keyspace@{}__:", event.db).as_bytes(), key].concat();
                messages.push((channel, event.name.as_bytes().to_vec()));
            }
            if wanted & EventClass::KEYEVENT.0 != 0 {
                let channel = format!("__keyevent@{}__:{}", event.db, event.name).into_bytes();
                messages.push((channel, key.to_vec()));
            }
        }
        for (channel, message) in messages {
            self.publish(Kind::Channel, &channel, &message);
        }
    }

    /// Sends a message to the subscribers of a channel, and of patterns that match it; returns how many got it.
    /// `kind` is `Channel`, or `Shard` for SPUBLISH.
    pub fn publish(&mut self, kind: Kind, channel: &[u8], message: &[u8]) -> usize {
        if self.pubsub.is_empty() {
            return 0;
        }
        let word: &[u8] = if kind == Kind::Shard { b"smessage" } else { b"message" };
        let direct: Vec<u64> = self.pubsub.subscribers(kind, channel).collect();
        for subscriber in &direct {
            self.push(ClientId::from_u64(*subscriber), &[word, channel, message]);
        }
        if kind == Kind::Shard {
            return direct.len();
        }
        let by_pattern: Vec<(Box<[u8]>, u64)> =
            self.pubsub.pattern_subscribers(channel).map(|(pattern, id)| (pattern.into(), id)).collect();
        for (pattern, subscriber) in &by_pattern {
            self.push(ClientId::from_u64(*subscriber), &[b"pmessage", pattern, channel, message]);
        }
        direct.len() + by_pattern.len()
    }

    /// Sends an out-of-band message of bulk strings to a client.
    pub fn push(&mut self, id: ClientId, parts: &[&[u8]]) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let mut reply = if self.depth > 0 && self.current == Some(id) {
            Reply::new(&mut client.later, client.session.proto)
        } else {
            client.pushes()
        };
        reply.push(parts.len());
        for part in parts {
            reply.bulk(part);
        }
        self.note_output(id);
    }
}

impl Feed {
    /// Notes the second, if it is not that of the line before.
    fn stamp(&mut self, now_s: i64) {
        if self.stamped_s < now_s {
            self.stamped_s = now_s;
            self.append(format!("#TS:{now_s}\r\n").as_bytes());
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.offset += bytes.len() as u64;
    }

    fn select(&mut self, db: DbIndex) {
        if self.db != Some(db) {
            self.db = Some(db);
            let mut select = Vec::new();
            let number = db.to_string();
            encode_command(&mut select, 2, [&b"SELECT"[..], number.as_bytes()].into_iter());
            self.append(&select);
        }
    }
}
