//! HGET, HMGET, HEXISTS, HSTRLEN, HLEN.

use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::resp::reply::Reply;
use crate::types::hash::{Hash, HashRef};
use crate::types::packed::Value;

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const ASKED: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO)];

pub static HGET: Spec = Spec::read("hget", 3)
    .keys(READ)
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .summary("Answers with the value of a field of a hash.")
    .syntax("key field")
    .run(hget);

fn hget(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let hash = ctx.keys.read_as::<Hash>(args.key(1))?;
    tell(&mut ctx.reply, hash.and_then(|hash| hash.get(args.get(2))));
    done()
}

/// A field's value, or nothing.
#[inline]
pub fn tell(reply: &mut Reply<'_>, value: Option<Value<'_>>) {
    match value {
        Some(value) => reply.bulk_value(value),
        None => reply.null(),
    }
}

pub static HMGET: Spec = Spec::read("hmget", -3)
    .keys(READ)
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .complexity("O(N) where N is the number of fields being requested.")
    .summary("Answers with the values of several fields of a hash.")
    .syntax("key field [field ...]")
    .run(hmget);

fn hmget(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let hash = ctx.keys.read_as::<Hash>(args.key(1))?;
    tell_fields(&mut ctx.reply, hash, args.rest(2));
    done()
}

/// The values of fields in the order asked for, nothing for those that are not there.
pub fn tell_fields(reply: &mut Reply<'_>, hash: Option<HashRef<'_>>, fields: &[&[u8]]) {
    reply.array(fields.len());
    for field in fields {
        tell(reply, hash.and_then(|hash| hash.get(field)));
    }
}

pub static HEXISTS: Spec = Spec::read("hexists", 3)
    .keys(ASKED)
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .summary("Tells whether a hash has a field.")
    .syntax("key field")
    .run(|ctx, args| {
        let field = args.get(2);
        number_of(ctx, args, |hash| usize::from(hash.contains(field)))
    });

pub static HSTRLEN: Spec = Spec::read("hstrlen", 3)
    .keys(ASKED)
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("3.2.0")
    .summary("Tells the length of a field's value in bytes.")
    .syntax("key field")
    .run(|ctx, args| {
        let field = args.get(2);
        number_of(ctx, args, |hash| hash.get(field).map_or(0, Value::text_len))
    });

pub static HLEN: Spec = Spec::read("hlen", 2)
    .keys(ASKED)
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .summary("Counts the fields of a hash.")
    .syntax("key")
    .run(|ctx, args| number_of(ctx, args, |hash| hash.len()));

/// A number that a hash has, 0 without one.
#[inline]
fn number_of(ctx: &mut Ctx<'_>, args: &Args<'_>, f: impl FnOnce(HashRef<'_>) -> usize) -> CmdResult {
    let number = ctx.keys.read_as::<Hash>(args.key(1))?.map_or(0, f);
    ctx.reply.int(number as i64);
    done()
}
