//! Subscriptions of all three kinds. Knows nothing of connections and replies: a subscriber is an id, and the caller
//! sends what it is told to send.

use super::topics::Topics;
use crate::util::glob;
use std::hash::Hash;

/// What is subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Channel,
    Pattern,
    Shard,
}

/// What SUBSCRIBE and UNSUBSCRIBE answer for one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// False when nothing changed.
    pub changed: bool,
    /// Subscriptions the client has now: channels and patterns together, or shard channels.
    pub count: usize,
}

/// All subscriptions. `S` names a subscriber.
pub struct PubSub<S> {
    channels: Topics<S>,
    patterns: Topics<S>,
    shards: Topics<S>,
    clients: usize,
}

impl<S: Copy + Eq + Hash> Default for PubSub<S> {
    fn default() -> PubSub<S> {
        PubSub { channels: Topics::new(), patterns: Topics::new(), shards: Topics::new(), clients: 0 }
    }
}

impl<S: Copy + Eq + Hash> PubSub<S> {
    fn of(&self, kind: Kind) -> &Topics<S> {
        match kind {
            Kind::Channel => &self.channels,
            Kind::Pattern => &self.patterns,
            Kind::Shard => &self.shards,
        }
    }

    fn of_mut(&mut self, kind: Kind) -> &mut Topics<S> {
        match kind {
            Kind::Channel => &mut self.channels,
            Kind::Pattern => &mut self.patterns,
            Kind::Shard => &mut self.shards,
        }
    }

    /// O(1).
    pub fn subscribe(&mut self, kind: Kind, client: S, name: &[u8]) -> Change {
        let is_new = self.total(client) == 0;
        let changed = self.of_mut(kind).subscribe(client, name);
        self.clients += usize::from(is_new);
        Change { changed, count: self.count(kind, client) }
    }

    /// O(1).
    pub fn unsubscribe(&mut self, kind: Kind, client: S, name: &[u8]) -> Change {
        let changed = self.of_mut(kind).unsubscribe(client, name);
        self.note_departure(changed, client);
        Change { changed, count: self.count(kind, client) }
    }

    /// Takes out the client's oldest subscription of that kind: its name, and the count to answer with. For
    /// UNSUBSCRIBE without names, to be called until there is none. O(1).
    pub fn unsubscribe_next(&mut self, kind: Kind, client: S) -> Option<(Box<[u8]>, usize)> {
        let name = self.of_mut(kind).unsubscribe_first(client)?;
        self.note_departure(true, client);
        Some((name, self.count(kind, client)))
    }

    /// Takes out all subscriptions of a client that leaves. O(its subscriptions).
    pub fn drop_client(&mut self, client: S) {
        for kind in [Kind::Channel, Kind::Pattern, Kind::Shard] {
            while self.unsubscribe_next(kind, client).is_some() {}
        }
    }

    /// Takes out the oldest subscription to a shard channel whose slot left this node: whose it was, and the count to
    /// tell it. To be called until there is none. O(1).
    pub fn unsubscribe_shard(&mut self, name: &[u8]) -> Option<(S, usize)> {
        let client = self.shards.unsubscribe_from(name)?;
        self.note_departure(true, client);
        Some((client, self.count(Kind::Shard, client)))
    }

    fn note_departure(&mut self, changed: bool, client: S) {
        self.clients -= usize::from(changed && self.total(client) == 0);
    }

    /// The count that replies carry for that kind: channels and patterns are counted together.
    pub fn count(&self, kind: Kind, client: S) -> usize {
        match kind {
            Kind::Shard => self.shards.count_of(client),
            Kind::Channel | Kind::Pattern => self.channels.count_of(client) + self.patterns.count_of(client),
        }
    }

    /// Subscriptions of one kind alone, as CLIENT LIST has them.
    pub fn count_of(&self, kind: Kind, client: S) -> usize {
        self.of(kind).count_of(client)
    }

    /// Subscriptions of all kinds: a RESP2 client with any may only talk about subscriptions.
    pub fn total(&self, client: S) -> usize {
        self.channels.count_of(client) + self.patterns.count_of(client) + self.shards.count_of(client)
    }

    /// The client's names of that kind, oldest subscription first.
    pub fn names_of(&self, kind: Kind, client: S) -> impl Iterator<Item = &[u8]> {
        self.of(kind).names_of(client)
    }

    /// Who receives a message by having subscribed to the channel itself, oldest subscription first. `kind` is
    /// `Channel` for PUBLISH, `Shard` for SPUBLISH, which goes to nobody else.
    pub fn subscribers(&self, kind: Kind, channel: &[u8]) -> impl Iterator<Item = S> {
        self.of(kind).subscribers(channel)
    }

    /// Who receives a message by a pattern, and by which; after the channel's own subscribers. A client with several
    /// patterns that match receives it as often. O(patterns).
    pub fn pattern_subscribers(&self, channel: &[u8]) -> impl Iterator<Item = (&[u8], S)> {
        let matching =
            self.patterns.iter().filter(move |(pattern, _)| glob::matches(pattern, channel, false));
        matching.flat_map(|(pattern, subscribers)| subscribers.map(move |client| (pattern, client)))
    }

    /// True when nobody listens to anything: PUBLISH and keyspace events need not go on.
    pub fn is_empty(&self) -> bool {
        self.clients == 0
    }

    /// Subscribers of one channel, patterns not counted (PUBSUB NUMSUB, SHARDNUMSUB).
    pub fn subscribers_count(&self, kind: Kind, name: &[u8]) -> usize {
        self.of(kind).subscribers_count(name)
    }

    /// Different names that somebody subscribes to: PUBSUB NUMPAT for patterns, INFO for all three.
    pub fn names_count(&self, kind: Kind) -> usize {
        self.of(kind).len()
    }

    /// Names that somebody subscribes to and that match the pattern, if there is one (PUBSUB CHANNELS, SHARDCHANNELS).
    /// O(names).
    pub fn names<'a>(&'a self, kind: Kind, pattern: Option<&'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
        let names = self.of(kind).iter().map(|(name, _)| name);
        names.filter(move |name| pattern.is_none_or(|pattern| glob::matches(pattern, name, false)))
    }

    /// Clients with subscriptions of any kind (`pubsub_clients`).
    pub fn clients_count(&self) -> usize {
        self.clients
    }

    /// Roughly what the client's subscriptions cost.
    pub fn client_bytes(&self, client: S) -> usize {
        self.channels.client_bytes(client)
            + self.patterns.client_bytes(client)
            + self.shards.client_bytes(client)
    }

    /// O(names).
    pub fn memory_bytes(&self) -> usize {
        self.channels.memory_bytes() + self.patterns.memory_bytes() + self.shards.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Kind::*;

    #[test]
    fn replies_count_channels_and_patterns_together() {
        let mut pubsub = PubSub::default();
        assert_eq!(pubsub.subscribe(Channel, 7u64, b"a"), Change { changed: true, count: 1 });
        assert_eq!(pubsub.subscribe(Pattern, 7, b"a*"), Change { changed: true, count: 2 });
        assert_eq!(pubsub.subscribe(Channel, 7, b"a"), Change { changed: false, count: 2 });
        assert_eq!(pubsub.subscribe(Shard, 7, b"a"), Change { changed: true, count: 1 });
        assert_eq!((pubsub.total(7), pubsub.count_of(Pattern, 7), pubsub.clients_count()), (3, 1, 1));
        assert_eq!(pubsub.unsubscribe(Channel, 7, b"b"), Change { changed: false, count: 2 });
        assert_eq!(pubsub.unsubscribe(Shard, 7, b"a"), Change { changed: true, count: 0 });
        pubsub.drop_client(7);
        assert!(pubsub.is_empty() && pubsub.total(7) == 0);
    }

    #[test]
    fn messages_go_in_the_order_of_subscriptions() {
        let mut pubsub = PubSub::default();
        for client in [3u64, 1, 2] {
            pubsub.subscribe(Channel, client, b"news");
        }
        pubsub.subscribe(Pattern, 9, b"n*");
        pubsub.subscribe(Pattern, 1, b"*s");
        pubsub.subscribe(Pattern, 8, b"n*");
        pubsub.subscribe(Pattern, 8, b"x*");
        assert_eq!(pubsub.subscribers(Channel, b"news").collect::<Vec<_>>(), [3, 1, 2]);
        assert_eq!(pubsub.subscribers(Shard, b"news").count(), 0);
        let by_pattern: Vec<_> = pubsub.pattern_subscribers(b"news").collect();
        assert_eq!(by_pattern, [(&b"n*"[..], 9), (b"n*", 8), (b"*s", 1)]);
        pubsub.unsubscribe(Channel, 1, b"news");
        pubsub.subscribe(Channel, 1, b"news");
        assert_eq!(pubsub.subscribers(Channel, b"news").collect::<Vec<_>>(), [3, 2, 1]);
    }

    #[test]
    fn leaving_name_by_name() {
        let mut pubsub = PubSub::default();
        pubsub.subscribe(Channel, 1u64, b"b");
        pubsub.subscribe(Channel, 1, b"a");
        pubsub.subscribe(Channel, 2, b"a");
        pubsub.subscribe(Pattern, 1, b"p");
        assert_eq!(pubsub.names_of(Channel, 1).collect::<Vec<_>>(), [b"b", b"a"]);
        let mut left = Vec::new();
        while let Some((name, count)) = pubsub.unsubscribe_next(Channel, 1) {
            left.push((name.to_vec(), count));
        }
        assert_eq!(left, [(b"b".to_vec(), 2), (b"a".to_vec(), 1)]);
        assert_eq!((pubsub.clients_count(), pubsub.names_count(Channel)), (2, 1));
    }

    #[test]
    fn introspection() {
        let mut pubsub = PubSub::default();
        for (client, name) in [(1u64, b"ab"), (2, b"ac"), (3, b"bc"), (3, b"ab")] {
            pubsub.subscribe(Channel, client, name);
        }
        pubsub.subscribe(Pattern, 1, b"*");
        pubsub.subscribe(Pattern, 2, b"*");
        assert_eq!(pubsub.names(Channel, None).count(), 3);
        assert_eq!(pubsub.names(Channel, Some(b"a?")).collect::<Vec<_>>(), [b"ab", b"ac"]);
        let counts = [&b"ab"[..], b"zz"].map(|name| pubsub.subscribers_count(Channel, name));
        assert_eq!((counts, pubsub.names_count(Pattern)), ([2, 0], 1));
    }

    #[test]
    fn shard_channels_can_be_closed() {
        let mut pubsub = PubSub::default();
        for client in 1..=3u64 {
            pubsub.subscribe(Shard, client, b"s");
        }
        pubsub.subscribe(Shard, 2, b"t");
        let mut told = Vec::new();
        while let Some((client, count)) = pubsub.unsubscribe_shard(b"s") {
            told.push((client, count));
        }
        assert_eq!((told, pubsub.clients_count()), (vec![(1, 0), (2, 1), (3, 0)], 1));
        assert_eq!(pubsub.unsubscribe_shard(b"nothing"), None);
    }

    #[test]
    fn memory_comes_back() {
        let mut pubsub = PubSub::default();
        let empty = pubsub.memory_bytes();
        for client in 0..1000u64 {
            for name in 0..10 {
                pubsub.subscribe(Channel, client, format!("channel:{name}:{}", client % 100).as_bytes());
            }
        }
        assert!(pubsub.memory_bytes() > 10_000 * 28 && pubsub.client_bytes(5) > 280);
        assert_eq!((pubsub.names_count(Channel), pubsub.clients_count()), (1000, 1000));
        (0..1000).for_each(|client| pubsub.drop_client(client));
        assert_eq!((pubsub.memory_bytes(), pubsub.names_count(Channel)), (empty, 0));
    }
}
