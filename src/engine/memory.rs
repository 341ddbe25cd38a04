//! How much memory the server uses, and for what.

use super::client::Client;
use super::machine::Engine;
use crate::sys::heap;
use crate::table::granules;

impl Engine {
    /// Bytes in use: the heap, the slab of entries and the dictionaries' segments, all as taken and given back.
    #[inline]
    pub fn used_memory(&self) -> usize {
        heap::used_memory() + self.keyspace.slab_bytes() + granules::used_bytes()
    }

    /// Bytes of all clients.
    pub fn client_memory(&self) -> usize {
        self.clients.iter().map(Client::memory_bytes).sum()
    }

    /// Bytes in use that are no data: what the server started with, clients, tables.
    pub fn overhead_memory(&self) -> usize {
        self.server.startup_memory + self.client_memory() + self.keyspace.overhead_bytes()
    }
}
