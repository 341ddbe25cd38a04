//! Subscriptions of one kind: topics with their subscribers and subscribers with their topics, each in the order in
//! which the subscriptions were made. Knows neither patterns nor messages.

use super::chain::{Cell, List, Node};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::{BuildHasher, Hash};

/// The list of a topic's subscriptions.
const OF_TOPIC: usize = 0;
/// The list of a subscriber's subscriptions.
const OF_CLIENT: usize = 1;

/// One subscription.
struct Link<S> {
    client: S,
    topic: u32,
    cells: [Cell; 2],
}

impl<S> Node for Link<S> {
    fn cell(&self, which: usize) -> Cell {
        self.cells[which]
    }

    fn cell_mut(&mut self, which: usize) -> &mut Cell {
        &mut self.cells[which]
    }
}

#[derive(Default)]
struct Topic {
    name: Box<[u8]>,
    links: List,
    cell: Cell,
}

impl Node for Topic {
    fn cell(&self, _which: usize) -> Cell {
        self.cell
    }

    fn cell_mut(&mut self, _which: usize) -> &mut Cell {
        &mut self.cell
    }
}

/// All subscriptions of one kind. `S` names a subscriber.
pub(super) struct Topics<S> {
    topics: Vec<Topic>,
    free_topics: Vec<u32>,
    /// Topics with subscribers, in the order in which they got their first.
    order: List,
    links: Vec<Link<S>>,
    free_links: Vec<u32>,
    by_name: HashTable<u32>,
    by_pair: HashTable<u32>,
    clients: HashMap<S, List>,
    hasher: DefaultHashBuilder,
}

impl<S: Copy + Eq + Hash> Topics<S> {
    pub(super) fn new() -> Topics<S> {
        Topics {
            topics: Vec::new(),
            free_topics: Vec::new(),
            order: List::default(),
            links: Vec::new(),
            free_links: Vec::new(),
            by_name: HashTable::new(),
            by_pair: HashTable::new(),
            clients: HashMap::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Topics that have subscribers.
    pub(super) fn len(&self) -> usize {
        self.order.len()
    }

    /// Topics the client subscribes to.
    pub(super) fn count_of(&self, client: S) -> usize {
        self.clients.get(&client).map_or(0, |list| list.len())
    }

    /// Subscribers of the topic.
    pub(super) fn subscribers_count(&self, name: &[u8]) -> usize {
        self.find(name).map_or(0, |topic| self.topics[topic as usize].links.len())
    }

    /// Subscribers of the topic, in the order of their subscriptions.
    pub(super) fn subscribers(&self, name: &[u8]) -> impl Iterator<Item = S> {
        self.find(name).into_iter().flat_map(|topic| self.subscribers_of(&self.topics[topic as usize]))
    }

    fn subscribers_of<'a>(&'a self, topic: &Topic) -> impl Iterator<Item = S> + use<'a, S> {
        topic.links.iter(&self.links, OF_TOPIC).map(|(_, link)| link.client)
    }

    /// Topics and their subscribers, oldest topic first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], impl Iterator<Item = S>)> {
        self.order.iter(&self.topics, 0).map(|(_, topic)| (&*topic.name, self.subscribers_of(topic)))
    }

    /// Names of the client's topics, in the order of its subscriptions.
    pub(super) fn names_of(&self, client: S) -> impl Iterator<Item = &[u8]> {
        let list = self.clients.get(&client).copied().unwrap_or_default();
        list.iter(&self.links, OF_CLIENT).map(|(_, link)| &*self.topics[link.topic as usize].name)
    }

    fn find(&self, name: &[u8]) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        self.by_name.find(hash, |at| *self.topics[*at as usize].name == *name).copied()
    }

    /// False when the client was subscribed already. O(1).
    pub(super) fn subscribe(&mut self, client: S, name: &[u8]) -> bool {
        let topic = self.find(name).unwrap_or_else(|| self.add_topic(name));
        let hash = self.hasher.hash_one((client, topic));
        let (links, hasher) = (&mut self.links, &self.hasher);
        let same = |at: &u32| links[*at as usize].client == client && links[*at as usize].topic == topic;
        let rehash = |at: &u32| hasher.hash_one((links[*at as usize].client, links[*at as usize].topic));
        let Entry::Vacant(vacant) = self.by_pair.entry(hash, same, rehash) else { return false };
        let link = Link { client, topic, cells: Default::default() };
        let at = self.free_links.pop().unwrap_or(links.len() as u32);
        vacant.insert(at);
        match links.get_mut(at as usize) {
            Some(place) => *place = link,
            None => links.push(link),
        }
        self.topics[topic as usize].links.push(links, OF_TOPIC, at);
        self.clients.entry(client).or_default().push(links, OF_CLIENT, at);
        true
    }

    fn add_topic(&mut self, name: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(name);
        let topic = Topic { name: name.into(), ..Topic::default() };
        let at = self.free_topics.pop().unwrap_or(self.topics.len() as u32);
        match self.topics.get_mut(at as usize) {
            Some(place) => *place = topic,
            None => self.topics.push(topic),
        }
        let (topics, hasher) = (&self.topics, &self.hasher);
        self.by_name.insert_unique(hash, at, |at| hasher.hash_one(&*topics[*at as usize].name));
        self.order.push(&mut self.topics, 0, at);
        at
    }

    /// False when the client was not subscribed. O(1).
    pub(super) fn unsubscribe(&mut self, client: S, name: &[u8]) -> bool {
        let Some(topic) = self.find(name) else { return false };
        let hash = self.hasher.hash_one((client, topic));
        let links = &self.links;
        let same = |at: &u32| links[*at as usize].client == client && links[*at as usize].topic == topic;
        let Some(at) = self.by_pair.find(hash, same).copied() else { return false };
        self.remove(at);
        true
    }

    /// Takes out the client's oldest subscription and returns its name. O(1).
    pub(super) fn unsubscribe_first(&mut self, client: S) -> Option<Box<[u8]>> {
        let at = self.clients.get(&client)?.first()?;
        let topic = self.links[at as usize].topic as usize;
        if self.topics[topic].links.len() > 1 {
            let name = self.topics[topic].name.clone();
            self.remove(at);
            return Some(name);
        }
        Some(self.remove(at).unwrap_or_default())
    }

    /// Takes out the oldest subscription to the topic and returns whose it was. O(1).
    pub(super) fn unsubscribe_from(&mut self, name: &[u8]) -> Option<S> {
        let topic = self.find(name)?;
        let at = self.topics[topic as usize].links.first()?;
        let client = self.links[at as usize].client;
        self.remove(at);
        Some(client)
    }

    /// Takes out a subscription, and the name of a topic that has none left.
    fn remove(&mut self, at: u32) -> Option<Box<[u8]>> {
        let Link { client, topic, .. } = self.links[at as usize];
        let hash = self.hasher.hash_one((client, topic));
        if let Ok(found) = self.by_pair.find_entry(hash, |other| *other == at) {
            found.remove();
        }
        self.free_links.push(at);
        if let Some(list) = self.clients.get_mut(&client) {
            list.remove(&mut self.links, OF_CLIENT, at);
            if list.len() == 0 {
                self.clients.remove(&client);
            }
        }
        let list = &mut self.topics[topic as usize].links;
        list.remove(&mut self.links, OF_TOPIC, at);
        let name = (list.len() == 0).then(|| self.remove_topic(topic));
        self.release_idle_memory();
        name
    }

    fn remove_topic(&mut self, topic: u32) -> Box<[u8]> {
        self.order.remove(&mut self.topics, 0, topic);
        let name = std::mem::take(&mut self.topics[topic as usize].name);
        if let Ok(found) = self.by_name.find_entry(self.hasher.hash_one(&*name), |other| *other == topic) {
            found.remove();
        }
        self.free_topics.push(topic);
        name
    }

    /// Nothing is moved while somebody listens, so memory is given back when nobody does any more.
    fn release_idle_memory(&mut self) {
        if self.order.len() == 0 {
            *self = Topics::new();
        }
    }

    /// Roughly what the client's subscriptions cost beside the topics' names.
    pub(super) fn client_bytes(&self, client: S) -> usize {
        self.count_of(client) * (size_of::<Link<S>>() + 2 * size_of::<u32>())
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let names: usize = self.order.iter(&self.topics, 0).map(|(_, topic)| topic.name.len()).sum();
        names
            + self.topics.capacity() * size_of::<Topic>()
            + self.links.capacity() * size_of::<Link<S>>()
            + (self.free_topics.capacity() + self.free_links.capacity()) * size_of::<u32>()
            + self.by_name.allocation_size()
            + self.by_pair.allocation_size()
            + self.clients.allocation_size()
    }
}
