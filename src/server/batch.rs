//! Commands are taken in batches across clients: parsed, their table lines prefetched, then their entries, then run in
//! the order they came. The prefetch is only a hint; every command is gated after the one before it ran.

use super::turn::Loop;
use crate::engine::Engine;
use crate::engine::args::Args;
use crate::engine::call::{Request, Verdict};
use crate::engine::client::Client;
use crate::engine::table::CommandId;
use crate::ids::ClientId;
use crate::net::connection::Connection;
use crate::resp::parse::{ArgBuf, ArgRange, Limits, Outcome, ProtocolError};
use crate::sys::clock::{ticks, ticks_to_ns};

/// Commands in a batch: beyond this many prefetches in flight nothing is gained.
pub const BATCH: usize = 16;
/// Batches one client may fill in a row while others wait: a whole pipeline is answered in one write.
const SHARE: usize = 8;
/// Batches of one turn: then everybody's replies are written and the sockets are looked at again.
const BATCHES_PER_TURN: usize = 32;
/// A turn ends before that when its commands took this long: some take a thousand times as long as others.
const LONG_TURN_NS: u64 = 500_000;

/// One parsed command, or what its client sent instead.
#[derive(Clone, Copy)]
pub enum Parsed {
    Command {
        /// Its arguments among those of the batch.
        first: usize,
        count: usize,
        /// Known already if the name alone tells.
        command: Option<CommandId>,
        /// Hash of the argument `first_key`; 0 when there is none.
        hash: u64,
        first_key: usize,
    },
    /// Bytes that are no command (an empty line).
    Nothing,
    Broken(ProtocolError),
}

/// A parsed command in line to run.
#[derive(Clone, Copy)]
pub struct Pending {
    pub client: ClientId,
    /// Offset in the client's buffer behind it.
    pub end: usize,
    pub parsed: Parsed,
}

/// Arguments whose slices are gathered on the stack.
const FEW: usize = 8;

/// Hands the slices of a command's arguments to `f`.
#[inline]
fn with_slices<R>(args: &ArgBuf, ranges: &[ArgRange], buf: &[u8], f: impl FnOnce(&[&[u8]]) -> R) -> R {
    if ranges.len() <= FEW {
        let mut few: [&[u8]; FEW] = [&[]; FEW];
        for (slot, range) in few.iter_mut().zip(ranges) {
            *slot = args.bytes(*range, buf, &[]);
        }
        f(&few[..ranges.len()])
    } else {
        let many: Vec<&[u8]> = ranges.iter().map(|range| args.bytes(*range, buf, &[])).collect();
        f(&many)
    }
}

impl Loop {
    /// Runs what the queued connections sent, up to a bounded share a turn.
    pub(super) fn run_queued(&mut self) {
        let began = ticks();
        for _ in 0..BATCHES_PER_TURN {
            if self.queue.is_empty() || ticks_to_ns(ticks().wrapping_sub(began)) > LONG_TURN_NS {
                return;
            }
            self.fill_batch();
            self.prefetch_batch();
            self.run_batch();
        }
    }

    /// Parses up to a batch of commands, from as many clients as it takes.
    fn fill_batch(&mut self) {
        self.args.clear();
        self.batch.clear();
        let mut turns = self.queue.len();
        while self.batch.len() < BATCH && turns > 0 {
            turns -= 1;
            let Some(id) = self.queue.pop_front() else { break };
            let Some(connection) = self.connections.get_mut(id) else { continue };
            let Some(client) = self.engine.clients.get(id).filter(|client| client.may_run()) else {
                connection.queued = false;
                continue;
            };
            let limits = Limits {
                max_bulk_len: self.engine.config.proto_max_bulk_len as usize,
                authenticated: client.session.authenticated,
                primary: false,
            };
            connection.queued = parse_some(connection, id, &limits, &mut self.args, &mut self.batch);
            if connection.queued && self.streak < SHARE {
                self.streak += 1;
                self.queue.push_front(id);
            } else {
                self.streak = 0;
                if connection.queued {
                    self.queue.push_back(id);
                }
            }
            note_query(self.engine.client(id), connection);
        }
    }

    /// Finds each command, hashes its key and asks for its table line; then for the entries behind the lines.
    fn prefetch_batch(&mut self) {
        let Loop { engine, connections, batch, args, .. } = self;
        let alone = batch.len() < 2;
        for pending in batch.iter_mut() {
            let Parsed::Command { first, count, command, hash, first_key } = &mut pending.parsed else {
                continue;
            };
            let Some(connection) = connections.get(pending.client) else { continue };
            let buf = connection.query.filled();
            let ranges = &args.ranges()[*first..*first + *count];
            let name = args.bytes(ranges[0], buf, &[]);
            let Some(found) = engine.commands.simple(name, *count) else { continue };
            *command = Some(found.id);
            let at = usize::from(found.prefetch_arg);
            if at > 0
                && let Some(key) = ranges.get(at)
            {
                *hash = engine.keyspace.hash(args.bytes(*key, buf, &[]));
                *first_key = at;
                if !alone {
                    engine.keyspace.prefetch_line(db_of(engine, pending.client), *hash);
                }
            }
        }
        if alone {
            return;
        }
        for pending in batch.iter() {
            if let Parsed::Command { hash, .. } = pending.parsed
                && hash != 0
            {
                engine.keyspace.prefetch_entry(db_of(engine, pending.client), hash);
            }
        }
    }

    /// Runs the batch. When a client may not go on, the rest of what it had in the batch is parsed again later.
    fn run_batch(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        for pending in &batch {
            self.run_one(pending);
        }
        for (at, pending) in batch.iter().enumerate() {
            // A client's commands mostly follow each other; once is enough.
            if batch.get(at + 1).is_none_or(|next| next.client != pending.client) {
                self.after_batch(pending.client);
            }
        }
        self.batch = batch;
    }

    #[inline]
    fn run_one(&mut self, pending: &Pending) {
        let id = pending.client;
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.stalled {
            return;
        }
        if !self.engine.clients.get(id).is_some_and(|client| client.may_run()) {
            connection.stalled = true;
            return;
        }
        match pending.parsed {
            Parsed::Nothing => connection.query.consume_to(pending.end),
            Parsed::Broken(error) => {
                let unread = &connection.query.filled()[connection.query.start()..];
                self.engine.refuse_protocol(id, error, unread);
                connection.query.consume_to(pending.end);
            }
            Parsed::Command { first, count, command, hash, first_key } => {
                let Loop { engine, args, .. } = self;
                let ranges = &args.ranges()[first..first + count];
                let verdict = with_slices(args, ranges, connection.query.filled(), |slices| {
                    let args = Args::new(slices).with_hash(first_key, hash);
                    let command = command.map_or_else(|| engine.commands.resolve(&args), Ok);
                    engine.execute(Request { client: id, args, command })
                });
                if verdict == Verdict::Postponed {
                    connection.stalled = true;
                    self.postponed.push(id);
                } else {
                    connection.query.consume_to(pending.end);
                }
            }
        }
    }

    /// Gives the buffer of a connection back that has nothing left in it, and rewinds one that was stopped.
    fn after_batch(&mut self, id: ClientId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if connection.stalled {
            connection.stalled = false;
            connection.rewind();
        }
        if connection.query.is_empty() && !connection.parser.is_midway() {
            connection.query.release(&mut self.chunks);
            connection.parsed = 0;
        }
        if let Some(client) = self.engine.clients.get_mut(id) {
            note_query(client, connection);
        }
    }
}

/// What CLIENT LIST and the limits are to know of the connection's buffer.
pub(super) fn note_query(client: &mut Client, connection: &Connection) {
    let bytes = connection.unused();
    client.io.query_bytes = bytes;
    client.io.query_free = connection.query.capacity() - bytes;
}

fn db_of(engine: &Engine, id: ClientId) -> u16 {
    engine.clients.get(id).map_or(0, |client| client.session.db)
}

/// Parses commands of one connection into the batch until it is full; says whether more may follow at once.
fn parse_some(
    connection: &mut Connection,
    id: ClientId,
    limits: &Limits,
    args: &mut ArgBuf,
    batch: &mut Vec<Pending>,
) -> bool {
    let Connection { query, parser, parsed, need, .. } = connection;
    while batch.len() < BATCH {
        let (parsed_as, consumed) = match parser.parse(query.filled(), *parsed, limits, args) {
            Outcome::Command { args: range, consumed } => {
                let (first, count) = (range.start, range.len());
                (Parsed::Command { first, count, command: None, hash: 0, first_key: 0 }, consumed)
            }
            Outcome::Empty { consumed } => (Parsed::Nothing, consumed),
            Outcome::Incomplete { need: missing } => {
                *need = missing;
                if *parsed < query.filled().len() {
                    query.keep();
                }
                return false;
            }
            Outcome::Error(error) => {
                let end = query.filled().len();
                batch.push(Pending { client: id, end, parsed: Parsed::Broken(error) });
                return false;
            }
        };
        *parsed += consumed;
        *need = 0;
        batch.push(Pending { client: id, end: *parsed, parsed: parsed_as });
    }
    *parsed < query.filled().len()
}
