//! Entries of streams: random commands whose replies, and the nodes' very bytes, were digested at the referee, and
//! random operations beside a plain map.

use super::recorded::{Dice, Digest};
use proptest::prelude::*;
use spinel::types::stream::{AddError, AddId, Entry, Keep, NodeLimits, SetIdError, Stream, StreamId, Trim};
use std::collections::BTreeMap;

/// seed, stream-node-max-entries, stream-node-max-bytes, commands, digest
const RECORDED: [(u64, u64, usize, usize, u64); 5] = [
    (11, 7, 4096, 3000, 0x81e8d2fcc66ea7af),
    (12, 100, 4096, 20000, 0x262feb8cd7bd846c),
    (13, 0, 600, 3000, 0x864a2b048b691bf1),
    (14, 3, 0, 3000, 0xce1a88bb54b064d3),
    (15, 200, 0, 20000, 0x9766d139ba61996a),
];

fn value(dice: &mut Dice) -> Vec<u8> {
    let letters = |dice: &mut Dice, len: u64| (0..len).map(|_| 97 + dice.roll(26) as u8).collect();
    match dice.roll(6) {
        0 => (dice.roll(300) as i64 - 100).to_string().into_bytes(),
        1 => {
            let high = dice.roll(1 << 31) << dice.roll(32);
            (high as i64 - (1 << dice.roll(40))).to_string().into_bytes()
        }
        2 => {
            let len = dice.roll(80);
            letters(dice, len)
        }
        3 => vec![b'x'; dice.roll(400) as usize],
        _ => {
            let len = dice.roll(12);
            letters(dice, len)
        }
    }
}

fn record_id(digest: &mut Digest, id: StreamId) {
    digest.word(id.ms as i64);
    digest.word(id.seq as i64);
}

fn record_entry(digest: &mut Digest, entry: &Entry<'_>) {
    record_id(digest, entry.id);
    digest.word(entry.fields().len() as i64 * 2);
    for (name, value) in entry.fields() {
        digest.bytes(&name.to_vec());
        digest.bytes(&value.to_vec());
    }
}

/// A stream, and the choices that a recording made.
struct Replay {
    dice: Dice,
    digest: Digest,
    stream: Stream,
    limits: NodeLimits,
    ms: u64,
    ids: Vec<StreamId>,
}

impl Replay {
    fn new(seed: u64, max_entries: u64, max_bytes: usize) -> Self {
        let limits = NodeLimits { max_bytes, max_entries };
        let (dice, digest) = (Dice::new(seed), Digest::default());
        let mut replay = Replay { dice, digest, stream: Stream::new(), limits, ms: 1000, ids: Vec::new() };
        replay.add(AddId::Given(StreamId::new(1, 1)), &[(b"a".to_vec(), b"b".to_vec())]).unwrap();
        replay
    }

    fn add(&mut self, id: AddId, fields: &[(Vec<u8>, Vec<u8>)]) -> Result<StreamId, AddError> {
        let pairs = fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
        let id = self.stream.entries.add(id, 0, pairs, self.limits)?;
        self.ids.push(id);
        Ok(id)
    }

    fn pick(&mut self) -> StreamId {
        if self.dice.roll(4) != 0 {
            return self.ids[self.dice.roll(self.ids.len() as u64) as usize];
        }
        StreamId::new(self.ms - self.dice.roll(50), self.dice.roll(3))
    }

    fn xadd(&mut self) {
        let id = match self.dice.roll(4) {
            0 => {
                self.ms += self.dice.roll(300);
                AddId::AutoSeq(self.ms)
            }
            1 => AddId::Given(StreamId::new(self.ms, self.dice.roll(6))),
            2 => {
                self.ms += self.dice.roll(3);
                AddId::Given(StreamId::new(self.ms, 0))
            }
            _ => AddId::AutoSeq(self.ms),
        };
        let names = if self.dice.roll(4) == 0 { 1 + self.dice.roll(3) } else { 2 };
        let names: Vec<Vec<u8>> = (0..names)
            .map(|j| if self.dice.roll(10) != 0 { format!("f{j}").into_bytes() } else { b"7".to_vec() })
            .collect();
        let fields: Vec<_> = names.into_iter().map(|name| (name, value(&mut self.dice))).collect();
        match self.add(id, &fields) {
            Ok(id) => record_id(&mut self.digest, id),
            Err(error) => {
                assert_eq!(error, AddError::NotAbove);
                self.digest.word(-1);
            }
        }
    }

    fn xrange(&mut self) {
        let (mut from, mut to) = (self.pick(), self.pick());
        let (count, reverse) = (1 + self.dice.roll(20), self.dice.coin());
        if from > to {
            (from, to) = (to, from);
        }
        let entries: Vec<_> = self.stream.entries.range(from, to, reverse).take(count as usize).collect();
        self.digest.word(entries.len() as i64);
        entries.iter().for_each(|entry| record_entry(&mut self.digest, entry));
        let pinned = self.stream.entries.pin(from, to, reverse);
        let again = pinned.iter().flat_map(|node| node.range(from, to, reverse)).take(count as usize);
        assert!(again.map(|entry| entry.id).eq(entries.iter().map(|entry| entry.id)));
    }

    fn xtrim(&mut self, by_id: bool) {
        let len = self.stream.entries.len();
        let kind = self.dice.roll(3);
        let keep = if by_id {
            let count = 1 + self.dice.roll(20);
            let first = self.stream.entries.range(StreamId::MIN, StreamId::MAX, false).take(count as usize);
            Keep::MinId(first.last().map_or(StreamId::MIN, |entry| entry.id))
        } else {
            Keep::MaxLen(len.saturating_sub(self.dice.roll(30)))
        };
        let limit = match kind {
            0 => 0,
            1 => Trim::default_limit(self.limits.max_entries),
            _ => self.dice.roll(40),
        };
        let removed = self.stream.entries.trim(Trim { keep, approximate: kind > 0, limit });
        self.digest.word(removed as i64);
    }

    fn xsetid(&mut self) {
        let id = self.pick();
        let (mut added, mut deleted) = (None, None);
        match self.dice.roll(3) {
            1 => added = Some(self.dice.roll(2000)),
            2 => deleted = Some(self.pick()),
            _ => {}
        }
        let reply = match self.stream.entries.set_id(id, added, deleted) {
            Ok(()) => 1,
            Err(error) => -(format!("ERR {error}").len() as i64),
        };
        self.digest.word(reply);
    }

    fn xinfo(&mut self) {
        let marks = self.stream.entries.marks();
        self.digest.word(marks.len as i64);
        self.digest.word(self.stream.entries.node_count() as i64);
        self.digest.word(self.stream.radix_nodes() as i64);
        record_id(&mut self.digest, marks.last_id);
        record_id(&mut self.digest, marks.max_deleted_id);
        self.digest.word(marks.entries_added as i64);
        record_id(&mut self.digest, marks.first_id);
    }

    fn step(&mut self) {
        match self.dice.roll(60) {
            0..42 => self.xadd(),
            42..46 => {
                let ids: Vec<_> = (0..1 + self.dice.roll(3)).map(|_| self.pick()).collect();
                let deleted = self.stream.entries.delete(ids);
                self.digest.word(deleted as i64);
            }
            46..52 => self.xrange(),
            52 => self.xtrim(false),
            53 => self.xtrim(true),
            54..56 => self.xsetid(),
            _ => self.xinfo(),
        }
    }

    /// The nodes as a file has them, which also have to be taken back.
    fn dump(&mut self) {
        let mut restored = Stream::new();
        for (id, bytes) in self.stream.entries.nodes() {
            self.digest.bytes(&id.to_bytes());
            self.digest.bytes(&bytes);
            restored.entries.restore_node(id, bytes.to_vec()).unwrap();
        }
        let marks = self.stream.entries.marks();
        restored.entries.restore_marks(marks.last_id, marks.max_deleted_id, marks.entries_added).unwrap();
        assert_eq!(restored.entries.marks(), marks);
    }
}

#[test]
fn replies_and_bytes_as_recorded() {
    for (seed, max_entries, max_bytes, steps, digest) in RECORDED {
        let mut replay = Replay::new(seed, max_entries, max_bytes);
        for i in 0..steps {
            replay.step();
            if i % if i < 1000 { 50 } else { 500 } == 0 {
                replay.dump();
            }
        }
        assert_eq!(replay.digest, Digest(digest), "seed {seed}");
    }
}

#[test]
fn ids_run_out() {
    let limits = NodeLimits { max_bytes: 4096, max_entries: 100 };
    let pairs = || [(&b"f"[..], &b"v"[..])].into_iter();
    let mut stream = Stream::new();
    let mut add = |id: AddId, now: u64| stream.entries.add(id, now, pairs(), limits);
    assert_eq!(add(AddId::Given(StreamId::MIN), 5), Err(AddError::ZeroId));
    assert_eq!(add(AddId::AutoSeq(0), 5), Ok(StreamId::new(0, 1)));
    assert_eq!(add(AddId::Auto, 5), Ok(StreamId::new(5, 0)));
    assert_eq!(add(AddId::Auto, 4), Ok(StreamId::new(5, 1)));
    assert_eq!(add(AddId::Given(StreamId::new(7, u64::MAX)), 4), Ok(StreamId::new(7, u64::MAX)));
    assert_eq!(add(AddId::AutoSeq(7), 4), Err(AddError::NotAbove));
    assert_eq!(add(AddId::Auto, 4), Ok(StreamId::new(8, 0)));
    assert_eq!(add(AddId::Given(StreamId::MAX), 4), Ok(StreamId::MAX));
    assert_eq!(add(AddId::Auto, 4), Err(AddError::Exhausted));
    assert_eq!(stream.entries.range(StreamId::MIN, StreamId::MAX, true).count(), 6);
    assert_eq!(stream.entries.set_id(StreamId::new(8, 0), None, None), Err(SetIdError::BelowTop));
}

#[derive(Clone, Debug)]
enum Op {
    Add(u64, u8),
    Delete(u64),
    Trim(u8, bool),
    Copy,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        8 => (0u64..3, any::<u8>()).prop_map(|(ms, len)| Op::Add(ms, len)),
        3 => any::<u64>().prop_map(Op::Delete),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(keep, approximate)| Op::Trim(keep, approximate)),
        1 => Just(Op::Copy),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn like_a_map(ops in proptest::collection::vec(op(), 0..600), max_entries in 1u64..20, long in any::<bool>()) {
        let limits = NodeLimits { max_bytes: 4096, max_entries };
        let (mut stream, mut plain) = (Stream::new(), BTreeMap::new());
        let (mut ms, mut copies) = (1, Vec::new());
        for op in ops {
            match op {
                Op::Add(more, len) => {
                    ms += more;
                    let text = vec![b'v'; usize::from(len) * if long { 20 } else { 1 }];
                    let pairs = [(&b"f"[..], &text[..])];
                    let id = stream.entries.add(AddId::AutoSeq(ms), 0, pairs.into_iter(), limits).unwrap();
                    plain.insert(id, text.len());
                }
                Op::Delete(random) => {
                    let id = plain.keys().nth(random as usize % plain.len().max(1)).copied().unwrap_or_default();
                    prop_assert_eq!(stream.entries.delete([id, id]), u64::from(plain.remove(&id).is_some()));
                }
                Op::Trim(keep, approximate) => {
                    let keep = Keep::MaxLen(u64::from(keep));
                    let removed = stream.entries.trim(Trim { keep, approximate, limit: 0 });
                    (0..removed).for_each(|_| assert!(plain.pop_first().is_some()));
                }
                Op::Copy => {
                    if copies.len() < 3 {
                        copies.push((stream.clone(), plain.clone()));
                    }
                }
            }
        }
        copies.push((stream, plain));
        for (mut stream, plain) in copies {
            let entries = |reverse| {
                let range = stream.entries.range(StreamId::MIN, StreamId::MAX, reverse);
                range.map(|entry| (entry.id, entry.fields().next().unwrap().1.text_len())).collect::<Vec<_>>()
            };
            let expected: Vec<_> = plain.iter().map(|(id, len)| (*id, *len)).collect();
            prop_assert_eq!(&entries(false), &expected);
            prop_assert!(entries(true).iter().eq(expected.iter().rev()));
            prop_assert_eq!(stream.entries.len(), plain.len() as u64);
            prop_assert!(plain.keys().all(|id| stream.entries.contains(*id)));
            prop_assert_eq!(stream.entries.marks().first_id, plain.keys().next().copied().unwrap_or_default());
            while stream.free_some(2) {}
            prop_assert_eq!(stream.entries.node_count(), 0);
        }
    }
}
