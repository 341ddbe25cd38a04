//! HEXPIRE, HPEXPIRE, HEXPIREAT, HPEXPIREAT.

use super::fields::{NUMFIELDS, fields, fields_word};
use super::limits::hash_limits;
use crate::engine::expiry::{Expiry, ExpiryRule};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::UnixMs;
use crate::keyspace::EventClass;
use crate::types::hash::{Hash, HashLimits};

const UPDATED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))];
const COMPLEXITY: &str = "O(N) where N is the number of specified fields.";

const fn expire_spec(name: &'static str) -> Spec {
    Spec::write(name, -6)
        .keys(UPDATED)
        .flags(Flags::FAST)
        .acl(Acl::HASH)
        .group(Group::Hash)
        .since("7.4.0")
        .complexity(COMPLEXITY)
}

pub static HEXPIRE: Spec = expire_spec("hexpire")
    .summary("Lets fields of a hash live for so many seconds.")
    .syntax("key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]")
    .run(|ctx, args| expire(ctx, args, "hexpire", 1000, true));

pub static HPEXPIRE: Spec = expire_spec("hpexpire")
    .summary("Lets fields of a hash live for so many milliseconds.")
    .syntax("key milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]")
    .run(|ctx, args| expire(ctx, args, "hpexpire", 1, true));

pub static HEXPIREAT: Spec = expire_spec("hexpireat")
    .summary("Lets fields of a hash live until a Unix time in seconds.")
    .syntax("key unix-time-seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]")
    .run(|ctx, args| expire(ctx, args, "hexpireat", 1000, false));

pub static HPEXPIREAT: Spec = expire_spec("hpexpireat")
    .summary("Lets fields of a hash live until a Unix time in milliseconds.")
    .syntax("key unix-time-milliseconds [NX | XX | GT | LT] FIELDS numfields field [field ...]")
    .run(|ctx, args| expire(ctx, args, "hpexpireat", 1, false));

/// What became of one field, as the reply tells it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Missing = -2,
    Refused = 0,
    Updated = 1,
    Expired = 2,
}

/// What a command does to every field it names.
struct Change<'a> {
    ms: UnixMs,
    /// The time is over: fields that may have it are deleted.
    past: bool,
    rule: ExpiryRule,
    now_ms: UnixMs,
    limits: &'a HashLimits,
}

impl Change<'_> {
    fn apply(&self, hash: Option<&mut Hash>, field: &[u8]) -> Outcome {
        let Some(hash) = hash else { return Outcome::Missing };
        let Some(expiry) = hash.at(self.now_ms).expiry(field) else { return Outcome::Missing };
        if !self.rule.allows(expiry, self.ms) {
            return Outcome::Refused;
        }
        if self.past {
            hash.remove(field, self.now_ms);
            return Outcome::Expired;
        }
        hash.set_expiry(field, self.ms, self.limits);
        Outcome::Updated
    }
}

fn expire(ctx: &mut Ctx<'_>, args: &Args<'_>, name: &'static str, unit_ms: i64, relative: bool) -> CmdResult {
    let word = fields_word(args, 3).ok_or(NUMFIELDS)?;
    let rule = ExpiryRule::parse(args, 3..word)?;
    let wanted = fields(args, word, 1, NUMFIELDS)?;
    let ms = Expiry { arg: 2, unit_ms, relative }.deadline_ms(ctx, args, 0, name)?;
    let limits = hash_limits(ctx);
    let now_ms = ctx.keys.space.parts_seen_ms();
    let change = Change { ms, past: ctx.keys.is_past(ms), rule, now_ms, limits: &limits };
    let Ctx { keys, reply, .. } = ctx;
    let mut edit = keys.edit::<Hash>(args.key(1))?;
    reply.array(wanted.len());
    let mut updated = 0;
    let mut expired: Vec<&[u8]> = Vec::new();
    for field in wanted {
        let outcome = change.apply(edit.value(), field);
        match outcome {
            Outcome::Updated => updated += 1,
            Outcome::Expired => expired.push(field),
            Outcome::Missing | Outcome::Refused => {}
        }
        reply.int(outcome as i64);
    }
    if expired.is_empty() {
        edit.done(updated, EventClass::HASH, "hexpire");
        if updated > 0 {
            log_absolute(ctx, args, ms);
        }
    } else {
        edit.done(expired.len() as u64, EventClass::HASH, "hexpired");
        log_deleted(ctx, args.get(1), &expired);
    }
    done()
}

/// The log gets the absolute time, with conditions and fields as they were given.
fn log_absolute(ctx: &mut Ctx<'_>, args: &Args<'_>, ms: UnixMs) {
    let mut digits = itoa::Buffer::new();
    let mut command: Vec<&[u8]> = vec![b"HPEXPIREAT", args.get(1), digits.format(ms).as_bytes()];
    command.extend_from_slice(args.rest(3));
    ctx.keys.log_instead(&command);
}

/// Fields that got a time which is over were deleted: that is what the log gets, and they count as expired.
pub fn log_deleted(ctx: &mut Ctx<'_>, key: &[u8], fields: &[&[u8]]) {
    let mut command: Vec<&[u8]> = vec![b"HDEL", key];
    command.extend_from_slice(fields);
    ctx.keys.log_instead(&command);
    ctx.keys.space.counters.expired_fields += fields.len() as u64;
}
