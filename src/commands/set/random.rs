//! SRANDMEMBER: members chosen by chance, which stay where they are.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::set::Set;

pub static SRANDMEMBER: Spec = Spec::read("srandmember", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity(
        "Without the count argument O(1), otherwise O(N) where N is the absolute value of the passed count.",
    )
    .summary("Answers with members of a set chosen by chance.")
    .syntax("key [count]")
    .history(&[("2.6.0", "Added the optional `count` argument.")])
    .tips(&["nondeterministic_output"])
    .run(srandmember);

fn srandmember(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    match args.len() {
        2 => one(ctx, args),
        3 => several(ctx, args),
        _ => Err(Error::Syntax),
    }
}

fn one(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let word = ctx.keys.space.rng.next_u64();
    match ctx.keys.read_as::<Set>(args.key(1))?.and_then(|set| set.random(word)) {
        Some(member) => ctx.reply.bulk_value(member),
        None => ctx.reply.null(),
    }
    done()
}

/// A negative count asks for so many picks, each from the whole set.
fn several(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let count = args.negatable(2)?;
    let hard_bytes = ctx.env.hard_output_bytes();
    let mut rng = ctx.keys.space.rng.fork();
    let mut words = || rng.next_u64();
    let Some(set) = ctx.keys.read_as::<Set>(args.key(1))? else {
        ctx.reply.array(0);
        return done();
    };
    let wanted = count.unsigned_abs() as usize;
    if count < 0 {
        let start = ctx.reply.out.len();
        ctx.reply.array(wanted);
        ctx.reply.picks(start, wanted, hard_bytes, |reply| {
            if let Some(member) = set.random(words()) {
                reply.bulk_value(member);
            }
        })?;
    } else {
        ctx.reply.array(wanted.min(set.len()));
        set.sample(wanted, &mut words, |member| ctx.reply.bulk_value(member));
    }
    done()
}
