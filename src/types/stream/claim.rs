//! XCLAIM and XAUTOCLAIM: pending entries change hands.

use super::group::{ConsumerId, Group, Nack};
use super::id::StreamId;
use super::log::Log;
use std::ops::Bound;

/// Pending entries that XAUTOCLAIM looks at for each it may claim.
const ATTEMPTS: u64 = 10;

/// How to claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The new owner.
    pub consumer: ConsumerId,
    /// Leave alone what was delivered less than so many milliseconds ago.
    pub min_idle_ms: i64,
    /// What to note as the time of delivery, Unix milliseconds.
    pub delivery_time: i64,
    /// RETRYCOUNT: what to note as the number of deliveries.
    pub retry_count: Option<u64>,
    /// FORCE: make the entry pending if it is not.
    pub force: bool,
    /// JUSTID: does not count as a delivery.
    pub just_id: bool,
    pub now_ms: i64,
}

/// What became of an entry to be claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Claimed {
    /// It has the new owner: to be answered, and propagated as an XCLAIM of this.
    Taken(Nack),
    /// It was deleted from the stream and is pending no more. What it was is to be propagated as an XCLAIM too.
    Gone(Nack),
    /// It was not pending, or not idle for long enough.
    Left,
}

/// XCLAIM's TIME or IDLE as a time of delivery: now, unless it lies between the epoch and now.
pub fn delivery_time(given: Option<i64>, now_ms: i64) -> i64 {
    given.filter(|time| (0..=now_ms).contains(time)).unwrap_or(now_ms)
}

impl Group {
    /// Claims one entry.
    pub fn claim(&mut self, log: &Log, id: StreamId, claim: &Claim) -> Claimed {
        if !log.contains(id) {
            return self.take_pending(id).map_or(Claimed::Left, Claimed::Gone);
        }
        let mut nack = match self.pending_entry(id) {
            Some(nack) if claim.min_idle_ms > 0 && nack.idle(claim.now_ms) < claim.min_idle_ms => {
                return Claimed::Left;
            }
            Some(nack) => nack,
            None if claim.force => {
                Nack { consumer: claim.consumer, delivery_time: claim.now_ms, delivery_count: 1 }
            }
            None => return Claimed::Left,
        };
        nack.consumer = claim.consumer;
        nack.delivery_time = claim.delivery_time;
        match claim.retry_count {
            Some(count) => nack.delivery_count = count,
            None if !claim.just_id => nack.count_delivery(),
            None => {}
        }
        self.put_pending(id, nack);
        if let Some(consumer) = self.consumer_mut(claim.consumer) {
            consumer.active_time = claim.now_ms;
        }
        Claimed::Taken(nack)
    }
}

/// XAUTOCLAIM's walk over what is pending.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sweep {
    next: Bound<StreamId>,
    left: u64,
    attempts: u64,
}

impl Sweep {
    /// From `start` on, until `count` entries were claimed or found deleted.
    pub fn new(start: StreamId, count: u64) -> Sweep {
        Sweep { next: Bound::Included(start), left: count, attempts: count.saturating_mul(ATTEMPTS) }
    }

    /// The next entry that was claimed or found deleted; `None` at the end. `claim.force` and `retry_count` have no
    /// meaning here.
    pub fn step(&mut self, group: &mut Group, log: &Log, claim: &Claim) -> Option<(StreamId, Claimed)> {
        while self.left > 0 && self.attempts > 0 {
            let id = self.peek(group)?;
            self.attempts -= 1;
            self.next = Bound::Excluded(id);
            let claimed = group.claim(log, id, claim);
            if claimed != Claimed::Left {
                self.left -= 1;
                return Some((id, claimed));
            }
        }
        None
    }

    /// Where the next XAUTOCLAIM is to start: 0-0 when all was seen.
    pub fn cursor(&self, group: &Group) -> StreamId {
        self.peek(group).unwrap_or(StreamId::MIN)
    }

    fn peek(&self, group: &Group) -> Option<StreamId> {
        group.pending.range((self.next, Bound::Unbounded)).next().map(|(id, _)| *id)
    }
}
