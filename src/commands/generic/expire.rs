//! EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, PERSIST.

use crate::engine::expiry::{Expiry, ExpiryRule};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;

const UPDATED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))];
const OPTIONS: &[(&str, &str)] = &[("7.0.0", "Added the NX, XX, GT and LT conditions.")];

const fn expire_spec(name: &'static str) -> Spec {
    Spec::write(name, -3).keys(UPDATED).flags(Flags::FAST).acl(Acl::KEYSPACE).history(OPTIONS)
}

pub static EXPIRE: Spec = expire_spec("expire")
    .summary("Lets a key live for so many seconds.")
    .syntax("key seconds [NX | XX | GT | LT]")
    .run(|ctx, args| expire(ctx, args, "expire", 1000, true));

pub static PEXPIRE: Spec = expire_spec("pexpire")
    .since("2.6.0")
    .summary("Lets a key live for so many milliseconds.")
    .syntax("key milliseconds [NX | XX | GT | LT]")
    .run(|ctx, args| expire(ctx, args, "pexpire", 1, true));

pub static EXPIREAT: Spec = expire_spec("expireat")
    .since("1.2.0")
    .summary("Lets a key live until a Unix time in seconds.")
    .syntax("key unix-time-seconds [NX | XX | GT | LT]")
    .run(|ctx, args| expire(ctx, args, "expireat", 1000, false));

pub static PEXPIREAT: Spec = expire_spec("pexpireat")
    .since("2.6.0")
    .summary("Lets a key live until a Unix time in milliseconds.")
    .syntax("key unix-time-milliseconds [NX | XX | GT | LT]")
    .run(|ctx, args| expire(ctx, args, "pexpireat", 1, false));

fn expire(ctx: &mut Ctx<'_>, args: &Args<'_>, name: &'static str, unit_ms: i64, relative: bool) -> CmdResult {
    let rule = ExpiryRule::parse(args, 3..args.len())?;
    let ms = Expiry { arg: 2, unit_ms, relative }.deadline_ms(ctx, args, i64::MIN, name)?;
    let key = args.key(1);
    let Some(now) = ctx.keys.expiry(key) else {
        ctx.reply.int(0);
        return done();
    };
    if !rule.allows(now, ms) {
        ctx.reply.int(0);
        return done();
    }
    if ctx.keys.is_past(ms) {
        ctx.keys.delete_expired(key);
    } else {
        ctx.keys.set_expiry(key, ms);
        ctx.keys.notify(EventClass::GENERIC, "expire", key.bytes);
        log_absolute(ctx, args, ms);
        ctx.keys.dirty(1);
    }
    ctx.reply.int(1);
    done()
}

/// The log gets the absolute time, with the conditions as they were given.
fn log_absolute(ctx: &mut Ctx<'_>, args: &Args<'_>, ms: i64) {
    let mut digits = itoa::Buffer::new();
    let mut command: Vec<&[u8]> = vec![b"PEXPIREAT", args.get(1), digits.format(ms).as_bytes()];
    command.extend_from_slice(args.rest(3));
    ctx.keys.log_instead(&command);
}

pub static PERSIST: Spec = Spec::write("persist", 2)
    .keys(UPDATED)
    .flags(Flags::FAST)
    .acl(Acl::KEYSPACE)
    .since("2.2.0")
    .summary("Takes a key's time to live away.")
    .syntax("key")
    .run(persist);

fn persist(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let persisted = ctx.keys.persist(args.key(1));
    if persisted {
        ctx.keys.notify(EventClass::GENERIC, "persist", args.get(1));
        ctx.keys.dirty(1);
    }
    ctx.reply.int(i64::from(persisted));
    done()
}
