//! Members gathered from several sorted sets, each once, with a score that grows as they come; and what becomes of
//! them: a reply or a sorted set.

use super::range::reply_scored;
use crate::resp::reply::Reply;
use crate::table::hash::Hasher;
use crate::types::packed::Value;
use crate::types::zset::{Zset, ZsetLimits};
use hashbrown::HashTable;
use std::cmp::Ordering;

/// Members with scores, borrowed from where they were found.
pub type Members<'a> = Vec<(Value<'a>, f64)>;

/// Members by their text.
pub struct Gathered<'a> {
    members: Members<'a>,
    /// Places in `members`.
    index: HashTable<usize>,
    hasher: Hasher,
}

fn hash(hasher: &Hasher, member: Value<'_>) -> u64 {
    hasher.hash(member.bytes(&mut itoa::Buffer::new()))
}

fn same(a: Value<'_>, b: Value<'_>) -> bool {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a == b,
        (a, Value::Str(text)) | (Value::Str(text), a) => a.is(text),
    }
}

impl<'a> Gathered<'a> {
    /// Room for about so many.
    pub fn with_capacity(count: usize, hasher: Hasher) -> Self {
        Gathered { members: Vec::with_capacity(count), index: HashTable::with_capacity(count), hasher }
    }

    /// Adds a member, or hands the score it has to `join`, which makes the new one of it.
    pub fn add(&mut self, member: Value<'a>, score: f64, join: impl FnOnce(f64) -> f64) {
        let Gathered { members, index, hasher } = self;
        let hashed = hash(hasher, member);
        let rehash = |at: &usize| hash(hasher, members[*at].0);
        match index.entry(hashed, |at| same(members[*at].0, member), rehash) {
            hashbrown::hash_table::Entry::Occupied(found) => {
                let score = &mut members[*found.get()].1;
                *score = join(*score);
            }
            hashbrown::hash_table::Entry::Vacant(place) => {
                place.insert(members.len());
                members.push((member, score));
            }
        }
    }

    pub fn contains(&self, member: Value<'_>) -> bool {
        self.index.find(hash(&self.hasher, member), |at| same(self.members[*at].0, member)).is_some()
    }

    /// All members, in the order in which they came.
    pub fn into_members(self) -> Members<'a> {
        self.members
    }
}

fn order(a: &(Value<'_>, f64), b: &(Value<'_>, f64)) -> Ordering {
    // No score is NaN; both zeros are one.
    let by_score = a.1.partial_cmp(&b.1).unwrap_or(Ordering::Equal);
    by_score.then_with(|| a.0.bytes(&mut itoa::Buffer::new()).cmp(b.0.bytes(&mut itoa::Buffer::new())))
}

/// Puts members, each there once, in the order of a sorted set.
pub fn sort(members: &mut Members<'_>) {
    members.sort_unstable_by(order);
}

/// Answers with members in their order.
pub fn reply_members(reply: &mut Reply<'_>, mut members: Members<'_>, with_scores: bool) {
    sort(&mut members);
    if !with_scores {
        reply.array(members.len());
        return members.into_iter().for_each(|(member, _)| reply.bulk_value(member));
    }
    let nested = reply_scored(reply, members.len());
    for (member, score) in members {
        if nested {
            reply.array(2);
        }
        reply.bulk_value(member);
        reply.double(score);
    }
}

/// Makes a sorted set of members.
pub fn collect(mut members: Members<'_>, limits: &ZsetLimits) -> Zset {
    sort(&mut members);
    Zset::from_ordered(&members, limits)
}
