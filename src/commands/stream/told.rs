//! How changes of consumer groups are told to replicas and the append-only file: by what became of each entry, since
//! what a command chose cannot be chosen again.

use crate::keyspace::Keys;
use crate::types::stream::{Group, IdText, Nack, StreamId};

/// What became of one pending entry.
struct Claim {
    id: Vec<u8>,
    owner: Vec<u8>,
    delivery_time: i64,
    delivery_count: u64,
    last_id: IdText,
}

/// What is to be told of one group; empty and free of cost when nobody listens.
pub struct Told {
    wanted: bool,
    claims: Vec<Claim>,
    position: Option<(IdText, i64)>,
}

impl Told {
    pub fn new(keys: &Keys<'_>) -> Told {
        Told { wanted: keys.space.effects.wants_log, claims: Vec::new(), position: None }
    }

    /// Notes how an entry is pending now, or was until it was found deleted. `id` as the client wrote it.
    pub fn claim(&mut self, group: &Group, id: &[u8], nack: &Nack) {
        if !self.wanted {
            return;
        }
        self.claims.push(Claim {
            id: id.to_vec(),
            owner: group.owner_name(nack).to_vec(),
            delivery_time: nack.delivery_time,
            delivery_count: nack.delivery_count.min(Nack::MOST_DELIVERIES),
            last_id: group.last_id.text(),
        });
    }

    /// The same of an ID that no client wrote.
    pub fn claim_of(&mut self, group: &Group, id: StreamId, nack: &Nack) {
        if self.wanted {
            self.claim(group, &id.text(), nack);
        }
    }

    /// Notes that the group moved on.
    pub fn position(&mut self, group: &Group) {
        if !self.wanted {
            return;
        }
        self.position = Some((group.last_id.text(), group.entries_read.unwrap_or(-1)));
    }

    /// Writes it all in place of the running command.
    pub fn log(self, keys: &mut Keys<'_>, key: &[u8], group: &[u8]) {
        keys.space.effects.propagate_nothing();
        if !self.wanted {
            return;
        }
        let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
        for claim in &self.claims {
            let time = time.format(claim.delivery_time).as_bytes();
            let count = count.format(claim.delivery_count).as_bytes();
            let subject: [&[u8]; 6] = [b"XCLAIM", key, group, &claim.owner, b"0", &claim.id];
            let state: [&[u8]; 4] = [b"TIME", time, b"RETRYCOUNT", count];
            let ways: [&[u8]; 4] = [b"FORCE", b"JUSTID", b"LASTID", &claim.last_id];
            let command: Vec<&[u8]> = [&subject[..], &state, &ways].concat();
            keys.log_instead(&command);
        }
        if let Some((last_id, entries_read)) = &self.position {
            let entries_read = count.format(*entries_read).as_bytes();
            keys.log_instead(&[b"XGROUP", b"SETID", key, group, last_id, b"ENTRIESREAD", entries_read]);
        }
    }
}
