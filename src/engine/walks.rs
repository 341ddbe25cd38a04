//! KEYS over many keys: walked in slices between the commands of other clients, and answered as of the moment at which
//! the last slice ends. Owns what was found so far and keeps it true: a key behind the walk that comes or goes is added
//! or taken out. It must not know who gives the slices their time.

use super::machine::Engine;
use crate::ids::{ClientId, DbIndex};
use crate::keyspace::Keys;
use crate::resp::reply::{Proto, Reply};
use crate::table::scan::CURSOR_BITS;
use crate::util::glob::Glob;
use std::collections::VecDeque;

/// Databases of up to so many keys are walked at once.
pub const WALK_AT_ONCE: usize = 4096;
/// Entries that a step looks at: some 10 us.
const STEP: usize = 128;
/// A piece of the reply is closed at this size, so that looking for a key in it is short.
const PIECE_BYTES: usize = 8 << 10;

/// The keys found from one position of the walk to the next, encoded as the reply has them.
#[derive(Debug)]
struct Piece {
    from: u64,
    reply: Vec<u8>,
}

impl Piece {
    /// Where in the piece a key is.
    fn find(&self, key: &[u8]) -> Option<std::ops::Range<usize>> {
        let mut at = 0;
        while let Some(rest) = self.reply.get(at..).filter(|rest| !rest.is_empty()) {
            let line = memchr::memchr(b'\n', rest)? + 1;
            let digits = rest.get(1..line - 2)?;
            let len = digits.iter().fold(0, |n, digit| n * 10 + usize::from(digit - b'0'));
            if rest.get(line..line + len)? == key {
                return Some(at..at + line + len + 2);
            }
            at += line + len + 2;
        }
        None
    }

    fn add(&mut self, key: &[u8]) {
        Reply::new(&mut self.reply, Proto::Resp2).bulk(key);
    }
}

/// A walk under way.
#[derive(Debug)]
pub struct KeyWalk {
    client: ClientId,
    db: DbIndex,
    pattern: Vec<u8>,
    /// Keys whose position is lower are told.
    cursor: u64,
    pieces: Vec<Piece>,
    keys: usize,
    bytes: usize,
}

impl KeyWalk {
    fn restart(&mut self) {
        (self.cursor, self.keys, self.bytes) = (0, 0, 0);
        self.pieces.clear();
    }

    fn wants(&self, key: &[u8]) -> bool {
        self.pattern == b"*" || Glob::new(&self.pattern).matches(key)
    }

    /// One step on; true at the end.
    fn step(&mut self, keys: &Keys<'_>) -> bool {
        if self.pieces.last().is_none_or(|piece| piece.reply.len() >= PIECE_BYTES) {
            self.pieces.push(Piece { from: self.cursor, reply: Vec::with_capacity(PIECE_BYTES + 4096) });
        }
        let KeyWalk { pattern, pieces, keys: found, .. } = self;
        let Some(piece) = pieces.last_mut() else { return true };
        let (all, glob) = (*pattern == b"*", Glob::new(pattern));
        let before = piece.reply.len();
        self.cursor = keys.walk(self.cursor, STEP, |key| {
            if all || glob.matches(key) {
                piece.add(key);
                *found += 1;
            }
        });
        self.bytes += piece.reply.len() - before;
        self.cursor == 0
    }

    /// A key at this position was touched; it is there now or is not.
    fn correct(&mut self, position: u64, key: &[u8], is_there: bool) {
        let behind = self.pieces.partition_point(|piece| piece.from <= position);
        let Some(piece) = behind.checked_sub(1).and_then(|at| self.pieces.get_mut(at)) else { return };
        let before = piece.reply.len();
        match (piece.find(key), is_there) {
            (Some(range), false) => {
                piece.reply.drain(range);
                self.keys -= 1;
            }
            (None, true) => {
                piece.add(key);
                self.keys += 1;
            }
            _ => {}
        }
        self.bytes = self.bytes + piece.reply.len() - before;
    }
}

/// All walks, each gets its steps in turn.
#[derive(Debug, Default)]
pub struct Walks(VecDeque<KeyWalk>);

impl Walks {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn begin(&mut self, client: ClientId, db: DbIndex, pattern: &[u8]) {
        let pattern = pattern.to_vec();
        self.0.push_back(KeyWalk { client, db, pattern, cursor: 0, pieces: Vec::new(), keys: 0, bytes: 0 });
    }

    pub(super) fn forget(&mut self, client: ClientId) {
        self.0.retain(|walk| walk.client != client);
    }

    /// Begins the walks over these databases again: other keys are there now.
    pub fn restart(&mut self, which: impl Fn(DbIndex) -> bool) {
        self.0.iter_mut().filter(|walk| which(walk.db)).for_each(KeyWalk::restart);
    }
}

impl Engine {
    /// Takes one walk a step on, and answers if that was its last. Some 10 us.
    pub fn step_walk(&mut self) {
        let Some(mut walk) = self.walks.0.pop_front() else { return };
        if self.server.loading {
            walk.restart();
            return self.walks.0.push_back(walk);
        }
        let began = crate::sys::clock::ticks();
        let over = walk.step(&Keys::new(&mut self.keyspace, walk.db));
        self.note_wait(walk.client, crate::sys::clock::ticks().wrapping_sub(began));
        let limit = self.hard_output_bytes(walk.client);
        // What is longer than its client may be sent is not looked for to its end: sending it closes the client.
        if over || (limit > 0 && walk.bytes as u64 > limit) {
            self.end_walk(walk);
        } else {
            self.count_walk(walk.client, walk.bytes);
            self.walks.0.push_back(walk);
        }
    }

    /// What was found is memory of the client that asked.
    fn count_walk(&mut self, id: ClientId, bytes: usize) {
        if let Some(client) = self.clients.get_mut(id)
            && let Some(blocked) = &client.blocked
        {
            client.io.arg_bytes = blocked.args.heap_bytes() + bytes;
        }
        if self.config.maxmemory_clients != 0 {
            self.count_memory(id);
        }
    }

    fn end_walk(&mut self, walk: KeyWalk) {
        let id = walk.client;
        let Some(blocked) = self.unblock_silently(id) else { return };
        if let Some(client) = self.clients.get_mut(id)
            && !blocked.muted
        {
            Reply::new(&mut client.out.buf, client.session.proto).array(walk.keys);
            for piece in walk.pieces {
                client.out.append(piece.reply);
            }
        }
        self.account_blocked(id, &blocked, false);
        self.resumed.push(id);
        self.note_output(id);
    }

    /// Keeps what the walks found true to what a unit changed.
    pub(super) fn settle_walks(&mut self) {
        let Engine { keyspace, walks, .. } = self;
        if !keyspace.effects.flushed.is_empty() {
            let flushed = &keyspace.effects.flushed;
            walks.restart(|db| flushed.iter().any(|flushed| flushed.is_none_or(|f| f == db)));
        }
        for (db, key) in keyspace.effects.touched() {
            let position = keyspace.hasher().hash(key) >> (64 - CURSOR_BITS);
            let concerned = |walk: &&mut KeyWalk| walk.db == db && position < walk.cursor && walk.wants(key);
            for walk in walks.0.iter_mut().filter(concerned) {
                walk.correct(position, key, keyspace.has_living(db, key));
            }
        }
    }
}
