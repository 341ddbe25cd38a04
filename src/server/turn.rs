//! The loop: wait, read, run, write. One thread owns everything in here.

use super::batch::{Pending, note_query};
use super::endpoint::Connections;
use super::helper::Helper;
use super::listening::Listening;
use crate::engine::Engine;
use crate::engine::client::Closing;
use crate::engine::client_info::logged_line;
use crate::ids::ClientId;
use crate::net::query::{ChunkPool, ReadOutcome};
use crate::resp::parse::ArgBuf;
use crate::sys::clock::{thread_cpu_ns, ticks, ticks_to_ns};
use mio::{Events, Poll, Token};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::IoSlice;
use std::rc::Rc;
use std::time::Duration;

/// Tokens below this are listeners and the waker; a client's is its place plus this.
pub const FIRST_CLIENT: usize = 64;
/// The token of the waker: signals and helper threads.
pub const WAKER: Token = Token(FIRST_CLIENT - 1);
/// The token of the log's threads.
pub const LOG_WAKER: Token = Token(FIRST_CLIENT - 2);
/// Slices of one gathering write.
const GATHER: usize = 16;
/// Bytes one client is written in a turn, so that a long reply does not hold up the others.
const WRITE_SHARE: usize = 1 << 20;

/// The loop with everything it owns.
pub struct Loop {
    pub engine: Engine,
    pub poll: Poll,
    pub events: Events,
    pub listening: Rc<RefCell<Listening>>,
    pub helper: Helper,
    pub connections: Connections,
    /// Connections with bytes to parse.
    pub queue: VecDeque<ClientId>,
    /// Batches that the first of them has filled in a row.
    pub streak: usize,
    /// Connections whose socket may have more to read.
    pub readable: Vec<ClientId>,
    /// Listeners that may have more connections waiting, a bit each.
    pub accepting: u64,
    /// Listeners whose last connection could not be taken: tried again when something else happens.
    pub stuck: u64,
    /// Clients that wait for the end of a pause.
    pub postponed: Vec<ClientId>,
    /// Clients whose replies wait for the log.
    pub held: Vec<ClientId>,
    /// Up to where the log was confirmed when they were last looked at.
    pub confirmed: u64,
    pub args: ArgBuf,
    pub batch: Vec<Pending>,
    pub chunks: ChunkPool,
    pub cron: super::cron::Cron,
    /// The thread's processor time in nanoseconds, and when it was read, in ticks.
    pub cpu_time: (u64, u64),
    /// Set when the server shall end, with its exit code.
    pub exit: Option<u8>,
}

impl Loop {
    /// Turns until somebody says stop.
    pub fn run(&mut self) -> std::io::Result<()> {
        while self.exit.is_none() {
            self.turn()?;
        }
        Ok(())
    }

    pub(super) fn turn(&mut self) -> std::io::Result<()> {
        let idle = self.queue.is_empty()
            && self.readable.is_empty()
            && self.engine.writers.is_empty()
            && self.accepting == 0;
        let timeout =
            if idle { self.cron.until_due(&self.engine).min(self.until_load()) } else { Duration::ZERO };
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => self.events.clear(),
            other => other?,
        }
        let polled = ticks();
        self.read_cpu_time(polled);
        self.tick();
        self.engine.begin_log_turn();
        self.release_held();
        let (began, ran_before) = (ticks(), self.engine.stats.counters.total_commands_processed);
        self.collect_events();
        self.read_ready();
        self.run_queued();
        let served = ticks();
        self.duties();
        self.engine.end_tracking_turn();
        let cared = ticks();
        self.engine.flush_log();
        self.end_if_log_is_lost();
        self.follow_requests();
        self.write_pending();
        self.engine.evict_clients();
        self.close_finished();
        self.go_on_loading();
        let commands_ns = std::mem::take(&mut self.engine.stats.turn_command_ns);
        let counters = &mut self.engine.stats.counters;
        counters.eventloop_commands.add_ns(commands_ns);
        counters.eventloop.add_ns(ticks_to_ns(ticks().wrapping_sub(began)));
        counters.eventloop_cron.add_ns(ticks_to_ns(cared.wrapping_sub(served)));
        let ran = counters.total_commands_processed.saturating_sub(ran_before);
        counters.eventloop_cmd_per_cycle_max = counters.eventloop_cmd_per_cycle_max.max(ran);
        self.note_stall(polled);
        Ok(())
    }

    /// Under `appendfsync always` nobody is told what may not survive: there is no going on without the disk.
    #[inline]
    fn end_if_log_is_lost(&self) {
        if let Some(line) = self.engine.aof.fatal() {
            tracing::warn!("{line}");
            crate::sys::process::exit_now(1);
        }
    }

    /// Reads the thread's processor time before a turn, unless that was done a moment ago: it is a system call, which
    /// short turns would feel.
    #[inline]
    fn read_cpu_time(&mut self, now: u64) {
        const MOMENT_NS: u64 = 100_000;
        if ticks_to_ns(now.wrapping_sub(self.cpu_time.0)) > MOMENT_NS {
            self.cpu_time = (now, thread_cpu_ns());
        }
    }

    /// Keeps the stall record. Short turns cannot break it, and are not asked for their processor time; what a long
    /// one is charged may have up to a moment of those before it in it.
    fn note_stall(&mut self, polled: u64) {
        const LONG_US: u64 = 100;
        let wall_us = ticks_to_ns(ticks().wrapping_sub(polled)) / 1000;
        if wall_us < LONG_US {
            return;
        }
        let cpu_us = thread_cpu_ns().saturating_sub(self.cpu_time.1) / 1000;
        let Engine { stats, config, clock, .. } = &mut self.engine;
        stats.counters.stall.note(wall_us, cpu_us.min(wall_us));
        stats.note_latency(config, "stall", wall_us / 1000, clock.now_ms / 1000);
    }

    /// Reads the clocks once for the whole turn.
    fn tick(&mut self) {
        self.engine.start_turn(crate::sys::clock::wall_us());
    }

    fn collect_events(&mut self) {
        self.accepting |= std::mem::take(&mut self.stuck);
        for event in &self.events {
            let token = event.token().0;
            if token < FIRST_CLIENT {
                self.accepting |= 1 << token;
                continue;
            }
            let Some(id) = self.engine.clients.at_place(token - FIRST_CLIENT) else { continue };
            let Some(connection) = self.connections.get_mut(id) else { continue };
            connection.peer_closed |= event.is_read_closed() || event.is_error();
            if (event.is_readable() || event.is_read_closed() || event.is_error()) && !connection.readable {
                connection.readable = true;
                self.readable.push(id);
            }
            if event.is_writable() && connection.write_blocked {
                connection.write_blocked = false;
                let client = self.engine.client(id);
                client.io.waits_to_write = false;
                if !client.queued_write {
                    client.queued_write = true;
                    self.engine.writers.push(id);
                }
            }
        }
        for at in 0..FIRST_CLIENT {
            if self.accepting & 1 << at != 0 {
                self.accept_from(at);
            }
        }
    }

    /// Reads each ready socket once.
    fn read_ready(&mut self) {
        let mut ready = std::mem::take(&mut self.readable);
        for id in ready.drain(..) {
            self.read_one(id);
        }
        ready.append(&mut self.readable);
        self.readable = ready;
    }

    fn read_one(&mut self, id: ClientId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        connection.readable = false;
        let Some(client) = self.engine.clients.get_mut(id) else { return };
        if client.closing.is_some() {
            return;
        }
        let bytes = match connection.read(&mut self.chunks) {
            Ok(ReadOutcome::Drained(n)) if !connection.peer_closed => n,
            Ok(ReadOutcome::Drained(n) | ReadOutcome::More(n)) => {
                connection.readable = true;
                self.readable.push(id);
                n
            }
            Ok(ReadOutcome::Nothing) => 0,
            Ok(ReadOutcome::Closed) => {
                tracing::debug!("Client closed connection {}", client.addr);
                return self.engine.close_now(id);
            }
            Err(e) => {
                tracing::debug!("Reading from client: {e}");
                return self.engine.close_now(id);
            }
        };
        client.io.net_in += bytes as u64;
        client.last_active_ms = self.engine.clock.now_ms;
        self.engine.stats.counters.net_input_bytes += bytes as u64;
        self.engine.stats.counters.total_reads_processed += 1;
        self.enqueue(id);
        self.check_query_limit(id);
        if self.engine.config.maxmemory_clients != 0 {
            self.engine.count_memory(id);
        }
    }

    /// Puts a connection in line, if it has something to parse and its client may go on.
    pub(super) fn enqueue(&mut self, id: ClientId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let waits = connection.parsed < connection.query.filled().len();
        if waits && !connection.queued {
            connection.queued = true;
            self.queue.push_back(id);
        }
    }

    /// A client that sends more than `client-query-buffer-limit` without a complete command is closed.
    fn check_query_limit(&mut self, id: ClientId) {
        let Some(connection) = self.connections.get(id) else { return };
        let bytes = connection.query.len();
        let Some(client) = self.engine.clients.get_mut(id) else { return };
        note_query(client, connection);
        let limit = self.engine.config.client_query_buffer_limit as usize;
        let stranger = !client.session.authenticated && bytes > 1 << 20;
        if bytes > limit || stranger {
            let now_ms = self.engine.clock.now_ms;
            let line = logged_line(client, &self.engine.commands, &self.engine.config, now_ms);
            tracing::warn!("Closing client that reached max query buffer length: {line}");
            self.engine.stats.counters.client_query_buffer_limit_disconnections += 1;
            self.engine.close_now(id);
        }
    }

    /// Writes every client that got output, once.
    fn write_pending(&mut self) {
        let mut writers = std::mem::take(&mut self.engine.writers);
        for id in writers.drain(..) {
            if let Some(client) = self.engine.clients.get_mut(id) {
                client.queued_write = false;
                self.write_one(id);
            }
        }
        writers.append(&mut self.engine.writers);
        self.engine.writers = writers;
    }

    /// Clients whose replies waited for the log are written again, once the log got further.
    #[inline]
    pub(super) fn release_held(&mut self) {
        if self.held.is_empty() || self.engine.aof.confirmed() == self.confirmed {
            return;
        }
        self.confirmed = self.engine.aof.confirmed();
        for id in self.held.drain(..) {
            if let Some(client) = self.engine.clients.get_mut(id)
                && !client.queued_write
            {
                client.queued_write = true;
                self.engine.writers.push(id);
            }
        }
    }

    fn write_one(&mut self, id: ClientId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        let Some(client) = self.engine.clients.get_mut(id) else { return };
        if connection.write_blocked || client.closing == Some(Closing::Now) {
            return;
        }
        let mut written = 0;
        let (mut share, mut held) = (WRITE_SHARE, false);
        if client.out.is_held() {
            let released = client.out.releasable(self.engine.aof.confirmed());
            if released < share {
                (share, held) = (released, true);
                self.held.push(id);
                if share == 0 {
                    return;
                }
            }
        }
        while !client.out.is_empty() && written < share {
            let mut slices = [IoSlice::new(&[]); GATHER];
            let n = client.out.gather(&mut slices, share - written);
            match connection.write(&slices[..n]) {
                Ok(Some(sent)) => {
                    client.out.advance(sent);
                    written += sent;
                }
                Ok(None) => {
                    connection.write_blocked = true;
                    client.io.waits_to_write = true;
                    break;
                }
                Err(e) => {
                    tracing::debug!("Error writing to client: {e}");
                    return self.engine.close_now(id);
                }
            }
        }
        client.io.net_out += written as u64;
        let (drained, closing) = (client.out.is_empty(), client.closing);
        if self.engine.config.maxmemory_clients != 0 {
            self.engine.count_memory(id);
        }
        self.engine.stats.counters.net_output_bytes += written as u64;
        self.engine.stats.counters.total_writes_processed += 1;
        if drained {
            if closing == Some(Closing::AfterReply) {
                self.engine.close_now(id);
            }
        } else if !connection.write_blocked && (!held || written != share) {
            self.engine.client(id).queued_write = true;
            self.engine.writers.push(id);
        }
    }

    /// Frees the clients that are to be closed.
    fn close_finished(&mut self) {
        while let Some(id) = self.engine.closing.pop() {
            if let Some(mut connection) = self.connections.remove(id) {
                // A socket that is closed leaves the poll by itself; this only tells it sooner.
                let _ = self.poll.registry().deregister(connection.stream.source());
                connection.query.discard(&mut self.chunks);
            }
            self.engine.disconnect(id);
        }
    }
}
