//! Running a command: gates, handler, counters, and what follows from it.

use super::args::Args;
use super::client::{Closing, ReplyMode};
use super::client_info::{REDACTED, logged_line};
use super::ctx::{Ctx, Env};
use super::error::Error;
use super::flow::Flow;
use super::gate::Gate;
use super::machine::Engine;
use super::output::Output;
use super::spec::{CmdResult, Flags, Run};
use super::table::CommandId;
use crate::ids::ClientId;
use crate::keyspace::Keys;
use crate::keyspace::effects::{Propagate, encode_command};
use crate::resp::parse::ProtocolError;
use crate::resp::reply::Reply;
use crate::sys::clock;

/// One command of one client, ready to run.
pub struct Request<'a> {
    pub client: ClientId,
    pub args: Args<'a>,
    pub command: Result<CommandId, Error>,
}

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It ran, was queued or was refused: its bytes are used up.
    Consumed,
    /// It has to be brought again when the pause ends.
    Postponed,
}

/// What a log line shows of bytes: both ends of many, and dots for what cannot be printed.
fn sample(bytes: &[u8]) -> String {
    const SHOWN: usize = 128;
    let text = |part: &[u8]| -> String {
        part.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '.' }).collect()
    };
    if bytes.len() < SHOWN {
        return format!("'{}'", text(bytes));
    }
    let (head, rest) = bytes.split_at(SHOWN / 2);
    let (middle, tail) = rest.split_at(rest.len() - SHOWN / 2);
    format!("'{}' (... more {} bytes ...) '{}'", text(head), middle.len(), text(tail))
}

impl Engine {
    /// Runs one command of a client, or refuses it; the reply is in the client's output afterwards.
    pub fn execute(&mut self, request: Request<'_>) -> Verdict {
        let id = request.client;
        let mode = self.clients[id].session.reply;
        self.current = Some(id);
        if mode == ReplyMode::On {
            let verdict = self.execute_loud(request);
            self.end_reply(id);
            return verdict;
        }
        // The reply goes nowhere; pushes that follow from other clients' commands still do.
        let client = &mut self.clients[id];
        client.aside = Some(std::mem::take(&mut client.out.buf));
        if mode == ReplyMode::SkipNext {
            self.clients[id].session.reply = ReplyMode::Skip;
        }
        let verdict = self.execute_loud(request);
        if let Some(client) = self.clients.get_mut(id) {
            let sent = client.aside.take().unwrap_or_default();
            let said = std::mem::replace(&mut client.out.buf, sent);
            if client.session.reply == ReplyMode::On {
                // CLIENT REPLY ON answers.
                client.out.buf.extend_from_slice(&said);
            } else if client.session.reply == ReplyMode::Skip && mode == ReplyMode::SkipNext {
                client.session.reply = ReplyMode::On;
            }
        }
        self.end_reply(id);
        verdict
    }

    /// What a command sent to its own client comes after its reply; then the loop is told that there is something to
    /// write.
    #[inline]
    fn end_reply(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        if !client.later.is_empty() {
            let later = std::mem::take(&mut client.later);
            client.out.buf.extend_from_slice(&later);
        }
        if self.hold.active {
            self.hold_output(id, self.hold.reply);
        }
        self.note_output(id);
    }

    #[inline]
    fn execute_loud(&mut self, request: Request<'_>) -> Verdict {
        let Request { client: id, args, command } = request;
        self.hold.reply = 0;
        if self.tracking.any() {
            self.limit_tracking();
        }
        let known = command.as_ref().ok().copied();
        let verdict = command.and_then(|command| Ok((command, self.gate(id, command)?)));
        match verdict {
            Ok((command, Gate::Run)) => {
                let before = self.log_end();
                self.call(id, command, &args);
                self.settle();
                if self.feed.is_some() {
                    self.note_logged(id, command, &args, before);
                }
            }
            Ok((command, Gate::Queue)) => self.queue(id, command, &args),
            Ok((_, Gate::Postpone)) => {
                self.clients[id].postponed = true;
                return Verdict::Postponed;
            }
            Ok((_, Gate::Gone)) => {}
            Err(error) => self.refuse(id, &args, &error),
        }
        if self.tracking.any() {
            self.end_caching(id, known);
        }
        Verdict::Consumed
    }

    /// Notes where a command that ran ends in the log, and what its reply waits for.
    #[inline]
    fn note_logged(&mut self, id: ClientId, command: CommandId, args: &Args<'_>, before: u64) {
        let end = self.log_end();
        if end != before
            && let Some(client) = self.clients.get_mut(id)
        {
            client.logged_to = end;
        }
        if self.hold.active {
            self.hold.reply = self.hold_of(command, args, before);
        }
    }

    /// A command that does not run: the client is told, and a transaction it was meant for is broken.
    pub(super) fn refuse(&mut self, id: ClientId, args: &Args<'_>, error: &Error) {
        if args.is(0, "post") || args.is(0, "host:") {
            return self.abort_http(id);
        }
        if let Some(command) = self.commands.identify(args) {
            self.stats.commands.reject(command.0);
            if self.commands.get(command).spec.name == "exec" {
                self.discard_transaction(id);
                let text = error.render();
                let reason = text.strip_prefix("ERR ").unwrap_or(&text);
                let text = format!("EXECABORT Transaction discarded because of: {reason}");
                return self.reply_error(id, &Error::coded(text));
            }
        }
        if let Some(multi) = &mut self.clients[id].multi {
            multi.broken = true;
        }
        self.reply_error(id, error);
    }

    /// A browser that is made to send requests to us gets nothing done: its connection is closed.
    #[cold]
    fn abort_http(&mut self, id: ClientId) {
        let now_seconds = self.clock.now_ms / 1000;
        if (now_seconds - self.attack_seconds).abs() > 60 {
            self.attack_seconds = now_seconds;
            tracing::warn!(
                "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to Redis. \
                 This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis \
                 instance. Connection from {} aborted.",
                self.clients[id].addr
            );
        }
        self.close_now(id);
    }

    /// Tells a client that it does not speak the protocol, and closes: its place in the stream is lost.
    /// `unread` are the bytes it could not be understood in.
    #[cold]
    pub fn refuse_protocol(&mut self, id: ClientId, error: ProtocolError, unread: &[u8]) {
        let shown = logged_line(&self.clients[id], &self.commands, &self.config, self.clock.now_ms);
        let reason = error.log_text();
        let hide = self.config.hide_user_data_from_log;
        let sample = if hide { REDACTED.to_string() } else { sample(unread) };
        tracing::debug!("Protocol error ({reason}) from client: {shown}. Query buffer: {sample}");
        let mut text = Vec::new();
        error.write_message(&mut text);
        self.reply_error(id, &Error::coded(String::from_utf8_lossy(&text)));
        self.clients[id].close(Closing::AfterReply);
        self.note_output(id);
    }

    /// Runs a command that passed the gates, at any depth. What follows from it waits for [`Engine::settle`].
    #[inline]
    pub fn call(&mut self, id: ClientId, command: CommandId, args: &Args<'_>) {
        let start = if self.depth == 0 { self.last_ticks } else { clock::ticks() };
        let dirty_before = self.keyspace.effects.dirty;
        self.depth += 1;
        let result = self.run(id, command, args);
        self.depth -= 1;
        let (mut failed, mut waits) = (false, false);
        match result {
            Ok(Flow::Done) => {}
            Ok(Flow::Block(on)) => {
                self.block(id, command, args, *on);
                waits = true;
            }
            Err(error) => {
                self.reply_error(id, &error);
                failed = true;
            }
        }
        self.propagate(id, command, args, dirty_before);
        if self.tracking.any() {
            self.track_command(command, args);
        }
        let end = clock::ticks();
        self.last_ticks = end;
        let ticks = end.wrapping_sub(start);
        if waits {
            // It is counted when it is over.
            self.note_wait(id, ticks);
        } else {
            self.account(id, command, args, ticks, failed);
        }
        if !self.monitors.is_empty() && !self.server.loading {
            let flags = self.commands.get(command).spec.flags;
            if !flags.has(Flags::SKIP_MONITOR) && !flags.has(Flags::ADMIN) {
                self.feed_monitors(id, command, args);
            }
        }
    }

    #[inline]
    pub(super) fn run(&mut self, id: ClientId, command: CommandId, args: &Args<'_>) -> CmdResult {
        match self.commands.get(command).spec.run {
            Run::Data(handler) => {
                let client = &mut self.clients[id];
                client.last_command = Some(command);
                client.commands += 1;
                let env = Env {
                    config: &self.config,
                    now_us: self.clock.now_us,
                    now_ms: self.clock.now_ms,
                    must_not_block: self.depth > 1,
                    subscribed: client.subs.any(),
                    skip_checksum: self.skip_checksum,
                    unblocked: false,
                };
                let mut keys = Keys::new(&mut self.keyspace, client.session.db);
                keys.no_touch = client.session.no_touch;
                let Output { buf, pin, .. } = &mut client.out;
                let pin = (self.depth == 1 && client.aside.is_none()).then_some(pin);
                let reply = Reply::with_pin(buf, client.session.proto, pin);
                handler(&mut Ctx { keys, reply, session: &mut client.session, env }, args)
            }
            Run::Engine(handler) => {
                let client = &mut self.clients[id];
                client.last_command = Some(command);
                client.commands += 1;
                handler(self, id, args)
            }
            Run::Container => Err(Error::Syntax),
        }
    }

    /// Puts the command into the log if it changed something and said nothing else.
    #[inline]
    pub(super) fn propagate(&mut self, id: ClientId, command: CommandId, args: &Args<'_>, dirty_before: u64) {
        let effects = &mut self.keyspace.effects;
        let how = std::mem::take(&mut effects.propagate);
        if !effects.wants_log {
            return;
        }
        let changed = effects.dirty != dirty_before;
        let itself = how == Propagate::Forced || (how == Propagate::Verbatim && changed);
        // A container of commands logs what it runs, not itself.
        if itself && self.commands.get(command).spec.name != "exec" {
            let db = self.clients.get(id).map_or(0, |client| client.session.db);
            self.keyspace.effects.log(db, args.rest(0));
        }
    }

    /// Counters, slow log and latency events of a command that is over.
    #[inline]
    pub(super) fn account(
        &mut self,
        id: ClientId,
        command: CommandId,
        args: &Args<'_>,
        ticks: u64,
        failed: bool,
    ) {
        let nsec = clock::ticks_to_ns(ticks);
        self.stats.commands.record(command.0, 1, nsec, self.config.latency_tracking);
        self.stats.counters.total_commands_processed += 1;
        if self.depth == 0 {
            self.stats.turn_command_ns += nsec;
        }
        if failed {
            self.stats.commands.fail(command.0);
        }
        let usec = nsec / 1000;
        if self.stats.wants_duration(&self.config, usec) {
            self.note_duration(id, command, args, usec);
        }
    }

    /// Encodes a command for whoever reads the log.
    pub fn encode(out: &mut Vec<u8>, args: &[&[u8]]) {
        encode_command(out, args.len(), args.iter().copied());
    }
}
