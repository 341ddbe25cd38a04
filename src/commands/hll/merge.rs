//! PFMERGE: the union of several HyperLogLogs, stored in the first.

use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Str};
use crate::types::hll::Union;

pub static PFMERGE: Spec = Spec::write("pfmerge", -2)
    .keys(&[
        KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::INSERT)),
        KeySpec::range(2, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM)
    .acl(Acl::HYPERLOGLOG)
    .group(Group::HyperLogLog)
    .since("2.8.9")
    .complexity("O(N) to merge N HyperLogLogs, but with high constant times.")
    .summary("Merges several HyperLogLogs into one.")
    .syntax("destkey [sourcekey [sourcekey ...]]")
    .run(pfmerge);

fn pfmerge(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let sparse_max = ctx.env.config.hll_sparse_max_bytes as usize;
    let mut union = Union::new();
    for key in args.rest(1) {
        if let Some(view) = ctx.keys.read_str(*key)? {
            union.merge(view.bytes(&mut itoa::Buffer::new()))?;
        }
    }
    let mut edit = ctx.keys.edit::<Str>(args.key(1))?;
    let old = edit.value().map(|value| value.0.clone());
    let merged = union.store(old, sparse_max)?;
    edit.or_default().0 = merged;
    edit.done(1, EventClass::STRING, "pfadd");
    ctx.reply.ok();
    done()
}
