//! Consumer groups: random commands whose replies were digested at the referee. Times enter the digest only where a
//! command set them, and "long idle" means longer than any clock has run since.

use super::recorded::{Dice, Digest};
use spinel::types::stream::{
    AddId, Claim, Claimed, ConsumerId, Delivery, Entry, Group, Keep, NodeLimits, Stream, StreamId, Sweep,
    Trim, delivery_time,
};

/// seed, commands, digest
const RECORDED: [(u64, usize, u64); 3] =
    [(21, 4000, 0x966911e6589b4de5), (22, 4000, 0xbd69b91a93539554), (23, 12000, 0x39d910a1e40ab43a)];

const NOW_MS: i64 = 1_800_000_000_000;
const LONG_MS: i64 = 1_000_000_000_000;
const SET_TIME_MS: i64 = 5000;

struct Replay {
    dice: Dice,
    digest: Digest,
    stream: Stream,
    ms: u64,
    ids: Vec<StreamId>,
}

impl Replay {
    fn new(seed: u64) -> Self {
        let (dice, digest) = (Dice::new(seed), Digest::default());
        let mut replay = Replay { dice, digest, stream: Stream::new(), ms: 100, ids: Vec::new() };
        replay.add(AddId::Given(StreamId::new(1, 1)), "a", "b");
        replay
    }

    fn add(&mut self, id: AddId, name: &str, value: &str) -> StreamId {
        let limits = NodeLimits { max_bytes: 4096, max_entries: 10 };
        let pairs = [(name.as_bytes(), value.as_bytes())];
        let id = self.stream.entries.add(id, 0, pairs.into_iter(), limits).unwrap();
        self.ids.push(id);
        id
    }

    fn pick(&mut self) -> StreamId {
        if self.dice.roll(8) != 0 {
            return self.ids[self.dice.roll(self.ids.len() as u64) as usize];
        }
        StreamId::new(self.dice.roll(self.ms + 5), self.dice.roll(3))
    }

    fn picks(&mut self) -> Vec<StreamId> {
        (0..1 + self.dice.roll(4)).map(|_| self.pick()).collect()
    }

    fn group_name(&mut self) -> Vec<u8> {
        format!("g{}", self.dice.roll(3)).into_bytes()
    }

    fn consumer_name(&mut self) -> Vec<u8> {
        format!("c{}", self.dice.roll(4)).into_bytes()
    }

    fn record_id(&mut self, id: StreamId) {
        self.digest.word(id.ms as i64);
        self.digest.word(id.seq as i64);
    }

    fn record_time(&mut self, time: i64) {
        self.digest.word(if time == SET_TIME_MS { time } else { 1 });
    }

    fn step(&mut self) {
        match self.dice.roll(100) {
            0..30 => {
                self.ms += self.dice.roll(3);
                let value = self.dice.roll(1000).to_string();
                let id = self.add(AddId::AutoSeq(self.ms), "f", &value);
                self.record_id(id);
            }
            30..36 => {
                let ids = [self.pick(), self.pick()];
                self.digest.word(self.stream.entries.delete(ids) as i64);
            }
            36..38 => {
                let keep = Keep::MaxLen(self.stream.entries.len().saturating_sub(self.dice.roll(20)));
                let removed = self.stream.entries.trim(Trim { keep, approximate: false, limit: 0 });
                self.digest.word(removed as i64);
            }
            38..42 => self.create_or_set(3),
            42 => self.create_or_set(2),
            43 => {
                let gone = self.dice.roll(6) == 0 && {
                    let name = self.group_name();
                    self.stream.groups.remove(name.as_slice()).is_some()
                };
                self.digest.word(gone.into());
            }
            44..46 => self.consumer_created(),
            46 => self.consumer_deleted(),
            47..62 => self.read_new(),
            62..66 => self.read_again(),
            66..74 => {
                let (ids, name) = (self.picks(), self.group_name());
                let group = self.stream.groups.get_mut(name.as_slice());
                let acked = group.map_or(0, |group| ids.into_iter().filter(|id| group.ack(*id)).count());
                self.digest.word(acked as i64);
            }
            74..82 => self.claim(),
            82..86 => self.auto_claim(),
            86..90 => self.pending_summary(),
            90..94 => self.pending_list(),
            94..97 => self.info_groups(),
            _ => self.info_full(),
        }
    }

    /// XGROUP CREATE, or SETID where `odds` is 2.
    fn create_or_set(&mut self, odds: u64) {
        let id = match self.dice.roll(3) {
            0 => self.stream.entries.marks().last_id,
            1 => StreamId::MIN,
            _ => self.pick(),
        };
        let read = (self.dice.roll(odds) == 0).then(|| self.dice.roll(50) as i64);
        let name = self.group_name();
        let done = match self.stream.groups.get_mut(name.as_slice()) {
            Some(group) if odds == 2 => {
                (group.last_id, group.entries_read) = (id, read);
                true
            }
            None if odds == 2 => false,
            _ => self.stream.create_group(&name, id, read),
        };
        self.digest.word(done.into());
    }

    fn consumer_created(&mut self) {
        let (group, consumer) = (self.group_name(), self.consumer_name());
        let group = self.stream.groups.get_mut(group.as_slice());
        let reply = group.map_or(-1, |group| group.create_consumer(&consumer, NOW_MS).is_some().into());
        self.digest.word(reply);
    }

    fn consumer_deleted(&mut self) {
        let (group, consumer) = (self.group_name(), self.consumer_name());
        let group = self.stream.groups.get_mut(group.as_slice());
        let reply = group.map_or(-1, |group| group.delete_consumer(&consumer).unwrap_or(0) as i64);
        self.digest.word(reply);
    }

    fn read_new(&mut self) {
        let count = 1 + self.dice.roll(8);
        let no_ack = self.dice.roll(6) == 0;
        let (name, consumer) = (self.group_name(), self.consumer_name());
        let Some((log, group)) = self.stream.group(&name) else { return self.digest.word(-1) };
        let consumer = known(group, &consumer);
        let mut delivery = Delivery::new(log, group, consumer, no_ack, NOW_MS);
        let (mut replies, before) = (Vec::new(), group.last_id);
        while (replies.len() as u64) < count
            && let Some((entry, nack)) = delivery.step(group)
        {
            assert_eq!(nack, group.pending_entry(entry.id).filter(|_| !no_ack));
            replies.push(reply(entry.id, Some(&entry)));
        }
        assert_eq!(delivery.moved(), group.last_id != before);
        self.record_replies(&replies);
    }

    fn read_again(&mut self) {
        let count = 1 + self.dice.roll(8);
        let after = self.pick();
        let (name, consumer) = (self.group_name(), self.consumer_name());
        let Some((log, group)) = self.stream.group(&name) else { return self.digest.word(-1) };
        let consumer = known(group, &consumer);
        let (mut replies, mut from) = (Vec::new(), after.next());
        while (replies.len() as u64) < count
            && let Some((id, entry)) = from.and_then(|from| group.redeliver(log, consumer, from, NOW_MS))
        {
            replies.push(reply(id, entry.as_ref()));
            from = id.next();
        }
        self.record_replies(&replies);
    }

    fn record_replies(&mut self, replies: &[Vec<Word>]) {
        self.digest.word(replies.len() as i64);
        for word in replies.iter().flatten() {
            match word {
                Word::Int(n) => self.digest.word(*n),
                Word::Text(text) => self.digest.bytes(text),
            }
        }
    }

    fn claim(&mut self) {
        let (name, consumer, ids) = (self.group_name(), self.consumer_name(), self.picks());
        let min_idle_ms = if self.dice.coin() { 0 } else { LONG_MS };
        let time = match self.dice.roll(4) {
            0 => Some(SET_TIME_MS),
            1 => Some(NOW_MS - 5000),
            _ => None,
        };
        let retry_count = (self.dice.roll(3) == 0).then(|| self.dice.roll(9));
        let (force, just_id) = (self.dice.roll(3) == 0, self.dice.roll(3) == 0);
        let last_id = (self.dice.roll(5) == 0).then(|| self.pick());
        let Some((log, group)) = self.stream.group(&name) else { return self.digest.word(-1) };
        group.last_id = group.last_id.max(last_id.unwrap_or_default());
        let consumer = known(group, &consumer);
        let delivery_time = delivery_time(time, NOW_MS);
        let claim =
            Claim { consumer, min_idle_ms, delivery_time, retry_count, force, just_id, now_ms: NOW_MS };
        let taken = |id: &StreamId| matches!(group.claim(log, *id, &claim), Claimed::Taken(_));
        let taken: Vec<StreamId> = ids.into_iter().filter(taken).collect();
        let replies: Vec<_> = taken.into_iter().map(|id| claim_reply(log.get(id), id, just_id)).collect();
        self.record_replies(&replies);
    }

    fn auto_claim(&mut self) {
        let (name, consumer) = (self.group_name(), self.consumer_name());
        let min_idle_ms = if self.dice.coin() { 0 } else { LONG_MS };
        let (start, count) = (self.pick(), 1 + self.dice.roll(6));
        let just_id = self.dice.roll(3) == 0;
        let Some((log, group)) = self.stream.group(&name) else { return self.digest.word(-1) };
        let consumer = known(group, &consumer);
        let (retry_count, force, now_ms) = (None, false, NOW_MS);
        let claim =
            Claim { consumer, min_idle_ms, delivery_time: now_ms, retry_count, force, just_id, now_ms };
        let (mut sweep, mut replies, mut gone) = (Sweep::new(start, count), Vec::new(), Vec::new());
        while let Some((id, claimed)) = sweep.step(group, log, &claim) {
            match claimed {
                Claimed::Taken(_) => replies.push(claim_reply(log.get(id), id, just_id)),
                Claimed::Gone(_) => gone.push(id),
                Claimed::Left => unreachable!("a step ends with something done"),
            }
        }
        let cursor = sweep.cursor(group);
        self.record_id(cursor);
        self.record_replies(&replies);
        self.digest.word(gone.len() as i64);
        gone.into_iter().for_each(|id| self.record_id(id));
    }

    fn pending_summary(&mut self) {
        let name = self.group_name();
        let Some(group) = self.stream.groups.get(name.as_slice()) else { return self.digest.word(-1) };
        self.digest.word(group.pending_len() as i64);
        let Some((first, last)) = group.pending_bounds() else { return };
        for id in [first, last] {
            self.digest.word(id.ms as i64);
            self.digest.word(id.seq as i64);
        }
        for (_, consumer) in group.consumers().filter(|(_, consumer)| consumer.pending_len() > 0) {
            self.digest.bytes(consumer.name());
            self.digest.bytes(consumer.pending_len().to_string().as_bytes());
        }
    }

    fn pending_list(&mut self) {
        let name = self.group_name();
        let (a, b) = (self.pick(), self.pick());
        let min_idle = if self.dice.coin() { LONG_MS } else { 0 };
        let count = 1 + self.dice.roll(10);
        let consumer = self.dice.coin().then(|| self.consumer_name());
        let Some(group) = self.stream.groups.get(name.as_slice()) else { return self.digest.word(-1) };
        let of = match consumer.map(|name| group.find_consumer(&name)) {
            Some(None) => return self.digest.word(0),
            Some(consumer) => consumer,
            None => None,
        };
        let range = group.pending_range(a.min(b), a.max(b), of);
        let listed: Vec<_> = range.filter(|p| p.nack.idle(NOW_MS) >= min_idle).take(count as usize).collect();
        self.digest.word(listed.len() as i64);
        for pending in listed {
            self.digest.word(pending.id.ms as i64);
            self.digest.word(pending.id.seq as i64);
            self.digest.bytes(pending.consumer.name());
            self.digest.word(pending.nack.delivery_count as i64);
        }
    }

    fn info_groups(&mut self) {
        self.digest.word(self.stream.groups.len() as i64);
        for (name, group) in &self.stream.groups {
            self.digest.bytes(name);
            self.digest.word(group.consumer_count() as i64);
            self.digest.word(group.pending_len() as i64);
            self.digest.word(group.last_id.ms as i64);
            self.digest.word(group.last_id.seq as i64);
            self.digest.word(group.entries_read.unwrap_or(-99));
            self.digest.word(group.lag(&self.stream.entries).unwrap_or(-99));
        }
    }

    fn info_full(&mut self) {
        let stream = self.stream.clone();
        for (name, group) in &stream.groups {
            self.digest.bytes(name);
            self.digest.word(group.pending_len() as i64);
            for pending in group.pending_range(StreamId::MIN, StreamId::MAX, None) {
                self.record_id(pending.id);
                self.digest.bytes(pending.consumer.name());
                self.record_time(pending.nack.delivery_time);
                self.digest.word(pending.nack.delivery_count as i64);
            }
            for (id, consumer) in group.consumers() {
                self.digest.bytes(consumer.name());
                self.digest.word(if consumer.active_time == -1 { -1 } else { 1 });
                self.digest.word(consumer.pending_len() as i64);
                for pending in group.pending_range(StreamId::MIN, StreamId::MAX, Some(id)) {
                    self.record_id(pending.id);
                    self.record_time(pending.nack.delivery_time);
                    self.digest.word(pending.nack.delivery_count as i64);
                }
            }
            assert_eq!(group.check_restored(), Ok(()));
        }
    }
}

enum Word {
    Int(i64),
    Text(Vec<u8>),
}

fn id_words(id: StreamId) -> Vec<Word> {
    vec![Word::Int(id.ms as i64), Word::Int(id.seq as i64)]
}

fn reply(id: StreamId, entry: Option<&Entry<'_>>) -> Vec<Word> {
    let mut words = id_words(id);
    match entry {
        None => words.push(Word::Int(-7)),
        Some(entry) => {
            words.push(Word::Int(entry.fields().len() as i64 * 2));
            words.extend(entry.fields().flat_map(|(n, v)| [Word::Text(n.to_vec()), Word::Text(v.to_vec())]));
        }
    }
    words
}

fn claim_reply(entry: Option<Entry<'_>>, id: StreamId, just_id: bool) -> Vec<Word> {
    if just_id { id_words(id) } else { reply(id, entry.as_ref()) }
}

/// The consumer of that name, created if there is none, as reading and claiming do.
fn known(group: &mut Group, name: &[u8]) -> ConsumerId {
    let found = group.find_consumer(name).or_else(|| group.create_consumer(name, NOW_MS));
    found.expect("found or created")
}

#[test]
fn replies_as_recorded() {
    for (seed, steps, digest) in RECORDED {
        let mut replay = Replay::new(seed);
        (0..steps).for_each(|_| replay.step());
        assert_eq!(replay.digest, Digest(digest), "seed {seed}");
    }
}
