//! EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, PERSIST.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, KeyFlags, KeySpec, Spec, done};
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

/// The conditions on the time a key has now.
#[derive(Default)]
struct Conditions {
    nx: bool,
    xx: bool,
    gt: bool,
    lt: bool,
}

impl Conditions {
    fn parse(args: &Args<'_>) -> Result<Self, Error> {
        let mut c = Conditions::default();
        for i in 3..args.len() {
            match args.get(i).to_ascii_lowercase().as_slice() {
                b"nx" => c.nx = true,
                b"xx" => c.xx = true,
                b"gt" => c.gt = true,
                b"lt" => c.lt = true,
                _ => {
                    let option = String::from_utf8_lossy(args.get(i));
                    return Err(Error::text(format!("Unsupported option {option}")));
                }
            }
        }
        if c.nx && (c.xx || c.gt || c.lt) {
            let text = "NX and XX, GT or LT options at the same time are not compatible";
            return Err(Error::Plain(text));
        }
        if c.gt && c.lt {
            return Err(Error::Plain("GT and LT options at the same time are not compatible"));
        }
        Ok(c)
    }

    /// Whether they allow a key with the time `now` (none: for ever) to get the time `new`.
    fn allow(&self, now: Option<i64>, new: i64) -> bool {
        !(self.nx && now.is_some()
            || self.xx && now.is_none()
            || self.gt && now.is_none_or(|now| new <= now)
            || self.lt && now.is_some_and(|now| new >= now))
    }
}

/// The absolute time in ms that an argument means, `None` if it does not fit.
fn deadline(value: i64, unit_ms: i64, base_ms: i64) -> Option<i64> {
    value.checked_mul(unit_ms)?.checked_add(base_ms)
}

fn expire(ctx: &mut Ctx<'_>, args: &Args<'_>, name: &'static str, unit_ms: i64, relative: bool) -> CmdResult {
    let conditions = Conditions::parse(args)?;
    let value = args.int(2)?;
    let base_ms = if relative { ctx.env.now_ms } else { 0 };
    let ms = deadline(value, unit_ms, base_ms).ok_or(Error::InvalidExpire(name))?;
    let key = args.key(1);
    let Some(now) = ctx.keys.expiry(key) else {
        ctx.reply.int(0);
        return done();
    };
    if !conditions.allow(now, ms) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_treat_no_time_as_for_ever() {
        let gt = Conditions { gt: true, ..Conditions::default() };
        let lt = Conditions { lt: true, ..Conditions::default() };
        assert!(!gt.allow(None, i64::MAX) && lt.allow(None, 1));
        assert!(gt.allow(Some(5), 6) && !gt.allow(Some(5), 5));
        assert!(lt.allow(Some(5), 4) && !lt.allow(Some(5), 5));
    }

    #[test]
    fn times_that_do_not_fit_are_refused() {
        assert_eq!(deadline(i64::MAX / 1000 + 1, 1000, 0), None);
        assert_eq!(deadline(i64::MAX, 1, 1), None);
        assert_eq!(deadline(-5, 1000, 6000), Some(1000));
    }
}
