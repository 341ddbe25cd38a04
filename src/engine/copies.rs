//! Clients that wait for copies of their last write (WAIT, WAITAOF): in how many append-only files it is safe, how many
//! replicas have it. There are no replicas in this version; the own file counts as Redis counts it.

use super::aof::AofState;
use super::blocking::Unblock;
use super::flow::BlockReason;
use super::machine::Engine;
use crate::ids::ClientId;

/// What a server without an append-only file answers to who wants its own.
pub const NO_LOG: &str = "WAITAOF cannot be used when numlocal is set but appendonly is disabled.";

/// What a client waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Copies {
    /// Where its last write ends in the log.
    pub up_to: u64,
    /// WAITAOF: how many of this server's files, 0 or 1.
    pub own: Option<i64>,
    /// How many replicas.
    pub replicas: i64,
}

impl Engine {
    /// Whether the log up to here survives a power cut.
    pub fn log_is_durable(&self, up_to: u64) -> bool {
        // Before the first base is there, what was logged is no part of any data set.
        self.aof.state == AofState::On && self.aof.durable() >= up_to
    }

    /// Whether there are as many copies as wanted.
    pub fn has_copies(&self, wanted: &Copies) -> bool {
        let own = wanted.own.is_none_or(|own| own == 0 || self.log_is_durable(wanted.up_to));
        own && wanted.replicas <= 0
    }

    /// Tells how many copies there are.
    pub fn reply_copies(&mut self, id: ClientId, wanted: &Copies) {
        let own = i64::from(self.log_is_durable(wanted.up_to));
        let mut reply = self.reply(id);
        if wanted.own.is_some() {
            reply.array(2);
            reply.int(own);
        }
        reply.int(0);
    }

    /// Tells those who have what they waited for, in the order they came.
    pub(super) fn serve_copies(&mut self) {
        let off = self.aof.state == AofState::Off;
        for id in self.blocking.waiting_for_copies().to_vec() {
            let blocked = self.clients.get(id).and_then(|client| client.blocked.as_ref());
            let Some(BlockReason::Copies(wanted)) = blocked.map(|blocked| blocked.reason) else { continue };
            if off && wanted.own == Some(1) {
                self.unblock(id, Unblock::Refused(NO_LOG));
            } else if self.has_copies(&wanted) {
                self.unblock(id, Unblock::Timeout);
            }
        }
    }
}
