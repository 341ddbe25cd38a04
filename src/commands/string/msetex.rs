//! MSETEX: several keys set at once, under one condition and with one time to live.

use super::options::{For, Options, ttl};
use crate::engine::expiry::Expiry;
use crate::engine::spec::{Begin, Find};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;

pub static MSETEX: Spec = Spec::write("msetex", -4)
    .keys(&[KeySpec {
        begin: Begin::Index(1),
        find: Find::Count { index: 0, first: 1, step: 2 },
        flags: KeyFlags::OW.with(KeyFlags::UPDATE),
        notes: "",
    }])
    .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS))
    .acl(Acl::STRING)
    .group(Group::String)
    .since("9.1.0")
    .complexity("O(N) where N is the number of keys to set.")
    .summary("Sets several keys to strings, at once, if all or none of them are there, with a time to live.")
    .syntax(
        "numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | \
         PXAT unix-time-milliseconds | KEEPTTL]",
    )
    .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
    .run(msetex);

/// The pairs among the arguments, and where the options begin.
fn pairs<'a>(args: &Args<'a>) -> Result<(&'a [&'a [u8]], usize), Error> {
    let bad_count = Error::Plain("invalid numkeys value or out of range");
    let count = args.int(1).ok().filter(|n| (1..=i64::from(i32::MAX)).contains(n)).ok_or(bad_count)?;
    let end = 2 + count as usize * 2;
    let pairs = args.rest(2).get(..end - 2).ok_or(Error::Syntax)?;
    Ok((pairs, end))
}

fn msetex(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (pairs, end) = pairs(args)?;
    let options = Options::parse(args, end, For::MSetEx)?;
    let deadline = options.expiry.map(|expiry| expiry.deadline_ms(ctx, args, 1, "msetex")).transpose()?;
    let mut keys = pairs.iter().step_by(2);
    let fit = match (options.nx, options.xx) {
        (true, _) => !keys.any(|key| ctx.keys.look(*key).is_some()),
        (_, true) => keys.all(|key| ctx.keys.look(*key).is_some()),
        _ => true,
    };
    ctx.reply.int(i64::from(fit));
    if !fit {
        return done();
    }
    if deadline.is_some_and(|ms| ctx.keys.is_past(ms)) {
        pairs.iter().step_by(2).for_each(|key| ctx.keys.delete_expired((*key).into()));
        return done();
    }
    for pair in pairs.chunks_exact(2) {
        ctx.keys.set_str(pair[0], pair[1], ttl(deadline, options.keep_ttl));
        ctx.keys.notify(EventClass::STRING, "set", pair[0]);
        if deadline.is_some() {
            ctx.keys.notify(EventClass::GENERIC, "expire", pair[0]);
        }
    }
    ctx.keys.dirty(pairs.len() as u64 / 2);
    if let (Some(ms), Some(expiry)) = (deadline, options.expiry) {
        log_absolute(ctx, args, expiry, ms);
    }
    done()
}

/// The log gets the moment at which the keys go.
fn log_absolute(ctx: &mut Ctx<'_>, args: &Args<'_>, expiry: Expiry, deadline_ms: i64) {
    if expiry.is_absolute_ms() {
        return;
    }
    let mut digits = itoa::Buffer::new();
    let mut command: Vec<&[u8]> = args.rest(0).to_vec();
    command[expiry.arg - 1] = b"PXAT";
    command[expiry.arg] = digits.format(deadline_ms).as_bytes();
    ctx.keys.log_instead(&command);
}
