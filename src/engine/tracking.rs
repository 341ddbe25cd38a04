//! Client-side caching as the machine plays it: what clients read is remembered, and what changed is told to them when
//! the unit is over, or at the end of the turn to those who follow prefixes.

use super::args::Args;
use super::keys_of::keys_of;
use super::machine::Engine;
use super::spec::Flags;
use super::table::CommandId;
use crate::ids::ClientId;
use crate::resp::reply::Proto;
use crate::table::Hasher;
use crate::tracking::{Broadcast, Mode, Readers};

/// The channel on which RESP2 connections get the invalidations of others.
const CHANNEL: &[u8] = b"__redis__:invalidate";
/// How many keys are dropped at once when too many are remembered; more each time that was not enough.
const DROPS: u64 = 100;
/// Read-only commands that run others: only what those read counts.
const SCRIPTS: &[&str] = &["eval_ro", "evalsha_ro", "fcall_ro"];

/// What is remembered of the clients that track.
pub struct Tracking {
    clients: usize,
    pub(super) readers: Readers,
    pub(super) broadcast: Broadcast,
    /// Touched keys and flushes of the running unit that were looked at already.
    seen: (usize, usize),
    /// To be told when the unit is over.
    news: Vec<News>,
    /// How often in a row too many keys were left.
    overdue: u64,
}

enum News {
    Key(Box<[u8]>, Vec<ClientId>),
    /// Whatever a client remembers may be wrong.
    All,
}

/// What one message says.
#[derive(Clone, Copy)]
enum Told<'a> {
    Keys(&'a [&'a [u8]]),
    All,
}

impl Tracking {
    pub(super) fn new(hasher: Hasher) -> Self {
        Tracking {
            clients: 0,
            readers: Readers::new(hasher),
            broadcast: Broadcast::default(),
            seen: (0, 0),
            news: Vec::new(),
            overdue: 0,
        }
    }

    /// Whether some client tracks.
    #[inline]
    pub fn any(&self) -> bool {
        self.clients > 0
    }

    /// How many clients track.
    pub fn clients(&self) -> usize {
        self.clients
    }
}

impl Engine {
    /// Lets a client track, or changes how it does: prefixes are added to those it has.
    pub fn start_tracking(&mut self, id: ClientId, mode: Mode) {
        let Engine { tracking, keyspace, clients, .. } = self;
        if tracking.clients == 0 {
            tracking.seen = (keyspace.effects.touched_len(), keyspace.effects.flushed.len());
        }
        let client = &mut clients[id];
        let mut next = Mode { prefixes: Vec::new(), prefix_bytes: 0, caching: false, broken: false, ..mode };
        match client.tracking.take() {
            Some(old) => {
                next.caching = old.caching;
                next.prefix_bytes = old.prefix_bytes;
                next.prefixes = old.prefixes;
            }
            None => tracking.clients += 1,
        }
        for prefix in &mode.prefixes {
            next.add_prefix(prefix);
            tracking.broadcast.follow(prefix, id);
        }
        client.tracking = Some(Box::new(next));
        self.renew_interest();
    }

    /// Ends a client's tracking. What it read is forgotten when it changes, or when nobody tracks any more.
    pub fn stop_tracking(&mut self, id: ClientId) {
        let Some(mode) = self.clients.get_mut(id).and_then(|client| client.tracking.take()) else { return };
        for prefix in &mode.prefixes {
            self.tracking.broadcast.leave(prefix, id);
        }
        self.tracking.clients -= 1;
        if self.tracking.clients == 0 {
            self.tracking.readers.clear();
            self.tracking.news.clear();
        }
        self.renew_interest();
    }

    /// After a command: what it changed is taken note of, then what it read for the client it ran for.
    #[cold]
    pub(super) fn track_command(&mut self, command: CommandId, args: &Args<'_>) {
        self.note_changes();
        let spec = self.commands.get(command).spec;
        if !spec.flags.has(Flags::READONLY) || spec.flags.has(Flags::PUBSUB) || SCRIPTS.contains(&spec.name) {
            return;
        }
        let Some(id) = self.current else { return };
        let mode = self.clients.get(id).and_then(|client| client.tracking.as_ref());
        if !mode.is_some_and(|mode| mode.remembers()) {
            return;
        }
        for key in keys_of(spec, args).unwrap_or_default() {
            if let Some(key) = args.opt(key.index) {
                self.tracking.readers.remember(key, id);
            }
        }
    }

    /// Takes note of what the unit changed since this was last looked at: a key read after its change is remembered.
    fn note_changes(&mut self) {
        let Engine { tracking, keyspace, current, .. } = self;
        let effects = &keyspace.effects;
        let (touched, flushed) = tracking.seen;
        tracking.seen = (effects.touched_len(), effects.flushed.len());
        if effects.flushed.len() > flushed {
            tracking.readers.clear();
            tracking.news.push(News::All);
        }
        for key in effects.touched_since(touched) {
            tracking.broadcast.note(key, *current);
            if let Some(readers) = tracking.readers.take(key) {
                tracking.news.push(News::Key(key.into(), readers));
            }
        }
    }

    /// Tells clients what the unit changed of what they read.
    #[cold]
    pub(super) fn settle_tracking(&mut self) {
        self.note_changes();
        self.tracking.seen = (0, 0);
        for news in std::mem::take(&mut self.tracking.news) {
            match news {
                News::Key(key, readers) => self.tell_readers(&key, &readers, self.current),
                News::All => {
                    let tracking = self.clients.iter().filter(|client| client.tracking.is_some());
                    for id in tracking.map(|client| client.id).collect::<Vec<_>>() {
                        self.tell(id, Told::All);
                    }
                }
            }
        }
    }

    /// Tells those who read a key, but not the client that changed it if it does not want to hear of that.
    fn tell_readers(&mut self, key: &[u8], readers: &[ClientId], by: Option<ClientId>) {
        for id in readers {
            let mode = self.clients.get(*id).and_then(|client| client.tracking.as_ref());
            let own = by == Some(*id);
            if mode.is_some_and(|mode| !mode.broadcast && (!own || !mode.no_loop)) {
                self.tell(*id, Told::Keys(&[key]));
            }
        }
    }

    /// Ends a turn: those who follow prefixes hear what changed in it, once for each prefix.
    #[inline]
    pub fn end_tracking_turn(&mut self) {
        if self.tracking.any() {
            self.limit_tracking();
            if self.tracking.broadcast.is_waiting() {
                self.tell_followers();
            }
        }
    }

    fn tell_followers(&mut self) {
        for (followers, changed) in self.tracking.broadcast.take_changed() {
            let all: Vec<&[u8]> = changed.keys().map(|key| &**key).collect();
            for id in followers {
                let mode = self.clients.get(id).and_then(|client| client.tracking.as_ref());
                if !mode.is_some_and(|mode| mode.no_loop) {
                    self.tell(id, Told::Keys(&all));
                    continue;
                }
                let others = changed.iter().filter(|(_, by)| **by != Some(id));
                let others: Vec<&[u8]> = others.map(|(key, _)| &**key).collect();
                if !others.is_empty() {
                    self.tell(id, Told::Keys(&others));
                }
            }
        }
    }

    /// Forgets some keys if too many are remembered. Who read them is told that they changed, the running command's
    /// client too: it would not hear of a real change any more.
    #[cold]
    pub(super) fn limit_tracking(&mut self) {
        let most = self.config.tracking_table_max_keys;
        let fits = |engine: &Engine| most == 0 || engine.tracking.readers.keys() as u64 <= most;
        let mut effort = DROPS * (self.tracking.overdue + 1);
        while !fits(self) {
            if effort == 0 {
                self.tracking.overdue += 1;
                return;
            }
            effort -= 1;
            let Some((key, readers)) = self.tracking.readers.drop_one() else { break };
            self.tell_readers(&key, &readers, None);
        }
        self.tracking.overdue = 0;
    }

    /// CLIENT CACHING holds for one command, or one transaction.
    #[cold]
    pub(super) fn end_caching(&mut self, id: ClientId, command: Option<CommandId>) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let Some(mode) = &mut client.tracking else { return };
        let about_itself =
            command.is_some_and(|command| self.commands.get(command).full_name.starts_with("client|"));
        if client.multi.is_none() && !about_itself {
            mode.caching = false;
        }
    }

    /// Sends an invalidation for a client, to it or where it is redirected to.
    fn tell(&mut self, id: ClientId, told: Told<'_>) {
        let Some(mode) = self.clients.get(id).and_then(|client| client.tracking.as_ref()) else { return };
        let redirect = mode.redirect;
        let receiver = redirect.map_or(id, |redirect| redirect.id);
        if let Some(redirect) = redirect
            && self.clients.get(receiver).is_none_or(|client| client.closing.is_some())
        {
            return self.tell_broken(id, redirect.number);
        }
        let Some(client) = self.clients.get_mut(receiver) else { return };
        let heard_as_message = redirect.is_some() && client.subs.any();
        let mut reply = client.pushes();
        if reply.proto == Proto::Resp3 {
            reply.push(2);
            reply.bulk(b"invalidate");
        } else if heard_as_message {
            reply.push(3);
            reply.bulk(b"message");
            reply.bulk(CHANNEL);
        } else {
            // RESP2 knows nothing that could come between replies.
            return;
        }
        match told {
            Told::All => reply.null(),
            Told::Keys(keys) => {
                reply.array(keys.len());
                keys.iter().for_each(|key| reply.bulk(key));
            }
        }
        self.note_output(receiver);
    }

    /// The connection that should get a client's invalidations is gone.
    fn tell_broken(&mut self, id: ClientId, number: u64) {
        let client = &mut self.clients[id];
        if let Some(mode) = &mut client.tracking {
            mode.broken = true;
        }
        let mut reply = client.pushes();
        if reply.proto == Proto::Resp3 {
            reply.push(2);
            reply.bulk(b"tracking-redir-broken");
            reply.int(number as i64);
            self.note_output(id);
        }
    }
}
