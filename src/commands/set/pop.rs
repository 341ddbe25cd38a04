//! SPOP. Replicas and the log are told which members went.

use super::limits::set_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Key};
use crate::types::set::Set;

pub static SPOP: Spec = Spec::write("spop", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE))])
    .flags(Flags::FAST)
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity("Without the count argument O(1), otherwise O(N) where N is the value of the passed count.")
    .summary("Removes members chosen by chance from a set and answers with them.")
    .syntax("key [count]")
    .history(&[("3.2.0", "Added the `count` argument.")])
    .tips(&["nondeterministic_output"])
    .run(spop);

/// Members named in one SREM of the log at most.
const LOGGED_AT_ONCE: usize = 1024;

/// COMPAT: a table becomes small again when five times as many members went as stay.
const MOST_WENT: usize = 5;

fn spop(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    match args.len() {
        2 => pop_one(ctx, args),
        3 => pop_several(ctx, args),
        _ => Err(Error::Syntax),
    }
}

fn pop_one(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let key = args.key(1);
    let word = ctx.keys.space.rng.next_u64();
    let logs = ctx.keys.space.effects.wants_log;
    let mut edit = ctx.keys.edit::<Set>(key)?;
    let Some(set) = edit.value() else {
        edit.unchanged();
        ctx.reply.null();
        return done();
    };
    let mut popped = Vec::new();
    set.pop(1, &mut || word, |member| {
        ctx.reply.bulk_value(member);
        if logs {
            popped = member.to_vec();
        }
    });
    edit.done(1, EventClass::SET, "spop");
    ctx.keys.log_instead(&[b"SREM", key.bytes, &popped]);
    done()
}

fn pop_several(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let key = args.key(1);
    let count = args.natural(2, Error::MustBePositive)?;
    let len = ctx.keys.look_as::<Set>(key)?.map_or(0, |set| set.len());
    if count >= len && count > 0 && len > 0 {
        return pop_all(ctx, key, len);
    }
    ctx.reply.set(count.min(len));
    if count == 0 || len == 0 {
        return done();
    }
    let mut rng = ctx.keys.space.rng.fork();
    let logs = ctx.keys.space.effects.wants_log;
    let limits = set_limits(ctx);
    let mut edit = ctx.keys.edit::<Set>(key)?;
    let set = edit.or_default();
    let mut popped = Vec::new();
    set.pop(count, &mut || rng.next_u64(), |member| {
        ctx.reply.bulk_value(member);
        if logs {
            popped.push(member.to_vec());
        }
    });
    if set.len() * MOST_WENT <= count {
        set.shrink_table(&limits);
    }
    edit.done(count as u64, EventClass::SET, "spop");
    ctx.keys.space.effects.propagate_nothing();
    for batch in popped.chunks(LOGGED_AT_ONCE) {
        let mut command: Vec<&[u8]> = vec![b"SREM", key.bytes];
        command.extend(batch.iter().map(Vec::as_slice));
        ctx.keys.log_instead(&command);
    }
    done()
}

/// Answers with the whole set and deletes it; the log only hears of that.
fn pop_all(ctx: &mut Ctx<'_>, key: Key<'_>, len: usize) -> CmdResult {
    ctx.reply.set(len);
    if let Some(set) = ctx.keys.peek_as::<Set>(key)? {
        set.iter().for_each(|member| ctx.reply.bulk_value(member));
    }
    ctx.keys.delete(key);
    ctx.keys.dirty(len as u64);
    ctx.keys.notify(EventClass::SET, "spop", key.bytes);
    ctx.keys.notify(EventClass::GENERIC, "del", key.bytes);
    let verb: &[u8] = if ctx.env.config.lazyfree_lazy_server_del { b"UNLINK" } else { b"DEL" };
    ctx.keys.log_instead(&[verb, key.bytes]);
    done()
}
