//! Which replies wait for the log. A reply may go out when everything it reveals is confirmed: its own bytes of the
//! log, and the last unconfirmed write of every key it touched. A filter of hashes tells the latter; two keys may share
//! a place in it, which delays a reply and never lets one go early. What reads keys that cannot be told waits for all
//! of the log, and so does everything that is sent to another client than the one that asked.

use super::super::args::Args;
use super::super::keys_of::keys_of;
use super::super::machine::Engine;
use super::super::spec::{Flags, Group, Spec};
use super::super::table::CommandId;
use crate::ids::ClientId;

/// Places in the filter.
const PLACES: usize = 1 << 16;

/// What unconfirmed writes touched.
#[derive(Default)]
pub struct Hold {
    /// Replies of this turn may have to wait.
    pub active: bool,
    /// For each place, the end in the log of the last write to a key that falls there.
    dirty: Vec<u64>,
    /// Every key was written to before this offset, as FLUSHALL does.
    floor: u64,
    /// What the reply of the running command waits for.
    pub(in super::super) reply: u64,
}

impl Hold {
    fn place(hash: u64) -> usize {
        (hash ^ (hash >> 32)) as usize & (PLACES - 1)
    }

    fn note(&mut self, hash: u64, end: u64) {
        if self.dirty.is_empty() {
            self.dirty = vec![0; PLACES];
        }
        if let Some(place) = self.dirty.get_mut(Self::place(hash)) {
            *place = end;
        }
    }

    fn need(&self, hash: u64) -> u64 {
        self.dirty.get(Self::place(hash)).copied().unwrap_or(0).max(self.floor)
    }
}

impl Engine {
    /// The end of the log so far.
    #[inline]
    pub(in super::super) fn log_end(&self) -> u64 {
        self.feed.as_ref().map_or(0, |feed| feed.offset)
    }

    /// Notes which keys the unit wrote to. Called when it is in the log.
    pub(in super::super) fn settle_hold(&mut self) {
        let end = self.log_end();
        let Engine { keyspace, hold, .. } = self;
        let hasher = keyspace.hasher();
        for (_, key) in keyspace.effects.touched() {
            hold.note(hasher.hash(key), end);
        }
        if !keyspace.effects.flushed.is_empty() {
            hold.floor = end;
        }
    }

    /// What the reply of a command that ran has to wait for; `before` is where the log ended before it.
    pub(in super::super) fn hold_of(&self, command: CommandId, args: &Args<'_>, before: u64) -> u64 {
        let end = self.log_end();
        if end != before {
            return end;
        }
        let spec = self.commands.get(command).spec;
        if spec.keys.is_empty() {
            return if reveals_data(spec) { end } else { 0 };
        }
        let Ok(keys) = keys_of(spec, args) else { return end };
        let hashes = keys.iter().filter_map(|key| args.opt(key.index)).map(|key| self.keyspace.hash(key));
        hashes.map(|hash| self.hold.need(hash)).max().unwrap_or(0)
    }

    /// Has what a client got since it was last looked at wait for this offset.
    pub(in super::super) fn hold_output(&mut self, id: ClientId, need: u64) {
        let confirmed = self.aof.confirmed();
        if let Some(client) = self.clients.get_mut(id)
            && client.aside.is_none()
        {
            client.out.hold(need, confirmed);
        }
    }
}

/// Whether a command that names no keys may tell of some. WAIT and WAITAOF tell of the log alone; and who looks after
/// the server (INFO, CONFIG, BGREWRITEAOF) has to be answered when the disk takes nothing any more.
fn reveals_data(spec: &Spec) -> bool {
    let of_data = spec.flags.has(Flags::READONLY) || spec.flags.has(Flags::WRITE);
    match spec.group {
        Group::Connection | Group::PubSub => false,
        Group::Server => of_data,
        _ => !spec.flags.has(Flags::BLOCKING),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_found_by_its_key_and_a_flush_by_every_key() {
        let mut hold = Hold::default();
        assert_eq!(hold.need(7), 0);
        hold.note(7, 100);
        hold.note(8, 50);
        assert_eq!((hold.need(7), hold.need(8), hold.need(9)), (100, 50, 0));
        hold.floor = 70;
        assert_eq!((hold.need(7), hold.need(8), hold.need(9)), (100, 70, 70));
    }
}
