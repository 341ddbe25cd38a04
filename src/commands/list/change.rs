//! Changing a list inside: LINSERT, LSET, LREM, LTRIM.

use super::limits::list_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::list::List;

pub static LINSERT: Spec = Spec::write("linsert", 5)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::INSERT))])
    .flags(Flags::DENYOOM)
    .acl(Acl::LIST)
    .group(Group::List)
    .since("2.2.0")
    .complexity(
        "O(N) where N is the number of elements to traverse before seeing the value pivot. This means that inserting \
         somewhere on the left end on the list (head) can be considered O(1) and inserting somewhere on the right end \
         (tail) is O(N).",
    )
    .summary("Puts an element before or behind the first one that equals another.")
    .syntax("key <BEFORE | AFTER> pivot element")
    .run(linsert);

fn linsert(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let after = args.is(2, "after");
    if !after && !args.is(2, "before") {
        return Err(Error::Syntax);
    }
    let limits = list_limits(ctx);
    let mut edit = ctx.keys.edit::<List>(args.key(1))?;
    let Some(list) = edit.value() else {
        edit.unchanged();
        ctx.reply.int(0);
        return done();
    };
    let len = if list.insert(args.get(3), args.get(4), after, limits) { list.len() as i64 } else { -1 };
    edit.done(u64::from(len > 0), EventClass::LIST, "linsert");
    ctx.reply.int(len);
    done()
}

pub static LSET: Spec = Spec::write("lset", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM)
    .acl(Acl::LIST)
    .group(Group::List)
    .complexity(
        "O(N) where N is the length of the list. Setting either the first or the last element of the list is O(1).",
    )
    .summary("Puts another element in the place of the one at an index.")
    .syntax("key index element")
    .run(lset);

fn lset(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = list_limits(ctx);
    let mut edit = ctx.keys.edit::<List>(args.key(1))?;
    let Some(list) = edit.value() else {
        edit.unchanged();
        return Err(Error::NoSuchKey);
    };
    let index = args.int(2)?;
    if !list.set(index, args.get(3), limits) {
        // The encoding may be another one now.
        edit.unchanged();
        return Err(Error::IndexOutOfRange);
    }
    edit.done(1, EventClass::LIST, "lset");
    ctx.reply.ok();
    done()
}

pub static LREM: Spec = Spec::write("lrem", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))])
    .acl(Acl::LIST)
    .group(Group::List)
    .complexity("O(N+M) where N is the length of the list and M is the number of elements removed.")
    .summary("Removes elements that equal one, from either end; the key goes with the last one.")
    .syntax("key count element")
    .run(lrem);

fn lrem(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let count = args.negatable(2)?;
    let limits = list_limits(ctx);
    let mut edit = ctx.keys.edit::<List>(args.key(1))?;
    let removed = edit.value().map_or(0, |list| list.remove(count, args.get(3), limits));
    edit.done(removed as u64, EventClass::LIST, "lrem");
    ctx.reply.int(removed as i64);
    done()
}

pub static LTRIM: Spec = Spec::write("ltrim", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))])
    .acl(Acl::LIST)
    .group(Group::List)
    .complexity("O(N) where N is the number of elements to be removed by the operation.")
    .summary("Keeps the elements of a range only; the key goes with the last one.")
    .syntax("key start stop")
    .run(ltrim);

fn ltrim(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (first, last) = (args.int(2)?, args.int(3)?);
    let limits = list_limits(ctx);
    let mut edit = ctx.keys.edit::<List>(args.key(1))?;
    match edit.value() {
        None => edit.unchanged(),
        Some(list) => {
            let (start, count) = list.as_ref().range(first, last);
            let removed = list.trim(start, count, limits);
            // COMPAT: a trim that removes nothing is an event all the same.
            edit.done_anyway(removed as u64, EventClass::LIST, "ltrim");
        }
    }
    ctx.reply.ok();
    done()
}
