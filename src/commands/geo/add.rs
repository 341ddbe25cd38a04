//! GEOADD, which is a ZADD of positions made scores, and goes into the log as one.

use super::area_options::position;
use crate::commands::zset::add::{Options, Pairs, add_pairs};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec};
use crate::types::geo::encode_score;
use crate::types::zset::AddFlags;

pub static GEOADD: Spec = Spec::write("geoadd", -5)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM)
    .acl(Acl::GEO)
    .group(Group::Geo)
    .since("3.2.0")
    .complexity("O(log(N)) for each item added, where N is the number of elements in the sorted set.")
    .summary("Adds members with their positions to a sorted set, or moves those that are there.")
    .syntax("key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]")
    .history(&[("6.2.0", "Added the `CH`, `NX` and `XX` options.")])
    .run(geoadd);

fn geoadd(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (mut nx, mut xx, mut changed) = (false, false, false);
    let mut first = 2;
    while first < args.len() {
        if args.is(first, "nx") {
            nx = true;
        } else if args.is(first, "xx") {
            xx = true;
        } else if args.is(first, "ch") {
            changed = true;
        } else {
            break;
        }
        first += 1;
    }
    let rest = args.rest(first);
    if !rest.len().is_multiple_of(3) || (nx && xx) {
        return Err(Error::Syntax);
    }
    let mut pairs = Pairs::new();
    for item in rest.chunks_exact(3) {
        pairs.push((encode_score(position(item[0], item[1])?), item[2]));
    }
    if pairs.is_empty() {
        return Err(Error::Syntax);
    }
    let flags = AddFlags { nx, xx, ..AddFlags::default() };
    add_pairs(ctx, args.key(1), &pairs, Options { flags, changed })?;
    log_scores(ctx, args, first, &pairs);
    crate::engine::done()
}

/// The log gets the scores.
fn log_scores(ctx: &mut Ctx<'_>, args: &Args<'_>, first: usize, pairs: &Pairs<'_>) {
    let effects = &ctx.keys.space.effects;
    if effects.dirty == 0 || !effects.wants_log {
        return;
    }
    let scores: Vec<String> = pairs.iter().map(|(score, _)| (*score as u64).to_string()).collect();
    let mut command: Vec<&[u8]> = vec![b"zadd"];
    command.extend_from_slice(args.rest(1).get(..first - 1).unwrap_or_default());
    for (score, (_, member)) in scores.iter().zip(pairs) {
        command.extend_from_slice(&[score.as_bytes(), member]);
    }
    ctx.keys.log_instead(&command);
}
