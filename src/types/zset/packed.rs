//! A small sorted set: members and scores by turns in one listpack, in order. Must not know of big ones.

use super::range::{LexRange, ScoreRange};
use super::score::{from_value, to_value};
use crate::types::packed::{Listpack, ListpackRef, Needle, Pos, Value};

/// Members and scores in order.
pub(super) fn pairs(lp: ListpackRef<'_>) -> impl Iterator<Item = (Value<'_>, f64)> {
    lp.pairs().map(|(member, score)| (member, from_value(score)))
}

/// Where a member is, and its score.
pub(super) fn find(lp: ListpackRef<'_>, member: &[u8]) -> Option<(Pos, f64)> {
    let pos = lp.find_key(member)?;
    Some((pos, from_value(lp.get(lp.next(pos)?)?)))
}

/// The member's rank and score.
pub(super) fn rank(lp: ListpackRef<'_>, member: &[u8]) -> Option<(usize, f64)> {
    let needle = Needle::new(member);
    pairs(lp).enumerate().find(|(_, (member, _))| needle.is(*member)).map(|(rank, (_, score))| (rank, score))
}

/// Rank of the first member and number of members in a range.
pub(super) fn score_span(lp: ListpackRef<'_>, range: &ScoreRange) -> (usize, usize) {
    let start = pairs(lp).take_while(|&(_, score)| !range.reaches_min(score)).count();
    let count = pairs(lp).skip(start).take_while(|&(_, score)| range.within_max(score)).count();
    if range.is_empty() || count == 0 { (0, 0) } else { (start, count) }
}

/// The same for a range of members. Members are in the order of their bytes only if all scores are equal;
/// where they are not, what is in the range depends on the end at which the search begins, as it does in
/// Redis.
pub(super) fn lex_span(lp: ListpackRef<'_>, range: &LexRange<'_>, from_end: bool) -> (usize, usize) {
    let mut bufs = [itoa::Buffer::new(), itoa::Buffer::new()];
    let [first, second] = &mut bufs;
    let mut reaches_min = |member: Value<'_>| range.reaches_min(member.bytes(first));
    let mut within_max = |member: Value<'_>| range.within_max(member.bytes(second));
    let ends = (lp.at(0), lp.at(-2));
    let (Some(lowest), Some(highest)) = ends else { return (0, 0) };
    if range.is_empty() || !reaches_min(highest) || !within_max(lowest) {
        return (0, 0);
    }
    let members = || lp.pairs().map(|(member, _)| member);
    if !from_end {
        let start = members().take_while(|&m| !reaches_min(m)).count();
        let count = members().skip(start).take_while(|&m| within_max(m)).count();
        return if count == 0 { (0, 0) } else { (start, count) };
    }
    let members: Vec<_> = members().collect();
    let Some(last) = members.iter().rposition(|&m| within_max(m)) else { return (0, 0) };
    let count = members[..=last].iter().rev().take_while(|&&m| reaches_min(m)).count();
    if count == 0 { (0, 0) } else { (last + 1 - count, count) }
}

/// Hands `f` members and scores from rank `start` on, towards either end, while it returns true.
pub(super) fn walk<'a>(
    lp: ListpackRef<'a>,
    start: usize,
    reverse: bool,
    mut f: impl FnMut(Value<'a>, f64) -> bool,
) {
    let Some(mut pos) = lp.seek(2 * start as i64) else { return };
    loop {
        let Some(score_at) = lp.next(pos) else { return };
        let (Some(member), Some(score)) = (lp.get(pos), lp.get(score_at)) else { return };
        if !f(member, from_value(score)) {
            return;
        }
        let next = if reverse { lp.prev(pos).and_then(|score| lp.prev(score)) } else { lp.next(score_at) };
        match next {
            Some(next) => pos = next,
            None => return,
        }
    }
}

/// Puts a member that is not in yet where its score and bytes belong.
pub(super) fn insert(lp: &mut Listpack, member: &[u8], score: f64) {
    let read = lp.as_ref();
    let mut pos = read.end();
    let mut iter = read.iter();
    let mut buf = itoa::Buffer::new();
    loop {
        let at = iter.pos();
        let (Some(its), Some(its_score)) = (iter.next(), iter.next()) else { break };
        let its_score = from_value(its_score);
        if its_score > score || (its_score == score && its.bytes(&mut buf) > member) {
            pos = at;
            break;
        }
    }
    let mut text = Vec::new();
    lp.insert(pos, to_value(score, &mut text));
    lp.insert(pos, Value::of(member));
}

/// Appends a member that belongs behind all others.
pub(super) fn append(lp: &mut Listpack, member: Value<'_>, score: f64) {
    let mut text = Vec::new();
    match member {
        Value::Int(n) => lp.append_int(n),
        Value::Str(member) => lp.append_text(member),
    }
    lp.append(to_value(score, &mut text));
}
