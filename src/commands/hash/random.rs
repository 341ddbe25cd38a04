//! HRANDFIELD.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::resp::reply::{Proto, Reply};
use crate::types::hash::Hash;
use crate::types::packed::Value;

pub static HRANDFIELD: Spec = Spec::read("hrandfield", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("6.2.0")
    .complexity("O(N) where N is the number of fields returned")
    .summary("Answers with fields of a hash chosen by chance.")
    .syntax("key [count [WITHVALUES]]")
    .tips(&["nondeterministic_output"])
    .run(hrandfield);

fn hrandfield(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if args.len() > 2 {
        return several(ctx, args);
    }
    let mut rng = ctx.keys.space.rng.fork();
    let hash = ctx.keys.read_as::<Hash>(args.key(1))?;
    match hash.and_then(|hash| hash.random(&mut || rng.next_u64())) {
        Some((field, _)) => ctx.reply.bulk_value(field),
        None => ctx.reply.null(),
    }
    done()
}

/// A negative count asks for so many picks, each from the whole hash.
fn several(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let hard_bytes = ctx.env.hard_output_bytes();
    let count = args.negatable(2)?;
    let with_values = match args.len() {
        3 => false,
        4 if args.is(3, "withvalues") => true,
        _ => return Err(Error::Syntax),
    };
    if with_values && count.unsigned_abs() > i64::MAX.unsigned_abs() / 2 {
        return Err(Error::OutOfRange);
    }
    let mut rng = ctx.keys.space.rng.fork();
    let mut words = || rng.next_u64();
    let Ctx { keys, reply, .. } = ctx;
    let Some(hash) = keys.read_as::<Hash>(args.key(1))? else {
        reply.array(0);
        return done();
    };
    let wanted = count.unsigned_abs() as usize;
    let (begin, start) = (reply.out.len(), reply.defer());
    let mut told = 0;
    let mut tell = |reply: &mut Reply<'_>, field: Value<'_>, value: Value<'_>| {
        told += 1;
        tell_pair(reply, field, with_values.then_some(value));
    };
    if count < 0 {
        reply.picks(begin, wanted, hard_bytes, |reply| {
            if let Some((field, value)) = hash.random(&mut words) {
                tell(reply, field, value);
            }
        })?;
    } else {
        hash.sample(wanted, &mut words, |field, value| tell(reply, field, value));
    }
    let flat = with_values && reply.proto == Proto::Resp2;
    reply.set_deferred_array(start, if flat { told * 2 } else { told });
    done()
}

/// In RESP3 a field with its value is an array of its own.
fn tell_pair(reply: &mut Reply<'_>, field: Value<'_>, value: Option<Value<'_>>) {
    if value.is_some() && reply.proto == Proto::Resp3 {
        reply.array(2);
    }
    reply.bulk_value(field);
    if let Some(value) = value {
        reply.bulk_value(value);
    }
}
