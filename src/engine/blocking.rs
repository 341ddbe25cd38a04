//! Clients that wait for keys: who waits for what, in order of arrival, and their waking.

use super::args::{Args, OwnedArgs};
use super::client::ReplyMode;
use super::ctx::{Ctx, Env};
use super::error::Error;
use super::flow::{BlockOn, BlockReason, Flow, done};
use super::gate::Gate;
use super::machine::Engine;
use super::spec::{CmdResult, Run};
use super::table::CommandId;
use crate::ids::{ClientId, DbIndex, UnixMs};
use crate::keyspace::Keys;
use crate::resp::reply::Reply;
use crate::sys::clock;
use hashbrown::{Equivalent, HashMap};
use std::collections::{BTreeSet, VecDeque};

/// A waiting client's command, kept to be run again.
#[derive(Debug)]
pub struct Blocked {
    pub command: CommandId,
    pub args: OwnedArgs,
    pub db: DbIndex,
    pub keys: Vec<Box<[u8]>>,
    pub deadline: Option<UnixMs>,
    pub reason: BlockReason,
    /// Its client wants no reply to it.
    pub(super) muted: bool,
    /// What running it has taken so far, in ticks.
    ticks: u64,
}

/// A key of a database.
type Place = (DbIndex, Box<[u8]>);

/// The same, borrowed. Hashes as the owned one does.
#[derive(Hash)]
struct PlaceRef<'k> {
    db: DbIndex,
    key: &'k [u8],
}

impl Equivalent<Place> for PlaceRef<'_> {
    fn equivalent(&self, place: &Place) -> bool {
        self.db == place.0 && *self.key == *place.1
    }
}

/// All waiting clients.
#[derive(Default)]
pub struct Blocking {
    waiting: HashMap<Place, VecDeque<ClientId>>,
    deadlines: BTreeSet<(UnixMs, ClientId)>,
    /// Keys touched while somebody waits for them, in order, once each.
    ready: VecDeque<Place>,
    /// Keys that were ready while commands were paused.
    paused: Vec<Place>,
    clients: usize,
    for_groups: usize,
    /// Those who wait for copies of what they wrote, in order of arrival.
    for_copies: Vec<ClientId>,
}

impl Blocking {
    pub fn is_empty(&self) -> bool {
        self.clients == 0
    }

    /// Clients that wait.
    pub fn len(&self) -> usize {
        self.clients
    }

    /// Keys somebody waits for.
    pub fn keys(&self) -> usize {
        self.waiting.len()
    }

    /// Keys that XREADGROUP waits for, which may also vanish.
    pub fn keys_for_groups(&self) -> usize {
        self.for_groups
    }

    /// Clients in WAIT and WAITAOF, in order of arrival.
    #[inline]
    pub(super) fn waiting_for_copies(&self) -> &[ClientId] {
        &self.for_copies
    }

    /// Clients whose waiting has an end.
    pub fn with_deadline(&self) -> usize {
        self.deadlines.len()
    }

    /// The first time at which somebody's patience ends.
    pub fn next_deadline(&self) -> Option<UnixMs> {
        self.deadlines.first().map(|(ms, _)| *ms)
    }

    /// Called for every key that is touched while anybody waits for anything, so it takes no copy in vain.
    fn note_ready(&mut self, db: DbIndex, key: &[u8]) {
        if self.waiting.contains_key(&PlaceRef { db, key })
            && !self.ready.iter().any(|place| place.0 == db && *place.1 == *key)
        {
            self.ready.push_back((db, Box::from(key)));
        }
    }

    /// Every key that somebody waits for in these databases may have come or gone.
    fn note_databases(&mut self, which: impl Fn(DbIndex) -> bool) {
        let places: Vec<_> = self.waiting.keys().filter(|(db, _)| which(*db)).cloned().collect();
        for (db, key) in places {
            self.note_ready(db, &key);
        }
    }
}

/// How a wait ends without a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unblock {
    Timeout,
    Error,
    /// The shutdown it asked for failed.
    Shutdown,
    /// What it waits for will not come.
    Refused(&'static str),
    /// The load it asked for is over.
    Loaded,
}

impl Engine {
    /// Puts a client to wait.
    pub(super) fn block(&mut self, id: ClientId, command: CommandId, args: &Args<'_>, on: BlockOn) {
        let client = &mut self.clients[id];
        let db = client.session.db;
        for key in &on.keys {
            let queue = self.blocking.waiting.entry((db, key.clone())).or_default();
            // Named twice, a key has this client at its end already.
            if queue.back() != Some(&id) {
                queue.push_back(id);
            }
        }
        if let Some(ms) = on.deadline {
            self.blocking.deadlines.insert((ms, id));
        }
        self.blocking.clients += 1;
        if on.reason == BlockReason::Group {
            self.blocking.for_groups += on.keys.len();
        }
        if matches!(on.reason, BlockReason::Copies(_)) {
            self.blocking.for_copies.push(id);
        }
        if on.reason == BlockReason::Walk {
            self.walks.begin(id, db, args.get(1));
        }
        let args = on.instead.unwrap_or_else(|| args.to_owned());
        client.io.arg_bytes = args.heap_bytes();
        client.blocked = Some(Box::new(Blocked {
            command,
            args,
            db,
            keys: on.keys,
            deadline: on.deadline,
            reason: on.reason,
            muted: client.session.reply != ReplyMode::On,
            ticks: 0,
        }));
        self.renew_interest();
    }

    /// Adds the time that a waiting command took to run.
    pub(super) fn note_wait(&mut self, id: ClientId, ticks: u64) {
        if let Some(blocked) = self.clients.get_mut(id).and_then(|client| client.blocked.as_mut()) {
            blocked.ticks += ticks;
        }
    }

    /// Counts a command whose waiting is over.
    pub(super) fn account_blocked(&mut self, id: ClientId, blocked: &Blocked, failed: bool) {
        let slices = blocked.args.slices();
        self.account(id, blocked.command, &Args::new(&slices), blocked.ticks, failed);
    }

    /// Takes a client off all queues, without a reply.
    pub(super) fn unblock_silently(&mut self, id: ClientId) -> Option<Box<Blocked>> {
        let client = self.clients.get_mut(id)?;
        let blocked = client.blocked.take()?;
        client.io.arg_bytes = 0;
        for key in &blocked.keys {
            let place = (blocked.db, key.clone());
            if let Some(queue) = self.blocking.waiting.get_mut(&place) {
                queue.retain(|waiter| *waiter != id);
                if queue.is_empty() {
                    self.blocking.waiting.remove(&place);
                }
            }
        }
        if blocked.reason == BlockReason::Walk {
            self.walks.forget(id);
        }
        if let Some(ms) = blocked.deadline {
            self.blocking.deadlines.remove(&(ms, id));
        }
        self.blocking.clients -= 1;
        if blocked.reason == BlockReason::Group {
            self.blocking.for_groups -= blocked.keys.len();
        }
        if matches!(blocked.reason, BlockReason::Copies(_)) {
            self.blocking.for_copies.retain(|waiter| *waiter != id);
        }
        self.renew_interest();
        Some(blocked)
    }

    /// Whether a client waits for something that somebody else may end its waiting for.
    pub fn may_unblock(&self, id: ClientId) -> bool {
        let blocked = self.clients.get(id).and_then(|client| client.blocked.as_ref());
        blocked.is_some_and(|blocked| {
            !matches!(blocked.reason, BlockReason::Shutdown | BlockReason::Load | BlockReason::Walk)
        })
    }

    /// Ends a wait without a value (timeout, CLIENT UNBLOCK); says whether the client waited.
    pub fn unblock(&mut self, id: ClientId, how: Unblock) -> bool {
        let Some(blocked) = self.unblock_silently(id) else { return false };
        self.hush(id, &blocked);
        match how {
            Unblock::Error => {
                self.reply_error(id, &Error::Coded("UNBLOCKED client unblocked via CLIENT UNBLOCK"));
            }
            Unblock::Shutdown => {
                self.reply_error(id, &Error::Plain("Errors trying to SHUTDOWN. Check logs."));
            }
            Unblock::Loaded => self.reply(id).ok(),
            Unblock::Refused(why) => self.reply_error(id, &Error::Plain(why)),
            Unblock::Timeout => match &blocked.reason {
                BlockReason::Copies(wanted) => self.reply_copies(id, wanted),
                // COMPAT: also where a value would have been no array.
                _ => self.reply(id).null_array(),
            },
        }
        self.unhush(id);
        if self.hold.active && matches!(blocked.reason, BlockReason::Copies(_)) {
            // It tells of the log and of no key.
            self.hold_output(id, 0);
        }
        if how == Unblock::Error {
            self.stats.commands.reject(blocked.command.0);
        }
        self.account_blocked(id, &blocked, matches!(how, Unblock::Shutdown | Unblock::Refused(_)));
        self.resumed.push(id);
        self.note_output(id);
        true
    }

    /// Ends the waits whose time is up.
    pub fn time_out_blocked(&mut self) {
        let now = self.clock.now_ms;
        while let Some((ms, id)) = self.blocking.deadlines.first().copied() {
            if ms > now {
                break;
            }
            self.unblock(id, Unblock::Timeout);
        }
    }

    /// After SWAPDB: keys that somebody waits for may have come with the other database, or gone with it.
    pub fn note_swapped(&mut self, a: DbIndex, b: DbIndex) {
        self.blocking.note_databases(|db| db == a || db == b);
        self.walks.restart(|db| db == a || db == b);
    }

    /// Notes which touched keys somebody waits for.
    pub(super) fn settle_blocked(&mut self) {
        let Engine { keyspace, blocking, .. } = self;
        for (db, key) in keyspace.effects.stirred() {
            blocking.note_ready(db, key);
        }
        let flushed = &keyspace.effects.flushed;
        if !flushed.is_empty() {
            blocking.note_databases(|db| flushed.iter().any(|flushed| flushed.is_none_or(|f| f == db)));
        }
    }

    /// Runs the commands of clients whose keys became ready, each as a unit of its own, until none is left: a served
    /// BLMOVE may make the next key ready.
    pub(super) fn wake_blocked(&mut self) {
        while let Some(place) = self.blocking.ready.pop_front() {
            self.wake_for(&place);
        }
    }

    /// Serves those who wait for a key in order of arrival, as long as there is something to be had.
    fn wake_for(&mut self, place: &Place) {
        let waiters = self.blocking.waiting.get(place).map_or(0, VecDeque::len);
        let mut passed_over = 0;
        for _ in 0..waiters {
            let queue = self.blocking.waiting.get(place);
            let Some(id) = queue.and_then(|queue| queue.get(passed_over)).copied() else { return };
            let found = Keys::new(&mut self.keyspace, place.0).peek(&*place.1).map(|view| view.kind());
            if found.is_none() && self.blocking.for_groups == 0 {
                return;
            }
            let blocked = self.clients.get(id).and_then(|client| client.blocked.as_ref());
            let wakes = blocked.is_some_and(|blocked| blocked.reason.wakes_for(found));
            if !wakes || !self.retry(id, place) {
                passed_over += 1;
            }
        }
    }

    /// Runs a waiting client's command again, through the gates as any other; it either is over now, or waits on in its
    /// place. Says whether it is over.
    fn retry(&mut self, id: ClientId, place: &Place) -> bool {
        let Some(client) = self.clients.get_mut(id) else { return false };
        let Some(mut blocked) = client.blocked.take() else { return false };
        self.hush(id, &blocked);
        self.current = Some(id);
        let over = self.run_waiting(id, &mut blocked, place);
        if let Some(client) = self.clients.get_mut(id) {
            client.blocked = Some(blocked);
        }
        self.unhush(id);
        if over {
            self.unblock_silently(id);
            self.resumed.push(id);
        }
        // In the log before anybody is told.
        let before = self.log_end();
        self.settle_once();
        let end = self.log_end();
        if end != before
            && let Some(client) = self.clients.get_mut(id)
        {
            client.logged_to = end;
        }
        if over {
            self.note_output(id);
        }
        over
    }

    fn run_waiting(&mut self, id: ClientId, blocked: &mut Blocked, place: &Place) -> bool {
        let slices = blocked.args.slices();
        let args = Args::new(&slices);
        match self.gate(id, blocked.command) {
            Ok(Gate::Run) => {}
            Ok(Gate::Postpone) => {
                self.blocking.paused.push(place.clone());
                return false;
            }
            Ok(_) => return false,
            Err(error) => {
                self.refuse(id, &args, &error);
                return true;
            }
        }
        let before = self.keyspace.effects.dirty;
        let began = clock::ticks();
        let result = self.run_again(id, blocked, &args);
        blocked.ticks += clock::ticks().wrapping_sub(began);
        self.propagate(id, blocked.command, &args, before);
        if self.tracking.any() {
            self.track_command(blocked.command, &args);
        }
        if matches!(result, Ok(Flow::Block(_))) {
            return false;
        }
        if let Err(error) = &result {
            self.reply_error(id, error);
        }
        self.account(id, blocked.command, &args, blocked.ticks, result.is_err());
        true
    }

    /// When a pause ends: keys that became ready during it are looked at now.
    pub(super) fn wake_after_pause(&mut self) {
        for (db, key) in std::mem::take(&mut self.blocking.paused) {
            self.blocking.note_ready(db, &key);
        }
        if self.depth == 0 {
            self.wake_blocked();
        }
    }

    /// Puts what a client was sent aside if it wants no reply to what it waited for.
    fn hush(&mut self, id: ClientId, blocked: &Blocked) {
        if blocked.muted
            && let Some(client) = self.clients.get_mut(id)
        {
            client.aside = Some(std::mem::take(&mut client.out.buf));
        }
    }

    /// Drops what was said since [`Engine::hush`].
    fn unhush(&mut self, id: ClientId) {
        if let Some(client) = self.clients.get_mut(id)
            && let Some(sent) = client.aside.take()
        {
            client.out.buf = sent;
        }
    }

    fn run_again(&mut self, id: ClientId, blocked: &Blocked, args: &Args<'_>) -> CmdResult {
        let Run::Data(handler) = self.commands.get(blocked.command).spec.run else { return done() };
        let client = &mut self.clients[id];
        let env = Env {
            config: &self.config,
            now_us: self.clock.now_us,
            now_ms: self.clock.now_ms,
            must_not_block: false,
            subscribed: client.subs.any(),
            skip_checksum: self.skip_checksum,
            unblocked: true,
        };
        let mut keys = Keys::new(&mut self.keyspace, blocked.db);
        keys.no_touch = client.session.no_touch;
        let reply = Reply::new(&mut client.out.buf, client.session.proto);
        handler(&mut Ctx { keys, reply, session: &mut client.session, env }, args)
    }
}
