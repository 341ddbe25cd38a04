//! Reading members one by one: ZSCORE, ZMSCORE, ZRANK, ZREVRANK, and the count of all, ZCARD.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::zset::Zset;

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const RANK_HISTORY: &[(&str, &str)] = &[("7.2.0", "Added the optional `WITHSCORE` argument.")];

pub static ZCARD: Spec = Spec::read("zcard", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO)])
    .flags(Flags::FAST)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("1.2.0")
    .summary("Counts the members of a sorted set.")
    .syntax("key")
    .run(|ctx, args| {
        let len = ctx.keys.read_as::<Zset>(args.key(1))?.map_or(0, |set| set.len());
        ctx.reply.int(len as i64);
        done()
    });

pub static ZSCORE: Spec = Spec::read("zscore", 3)
    .keys(READ)
    .flags(Flags::FAST)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("1.2.0")
    .summary("Answers with the score of a member of a sorted set.")
    .syntax("key member")
    .run(|ctx, args| {
        let set = ctx.keys.read_as::<Zset>(args.key(1))?;
        match set.and_then(|set| set.score(args.get(2))) {
            Some(score) => ctx.reply.double(score),
            None => ctx.reply.null(),
        }
        done()
    });

pub static ZMSCORE: Spec = Spec::read("zmscore", -3)
    .keys(READ)
    .flags(Flags::FAST)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("6.2.0")
    .complexity("O(N) where N is the number of members being requested.")
    .summary("Answers with the scores of several members of a sorted set.")
    .syntax("key member [member ...]")
    .run(|ctx, args| {
        let set = ctx.keys.read_as::<Zset>(args.key(1))?;
        let members = args.rest(2);
        ctx.reply.array(members.len());
        for member in members {
            match set.and_then(|set| set.score(member)) {
                Some(score) => ctx.reply.double(score),
                None => ctx.reply.null(),
            }
        }
        done()
    });

const fn rank_spec(name: &'static str) -> Spec {
    Spec::read(name, -3)
        .keys(READ)
        .flags(Flags::FAST)
        .acl(Acl::SORTEDSET)
        .group(Group::SortedSet)
        .since("2.0.0")
        .complexity("O(log(N))")
        .syntax("key member [WITHSCORE]")
        .history(RANK_HISTORY)
}

pub static ZRANK: Spec = rank_spec("zrank")
    .summary("Tells how many members of a sorted set come before one of them.")
    .run(|ctx, args| rank(ctx, args, false));

pub static ZREVRANK: Spec = rank_spec("zrevrank")
    .summary("Tells how many members of a sorted set come after one of them.")
    .run(|ctx, args| rank(ctx, args, true));

fn rank(ctx: &mut Ctx<'_>, args: &Args<'_>, reverse: bool) -> CmdResult {
    let with_score = match args.len() {
        3 => false,
        4 if args.is(3, "withscore") => true,
        4 => return Err(Error::Syntax),
        _ => return Err(Error::Arity(Box::new(if reverse { "zrevrank" } else { "zrank" }.to_string()))),
    };
    let set = ctx.keys.read_as::<Zset>(args.key(1))?;
    match set.and_then(|set| set.rank(args.get(2), reverse)) {
        Some((rank, score)) if with_score => {
            ctx.reply.array(2);
            ctx.reply.int(rank as i64);
            ctx.reply.double(score);
        }
        Some((rank, _)) => ctx.reply.int(rank as i64),
        None if with_score => ctx.reply.null_array(),
        None => ctx.reply.null(),
    }
    done()
}
