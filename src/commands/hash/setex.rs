//! HSETEX: setting fields of a hash together with their time to live, on conditions.

use super::expire::log_deleted;
use super::fields::{NUMFIELDS, fields, fields_word};
use super::limits::hash_limits;
use super::options::{For, Options};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::UnixMs;
use crate::keyspace::EventClass;
use crate::types::hash::{FieldExpiry, Hash, HashRef, Put};

pub static HSETEX: Spec = Spec::write("hsetex", -6)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::INSERT))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("8.0.0")
    .complexity("O(N) where N is the number of specified fields.")
    .summary("Sets fields of a hash together with their time to live.")
    .syntax(
        "key [NX | XX] [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | \
         PXAT unix-time-milliseconds | KEEPTTL] FIELDS numfields field value [field value ...]",
    )
    .run(hsetex);

fn hsetex(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let word = fields_word(args, 2).ok_or(NUMFIELDS)?;
    let options = Options::parse(args, word, For::Set)?;
    let pairs = fields(args, word, 2, NUMFIELDS)?;
    let key = args.key(1);
    let there = ctx.keys.look_as::<Hash>(key)?.is_some();
    if (options.nx && there) || (options.xx && !there) {
        ctx.reply.int(0);
        return done();
    }
    let deadline = match options.expiry {
        Some(expiry) => Some(expiry.deadline_ms(ctx, args, 0, "hsetex")?),
        None => None,
    };
    let conditional = options.fnx || options.fxx;
    if conditional && !fields_allow(ctx.keys.look_as::<Hash>(key)?, &options, pairs) {
        ctx.reply.int(0);
        return done();
    }
    match deadline {
        Some(ms) if ctx.keys.is_past(ms) => delete(ctx, args, pairs)?,
        _ => set(ctx, args, pairs, &options, deadline)?,
    }
    ctx.reply.int(1);
    done()
}

/// Whether FNX or FXX let the fields be set.
fn fields_allow(hash: Option<HashRef<'_>>, options: &Options, pairs: &[&[u8]]) -> bool {
    let mut there = pairs.iter().step_by(2).map(|field| hash.is_some_and(|hash| hash.contains(field)));
    if options.fnx {
        return !there.any(|there| there);
    }
    !options.fxx || there.all(|there| there)
}

fn set(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    pairs: &[&[u8]],
    options: &Options,
    deadline: Option<UnixMs>,
) -> Result<(), Error> {
    let limits = hash_limits(ctx);
    let now_ms = ctx.keys.space.parts_seen_ms();
    let expiry = match deadline {
        Some(ms) => FieldExpiry::At(ms),
        None if options.keep_ttl => FieldExpiry::Keep,
        None => FieldExpiry::Clear,
    };
    let key = args.key(1);
    let mut edit = ctx.keys.edit::<Hash>(key)?;
    let hash = edit.or_default();
    let mut revived: Vec<&[u8]> = Vec::new();
    for pair in pairs.chunks_exact(2) {
        if hash.put(pair[0], pair[1], expiry, now_ms, &limits) == Put::Revived {
            revived.push(pair[0]);
        }
    }
    edit.parts_expired(revived.len() as u64);
    edit.done(pairs.len() as u64 / 2, EventClass::HASH, "hset");
    if deadline.is_some() {
        ctx.keys.notify(EventClass::HASH, "hexpire", key.bytes);
    }
    if options.keep_ttl && !revived.is_empty() {
        // Elsewhere these may be there still, with a time that is not to be kept.
        let mut command: Vec<&[u8]> = vec![b"HDEL", key.bytes];
        command.extend_from_slice(&revived);
        let db = ctx.keys.db;
        ctx.keys.space.effects.log(db, &command);
    }
    log(ctx, args, pairs, options, deadline);
    Ok(())
}

/// The log gets the outcome: no conditions, and an absolute time.
fn log(ctx: &mut Ctx<'_>, args: &Args<'_>, pairs: &[&[u8]], options: &Options, deadline: Option<UnixMs>) {
    let absolute = options.expiry.is_none_or(|expiry| expiry.is_absolute_ms());
    if absolute && !(options.nx || options.xx || options.fnx || options.fxx) {
        return;
    }
    let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
    let mut command: Vec<&[u8]> = vec![b"HSETEX", args.get(1)];
    if let Some(ms) = deadline {
        command.extend_from_slice(&[b"PXAT", time.format(ms).as_bytes()]);
    }
    if options.keep_ttl {
        command.push(b"KEEPTTL");
    }
    command.extend_from_slice(&[b"FIELDS", count.format(pairs.len() / 2).as_bytes()]);
    command.extend_from_slice(pairs);
    ctx.keys.log_instead(&command);
}

/// The time is over: instead of being set, the fields go.
fn delete(ctx: &mut Ctx<'_>, args: &Args<'_>, pairs: &[&[u8]]) -> Result<(), Error> {
    let key = args.key(1);
    let mut edit = ctx.keys.edit::<Hash>(key)?;
    let mut deleted: Vec<&[u8]> = Vec::new();
    if let Some(hash) = edit.value() {
        // Fields that are due go, too: the command says so.
        deleted.extend(pairs.iter().step_by(2).filter(|field| hash.remove(field, UnixMs::MIN)));
    }
    edit.done_with(deleted.len() as u64, EventClass::HASH, &["hset", "hexpire", "hexpired"]);
    if !deleted.is_empty() {
        log_deleted(ctx, key.bytes, &deleted);
    }
    Ok(())
}
