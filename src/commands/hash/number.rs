//! HINCRBY, HINCRBYFLOAT.

use super::limits::hash_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::UnixMs;
use crate::keyspace::EventClass;
use crate::types::hash::{FieldExpiry, Hash, Put};
use crate::types::packed::Value;
use crate::util::long_double::LongDouble;
use smallvec::SmallVec;

const CHANGED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))];
const FLAGS: Flags = Flags::DENYOOM.with(Flags::FAST);

pub static HINCRBY: Spec = Spec::write("hincrby", 4)
    .keys(CHANGED)
    .flags(FLAGS)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .summary("Adds a number to the integer in a field of a hash; a missing field counts as 0.")
    .syntax("key field increment")
    .run(hincrby);

fn hincrby(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let more = args.int(3)?;
    let mut sum = 0;
    let set = change(ctx, args, "hincrby", |now| {
        let now = match now {
            Some(value) => value.as_int().ok_or(Error::Plain("hash value is not an integer"))?,
            None => 0,
        };
        sum = now.checked_add(more).ok_or(Error::Overflow)?;
        Ok(Text::from_slice(itoa::Buffer::new().format(sum).as_bytes()))
    })?;
    ctx.reply.int(sum);
    // A field with a time may be gone, or not, where the command is run again.
    if set.timed {
        log_outcome(ctx, args, &set);
    }
    done()
}

pub static HINCRBYFLOAT: Spec = Spec::write("hincrbyfloat", 4)
    .keys(CHANGED)
    .flags(FLAGS)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.6.0")
    .summary("Adds a number with a fraction to the number in a field of a hash; a missing field counts as 0.")
    .syntax("key field increment:double")
    .run(hincrbyfloat);

fn hincrbyfloat(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let more = LongDouble::parse(args.get(3)).ok_or(Error::NotFloat)?;
    if more.is_nan_or_inf() {
        return Err(Error::Plain("value is NaN or Infinity"));
    }
    let set = change(ctx, args, "hincrbyfloat", |now| {
        let now = match now {
            Some(value) => LongDouble::parse(value.bytes(&mut itoa::Buffer::new()))
                .ok_or(Error::Plain("hash value is not a float"))?,
            None => LongDouble::from_i64(0),
        };
        let sum = now + more;
        if sum.is_nan_or_inf() {
            Err(Error::NanOrInfinity)
        } else {
            Ok(Text::from_vec(sum.to_human_string()))
        }
    })?;
    ctx.reply.bulk(&set.text);
    // The outcome goes into the log: another machine may add otherwise.
    log_outcome(ctx, args, &set);
    done()
}

/// A number as it is stored; integers are short enough for the stack.
type Text = SmallVec<[u8; 24]>;

/// What a field was set to.
struct Outcome {
    text: Text,
    /// The field's time, which it keeps.
    expiry: Option<UnixMs>,
    /// Fields of the hash had times before.
    timed: bool,
}

/// Sets the field at argument 2 to what `new` makes of its value; it keeps its time to live.
fn change(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    event: &'static str,
    new: impl FnOnce(Option<Value<'_>>) -> Result<Text, Error>,
) -> Result<Outcome, Error> {
    let limits = hash_limits(ctx);
    let now_ms = ctx.keys.space.parts_seen_ms();
    let field = args.get(2);
    let mut edit = ctx.keys.edit::<Hash>(args.key(1))?;
    let hash = edit.or_default();
    let timed = hash.next_due().is_some();
    let read = hash.at(now_ms);
    let expiry = if timed { read.expiry(field).flatten() } else { None };
    // An error leaves from here: nothing is changed yet.
    let text = new(read.get(field))?;
    let put = hash.put(field, &text, FieldExpiry::Keep, now_ms, &limits);
    edit.parts_expired(u64::from(put == Put::Revived));
    edit.done(1, EventClass::HASH, event);
    Ok(Outcome { text, expiry, timed })
}

fn log_outcome(ctx: &mut Ctx<'_>, args: &Args<'_>, set: &Outcome) {
    let (key, field) = (args.get(1), args.get(2));
    match set.expiry {
        None => ctx.keys.log_instead(&[b"HSET", key, field, &set.text]),
        Some(ms) => {
            let mut digits = itoa::Buffer::new();
            let ms = digits.format(ms).as_bytes();
            ctx.keys.log_instead(&[b"HSETEX", key, b"PXAT", ms, b"FIELDS", b"1", field, &set.text]);
        }
    }
}
