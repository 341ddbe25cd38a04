//! HSET, HMSET, HSETNX.

use super::limits::hash_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::hash::{FieldExpiry, Hash, HashLimits, Put};

const FLAGS: Flags = Flags::DENYOOM.with(Flags::FAST);

pub static HSET: Spec = Spec::write("hset", -4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(FLAGS)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .complexity(
        "O(1) for each field/value pair added, so O(N) to add N field/value pairs when the command is called with \
         multiple field/value pairs.",
    )
    .summary("Sets fields of a hash and counts the new ones.")
    .syntax("key field value [field value ...]")
    .history(&[("4.0.0", "Accepts multiple `field` and `value` arguments.")])
    .run(|ctx, args| {
        let created = set(ctx, args, "hset")?;
        ctx.reply.int(created);
        done()
    });

pub static HMSET: Spec = Spec::write("hmset", -4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(FLAGS)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .complexity("O(N) where N is the number of fields being set.")
    .summary("Sets fields of a hash.")
    .syntax("key field value [field value ...]")
    .deprecated("4.0.0", "`HSET` with multiple field-value pairs")
    .run(|ctx, args| {
        set(ctx, args, "hmset")?;
        ctx.reply.ok();
        done()
    });

/// Sets what follows the key; returns how many fields are new.
fn set(ctx: &mut Ctx<'_>, args: &Args<'_>, name: &str) -> Result<i64, Error> {
    if args.len() % 2 == 1 {
        return Err(Error::Arity(Box::new(name.to_string())));
    }
    let limits = hash_limits(ctx);
    let now_ms = ctx.keys.space.parts_seen_ms();
    let pairs = args.rest(2);
    let mut edit = ctx.keys.edit::<Hash>(args.key(1))?;
    let hash = edit.or_default();
    expect(hash, pairs, &limits);
    let (mut created, mut revived) = (0, 0);
    for pair in pairs.chunks_exact(2) {
        match hash.put(pair[0], pair[1], FieldExpiry::Clear, now_ms, &limits) {
            Put::New => created += 1,
            Put::Revived => revived += 1,
            Put::Replaced => {}
        }
    }
    edit.parts_expired(revived);
    edit.done(pairs.len() as u64 / 2, EventClass::HASH, "hset");
    Ok(created + revived as i64)
}

/// Makes a small hash ready for so many fields and values, new or not.
fn expect(hash: &mut Hash, pairs: &[&[u8]], limits: &HashLimits) {
    if let Hash::Packed(_) = hash {
        let longest = pairs.iter().map(|text| text.len()).max().unwrap_or(0);
        hash.expect(pairs.len() / 2, longest, pairs.iter().map(|text| text.len()).sum(), limits);
    }
}

pub static HSETNX: Spec = Spec::write("hsetnx", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::INSERT))])
    .flags(FLAGS)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .summary("Sets a field of a hash unless it is there.")
    .syntax("key field value")
    .run(hsetnx);

fn hsetnx(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = hash_limits(ctx);
    let now_ms = ctx.keys.space.parts_seen_ms();
    let (field, value) = (args.get(2), args.get(3));
    let mut edit = ctx.keys.edit::<Hash>(args.key(1))?;
    let hash = edit.or_default();
    if hash.at(now_ms).contains(field) {
        edit.unchanged();
        ctx.reply.int(0);
        return done();
    }
    let timed = hash.next_due().is_some();
    expect(hash, args.rest(2), &limits);
    let put = hash.put(field, value, FieldExpiry::Clear, now_ms, &limits);
    edit.parts_expired(u64::from(put == Put::Revived));
    edit.done(1, EventClass::HASH, "hset");
    if timed {
        // Elsewhere the field may be there still, its time not yet over.
        ctx.keys.log_instead(&[b"HSET", args.get(1), field, value]);
    }
    ctx.reply.int(1);
    done()
}
