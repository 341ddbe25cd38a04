//! DEBUG DIGEST and DEBUG DIGEST-VALUE: numbers by which data sets are compared, the same as Redis computes. What has
//! no order (keys, members, fields) is mixed by exclusive or; what has one is chained.

use crate::engine::{Args, CmdResult, Engine, done};
use crate::ids::{ClientId, DbIndex, UnixMs};
use crate::keyspace::{Keys, Kind, Str, Value, View};
use crate::types::hash::{Hash, HashRef};
use crate::types::list::List;
use crate::types::set::Set;
use crate::types::stream::{Stream, StreamId};
use crate::types::zset::Zset;
use crate::util::float::write_shortest;
use crate::util::sha1::{hex, sha1};

#[derive(Clone, Copy, Default)]
struct Digest([u8; 20]);

impl Digest {
    /// Mixes in something whose place makes no difference.
    fn add(&mut self, data: &[u8]) {
        for (byte, with) in self.0.iter_mut().zip(sha1(data)) {
            *byte ^= with;
        }
    }

    /// Mixes in what follows.
    fn chain(&mut self, data: &[u8]) {
        self.add(data);
        self.0 = sha1(&self.0);
    }
}

/// The number by which Redis knows a type.
fn type_number(kind: Kind) -> u32 {
    match kind {
        Kind::String => 0,
        Kind::List => 1,
        Kind::Set => 2,
        Kind::Zset => 3,
        Kind::Hash => 4,
        Kind::Stream => 6,
    }
}

fn add_value(digest: &mut Digest, view: View<'_>, now_ms: UnixMs) {
    digest.chain(&type_number(view.kind()).to_be_bytes());
    let mut text = itoa::Buffer::new();
    match view.kind() {
        Kind::String => digest.chain(Str::view(view, now_ms).bytes(&mut text)),
        Kind::List => List::view(view, now_ms).walk(0, false, |element| {
            digest.chain(element.bytes(&mut text));
            true
        }),
        Kind::Set => Set::view(view, now_ms).iter().for_each(|member| digest.add(member.bytes(&mut text))),
        Kind::Zset => {
            let mut score_text = Vec::new();
            Zset::view(view, now_ms).for_each(|member, score| {
                score_text.clear();
                write_shortest(&mut score_text, score);
                digest.add(&pair(member.bytes(&mut text), &score_text));
            });
        }
        Kind::Hash => add_hash(digest, Hash::view(view, now_ms)),
        Kind::Stream => add_stream(digest, Stream::view(view, now_ms)),
    }
    if view.expiry().is_some() {
        digest.add(b"!!expire!!");
    }
}

/// A member with its score, or a field with its value.
fn pair(name: &[u8], value: &[u8]) -> [u8; 20] {
    let mut digest = Digest::default();
    digest.chain(name);
    digest.chain(value);
    digest.0
}

fn add_hash(digest: &mut Digest, hash: HashRef<'_>) {
    let (mut field_text, mut value_text) = (itoa::Buffer::new(), itoa::Buffer::new());
    for (field, value) in hash.iter() {
        let field = field.bytes(&mut field_text);
        let mut one = Digest(pair(field, value.bytes(&mut value_text)));
        if let Some(Some(_)) = hash.expiry(field) {
            one.add(b"!!hexpire!!");
        }
        digest.add(&one.0);
    }
}

fn add_stream(digest: &mut Digest, stream: &Stream) {
    let (mut name_text, mut value_text) = (itoa::Buffer::new(), itoa::Buffer::new());
    for entry in stream.entries.range(StreamId::MIN, StreamId::MAX, false) {
        digest.chain(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
        for (name, value) in entry.fields() {
            digest.chain(name.bytes(&mut name_text));
            digest.chain(value.bytes(&mut value_text));
        }
    }
}

/// DEBUG DIGEST: of all databases.
pub fn digest(engine: &mut Engine, id: ClientId) -> CmdResult {
    let mut whole = Digest::default();
    for db in 0..engine.keyspace.databases() {
        let keys = Keys::new(&mut engine.keyspace, db as DbIndex);
        if keys.is_empty() {
            continue;
        }
        whole.chain(&(db as u32).to_be_bytes());
        keys.for_each(|key, _| {
            let mut one = Digest::default();
            one.chain(key);
            if let Some(view) = keys.peek(key) {
                add_value(&mut one, view, keys.now_ms());
            }
            whole.add(&one.0);
        });
    }
    engine.reply(id).simple(hex(&whole.0));
    done()
}

/// DEBUG DIGEST-VALUE [key ...]: of each key by itself, zeros where there is none.
pub fn digest_values(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let db = engine.clients[id].session.db;
    let mut digests = Vec::with_capacity(args.len());
    for key in args.rest(2) {
        let mut digest = Digest::default();
        let keys = Keys::new(&mut engine.keyspace, db);
        if let Some(view) = keys.peek(*key) {
            add_value(&mut digest, view, keys.now_ms());
        }
        digests.push(digest);
    }
    let mut reply = engine.reply(id);
    reply.array(digests.len());
    digests.iter().for_each(|digest| reply.simple(hex(&digest.0)));
    done()
}
