//! HDEL, HGETDEL.

use super::fields::{NUMFIELDS, fields_first};
use super::get::tell;
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::hash::Hash;

pub static HDEL: Spec = Spec::write("hdel", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))])
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.0.0")
    .complexity("O(N) where N is the number of fields to be removed.")
    .summary("Deletes fields of a hash, and the hash with the last of them.")
    .syntax("key field [field ...]")
    .history(&[("2.4.0", "Accepts multiple `field` arguments.")])
    .run(hdel);

fn hdel(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let now_ms = ctx.keys.space.parts_seen_ms();
    let mut edit = ctx.keys.edit::<Hash>(args.key(1))?;
    let deleted = match edit.value() {
        Some(hash) => args.rest(2).iter().filter(|field| hash.remove(field, now_ms)).count(),
        None => 0,
    };
    edit.done(deleted as u64, EventClass::HASH, "hdel");
    ctx.reply.int(deleted as i64);
    done()
}

pub static HGETDEL: Spec = Spec::write("hgetdel", -5)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE))])
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("8.0.0")
    .complexity("O(N) where N is the number of fields to be retrieved and deleted.")
    .summary("Answers with the values of fields of a hash and deletes them.")
    .syntax("key FIELDS numfields field [field ...]")
    .run(hgetdel);

fn hgetdel(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let wanted = fields_first(args, NUMFIELDS)?;
    let now_ms = ctx.keys.space.parts_seen_ms();
    let Ctx { keys, reply, .. } = ctx;
    let mut edit = keys.edit::<Hash>(args.key(1))?;
    reply.array(wanted.len());
    let mut deleted = 0;
    for field in wanted {
        let Some(hash) = edit.value() else {
            reply.null();
            continue;
        };
        tell(reply, hash.at(now_ms).get(field));
        deleted += u64::from(hash.remove(field, now_ms));
    }
    edit.done(deleted, EventClass::HASH, "hdel");
    done()
}
