//! Taking elements, or waiting for some: BLPOP, BRPOP, BLMPOP. The log hears of a plain pop.

use super::ends::{end_at, logged_pop, popped};
use super::limits::list_limits;
use super::pop::{MPOP_COMPLEXITY, POPPED, pop_first};
use crate::engine::flow::{BlockOn, BlockReason};
use crate::engine::pops::Pops;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Key};
use crate::resp::reply::Reply;
use crate::types::list::{End, List};

const KEYS: &[KeySpec] = &[KeySpec::range(1, -2, 1, POPPED)];
const HISTORY: &[(&str, &str)] = &[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")];

const fn block_spec(name: &'static str) -> Spec {
    Spec::write(name, -3)
        .keys(KEYS)
        .flags(Flags::BLOCKING)
        .acl(Acl::LIST)
        .group(Group::List)
        .since("2.0.0")
        .complexity("O(N) where N is the number of provided keys.")
        .syntax("key [key ...] timeout:double")
        .history(HISTORY)
}

pub static BLPOP: Spec = block_spec("blpop")
    .summary("Takes the first element of the first of several lists that is there, or waits for one.")
    .run(|ctx, args| bpop(ctx, args, End::Head));

pub static BRPOP: Spec = block_spec("brpop")
    .summary("Takes the last element of the first of several lists that is there, or waits for one.")
    .run(|ctx, args| bpop(ctx, args, End::Tail));

pub static BLMPOP: Spec = Spec::write("blmpop", -5)
    .keys(&[KeySpec::counted(2, POPPED)])
    .flags(Flags::BLOCKING.with(Flags::MOVABLE_KEYS))
    .acl(Acl::LIST)
    .group(Group::List)
    .since("7.0.0")
    .complexity(MPOP_COMPLEXITY)
    .summary("Takes elements from the first of several lists that is there, or waits for one.")
    .syntax("timeout:double numkeys key [key ...] <LEFT | RIGHT> [COUNT count]")
    .run(blmpop);

fn bpop(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CmdResult {
    let last = args.len() - 1;
    let deadline = args.deadline(last, ctx.env.now_ms)?;
    let keys = args.rest(1).get(..last - 1).unwrap_or_default();
    for key in keys {
        if pop_with_key(ctx, key, end)? {
            return done();
        }
    }
    BlockOn::keys(keys, deadline, BlockReason::List).wait(ctx, Reply::null_array)
}

/// Pops one element and answers with its key and itself; false if no list is there.
fn pop_with_key(ctx: &mut Ctx<'_>, key: &[u8], end: End) -> Result<bool, Error> {
    let limits = list_limits(ctx);
    let mut edit = ctx.keys.edit::<List>(Key::new(key))?;
    let Some(list) = edit.value() else {
        edit.unchanged();
        return Ok(false);
    };
    ctx.reply.array(2);
    ctx.reply.bulk(key);
    list.pop(end, limits, |element| ctx.reply.bulk_value(element));
    edit.done(1, EventClass::LIST, popped(end));
    ctx.keys.log_instead(&[logged_pop(end), key]);
    Ok(true)
}

fn blmpop(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let wanted = Pops::parse(args, 2, end_at)?;
    let deadline = args.deadline(1, ctx.env.now_ms)?;
    if pop_first(ctx, &wanted)? {
        return done();
    }
    BlockOn::keys(wanted.keys, deadline, BlockReason::List).wait(ctx, Reply::null_array)
}
