//! Bounds on what clients may make the server hold: output buffers, and the memory of all clients together.

use super::client::{Client, Closing};
use super::machine::Engine;
use crate::ids::ClientId;

/// The classes of `client-output-buffer-limit`.
fn class_of(client: &Client) -> usize {
    if client.subs.any() { 2 } else { 0 }
}

impl Engine {
    /// Closes a client whose pending output passed its class's hard limit, or the soft one for too long.
    #[inline]
    pub(super) fn check_output_limits(&mut self, id: ClientId) {
        let Some(client) = self.clients.get_mut(id) else { return };
        let limit = self.config.client_output_buffer_limit[class_of(client)];
        if limit.hard_bytes == 0 && limit.soft_bytes == 0 {
            return;
        }
        let pending = client.out.pending() as u64;
        let now = self.clock.now_ms;
        let hard = limit.hard_bytes != 0 && pending >= limit.hard_bytes;
        let mut soft = limit.soft_bytes != 0 && pending >= limit.soft_bytes;
        if soft {
            let since = *client.soft_limit_since_ms.get_or_insert(now);
            soft = now - since > i64::from(limit.soft_seconds) * 1000;
        } else {
            client.soft_limit_since_ms = None;
        }
        if (hard || soft) && client.closing != Some(Closing::Now) {
            let shown = super::client_info::line(client, &self.commands, now);
            self.stats.counters.client_output_buffer_limit_disconnections += 1;
            tracing::warn!(
                "Client {shown} scheduled to be closed ASAP for overcoming of output buffer limits."
            );
            self.close_now(id);
        }
    }

    /// Memory of all clients that `maxmemory-clients` speaks of.
    pub fn evictable_client_memory(&self) -> usize {
        self.clients.iter().filter(|c| !c.session.no_evict).map(Client::memory_bytes).sum()
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

    /// Closes the largest clients until the rest fits `maxmemory-clients`; says whether `current` still lives.
    pub(super) fn evict_clients(&mut self, current: ClientId) -> bool {
        let limit = self.client_memory_limit();
        if limit == 0 {
            return true;
        }
        let mut total = self.evictable_client_memory();
        while total > limit {
            let largest = self
                .clients
                .iter()
                .filter(|c| !c.session.no_evict && c.closing != Some(Closing::Now))
                .max_by_key(|c| c.memory_bytes())
                .map(|c| (c.id, c.memory_bytes()));
            let Some((id, bytes)) = largest else { break };
            let shown = super::client_info::line(&self.clients[id], &self.commands, self.clock.now_ms);
            tracing::info!("Evicting client: {shown}");
            self.stats.counters.evicted_clients += 1;
            self.close_now(id);
            total -= bytes;
        }
        self.clients.get(current).is_some_and(|client| client.closing != Some(Closing::Now))
    }
}
