//! A hierarchical timing wheel of one database: records placed by distance, the next slot of every level drained early
//! and in slices. Knows no database number and no generation; time is milliseconds since the epoch, passed in.
//!
//! Level L has slots of 256^L milliseconds. With `cur` the wheel's position, a record lies in the lowest level whose
//! current block of 256 slots, or the block after it, contains its deadline. So when the wheel stands anywhere in a
//! block, the upper slot that covers the *next* block can be moved down whole, and need not wait for the boundary,
//! where it would stall everybody.
//!
//! Two invariants carry it: every occupied slot starts after `cur` (in level 0: at or after it), and at each level the
//! occupied slots lie in the block of `cur` or in the next. So `cur` may jump to anywhere before the earliest start.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::index::Budget;
use super::slots::Level;

const SLOT_BITS: u32 = 8;
const LEVELS: usize = 5;
/// Draining a slot early goes at no less than this many records a millisecond. Few, since the first ones each open a
/// chunk in a slot of their own: 640 at once took 0.2 ms.
const DRAIN_PACE: u64 = 128;
/// After a pause one step may make up for so many milliseconds at most; the budget bounds it as well.
const DRAIN_CATCH_UP_MS: u64 = 64;

pub(super) struct Wheel {
    cur: u64,
    levels: [Option<Box<Level>>; LEVELS],
    /// Deadlines at or before `cur`: armed in the past, or while the clock is behind the wheel after stepping back.
    /// A heap, since those of a clock that went back are not due yet.
    overdue: BinaryHeap<Reverse<(u64, u64)>>,
    /// No occupied slot starts before this.
    first_start: u64,
    /// Nothing is to be done before this time.
    wake: u64,
    drained_ms: u64,
}

const fn shift(level: usize) -> u32 {
    SLOT_BITS * level as u32
}

/// How long before its start a slot with so many records should begin to move down.
fn lead_ms(level: usize, count: u32) -> u64 {
    (u64::from(count) / DRAIN_PACE).min((1 << shift(level)) - 1)
}

/// When the slot wants attention: its start, or earlier by the time that moving its records down takes.
fn attention_ms(level: usize, start: u64, count: u32) -> u64 {
    if level == 0 { start } else { start - lead_ms(level, count) }
}

impl Wheel {
    pub(super) fn new(now: u64) -> Wheel {
        Wheel {
            cur: now,
            levels: Default::default(),
            overdue: BinaryHeap::new(),
            first_start: u64::MAX,
            wake: u64::MAX,
            drained_ms: now,
        }
    }

    pub(super) fn records(&self) -> usize {
        self.levels.iter().flatten().map(|level| level.records()).sum::<usize>() + self.overdue.len()
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let heap = self.overdue.capacity() * size_of::<Reverse<(u64, u64)>>();
        size_of::<Wheel>()
            + heap
            + self.levels.iter().flatten().map(|level| level.memory_bytes()).sum::<usize>()
    }

    /// The time before which `advance` has nothing to do.
    pub(super) fn wake(&self) -> u64 {
        self.wake
    }

    /// Where the wheel stands: everything due before this was handed out.
    pub(super) fn position(&self) -> u64 {
        self.cur
    }

    /// Lets the wheel know the time, so that what is armed next is placed as low as it can be.
    pub(super) fn follow(&mut self, now: u64) {
        if now < self.first_start && now > self.cur {
            self.cur = now;
        }
    }

    /// Deadlines beyond the topmost level (34 years at least) are brought back to its end: the caller validates what
    /// fires and arms it again.
    pub(super) fn arm(&mut self, hash: u64, deadline: u64) {
        let top = shift(LEVELS);
        let end = (((self.cur >> top) + 2) << top) - 1;
        let deadline = deadline.min(end);
        if deadline <= self.cur {
            self.overdue.push(Reverse((deadline, hash)));
            self.wake = self.wake.min(deadline);
            return;
        }
        let (level, number, count) = self.place(hash, deadline);
        let start = number << shift(level);
        self.first_start = self.first_start.min(start);
        self.wake = self.wake.min(attention_ms(level, start, count));
    }

    fn place(&mut self, hash: u64, deadline: u64) -> (usize, u64, u32) {
        let mut level = 0;
        while level < LEVELS - 1 && (deadline >> shift(level + 1)) - (self.cur >> shift(level + 1)) > 1 {
            level += 1;
        }
        let number = deadline >> shift(level);
        let ring = self.levels[level].get_or_insert_with(|| Box::new(Level::new(level)));
        ring.push(number, hash, deadline & ((1 << shift(level)) - 1));
        (level, number, ring.count(number))
    }

    /// The occupied slot that starts first, the higher level on a tie: what it holds may be due in that millisecond.
    fn earliest(&self) -> Option<(usize, u64)> {
        let mut found = None;
        let mut best = u64::MAX;
        for (level, ring) in self.levels.iter().enumerate() {
            let Some(ring) = ring else { continue };
            let from = (self.cur >> shift(level)) + u64::from(level > 0);
            let Some(number) = ring.first_from(from) else { continue };
            let start = number << shift(level);
            if start <= best {
                best = start;
                found = Some((level, number));
            }
        }
        found
    }

    /// Emits `(hash, deadline)` of what is due at `now`, a deadline equal to `now` included, then moves records down
    /// that come due soon. Bounded by `budget`. In order of time, unless a slot's time came before it was moved down.
    pub(super) fn advance(&mut self, now: u64, budget: &mut Budget, emit: &mut impl FnMut(u64, u64)) {
        let finished = self.fire_overdue(now, budget, emit) && self.run_to(now, budget, emit);
        if finished {
            self.cur = self.cur.max(now);
            self.drain_early(now, budget);
        }
        self.settle(now, finished);
    }

    fn fire_overdue(&mut self, now: u64, budget: &mut Budget, emit: &mut impl FnMut(u64, u64)) -> bool {
        while let Some(&Reverse((deadline, hash))) = self.overdue.peek() {
            if deadline > now {
                break;
            }
            if budget.due == 0 {
                return false;
            }
            budget.due -= 1;
            self.overdue.pop();
            emit(hash, deadline);
        }
        true
    }

    /// True when nothing due is left.
    fn run_to(&mut self, now: u64, budget: &mut Budget, emit: &mut impl FnMut(u64, u64)) -> bool {
        while let Some((level, number)) = self.earliest() {
            let start = number << shift(level);
            if start > now {
                return true;
            }
            let done = if level == 0 {
                self.cur = start;
                self.fire(number, budget, emit)
            } else {
                self.cur = self.cur.max(start - 1);
                self.drain_due(level, number, now, budget, emit)
            };
            if !done {
                return false;
            }
        }
        true
    }

    fn fire(&mut self, number: u64, budget: &mut Budget, emit: &mut impl FnMut(u64, u64)) -> bool {
        let Some(ring) = &mut self.levels[0] else { return true };
        while ring.count(number) > 0 {
            if budget.due == 0 {
                return false;
            }
            let Some((hash, _)) = ring.pop(number) else { break };
            budget.due -= 1;
            emit(hash, number);
        }
        true
    }

    /// Empties a slot whose time has come before it was moved down: after a jump of the clock, or under more load than
    /// the early drain keeps up with.
    fn drain_due(
        &mut self,
        level: usize,
        number: u64,
        now: u64,
        budget: &mut Budget,
        emit: &mut impl FnMut(u64, u64),
    ) -> bool {
        while let Some(ring) = &mut self.levels[level] {
            if ring.count(number) == 0 {
                break;
            }
            if budget.moves == 0 || budget.due == 0 {
                return false;
            }
            let Some((hash, offset)) = ring.pop(number) else { break };
            let deadline = (number << shift(level)) | offset;
            if deadline <= now {
                budget.due -= 1;
                emit(hash, deadline);
            } else {
                budget.moves -= 1;
                self.place(hash, deadline);
            }
        }
        true
    }

    fn drain_early(&mut self, now: u64, budget: &mut Budget) {
        let drained_ms = std::mem::replace(&mut self.drained_ms, now);
        for level in 1..LEVELS {
            let number = (self.cur >> shift(level)) + 1;
            let start = number << shift(level);
            let count = self.levels[level].as_ref().map_or(0, |ring| ring.count(number));
            let since = attention_ms(level, start, count).saturating_sub(1).max(drained_ms);
            if count == 0 || now <= since || now >= start {
                continue;
            }
            let elapsed = (now - since).min(DRAIN_CATCH_UP_MS);
            let even = u64::from(count) * 5 / 4 / (start - now) + 1;
            let wanted = even.max(DRAIN_PACE).saturating_mul(elapsed).min(u64::from(count));
            let quota = wanted.min(budget.moves as u64) as usize;
            budget.moves -= quota;
            for _ in 0..quota {
                let Some((hash, offset)) = self.levels[level].as_mut().and_then(|ring| ring.pop(number))
                else {
                    break;
                };
                self.place(hash, start | offset);
            }
        }
    }

    /// Computes anew when there will be something to do.
    fn settle(&mut self, now: u64, finished: bool) {
        self.first_start = u64::MAX;
        self.wake = self.overdue.peek().map_or(u64::MAX, |top| top.0.0);
        for (level, ring) in self.levels.iter().enumerate() {
            let Some(ring) = ring else { continue };
            let from = (self.cur >> shift(level)) + u64::from(level > 0);
            let Some(number) = ring.first_from(from) else { continue };
            let start = number << shift(level);
            self.first_start = self.first_start.min(start);
            self.wake = self.wake.min(attention_ms(level, start, ring.count(number)));
        }
        if !finished {
            self.wake = self.wake.min(now);
        } else if self.wake <= now {
            self.wake = now + 1;
        }
    }

    /// Takes up to `max` records wherever they are, due or not. True while some are left.
    pub(super) fn take(&mut self, max: usize, emit: &mut impl FnMut(u64, u64)) -> bool {
        for _ in 0..max {
            if let Some(Reverse((deadline, hash))) = self.overdue.pop() {
                emit(hash, deadline);
                continue;
            }
            let Some((level, number)) = self.earliest() else { break };
            let Some((hash, offset)) = self.levels[level].as_mut().and_then(|ring| ring.pop(number)) else {
                break;
            };
            emit(hash, (number << shift(level)) | offset);
        }
        self.records() > 0
    }

    /// Frees up to `max` chunks and forgets their records. True while some are left.
    pub(super) fn free(&mut self, max: usize) -> bool {
        self.overdue = BinaryHeap::new();
        let mut left = max;
        for slot in &mut self.levels {
            let Some(ring) = slot else { continue };
            left -= ring.free_chunks(left);
            if ring.records() > 0 {
                return true;
            }
            *slot = None;
        }
        false
    }
}
