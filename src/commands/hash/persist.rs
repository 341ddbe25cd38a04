//! HPERSIST: fields of a hash lose their times to live.

use super::fields::{NUMFIELDS, fields_first};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::hash::Hash;

pub static HPERSIST: Spec = Spec::write("hpersist", -5)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::FAST)
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("7.4.0")
    .complexity("O(N) where N is the number of specified fields.")
    .summary("Takes the times to live of fields of a hash away.")
    .syntax("key FIELDS numfields field [field ...]")
    .run(hpersist);

/// Answers -2 for a field that is not there, -1 for one that stays anyway, 1 for one that does now.
fn hpersist(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let wanted = fields_first(args, NUMFIELDS)?;
    let now_ms = ctx.keys.space.parts_seen_ms();
    let Ctx { keys, reply, .. } = ctx;
    let mut edit = keys.edit::<Hash>(args.key(1))?;
    reply.array(wanted.len());
    let mut changed = 0;
    for field in wanted {
        let answer = match edit.value() {
            Some(hash) if hash.at(now_ms).contains(field) => {
                if hash.persist(field) {
                    changed += 1;
                    1
                } else {
                    -1
                }
            }
            _ => -2,
        };
        reply.int(answer);
    }
    edit.done(changed, EventClass::HASH, "hpersist");
    done()
}
