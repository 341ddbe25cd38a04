//! SET and its older forms SETNX, SETEX, PSETEX, GETSET.

use super::options::{For, Options, ttl};
use super::read::reply_str;
use crate::engine::expiry::Expiry;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;

pub static SET: Spec = Spec::write("set", -3)
    .keys(&[KeySpec::at(
        1,
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE).with(KeyFlags::VARIABLE_FLAGS),
    )
    .notes("RW and ACCESS due to the optional `GET` argument")])
    .flags(Flags::DENYOOM)
    .acl(Acl::STRING)
    .group(Group::String)
    .summary("Sets a key to a string, in place of whatever it held.")
    .syntax(
        "key value [NX | XX | IFEQ comparison-value] [GET] [EX seconds | PX milliseconds | \
         EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
    )
    .history(&[
        ("2.6.12", "Added the EX, PX, NX and XX options."),
        ("6.0.0", "Added the KEEPTTL option."),
        ("6.2.0", "Added the GET, EXAT and PXAT option."),
        ("7.0.0", "Allowed the NX and GET options to be used together."),
    ])
    .run(set);

fn set(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if args.len() == 3 {
        // The common form, without anything to decide.
        ctx.keys.set_str(args.key(1), args.get(2), crate::keyspace::Ttl::Clear);
        ctx.keys.dirty(1);
        ctx.keys.notify(EventClass::STRING, "set", args.get(1));
        ctx.reply.ok();
        return done();
    }
    let options = Options::parse(args, 3, For::Set)?;
    set_with(ctx, args, 2, &options, "set")
}

/// Sets the key at argument 1 to argument `value` as the options say.
fn set_with(ctx: &mut Ctx<'_>, args: &Args<'_>, value: usize, o: &Options, name: &'static str) -> CmdResult {
    let deadline = o.expiry.map(|expiry| expiry.deadline_ms(ctx, args, 1, name)).transpose()?;
    let key = args.key(1);
    if o.get {
        reply_str(ctx, key)?;
    }
    if !meets_conditions(ctx, args, o)? {
        if !o.get {
            ctx.reply.null();
        }
        return done();
    }
    if deadline.is_some_and(|ms| ctx.keys.is_past(ms)) {
        // Nobody could read the value: the key only goes.
        ctx.keys.delete_expired(key);
    } else {
        ctx.keys.set_str(key, args.get(value), ttl(deadline, o.keep_ttl));
        ctx.keys.dirty(1);
        ctx.keys.notify(EventClass::STRING, "set", key.bytes);
        if deadline.is_some() {
            ctx.keys.notify(EventClass::GENERIC, "expire", key.bytes);
        }
        log_set(ctx, args, value, o, deadline);
    }
    if !o.get {
        ctx.reply.ok();
    }
    done()
}

fn meets_conditions(ctx: &mut Ctx<'_>, args: &Args<'_>, o: &Options) -> Result<bool, Error> {
    let key = args.key(1);
    if let Some(at) = o.if_equal {
        let Some(now) = ctx.keys.look_str(key)? else { return Ok(false) };
        return Ok(now.bytes(&mut itoa::Buffer::new()) == args.get(at));
    }
    if !o.nx && !o.xx {
        return Ok(true);
    }
    let found = ctx.keys.look(key).is_some();
    Ok(if o.nx { !found } else { found })
}

/// The log gets absolute times, and no GET.
fn log_set(ctx: &mut Ctx<'_>, args: &Args<'_>, value: usize, o: &Options, deadline: Option<i64>) {
    if let (Some(ms), Some(expiry)) = (deadline, o.expiry) {
        if expiry.is_absolute_ms() {
            return;
        }
        let mut digits = itoa::Buffer::new();
        let ms = digits.format(ms).as_bytes();
        ctx.keys.log_instead(&[b"SET", args.get(1), args.get(value), b"PXAT", ms]);
    } else if o.get {
        let rest = args.rest(3).iter().filter(|arg| !arg.eq_ignore_ascii_case(b"get"));
        let command: Vec<&[u8]> = args.rest(0)[..3].iter().chain(rest).copied().collect();
        ctx.keys.log_instead(&command);
    }
}

const INSERTED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::OW.with(KeyFlags::INSERT))];
const UPDATED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE))];

pub static SETNX: Spec = Spec::write("setnx", 3)
    .keys(INSERTED)
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::STRING)
    .group(Group::String)
    .summary("Sets a key to a string, unless the key is there.")
    .syntax("key value")
    .deprecated("2.6.12", "`SET` with the `NX` argument")
    .run(|ctx, args| {
        let new = ctx.keys.look(args.key(1)).is_none();
        if new {
            ctx.keys.set_str(args.key(1), args.get(2), crate::keyspace::Ttl::Clear);
            ctx.keys.dirty(1);
            ctx.keys.notify(EventClass::STRING, "set", args.get(1));
        }
        ctx.reply.int(i64::from(new));
        done()
    });

const fn expiring_spec(name: &'static str) -> Spec {
    Spec::write(name, 4).keys(UPDATED).flags(Flags::DENYOOM).acl(Acl::STRING).group(Group::String)
}

pub static SETEX: Spec = expiring_spec("setex")
    .since("2.0.0")
    .summary("Sets a key to a string that lives for so many seconds.")
    .syntax("key seconds value")
    .deprecated("2.6.12", "`SET` with the `EX` argument")
    .run(|ctx, args| set_for(ctx, args, 1000, "setex"));

pub static PSETEX: Spec = expiring_spec("psetex")
    .since("2.6.0")
    .summary("Sets a key to a string that lives for so many milliseconds.")
    .syntax("key milliseconds value")
    .deprecated("2.6.12", "`SET` with the `PX` argument")
    .run(|ctx, args| set_for(ctx, args, 1, "psetex"));

fn set_for(ctx: &mut Ctx<'_>, args: &Args<'_>, unit_ms: i64, name: &'static str) -> CmdResult {
    let expiry = Expiry { arg: 2, unit_ms, relative: true };
    set_with(ctx, args, 3, &Options { expiry: Some(expiry), ..Options::default() }, name)
}

pub static GETSET: Spec = Spec::write("getset", 3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::STRING)
    .group(Group::String)
    .summary("Sets a key to a string and answers with what it held before.")
    .syntax("key value")
    .deprecated("6.2.0", "`SET` with the `!GET` argument")
    .run(|ctx, args| {
        let key = args.key(1);
        reply_str(ctx, key)?;
        ctx.keys.set_str(key, args.get(2), crate::keyspace::Ttl::Clear);
        ctx.keys.notify(EventClass::STRING, "set", key.bytes);
        ctx.keys.dirty(1);
        ctx.keys.log_instead(&[b"SET", key.bytes, args.get(2)]);
        done()
    });
