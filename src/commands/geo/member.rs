//! Asking where members are: GEOPOS, GEOHASH, GEODIST.

use super::area_options::unit;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::resp::reply::Reply;
use crate::types::geo::{Length, Point, decode_score, distance, geohash, write_distance};
use crate::types::zset::Zset;
use crate::util::long_double::LongDouble;

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];

const fn members_spec(name: &'static str) -> Spec {
    Spec::read(name, -2)
        .keys(READ)
        .acl(Acl::GEO)
        .group(Group::Geo)
        .since("3.2.0")
        .complexity("O(1) for each member requested.")
        .syntax("key [member [member ...]]")
}

pub static GEOPOS: Spec =
    members_spec("geopos").summary("Answers with the positions of members.").run(|ctx, args| {
        each_score(ctx, args, |reply, score| match score {
            Some(score) => reply_point(reply, decode_score(score)),
            None => reply.null_array(),
        })
    });

pub static GEOHASH: Spec = members_spec("geohash")
    .summary("Answers with the positions of members as geohash strings.")
    .run(|ctx, args| {
        each_score(ctx, args, |reply, score| match score {
            Some(score) => reply.bulk(&geohash(score)),
            None => reply.null(),
        })
    });

/// Answers with what `tell` makes of the score of each member named, none where the member is not there.
fn each_score(ctx: &mut Ctx<'_>, args: &Args<'_>, tell: impl Fn(&mut Reply<'_>, Option<f64>)) -> CmdResult {
    let set = ctx.keys.read_as::<Zset>(args.key(1))?;
    let members = args.rest(2);
    ctx.reply.array(members.len());
    for member in members {
        tell(&mut ctx.reply, set.and_then(|set| set.score(member)));
    }
    done()
}

pub static GEODIST: Spec = Spec::read("geodist", -4)
    .keys(READ)
    .acl(Acl::GEO)
    .group(Group::Geo)
    .since("3.2.0")
    .summary("Answers with the distance between two members.")
    .syntax("key member1 member2 [M | KM | FT | MI]")
    .run(geodist);

fn geodist(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let unit = match args.len() {
        4 => Length::Meters,
        5 => unit(args.get(4))?,
        _ => return Err(Error::Syntax),
    };
    let set = ctx.keys.read_as::<Zset>(args.key(1))?;
    let point = |member| set?.score(member).map(decode_score);
    match point(args.get(2)).zip(point(args.get(3))) {
        Some((from, to)) => reply_distance(&mut ctx.reply, distance(from, to) / unit.in_meters()),
        None => ctx.reply.null(),
    }
    done()
}

/// A distance, with four digits after the point.
pub fn reply_distance(reply: &mut Reply<'_>, value: f64) {
    let mut text = Vec::with_capacity(24);
    write_distance(&mut text, value);
    reply.bulk(&text);
}

/// Longitude and latitude, with up to 17 digits after the point.
pub fn reply_point(reply: &mut Reply<'_>, point: Point) {
    reply.array(2);
    for degrees in [point.longitude, point.latitude] {
        reply.double_text(&LongDouble::from_f64(degrees).to_human_string());
    }
}
