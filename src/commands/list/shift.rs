//! Moving an element from one list to another, or within one: LMOVE, RPOPLPUSH, and BLMOVE and BRPOPLPUSH, which wait
//! for one. The log hears of the forms that do not wait.

use super::ends::{end_at, popped, pushed};
use super::limits::list_limits;
use super::pop::POPPED;
use crate::engine::flow::{BlockOn, BlockReason};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::UnixMs;
use crate::keyspace::{EventClass, Kind};
use crate::resp::reply::Reply;
use crate::types::list::{End, List};

const KEYS: &[KeySpec] = &[KeySpec::at(1, POPPED), KeySpec::at(2, KeyFlags::RW.with(KeyFlags::INSERT))];

const fn move_spec(name: &'static str, arity: i16) -> Spec {
    Spec::write(name, arity)
        .keys(KEYS)
        .flags(Flags::DENYOOM)
        .acl(Acl::LIST)
        .group(Group::List)
        .complexity("O(1)")
}

pub static LMOVE: Spec = move_spec("lmove", 5)
    .since("6.2.0")
    .summary("Takes an element from one end of a list, puts it at one end of another and answers with it.")
    .syntax("source destination <LEFT | RIGHT> <LEFT | RIGHT>")
    .run(lmove);

pub static RPOPLPUSH: Spec = move_spec("rpoplpush", 3)
    .since("1.2.0")
    .summary("Takes the last element of a list, makes it the first one of another and answers with it.")
    .syntax("source destination")
    .deprecated("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments")
    .run(rpoplpush);

pub static BLMOVE: Spec = move_spec("blmove", 6)
    .flags(Flags::BLOCKING)
    .since("6.2.0")
    .summary("Moves an element from one end of a list to one end of another, or waits for one.")
    .syntax("source destination <LEFT | RIGHT> <LEFT | RIGHT> timeout:double")
    .run(blmove);

pub static BRPOPLPUSH: Spec = move_spec("brpoplpush", 4)
    .flags(Flags::BLOCKING)
    .since("2.2.0")
    .summary("Moves the last element of a list to the front of another, or waits for one.")
    .syntax("source destination timeout:double")
    .history(&[("6.0.0", "`timeout` is interpreted as a double instead of an integer.")])
    .deprecated("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments")
    .run(brpoplpush);

fn lmove(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (from, to) = (end_at(args, 3)?, end_at(args, 4)?);
    if !shift(ctx, args, from, to)? {
        ctx.reply.null();
    }
    done()
}

fn rpoplpush(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if !shift(ctx, args, End::Tail, End::Head)? {
        ctx.reply.null();
    }
    done()
}

fn blmove(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (from, to) = (end_at(args, 3)?, end_at(args, 4)?);
    let deadline = args.deadline(5, ctx.env.now_ms)?;
    if !shift(ctx, args, from, to)? {
        return wait(ctx, args, deadline);
    }
    ctx.keys.log_instead(&[b"LMOVE", args.get(1), args.get(2), args.get(3), args.get(4)]);
    done()
}

fn brpoplpush(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let deadline = args.deadline(3, ctx.env.now_ms)?;
    if !shift(ctx, args, End::Tail, End::Head)? {
        return wait(ctx, args, deadline);
    }
    ctx.keys.log_instead(&[b"RPOPLPUSH", args.get(1), args.get(2)]);
    done()
}

/// The source is not there: the client waits, where it may.
fn wait(ctx: &mut Ctx<'_>, args: &Args<'_>, deadline: Option<UnixMs>) -> CmdResult {
    BlockOn::keys(&[args.get(1)], deadline, BlockReason::List).wait(ctx, Reply::null)
}

/// Moves one element from the list at the first key to that at the second, and answers with it; false if there is none.
/// COMPAT: the push is told before the pop, and both are one change.
fn shift(ctx: &mut Ctx<'_>, args: &Args<'_>, from: End, to: End) -> Result<bool, Error> {
    let limits = list_limits(ctx);
    let (source, target) = (args.key(1), args.get(2));
    let itself = source.bytes == target;
    let misfit = !itself && ctx.keys.peek(target).is_some_and(|view| view.kind() != Kind::List);
    let mut edit = ctx.keys.edit::<List>(source)?;
    let Some(list) = edit.value() else {
        edit.unchanged();
        return Ok(false);
    };
    if misfit {
        edit.unchanged();
        return Err(Error::WrongType);
    }
    // The element is pushed out of the reply: nobody else has to hold it.
    let mut len = 0;
    let reply = &mut ctx.reply;
    let show = |element: crate::types::packed::Value<'_>| {
        reply.bulk_value(element);
        len = element.text_len();
    };
    if itself {
        list.rotate(from, to, limits, show);
    } else {
        list.pop(from, limits, show);
    }
    let vanished = edit.done_untold();
    if itself {
        ctx.keys.notify(EventClass::LIST, pushed(to), target);
    } else {
        let end = ctx.reply.out.len() - 2;
        let element = &ctx.reply.out[end - len..end];
        let mut edit = ctx.keys.edit::<List>(target)?;
        edit.or_default().push(to, element, limits);
        edit.done_anyway(0, EventClass::LIST, pushed(to));
    }
    ctx.keys.notify(EventClass::LIST, popped(from), source.bytes);
    if vanished {
        ctx.keys.notify(EventClass::GENERIC, "del", source.bytes);
    }
    ctx.keys.dirty(1);
    Ok(true)
}
