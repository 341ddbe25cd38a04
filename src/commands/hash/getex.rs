//! HGETEX: reading fields of a hash while their times change. Knows what follows from either, not how times are kept.

use super::expire::log_deleted;
use super::fields::{NUMFIELDS, fields, fields_word};
use super::get::tell_fields;
use super::limits::hash_limits;
use super::options::{For, Options};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::UnixMs;
use crate::keyspace::EventClass;
use crate::types::hash::{Hash, HashLimits};

pub static HGETEX: Spec = Spec::write("hgetex", -5)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))])
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("8.0.0")
    .complexity("O(N) where N is the number of specified fields.")
    .summary("Answers with the values of fields of a hash, and gives them a time to live or takes it away.")
    .syntax(
        "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] \
         FIELDS numfields field [field ...]",
    )
    .run(hgetex);

/// What becomes of the times of the fields that were asked for.
#[derive(Clone, Copy)]
enum Change {
    Persist,
    /// The time is over: they go.
    Delete,
    Expire(UnixMs),
}

impl Change {
    fn apply(self, hash: &mut Hash, field: &[u8], now_ms: UnixMs, limits: &HashLimits) -> bool {
        if !hash.at(now_ms).contains(field) {
            return false;
        }
        match self {
            Change::Persist => hash.persist(field),
            Change::Delete => hash.remove(field, now_ms),
            Change::Expire(ms) => {
                hash.set_expiry(field, ms, limits);
                true
            }
        }
    }

    fn event(self) -> &'static str {
        match self {
            Change::Persist => "hpersist",
            Change::Delete => "hexpired",
            Change::Expire(_) => "hexpire",
        }
    }
}

fn hgetex(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let word = fields_word(args, 2).ok_or(NUMFIELDS)?;
    let options = Options::parse(args, word, For::Get)?;
    let wanted = fields(args, word, 1, NUMFIELDS)?;
    // A value of another type is the first thing to be told, even before a time that makes no sense.
    let hash = ctx.keys.read_as::<Hash>(args.key(1))?;
    let start = ctx.reply.out.len();
    tell_fields(&mut ctx.reply, hash, wanted);
    let there = hash.is_some();
    let change = change_of(ctx, args, &options).inspect_err(|_| ctx.reply.out.truncate(start))?;
    let Some(change) = change.filter(|_| there) else { return done() };
    let limits = hash_limits(ctx);
    let now_ms = ctx.keys.space.parts_seen_ms();
    let mut edit = ctx.keys.edit::<Hash>(args.key(1))?;
    let mut changed: Vec<&[u8]> = Vec::new();
    if let Some(hash) = edit.value() {
        changed.extend(wanted.iter().filter(|field| change.apply(hash, field, now_ms, &limits)));
    }
    edit.done(changed.len() as u64, EventClass::HASH, change.event());
    if !changed.is_empty() {
        log(ctx, args.get(1), change, &changed);
    }
    done()
}

fn change_of(ctx: &Ctx<'_>, args: &Args<'_>, options: &Options) -> Result<Option<Change>, Error> {
    if options.persist {
        return Ok(Some(Change::Persist));
    }
    let Some(expiry) = options.expiry else { return Ok(None) };
    let ms = expiry.deadline_ms(ctx, args, 0, "hgetex")?;
    Ok(Some(if ctx.keys.is_past(ms) { Change::Delete } else { Change::Expire(ms) }))
}

/// The log gets what was done to the fields that were there, not the reading of them.
fn log(ctx: &mut Ctx<'_>, key: &[u8], change: Change, changed: &[&[u8]]) {
    let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
    let count = count.format(changed.len()).as_bytes();
    let mut command: Vec<&[u8]> = match change {
        Change::Delete => return log_deleted(ctx, key, changed),
        Change::Persist => vec![b"HPERSIST", key, b"FIELDS", count],
        Change::Expire(ms) => vec![b"HPEXPIREAT", key, time.format(ms).as_bytes(), b"FIELDS", count],
    };
    command.extend_from_slice(changed);
    ctx.keys.log_instead(&command);
}
