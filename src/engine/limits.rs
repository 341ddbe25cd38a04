//! Bounds on what clients may make the server hold: output buffers, and the memory of all clients together.

use super::client::{Client, Closing, Counted};
use super::client_info::logged_line;
use super::machine::Engine;
use crate::config::OutputLimit;
use crate::ids::{ClientId, UnixMs};

/// The classes of `client-output-buffer-limit`.
fn class_of(client: &Client) -> usize {
    if client.subs.any() { 2 } else { 0 }
}

/// The memory of all clients together, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientTotals {
    pub bytes: usize,
    /// Of these, what belongs to clients that may be evicted.
    pub evictable: usize,
}

impl ClientTotals {
    fn replace(&mut self, before: Counted, now: Counted) {
        self.bytes = self.bytes - before.bytes + now.bytes;
        if before.evictable {
            self.evictable -= before.bytes;
        }
        if now.evictable {
            self.evictable += now.bytes;
        }
    }
}

/// Whether a client's pending output passed its class's hard limit, or the soft one for too long. One that never
/// authenticated may leave no more than `strangers` bytes unread.
#[inline]
pub(super) fn passes_output_limit(
    client: &mut Client,
    limits: &[OutputLimit; 3],
    strangers: usize,
    now_ms: UnixMs,
) -> bool {
    client.known |= client.session.authenticated;
    if !client.known && client.out.pending() > strangers {
        return true;
    }
    let limit = limits[class_of(client)];
    if limit.hard_bytes == 0 && limit.soft_bytes == 0 {
        return false;
    }
    let pending = client.out.pending() as u64;
    if limit.soft_bytes == 0 || pending < limit.soft_bytes {
        client.soft_limit_since_ms = None;
    } else {
        let since_ms = *client.soft_limit_since_ms.get_or_insert(now_ms);
        if now_ms - since_ms > i64::from(limit.soft_seconds) * 1000 {
            return true;
        }
    }
    limit.hard_bytes != 0 && pending >= limit.hard_bytes
}

impl Engine {
    /// From how many bytes of pending output on a client is closed; 0 for no limit.
    pub(super) fn hard_output_bytes(&self, id: ClientId) -> u64 {
        let limits = &self.config.client_output_buffer_limit;
        self.clients.get(id).map_or(0, |client| limits[class_of(client)].hard_bytes)
    }

    #[cold]
    pub(super) fn close_for_output(&mut self, id: ClientId) {
        if self.is_gone(id) {
            return;
        }
        let shown = logged_line(&self.clients[id], &self.commands, &self.config, self.clock.now_ms);
        self.stats.counters.client_output_buffer_limit_disconnections += 1;
        tracing::warn!("Client {shown} scheduled to be closed ASAP for overcoming of output buffer limits.");
        self.close_now(id);
    }

    /// Bytes that `maxmemory-clients` allows, 0 for no limit.
    pub fn client_memory_limit(&self) -> usize {
        match self.config.maxmemory_clients {
            0 => 0,
            bytes if bytes > 0 => bytes as usize,
            percent if self.config.maxmemory > 0 => {
                (self.config.maxmemory as f64 * -percent as f64 / 100.0) as usize
            }
            _ => 0,
        }
    }

    /// Brings a client's share in the totals up to date. O(1).
    pub fn count_memory(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id).filter(|c| c.closing != Some(Closing::Now)) else {
            return;
        };
        let now = Counted { bytes: client.memory_bytes(), evictable: !client.session.no_evict };
        let before = std::mem::replace(&mut client.counted, now);
        self.client_totals.replace(before, now);
    }

    /// Takes a client's share out of the totals.
    pub(super) fn uncount_memory(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let before = std::mem::take(&mut client.counted);
        self.client_totals.replace(before, Counted::default());
    }

    /// After `maxmemory-clients` changed: all clients are counted anew, and evicted if need be.
    pub(super) fn recount_clients(&mut self) {
        let all: Vec<ClientId> = self.clients.iter().map(|client| client.id).collect();
        for id in all {
            self.count_memory(id);
        }
    }

    /// Closes the largest clients until the rest fits `maxmemory-clients`. O(1) unless there is something to do.
    pub fn evict_clients(&mut self) {
        let limit = self.client_memory_limit();
        let totals = &self.client_totals;
        if limit == 0 || totals.bytes <= limit || totals.evictable == 0 {
            return;
        }
        let evictable =
            |c: &&Client| c.counted.evictable && c.counted.bytes > 0 && c.closing != Some(Closing::Now);
        let mut victims: Vec<(usize, ClientId)> =
            self.clients.iter().filter(evictable).map(|c| (c.counted.bytes, c.id)).collect();
        victims.sort_unstable_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
        for (_, id) in victims {
            if self.client_totals.bytes <= limit {
                return;
            }
            let shown = logged_line(&self.clients[id], &self.commands, &self.config, self.clock.now_ms);
            tracing::info!("Evicting client: {shown}");
            self.stats.counters.evicted_clients += 1;
            self.close_now(id);
            // It is never sent this. Kept to the end of the turn it would cost keys.
            self.clients[id].out = Default::default();
        }
    }

    /// Whether a client is to be closed without another word.
    pub(super) fn is_gone(&self, id: ClientId) -> bool {
        self.clients.get(id).is_none_or(|client| client.closing == Some(Closing::Now))
    }

    /// What the cron does for each client now and then: idle ones are closed, limits of time are looked at, and the
    /// reply buffer is fitted to its use.
    pub fn tend_client(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let now_ms = self.clock.now_ms;
        let idle_seconds = now_ms / 1000 - client.last_active_ms / 1000;
        let waits = client.blocked.is_some() || client.subs.any() || client.monitor;
        if self.config.timeout > 0 && !waits && idle_seconds > i64::from(self.config.timeout) {
            tracing::debug!("Closing idle client");
            return self.close_now(id);
        }
        if self.reply_resizing {
            let capacity = client.out.buf.capacity();
            if client.reply_capacity != 0 && capacity > client.reply_capacity {
                self.stats.counters.reply_buffer_expands += 1;
            }
            if client.out.shrink() {
                self.stats.counters.reply_buffer_shrinks += 1;
            }
            client.reply_capacity = client.out.buf.capacity();
            if self.reply_peak_reset_ms.is_some_and(|ms| now_ms - client.reply_peak_at_ms >= ms) {
                client.out.peak = client.out.buf.len();
                client.reply_peak_at_ms = now_ms;
            }
        }
        self.note_output(id);
    }
}
