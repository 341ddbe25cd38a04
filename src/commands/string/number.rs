//! INCR, DECR, INCRBY, DECRBY, INCRBYFLOAT.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, StrView, Ttl};
use crate::util::long_double::LongDouble;
use crate::util::numbers::parse_i64;

const CHANGED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))];
const FLAGS: Flags = Flags::DENYOOM.with(Flags::FAST);

const fn number_spec(name: &'static str, arity: i16) -> Spec {
    Spec::write(name, arity).keys(CHANGED).flags(FLAGS).acl(Acl::STRING).group(Group::String)
}

pub static INCR: Spec = number_spec("incr", 2)
    .summary("Adds one to the integer at a key; a missing key counts as 0.")
    .syntax("key")
    .run(|ctx, args| add(ctx, args, 1));

pub static DECR: Spec = number_spec("decr", 2)
    .summary("Takes one from the integer at a key; a missing key counts as 0.")
    .syntax("key")
    .run(|ctx, args| add(ctx, args, -1));

pub static INCRBY: Spec = number_spec("incrby", 3)
    .summary("Adds a number to the integer at a key; a missing key counts as 0.")
    .syntax("key increment")
    .run(|ctx, args| add(ctx, args, args.int(2)?));

pub static DECRBY: Spec = number_spec("decrby", 3)
    .summary("Takes a number from the integer at a key; a missing key counts as 0.")
    .syntax("key decrement")
    .run(|ctx, args| {
        let n = args.int(2)?;
        add(ctx, args, n.checked_neg().ok_or(Error::Plain("decrement would overflow"))?)
    });

fn add(ctx: &mut Ctx<'_>, args: &Args<'_>, n: i64) -> CmdResult {
    let key = args.key(1);
    let now = match ctx.keys.look_str(key)? {
        None => 0,
        Some(StrView::Int(now)) => now,
        Some(StrView::Bytes(bytes)) => parse_i64(bytes).ok_or(Error::NotInteger)?,
    };
    let sum = now.checked_add(n).ok_or(Error::Overflow)?;
    ctx.keys.set_int(key, sum, Ttl::Keep);
    ctx.keys.dirty(1);
    ctx.keys.notify(EventClass::STRING, "incrby", key.bytes);
    ctx.reply.int(sum);
    done()
}

pub static INCRBYFLOAT: Spec = number_spec("incrbyfloat", 3)
    .since("2.6.0")
    .summary("Adds a number with a fraction to the number at a key; a missing key counts as 0.")
    .syntax("key increment:double")
    .run(incrbyfloat);

fn incrbyfloat(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let key = args.key(1);
    let now = match ctx.keys.look_str(key)? {
        None => LongDouble::parse(b"0"),
        Some(view) => LongDouble::parse(view.bytes(&mut itoa::Buffer::new())),
    };
    let (Some(now), Some(n)) = (now, LongDouble::parse(args.get(2))) else { return Err(Error::NotFloat) };
    let sum = now + n;
    if sum.is_nan_or_inf() {
        return Err(Error::NanOrInfinity);
    }
    let text = sum.to_human_string();
    // COMPAT: the outcome shows as a string even if it is whole.
    ctx.keys.set_text(key, &text, Ttl::Keep);
    ctx.keys.dirty(1);
    ctx.keys.notify(EventClass::STRING, "incrbyfloat", key.bytes);
    ctx.reply.bulk(&text);
    // The outcome goes into the log: another machine may add otherwise.
    ctx.keys.log_instead(&[b"SET", key.bytes, &text, b"KEEPTTL"]);
    done()
}
