//! Freeing a big hash in slices. Must not know when or on which thread.

use super::times::Times;
use crate::ids::UnixMs;
use crate::table::map::{FreeJob, Map};
use std::collections::BTreeSet;

/// A hash that is gone for everybody and only has to be freed.
#[derive(Debug)]
pub struct HashFree {
    map: FreeJob,
    at: Option<FreeJob>,
    order: BTreeSet<(UnixMs, u64)>,
}

impl HashFree {
    pub(super) fn new(map: Map, times: Option<Times>) -> HashFree {
        let (at, order) = match times {
            Some(Times { at, order }) => (Some(at.into_free_job()), order),
            None => (None, BTreeSet::new()),
        };
        HashFree { map: map.into_free_job(), at, order }
    }

    /// Frees about `fields` fields; true when nothing is left.
    pub fn step(&mut self, fields: usize) -> bool {
        for _ in 0..fields {
            if self.order.pop_last().is_none() {
                break;
            }
        }
        self.map.step(fields) && self.at.as_mut().is_none_or(|at| at.step(fields)) && self.order.is_empty()
    }
}
