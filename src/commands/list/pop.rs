//! Taking elements from an end: LPOP, RPOP, LMPOP, and what their waiting forms share with them.

use super::ends::{end_at, logged_pop, popped};
use super::limits::list_limits;
use crate::engine::pops::Pops;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Key};
use crate::resp::reply::Reply;
use crate::types::list::{End, List, ListLimits};

/// What a pop does to a key.
pub const POPPED: KeyFlags = KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE);

/// What LMPOP and BLMPOP cost.
pub const MPOP_COMPLEXITY: &str =
    "O(N+M) where N is the number of provided keys and M is the number of elements returned.";

const KEYS: &[KeySpec] = &[KeySpec::at(1, POPPED)];
const HISTORY: &[(&str, &str)] = &[("6.2.0", "Added the `count` argument.")];

const fn pop_spec(name: &'static str) -> Spec {
    Spec::write(name, -2)
        .keys(KEYS)
        .flags(Flags::FAST)
        .acl(Acl::LIST)
        .group(Group::List)
        .complexity("O(N) where N is the number of elements returned")
        .syntax("key [count]")
        .history(HISTORY)
}

pub static LPOP: Spec = pop_spec("lpop")
    .summary("Takes the first element of a list, or several; the key goes with the last one.")
    .run(|ctx, args| pop(ctx, args, End::Head));

pub static RPOP: Spec = pop_spec("rpop")
    .summary("Takes the last element of a list, or several; the key goes with the last one.")
    .run(|ctx, args| pop(ctx, args, End::Tail));

fn pop(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CmdResult {
    let several = match args.len() {
        2 => None,
        3 => Some(args.natural(2, Error::MustBePositive)?),
        _ => return Err(Error::Arity(Box::new(popped(end).to_string()))),
    };
    let limits = list_limits(ctx);
    let mut edit = ctx.keys.edit::<List>(args.key(1))?;
    let Some(list) = edit.value() else {
        edit.unchanged();
        if several.is_some() {
            ctx.reply.null_array()
        } else {
            ctx.reply.null()
        }
        return done();
    };
    let count = match several {
        None => {
            list.pop(end, limits, |element| ctx.reply.bulk_value(element));
            1
        }
        Some(count) => pop_several(&mut ctx.reply, list, end, count, limits),
    };
    edit.done(count as u64, EventClass::LIST, popped(end));
    done()
}

/// Answers with up to `count` elements from an end, the outermost first, and removes them. Returns how many there were.
fn pop_several(reply: &mut Reply<'_>, list: &mut List, end: End, count: usize, limits: ListLimits) -> usize {
    let count = count.min(list.len());
    reply.array(count);
    let start = if end == End::Head { 0 } else { list.len() - 1 };
    list.as_ref().for_each_in(start, count, end == End::Tail, |element| reply.bulk_value(element));
    if count > 0 {
        list.drop_from(end, count, limits);
    }
    count
}

pub static LMPOP: Spec = Spec::write("lmpop", -4)
    .keys(&[KeySpec::counted(1, POPPED)])
    .flags(Flags::MOVABLE_KEYS)
    .acl(Acl::LIST)
    .group(Group::List)
    .since("7.0.0")
    .complexity(MPOP_COMPLEXITY)
    .summary("Takes elements from the first of several lists that is there.")
    .syntax("numkeys key [key ...] <LEFT | RIGHT> [COUNT count]")
    .run(lmpop);

fn lmpop(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if !pop_first(ctx, &Pops::parse(args, 1, end_at)?)? {
        ctx.reply.null_array();
    }
    done()
}

/// Pops from the first list that is there, and answers; false if there is none.
pub fn pop_first(ctx: &mut Ctx<'_>, wanted: &Pops<'_, End>) -> Result<bool, Error> {
    let limits = list_limits(ctx);
    for key in wanted.keys {
        let mut edit = ctx.keys.edit::<List>(Key::new(key))?;
        let Some(list) = edit.value() else {
            edit.unchanged();
            continue;
        };
        ctx.reply.array(2);
        ctx.reply.bulk(key);
        let count = pop_several(&mut ctx.reply, list, wanted.end, wanted.count, limits);
        edit.done(count as u64, EventClass::LIST, popped(wanted.end));
        let mut digits = itoa::Buffer::new();
        ctx.keys.log_instead(&[logged_pop(wanted.end), key, digits.format(count).as_bytes()]);
        return Ok(true);
    }
    Ok(false)
}
