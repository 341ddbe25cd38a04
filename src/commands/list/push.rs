//! Adding elements at an end: LPUSH, RPUSH, and LPUSHX and RPUSHX, which make no list.

use super::ends::pushed;
use super::limits::list_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::list::{End, List};

const COMPLEXITY: &str = "O(1) for each element added, so O(N) to add N elements when the command is called with \
                          multiple arguments.";

const KEYS: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::INSERT))];

const fn push_spec(name: &'static str) -> Spec {
    Spec::write(name, -3)
        .keys(KEYS)
        .flags(Flags::DENYOOM.with(Flags::FAST))
        .acl(Acl::LIST)
        .group(Group::List)
        .complexity(COMPLEXITY)
        .syntax("key element [element ...]")
}

pub static LPUSH: Spec = push_spec("lpush")
    .summary("Puts elements before the first one of a list, or makes the list.")
    .history(&[("2.4.0", "Accepts multiple `element` arguments.")])
    .run(|ctx, args| push(ctx, args, End::Head, true));

pub static RPUSH: Spec = push_spec("rpush")
    .summary("Puts elements behind the last one of a list, or makes the list.")
    .history(&[("2.4.0", "Accepts multiple `element` arguments.")])
    .run(|ctx, args| push(ctx, args, End::Tail, true));

pub static LPUSHX: Spec = push_spec("lpushx")
    .since("2.2.0")
    .summary("Puts elements before the first one of a list, if the list is there.")
    .history(&[("4.0.0", "Accepts multiple `element` arguments.")])
    .run(|ctx, args| push(ctx, args, End::Head, false));

pub static RPUSHX: Spec = push_spec("rpushx")
    .since("2.2.0")
    .summary("Puts elements behind the last one of a list, if the list is there.")
    .history(&[("4.0.0", "Accepts multiple `element` arguments.")])
    .run(|ctx, args| push(ctx, args, End::Tail, false));

fn push(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End, make: bool) -> CmdResult {
    let limits = list_limits(ctx);
    let elements = args.rest(2);
    let mut edit = ctx.keys.edit::<List>(args.key(1))?;
    if !make && !edit.exists() {
        edit.unchanged();
        ctx.reply.int(0);
        return done();
    }
    let list = edit.or_default();
    list.push_all(end, elements.iter().copied(), limits);
    let len = list.len();
    edit.done(elements.len() as u64, EventClass::LIST, pushed(end));
    ctx.reply.int(len as i64);
    done()
}
