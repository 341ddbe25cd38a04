//! ZRANDMEMBER: members chosen by chance, each once or each anew.

use super::range::reply_scored;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::resp::reply::Reply;
use crate::types::packed::Value;
use crate::types::zset::Zset;

pub static ZRANDMEMBER: Spec = Spec::read("zrandmember", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("6.2.0")
    .complexity("O(N) where N is the number of members returned")
    .summary("Answers with members of a sorted set chosen by chance.")
    .syntax("key [count [WITHSCORES]]")
    .tips(&["nondeterministic_output"])
    .run(zrandmember);

fn zrandmember(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if args.len() > 2 {
        return several(ctx, args);
    }
    let word = ctx.keys.space.rng.next_u64();
    let Ctx { keys, reply, .. } = ctx;
    let set = keys.read_as::<Zset>(args.key(1))?;
    if !set.is_some_and(|set| set.random(word, |member, _| reply.bulk_value(member))) {
        reply.null();
    }
    done()
}

/// The count and whether scores are asked for.
fn parse(args: &Args<'_>) -> Result<(i64, bool), Error> {
    let count = args.negatable(2)?;
    match args.len() {
        3 => Ok((count, false)),
        4 if args.is(3, "withscores") => {
            // The reply has two elements for each.
            let fits = count.unsigned_abs() <= i64::MAX as u64 / 2;
            if fits { Ok((count, true)) } else { Err(Error::OutOfRange) }
        }
        _ => Err(Error::Syntax),
    }
}

/// A negative count asks for so many picks, each from the whole set.
fn several(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (count, with_scores) = parse(args)?;
    let hard_bytes = ctx.env.hard_output_bytes();
    let mut rng = ctx.keys.space.rng.fork();
    let mut words = || rng.next_u64();
    let Ctx { keys, reply, .. } = ctx;
    let Some(set) = keys.read_as::<Zset>(args.key(1))? else {
        reply.array(0);
        return done();
    };
    let wanted = count.unsigned_abs() as usize;
    let told = if count < 0 { wanted } else { wanted.min(set.len()) };
    let start = reply.out.len();
    let mut form = Form { pairs: false, with_scores };
    if with_scores {
        form.pairs = reply_scored(reply, told);
    } else {
        reply.array(told);
    }
    if count < 0 {
        reply.picks(start, wanted, hard_bytes, |reply| {
            set.random(words(), |member, score| form.tell(reply, member, score));
        })?;
    } else {
        set.sample(wanted, &mut words, |member, score| form.tell(reply, member, score));
    }
    done()
}

#[derive(Clone, Copy)]
struct Form {
    pairs: bool,
    with_scores: bool,
}

impl Form {
    fn tell(self, reply: &mut Reply<'_>, member: Value<'_>, score: f64) {
        if self.pairs {
            reply.array(2);
        }
        reply.bulk_value(member);
        if self.with_scores {
            reply.double(score);
        }
    }
}
