//! PFADD, PFCOUNT.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Str};
use crate::types::hll::{self, HllError, Union};

pub static PFADD: Spec = Spec::write("pfadd", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::INSERT))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::HYPERLOGLOG)
    .group(Group::HyperLogLog)
    .since("2.8.9")
    .complexity("O(1) to add every element.")
    .summary("Adds elements to a HyperLogLog, or makes it.")
    .syntax("key [element [element ...]]")
    .run(pfadd);

pub static PFCOUNT: Spec = Spec::read("pfcount", -2)
    .keys(&[KeySpec::range(1, -1, 1, KeyFlags::RW.with(KeyFlags::ACCESS)).notes(
        "RW because it may change the internal representation of the key, and propagate to replicas",
    )])
    .flags(Flags::MAY_REPLICATE)
    .acl(Acl::HYPERLOGLOG)
    .group(Group::HyperLogLog)
    .since("2.8.9")
    .complexity(
        "O(1) with a very small average constant time when called with a single key. O(N) with N being the number of \
         keys, and much bigger constant times, when called with multiple keys.",
    )
    .summary("Estimates how many different elements were added to one or several HyperLogLogs.")
    .syntax("key [key ...]")
    .run(pfcount);

impl From<HllError> for Error {
    fn from(error: HllError) -> Self {
        Error::coded(error.to_string())
    }
}

fn pfadd(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let sparse_max = ctx.env.config.hll_sparse_max_bytes as usize;
    let mut edit = ctx.keys.edit::<Str>(args.key(1))?;
    let new = !edit.exists();
    let value = &mut edit.or_make(|| Str(hll::empty())).0;
    let raised = hll::add(value, args.rest(2).iter().copied(), sparse_max)?;
    let updated = raised as u64 + u64::from(new);
    edit.done(updated, EventClass::STRING, "pfadd");
    ctx.reply.int(i64::from(updated > 0));
    done()
}

fn pfcount(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let cardinality = if args.len() == 2 { count_one(ctx, args)? } else { count_several(ctx, args)? };
    ctx.reply.int(cardinality as i64);
    done()
}

fn count_several(ctx: &mut Ctx<'_>, args: &Args<'_>) -> Result<u64, Error> {
    let mut union = Union::new();
    for key in args.rest(1) {
        if let Some(view) = ctx.keys.read_str(*key)? {
            union.merge(view.bytes(&mut itoa::Buffer::new()))?;
        }
    }
    Ok(union.count())
}

fn count_one(ctx: &mut Ctx<'_>, args: &Args<'_>) -> Result<u64, Error> {
    let key = args.key(1);
    let Some(view) = ctx.keys.read_str(key)? else { return Ok(0) };
    let counted = hll::count(view.bytes(&mut itoa::Buffer::new()))?;
    if counted.refreshed {
        // COMPAT: the estimate is kept in the value, which is a change that everybody is told of but no event.
        let mut edit = ctx.keys.edit::<Str>(key)?;
        counted.remember(&mut edit.or_default().0);
        edit.done(1, EventClass::default(), "");
    }
    Ok(counted.cardinality)
}
