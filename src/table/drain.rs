//! Emptying a dictionary in slices, for whoever frees what its words stand for without making others wait. Owns the
//! position reached.

use super::bucket::Word;
use super::dict::Dict;

/// A dictionary on its way out. Dropped before the end it frees the rest of its own memory at once; words that were
/// not handed out by then are forgotten.
#[derive(Debug)]
pub struct Drain {
    dict: Dict,
    part: usize,
    at: usize,
    bucket: usize,
}

impl Drain {
    /// Begins to drain a dictionary that was detached by [`Dict::take`].
    pub fn new(dict: Dict) -> Drain {
        Drain { dict, part: 0, at: 0, bucket: 0 }
    }

    /// How many words are still there.
    pub fn remaining(&self) -> usize {
        self.dict.len
    }

    /// Bytes that the structure still takes.
    pub fn memory_bytes(&self) -> usize {
        self.dict.memory_bytes()
    }

    /// Visits up to `buckets` buckets, of at most seven words each, and hands their words to `f`. Memory is freed
    /// along the way, segment by segment. True once nothing is left.
    pub fn step(&mut self, buckets: usize, mut f: impl FnMut(Word)) -> bool {
        let mut left = buckets.max(1);
        while self.part < self.dict.dir.parts() {
            let Some((lines, _)) = self.dict.dir.view_at(self.part, self.at) else {
                self.dict.dir.forget_part(self.part);
                (self.part, self.at) = (self.part + 1, 0);
                continue;
            };
            if left == 0 {
                return false;
            }
            let rest = &lines[self.bucket..];
            for (at, line) in rest.iter().take(left).enumerate() {
                if let Some(ahead) = rest.get(at + 2) {
                    super::dict::prefetch_entries(ahead);
                }
                for slot in line.occupied() {
                    f(line.word(slot));
                    self.dict.len -= 1;
                }
            }
            let visited = rest.len().min(left);
            left -= visited;
            if visited < rest.len() {
                self.bucket += visited;
                return false;
            }
            self.bucket = 0;
            self.at = self.dict.dir.release_at(self.part, self.at).expect("the segment just emptied");
        }
        self.dict.dir.clear();
        true
    }
}
