//! Giving memory back after many removals: shrinking sparse segments and joining them with their buddies. Owns the
//! rules of when; it is the owner of the dictionary who finds the time.

use super::dict::{AT_ONCE, Dict, packed};
use super::directory::buddy;
use super::segment::{self, SIZES};

/// Slots of a table that is not sparse are filled to at least one in this many.
const SPARSE: usize = 4;
/// Two buddies are joined if their entries fill at most half of the largest segment: far from splitting again.
const JOINABLE: usize = SIZES[SIZES.len() - 1] as usize * super::bucket::SLOTS / 2;

impl Dict {
    /// Whether [`Dict::maintain`] would find work. Constant time.
    #[inline]
    pub fn is_sparse(&self) -> bool {
        self.len * SPARSE < self.dir.buckets() * super::bucket::SLOTS && self.dir.buckets() > 1
    }

    /// While the dictionary is sparse, looks after up to `steps` segments, each at most some 20 us. True if it is
    /// still sparse. To be called now and then after removals: words stay where they are until then.
    pub fn maintain(&mut self, steps: usize) -> bool {
        for _ in 0..steps {
            if !self.is_sparse() {
                return false;
            }
            if self.len == 0 && self.dir.segments() <= AT_ONCE {
                self.dir.clear();
                return false;
            }
            self.tend();
        }
        self.is_sparse()
    }

    /// Joins or shrinks the segment at the sweep, and moves on.
    fn tend(&mut self) {
        let hash = self.sweep;
        let (buckets, depth) = self.dir.view(hash);
        let (count, entries) = (buckets.len(), segment::entries(buckets));
        if self.dir.has_buddy(hash) {
            let (others, _) = self.dir.view(buddy(hash, depth));
            if entries + segment::entries(others) <= JOINABLE && self.join(hash, depth) {
                // Not moved on: what was joined may be joined again.
                return;
            }
        }
        if segment::size_for(entries) * 2 <= count + 1 {
            let kept: Vec<_> = segment::all(self.dir.view(hash).0).collect();
            if let Some(smaller) = packed(&kept, depth, count - 1) {
                self.dir.replace(hash, smaller);
            }
        }
        self.sweep = segment::next_prefix(hash, depth);
    }

    /// Joins the segment of that hash with its buddy, if their entries are well enough spread to fit into one.
    fn join(&mut self, hash: u64, depth: u32) -> bool {
        let left = segment::prefix(hash, depth - 1);
        let right = buddy(left, depth);
        let mut entries = Vec::with_capacity(JOINABLE);
        for side in [left, right] {
            let of_side = segment::all(self.dir.view(side).0);
            entries.extend(of_side.map(|(fragment, word)| (segment::widened(fragment, side, depth), word)));
        }
        let largest = usize::from(SIZES[SIZES.len() - 1]);
        let Some(joined) = packed(&entries, depth - 1, largest) else { return false };
        self.dir.join(left, joined);
        self.sweep = left;
        true
    }
}
