//! Searching an area of a sorted set, and answering with what was found or storing it.

use super::area_options::{Command, Options, Order};
use super::member::{reply_distance, reply_point};
use crate::commands::zset::limits::zset_limits;
use crate::engine::{Args, CmdResult, Ctx, done};
use crate::keyspace::EventClass;
use crate::resp::reply::Reply;
use crate::types::geo::{Point, Search};
use crate::types::packed::Value;
use crate::types::zset::{AddFlags, ScoreRange, Zset, ZsetLimits, ZsetRef};
use crate::util::partial_sort::partial_sort;
use std::cmp::Ordering;

/// A member inside the area.
struct Found<'a> {
    member: Value<'a>,
    score: f64,
    point: Point,
    /// In metres.
    distance: f64,
}

/// Runs a search command on the sorted set at argument `key`; `event` tells of a stored outcome.
pub fn area(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    key: usize,
    command: Command,
    event: &'static str,
) -> CmdResult {
    let limits = zset_limits(ctx);
    let Ctx { keys, reply, .. } = ctx;
    let set = keys.read_as::<Zset>(args.key(key))?;
    let options = Options::parse(args, command, set)?;
    let found = match (set, options.search()) {
        (Some(set), Some(search)) => find(set, &search, &options),
        _ => Vec::new(),
    };
    let unit = options.search().map_or(1.0, |search| search.unit);
    let Some(at) = options.store_at else {
        reply_found(reply, &found, unit, &options);
        return done();
    };
    let outcome = collect(&found, unit, &options, &limits);
    let count = found.len();
    ctx.keys.store(args.key(at), outcome, count as u64, EventClass::ZSET, event);
    ctx.reply.int(count as i64);
    done()
}

/// What lies in the area, in the order asked for, as many as asked for.
fn find<'a>(set: ZsetRef<'a>, search: &Search, options: &Options) -> Vec<Found<'a>> {
    let enough = if options.any { options.count } else { usize::MAX };
    let mut found: Vec<Found<'a>> = Vec::new();
    for (min, max) in search.ranges() {
        if found.len() >= enough {
            break;
        }
        let range = ScoreRange { min, max, min_excluded: false, max_excluded: true };
        let (start, count) = set.score_span(&range);
        let mut left = count;
        if count == 0 {
            continue;
        }
        set.walk(start, false, |member, score| {
            if let Some(hit) = search.hit(score) {
                found.push(Found { member, score, point: hit.point, distance: hit.distance });
            }
            left -= 1;
            left > 0 && found.len() < enough
        });
    }
    sort(&mut found, options);
    found
}

/// Sorts what was found and cuts it to the count. COMPAT: the nearest ones are meant by a count without an order,
/// except with ANY.
fn sort(found: &mut Vec<Found<'_>>, options: &Options) {
    let order = match options.order {
        Order::None if options.count > 0 && !options.any => Order::Nearest,
        order => order,
    };
    let wanted = if options.count == 0 { found.len() } else { options.count.min(found.len()) };
    let near = |a: &Found<'_>, b: &Found<'_>| a.distance.partial_cmp(&b.distance).unwrap_or(Ordering::Equal);
    let by = |a: &Found<'_>, b: &Found<'_>| if order == Order::Farthest { near(b, a) } else { near(a, b) };
    if order != Order::None && wanted > 0 {
        if wanted == found.len() {
            found.sort_by(by);
        } else {
            partial_sort(found, 0, wanted - 1, by);
        }
    }
    found.truncate(wanted);
}

fn reply_found(reply: &mut Reply<'_>, found: &[Found<'_>], unit: f64, options: &Options) {
    let Options { with_distance, with_hash, with_point, .. } = *options;
    let extras = usize::from(with_distance) + usize::from(with_hash) + usize::from(with_point);
    reply.array(found.len());
    for item in found {
        if extras > 0 {
            reply.array(extras + 1);
        }
        reply.bulk_value(item.member);
        if with_distance {
            reply_distance(reply, item.distance / unit);
        }
        if with_hash {
            reply.int(item.score as i64);
        }
        if with_point {
            reply_point(reply, item.point);
        }
    }
}

/// A sorted set of what was found, by position or by distance.
fn collect(found: &[Found<'_>], unit: f64, options: &Options, limits: &ZsetLimits) -> Zset {
    let longest = found.iter().map(|item| item.member.text_len()).max().unwrap_or(0);
    let mut set = Zset::for_members(found.len(), longest, limits);
    let mut digits = itoa::Buffer::new();
    for item in found {
        let score = if options.store_distance { item.distance / unit } else { item.score };
        set.add(item.member.bytes(&mut digits), score, AddFlags::default(), limits);
    }
    set
}
