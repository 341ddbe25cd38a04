//! TTL, PTTL, EXPIRETIME, PEXPIRETIME.

use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, KeyFlags, KeySpec, Spec, done};

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const SINCE_2_8: &[(&str, &str)] = &[("2.8.0", "Added the -2 reply.")];

const fn ttl_spec(name: &'static str) -> Spec {
    Spec::read(name, 2).keys(READ).flags(Flags::FAST).acl(Acl::KEYSPACE).syntax("key")
}

pub static TTL: Spec = ttl_spec("ttl")
    .summary("Tells how many seconds a key has left.")
    .history(SINCE_2_8)
    .tips(&["nondeterministic_output"])
    .run(|ctx, args| ttl(ctx, args, Shown { seconds: true, absolute: false }));

pub static PTTL: Spec = ttl_spec("pttl")
    .since("2.6.0")
    .summary("Tells how many milliseconds a key has left.")
    .history(SINCE_2_8)
    .tips(&["nondeterministic_output"])
    .run(|ctx, args| ttl(ctx, args, Shown { seconds: false, absolute: false }));

pub static EXPIRETIME: Spec = ttl_spec("expiretime")
    .since("7.0.0")
    .summary("Tells the Unix time in seconds at which a key goes.")
    .run(|ctx, args| ttl(ctx, args, Shown { seconds: true, absolute: true }));

pub static PEXPIRETIME: Spec = ttl_spec("pexpiretime")
    .since("7.0.0")
    .summary("Tells the Unix time in milliseconds at which a key goes.")
    .run(|ctx, args| ttl(ctx, args, Shown { seconds: false, absolute: true }));

/// How a key's time is told.
struct Shown {
    seconds: bool,
    absolute: bool,
}

fn ttl(ctx: &mut Ctx<'_>, args: &Args<'_>, shown: Shown) -> CmdResult {
    ctx.keys.no_touch = true;
    let now_ms = ctx.env.now_ms;
    let answer = match ctx.keys.read(args.key(1)).map(|view| view.expiry()) {
        None => -2,
        Some(None) => -1,
        Some(Some(ms)) => {
            let ms = if shown.absolute { ms } else { (ms - now_ms).max(0) };
            if shown.seconds { ms.saturating_add(500) / 1000 } else { ms }
        }
    };
    ctx.reply.int(answer);
    done()
}
