//! XREADGROUP: new entries to a consumer, or again what it has not acknowledged. The caller takes one entry after the
//! other and writes it, so that nothing is collected.

use super::group::{ConsumerId, Group, Nack};
use super::id::StreamId;
use super::log::Log;
use super::node::Entry;
use super::range::Range;

/// Delivery of new entries; see [`Delivery::step`].
pub struct Delivery<'a> {
    log: &'a Log,
    range: Option<Range<'a>>,
    consumer: ConsumerId,
    no_ack: bool,
    now_ms: i64,
    moved: bool,
}

impl<'a> Delivery<'a> {
    /// Entries behind the group's last delivered one, to `consumer`; with `no_ack` they do not become pending.
    pub fn new(log: &'a Log, group: &Group, consumer: ConsumerId, no_ack: bool, now_ms: i64) -> Self {
        let range = group.last_id.next().map(|start| log.range(start, StreamId::MAX, false));
        Delivery { log, range, consumer, no_ack, now_ms, moved: false }
    }

    /// The next entry, taken note of in the group, and how it is pending now: each of these is to be propagated as an
    /// XCLAIM.
    pub fn step(&mut self, group: &mut Group) -> Option<(Entry<'a>, Option<Nack>)> {
        let entry = self.range.as_mut()?.next()?;
        self.advance(group, entry.id);
        if self.no_ack {
            return Some((entry, None));
        }
        let nack = Nack { consumer: self.consumer, delivery_time: self.now_ms, delivery_count: 1 };
        group.put_pending(entry.id, nack);
        if let Some(consumer) = group.consumer_mut(self.consumer) {
            consumer.active_time = self.now_ms;
        }
        Some((entry, Some(nack)))
    }

    fn advance(&mut self, group: &mut Group, id: StreamId) {
        if id <= group.last_id {
            return;
        }
        let marks = self.log.marks();
        match group.entries_read {
            Some(read) if group.last_id >= marks.first_id && !marks.has_gap_from(group.last_id) => {
                group.entries_read = Some(read.wrapping_add(1));
            }
            _ if marks.entries_added > 0 => group.entries_read = marks.entries_up_to(id),
            _ => {}
        }
        group.last_id = id;
        self.moved = true;
    }

    /// Whether the group's last ID moved, so that XGROUP SETID with ENTRIESREAD is to be propagated.
    pub fn moved(&self) -> bool {
        self.moved
    }
}

impl Group {
    /// The next pending entry of `consumer` from `start` on, delivered once more: its ID, and itself unless it was
    /// deleted from the stream, which counts as no delivery.
    pub fn redeliver<'a>(
        &mut self,
        log: &'a Log,
        consumer: ConsumerId,
        start: StreamId,
        now_ms: i64,
    ) -> Option<(StreamId, Option<Entry<'a>>)> {
        let id = *self.consumer(consumer)?.pending.range(start..).next()?;
        let entry = log.get(id);
        if entry.is_some()
            && let Some(nack) = self.pending.get_mut(&id)
        {
            nack.delivery_time = now_ms;
            nack.count_delivery();
        }
        Some((id, entry))
    }
}
