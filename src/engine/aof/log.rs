//! From the turn's log to the writer, and what follows from how far that is.

use super::super::machine::Engine;
use super::state::{AofState, policy};
use crate::persist::aof::{LongestUs, Policy, Trouble};

/// How often the log is synced with `appendfsync everysec`.
const SYNC_EVERY_MS: i64 = 1000;

impl Engine {
    /// Before the commands of a turn: whether their replies may have to wait.
    #[inline]
    pub fn begin_log_turn(&mut self) {
        if self.aof.writer.is_some() {
            self.look_at_writer();
        }
    }

    fn look_at_writer(&mut self) {
        self.settle_switch();
        let Some(writer) = &self.aof.writer else { return };
        let active = !writer.is_idle();
        let trouble = writer.progress.trouble();
        if writer.progress.pending_syncs() == 0 {
            self.aof.beside_sync_ms = None;
        }
        let longest = writer.progress.take_longest();
        if matches!(trouble, Some(Trouble::Sync { .. })) && self.aof.trouble.is_none() {
            // Only a new base makes good what may be lost.
            self.aof.rewrite.scheduled = self.aof.state == AofState::On;
        }
        self.aof.trouble = trouble;
        if longest != LongestUs::default() {
            self.note_longest(longest);
        }
        if active != self.hold.active {
            self.hold.active = active;
            self.renew_interest();
        }
    }

    /// What the threads' calls took at most.
    fn note_longest(&mut self, longest: LongestUs) {
        let child = self.saving.child.is_some();
        let alone = if child { "aof-write-active-child" } else { "aof-write-alone" };
        let write = longest.write.max(longest.write_beside_sync);
        let now_s = self.clock.now_ms / 1000;
        for (event, us) in [
            ("aof-fsync-always", longest.sync),
            ("aof-write-pending-fsync", longest.write_beside_sync),
            (alone, longest.write),
            ("aof-write", write),
        ] {
            self.stats.note_latency(&self.config, event, us / 1000, now_s);
        }
    }

    /// Counts what Redis calls a delayed sync: one that has been under way for so long that the log is written beside
    /// it. Nobody waits for that here; it tells of a busy disk all the same.
    fn note_slow_sync(&mut self) {
        const SLOW_MS: i64 = 2000;
        let now_ms = self.clock.now_ms;
        let aof = &mut self.aof;
        if policy(&self.config) != Policy::EverySecond || aof.pending_syncs() == 0 {
            aof.beside_sync_ms = None;
            return;
        }
        if now_ms - *aof.beside_sync_ms.get_or_insert(now_ms) >= SLOW_MS {
            aof.beside_sync_ms = None;
            self.stats.counters.aof_delayed_fsync += 1;
            tracing::info!(
                "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for \
                 fsync to complete, this may slow down the server."
            );
        }
    }

    /// After the commands of a turn: what they left in the log is written, or handed to who writes it.
    #[inline]
    pub fn flush_log(&mut self) {
        if self.aof.writer.is_some() {
            self.write_log();
        }
        if !self.blocking.waiting_for_copies().is_empty() {
            self.serve_copies();
        }
    }

    fn write_log(&mut self) {
        let child = self.saving.child.is_some();
        let now_ms = self.clock.now_ms;
        let began = crate::sys::clock::monotonic_us();
        let (Some(writer), Some(feed)) = (&self.aof.writer, &mut self.feed) else { return };
        let end = feed.offset;
        let (mut wrote, mut handed) = (false, false);
        if !feed.bytes.is_empty() {
            self.aof.unsynced = true;
            let units = std::mem::take(&mut feed.units);
            // Under `always` nobody else waits for a lone client's sync, and two threads need not wake each other.
            let alone = self.aof.syncs_for_one && self.clients.len() <= 1;
            if alone && writer.write_through(&feed.bytes, end) {
                feed.bytes.clear();
                feed.bytes.shrink_to(1 << 20);
            } else if self.hold.active || !writer.is_idle() {
                writer.hand_over(std::mem::take(&mut feed.bytes), units, end);
                handed = true;
            } else {
                writer.write_here(&feed.bytes, end);
                wrote = true;
                feed.bytes.clear();
                feed.bytes.shrink_to(1 << 20);
            }
        }
        let spared = self.config.no_appendfsync_on_rewrite && child;
        if writer.progress.set_spare_disk(spared) && !spared && writer.progress.policy() == Policy::Always {
            // What was written meanwhile is made durable without waiting for the next write.
            writer.sync_later();
        }
        let due = now_ms - self.aof.synced_ms >= SYNC_EVERY_MS && self.aof.unsynced;
        if due
            && policy(&self.config) == Policy::EverySecond
            && !spared
            && writer.progress.pending_syncs() == 0
            && !writer.progress.is_switching()
        {
            self.aof.unsynced = writer.progress.is_writing();
            self.aof.synced_ms = now_ms;
            writer.sync_later();
        }
        let failed = wrote && writer.progress.written() < end;
        if handed {
            self.note_slow_sync();
        }
        if wrote {
            self.note_log_write(crate::sys::clock::monotonic_us().saturating_sub(began), child);
        }
        if failed {
            self.hold_unwritten();
        }
    }

    fn note_log_write(&mut self, took_us: u64, child: bool) {
        self.stats.counters.eventloop_aof.add_ns(took_us * 1000);
        let event = if child { "aof-write-active-child" } else { "aof-write-alone" };
        let now_s = self.clock.now_ms / 1000;
        for event in [event, "aof-write"] {
            self.stats.note_latency(&self.config, event, took_us / 1000, now_s);
        }
    }

    /// The disk did not take what this turn's writes left: their replies wait until it does.
    fn hold_unwritten(&mut self) {
        let confirmed = self.aof.confirmed();
        for id in &self.writers {
            if let Some(client) = self.clients.get_mut(*id)
                && client.logged_to > confirmed
            {
                client.out.hold_all(client.logged_to);
            }
        }
    }

    /// Everything in the log is written and durable when this returns true.
    pub fn finish_log(&mut self) -> bool {
        self.wait_for_adoption();
        self.write_log();
        let Some(writer) = &self.aof.writer else { return true };
        let waited = writer.wait();
        self.settle_switch();
        let Some(writer) = &self.aof.writer else { return true };
        match waited.and_then(|()| writer.sync_now()) {
            Ok(()) => true,
            Err(trouble) => {
                self.aof.trouble = Some(trouble);
                false
            }
        }
    }

    /// DEBUG AOF-FLUSH-SLEEP
    pub fn set_flush_sleep_us(&mut self, us: u64) {
        self.aof.sleep_us = us;
        if let Some(writer) = &self.aof.writer {
            writer.progress.set_sleep_us(us);
        }
    }

    /// `appendfsync` changed.
    pub(in super::super) fn renew_sync_policy(&mut self) {
        let policy = policy(&self.config);
        if let Some(writer) = &self.aof.writer {
            writer.progress.set_policy(policy);
            // What was written before waits for no sync of its own.
            writer.sync_later();
            self.aof.unsynced = true;
        }
        self.begin_log_turn();
    }
}
