//! A client as the engine knows it: its session, its output, its transaction and counters. No socket.

use super::args::OwnedArgs;
use super::output::Output;
use super::table::CommandId;
use crate::ids::{ClientId, DbIndex, UnixMs};
use crate::resp::reply::{Proto, Reply};
use crate::tracking::Mode;
use std::collections::VecDeque;

/// What replies a client wants (CLIENT REPLY).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReplyMode {
    #[default]
    On,
    Off,
    /// The running command's reply is left out, then replies go on.
    Skip,
    /// The next command's reply will be left out.
    SkipNext,
}

/// What a client set for its own commands.
#[derive(Debug, Default)]
pub struct Session {
    pub db: DbIndex,
    pub proto: Proto,
    pub authenticated: bool,
    pub name: Vec<u8>,
    pub lib_name: Vec<u8>,
    pub lib_ver: Vec<u8>,
    /// CLIENT NO-TOUCH.
    pub no_touch: bool,
    /// CLIENT NO-EVICT.
    pub no_evict: bool,
    /// READONLY was sent (cluster).
    pub readonly: bool,
    pub asking: bool,
    pub reply: ReplyMode,
    /// CLIENT CAPA redirect was sent.
    pub capa_redirect: bool,
    /// CLIENT IMPORT-SOURCE.
    pub import_source: bool,
    /// Its commands are history (a primary's, a file's), not requests: what they came to is settled.
    pub obeyed: bool,
}

/// A transaction being queued.
#[derive(Debug, Default)]
pub struct Multi {
    pub queue: Vec<(CommandId, OwnedArgs)>,
    /// A command was refused: EXEC aborts.
    pub broken: bool,
    /// Something queued may not run on a replica that has lost its primary.
    pub needs_fresh: bool,
    /// Something queued may not run while data is loaded.
    pub needs_data: bool,
    /// Flags of all queued commands together.
    pub flags: u32,
    pub arg_bytes: usize,
}

/// Why a client is being closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Closing {
    /// After what is in its output has been sent.
    AfterReply,
    /// At the end of the turn.
    Now,
}

/// What the server's side of the connection reports for CLIENT LIST and limits.
#[derive(Clone, Copy, Debug, Default)]
pub struct IoCounters {
    pub query_bytes: usize,
    pub query_free: usize,
    pub arg_bytes: usize,
    pub net_in: u64,
    pub net_out: u64,
    pub waits_to_write: bool,
}

/// A subscription count by kind.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubCounts {
    pub channels: usize,
    pub patterns: usize,
    pub shards: usize,
}

impl SubCounts {
    pub fn any(&self) -> bool {
        self.channels + self.patterns + self.shards > 0
    }
}

/// A client's share in the totals that `maxmemory-clients` is held against.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counted {
    pub bytes: usize,
    /// It may be evicted.
    pub evictable: bool,
}

/// A key that a client watches.
#[derive(Debug)]
pub struct Watched {
    pub db: DbIndex,
    pub key: Box<[u8]>,
    /// Its time had come already when the watching began, so that its going is no news.
    pub was_due: bool,
}

/// What a watched key costs beside its bytes: its place here, and that in the index.
const WATCH_BYTES: usize = 96;

/// One client.
#[derive(Debug)]
pub struct Client {
    pub id: ClientId,
    /// The number CLIENT ID shows: never reused.
    pub number: u64,
    pub session: Session,
    pub out: Output,
    /// While a command runs whose replies are not wanted: the bytes before them, with the pushes that are sent all
    /// the same.
    pub aside: Option<Vec<u8>>,
    /// Messages its own running command sent to it: they follow the reply.
    pub later: Vec<u8>,
    pub multi: Option<Box<Multi>>,
    /// A watched key was touched: EXEC answers nil.
    pub dirty_cas: bool,
    pub watching: Vec<Watched>,
    pub subs: SubCounts,
    pub monitor: bool,
    /// CLIENT TRACKING is on.
    pub tracking: Option<Box<Mode>>,
    /// Waits in BLPOP and the like, or for a pause to end.
    pub blocked: Option<Box<super::blocking::Blocked>>,
    /// Its commands wait for the end of CLIENT PAUSE.
    pub postponed: bool,
    /// Where its last logged command ended in the log.
    pub logged_to: u64,
    pub closing: Option<Closing>,
    pub unix_socket: bool,
    pub fd: i64,
    pub addr: String,
    pub laddr: String,
    pub created_ms: UnixMs,
    pub last_active_ms: UnixMs,
    pub last_command: Option<CommandId>,
    pub commands: u64,
    pub io: IoCounters,
    /// When the soft output limit was first passed.
    pub soft_limit_since_ms: Option<UnixMs>,
    /// Has something to write that the loop does not know of yet.
    pub queued_write: bool,
    /// When the peak of the reply buffer was last forgotten.
    pub reply_peak_at_ms: UnixMs,
    /// Capacity of the reply buffer when the cron last looked.
    pub reply_capacity: usize,
    /// It was authenticated at some time: what it may leave unread is bounded by its class only.
    pub known: bool,
    /// Bytes of the keys in `watching`.
    pub watched_bytes: usize,
    /// What the totals of all clients' memory hold for this client.
    pub counted: Counted,
}

impl Client {
    pub fn new(id: ClientId, number: u64, now_ms: UnixMs) -> Self {
        Client {
            id,
            number,
            session: Session::default(),
            out: Output::new(),
            aside: None,
            later: Vec::new(),
            multi: None,
            dirty_cas: false,
            watching: Vec::new(),
            subs: SubCounts::default(),
            monitor: false,
            tracking: None,
            blocked: None,
            postponed: false,
            logged_to: 0,
            closing: None,
            unix_socket: false,
            fd: -1,
            addr: String::new(),
            laddr: String::new(),
            created_ms: now_ms,
            last_active_ms: now_ms,
            last_command: None,
            commands: 0,
            io: IoCounters::default(),
            soft_limit_since_ms: None,
            queued_write: false,
            reply_peak_at_ms: now_ms,
            reply_capacity: 0,
            known: false,
            watched_bytes: 0,
            counted: Counted::default(),
        }
    }

    /// Whether the loop may run its next command.
    pub fn may_run(&self) -> bool {
        self.blocked.is_none() && !self.postponed && self.closing.is_none()
    }

    /// Writes messages that are no replies: they are sent whatever CLIENT REPLY says.
    pub fn pushes(&mut self) -> Reply<'_> {
        Reply::new(self.aside.as_mut().unwrap_or(&mut self.out.buf), self.session.proto)
    }

    pub fn close(&mut self, how: Closing) {
        if self.closing != Some(Closing::Now) {
            self.closing = Some(how);
        }
    }

    /// In RESP2 a subscribed client may only change its subscriptions.
    pub fn in_pubsub_context(&self) -> bool {
        self.session.proto == Proto::Resp2 && self.subs.any()
    }

    /// O(1): memory this client costs, in bytes, as CLIENT LIST shows it in `tot-mem`.
    pub fn memory_bytes(&self) -> usize {
        std::mem::size_of::<Self>()
            + self.out.memory_bytes()
            + self.io.query_bytes
            + self.io.query_free
            + self.io.arg_bytes
            + self.session.name.capacity()
            + self.multi.as_ref().map_or(0, |m| m.arg_bytes + m.queue.capacity() * 48)
            + self.watched_bytes
            + self.tracking.as_ref().map_or(0, |mode| mode.memory_bytes())
            + self.watching.capacity() * WATCH_BYTES
            + (self.subs.channels + self.subs.patterns + self.subs.shards) * 64
    }
}

/// All clients, in places that are reused.
#[derive(Default)]
pub struct Clients {
    places: Vec<Place>,
    free: VecDeque<u32>,
    count: usize,
    next_number: u64,
}

struct Place {
    generation: u32,
    client: Option<Box<Client>>,
}

impl Clients {
    pub fn add(&mut self, now_ms: UnixMs) -> &mut Client {
        self.next_number += 1;
        self.count += 1;
        let id = self.take_place();
        let client = Box::new(Client::new(id, self.next_number, now_ms));
        self.places[id.index as usize].client.insert(client)
    }

    /// Gives a client a place for a while, though nobody connected: [`Clients::remove`] gives it back.
    pub fn lend(&mut self, mut client: Box<Client>) -> ClientId {
        self.count += 1;
        let id = self.take_place();
        client.id = id;
        self.places[id.index as usize].client = Some(client);
        id
    }

    fn take_place(&mut self) -> ClientId {
        let index = self.free.pop_front().unwrap_or_else(|| {
            self.places.push(Place { generation: 0, client: None });
            (self.places.len() - 1) as u32
        });
        let place = &mut self.places[index as usize];
        place.generation = place.generation.wrapping_add(1);
        ClientId { index, generation: place.generation }
    }

    #[inline]
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        let place = self.places.get(id.index as usize)?;
        if place.generation == id.generation { place.client.as_deref() } else { None }
    }

    #[inline]
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        let place = self.places.get_mut(id.index as usize)?;
        if place.generation == id.generation { place.client.as_deref_mut() } else { None }
    }

    pub fn remove(&mut self, id: ClientId) -> Option<Box<Client>> {
        let place = self.places.get_mut(id.index as usize)?;
        if place.generation != id.generation {
            return None;
        }
        let client = place.client.take()?;
        self.free.push_back(id.index);
        self.count -= 1;
        Some(client)
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.places.iter().filter_map(|place| place.client.as_deref())
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Client> {
        self.places.iter_mut().filter_map(|place| place.client.as_deref_mut())
    }

    /// The client with this CLIENT ID number. O(clients).
    pub fn by_number(&self, number: u64) -> Option<ClientId> {
        self.iter().find(|client| client.number == number).map(|client| client.id)
    }

    /// Places in use or free: a bound for round-robin duties of the cron.
    pub fn places(&self) -> usize {
        self.places.len()
    }

    pub fn at_place(&self, index: usize) -> Option<ClientId> {
        self.places.get(index)?.client.as_ref().map(|client| client.id)
    }
}

impl std::ops::Index<ClientId> for Clients {
    type Output = Client;

    fn index(&self, id: ClientId) -> &Client {
        self.get(id).expect("handlers run for living clients, which only the loop removes")
    }
}

impl std::ops::IndexMut<ClientId> for Clients {
    fn index_mut(&mut self, id: ClientId) -> &mut Client {
        self.get_mut(id).expect("handlers run for living clients, which only the loop removes")
    }
}
