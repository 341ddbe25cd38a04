//! DEL, UNLINK, EXISTS, TOUCH, TYPE.

use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;

const EVERY_KEY_GOES: &[KeySpec] = &[KeySpec::range(1, -1, 1, KeyFlags::RM.with(KeyFlags::DELETE))];
const EVERY_KEY_READ: &[KeySpec] = &[KeySpec::range(1, -1, 1, KeyFlags::RO)];

pub static DEL: Spec = Spec::write("del", -2)
    .keys(EVERY_KEY_GOES)
    .acl(Acl::KEYSPACE)
    .complexity("O(N) where N is the number of keys: their values are freed outside of the command.")
    .summary("Deletes keys.")
    .syntax("key [key ...]")
    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
    .run(del);

pub static UNLINK: Spec = Spec::write("unlink", -2)
    .keys(EVERY_KEY_GOES)
    .flags(Flags::FAST)
    .acl(Acl::KEYSPACE)
    .since("4.0.0")
    .complexity(
        "O(1) for each key, whatever it holds. What that was, N allocations, is freed in O(N) outside of the command.",
    )
    .summary("Deletes keys; the memory of their values is given back later.")
    .syntax("key [key ...]")
    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
    .run(del);

/// DEL and UNLINK are one: no value is ever freed where others wait for it.
fn del(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let mut deleted = 0;
    for i in 1..args.len() {
        let key = args.key(i);
        if ctx.keys.delete(key) {
            ctx.keys.notify(EventClass::GENERIC, "del", key.bytes);
            ctx.keys.dirty(1);
            deleted += 1;
        }
    }
    ctx.reply.int(deleted);
    done()
}

pub static EXISTS: Spec = Spec::read("exists", -2)
    .keys(EVERY_KEY_READ)
    .flags(Flags::FAST)
    .acl(Acl::KEYSPACE)
    .complexity("O(N) where N is the number of keys.")
    .summary("Counts how many of the keys are there; a key named twice counts twice.")
    .syntax("key [key ...]")
    .history(&[("3.0.3", "Accepts several keys.")])
    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
    .run(exists);

fn exists(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    ctx.keys.no_touch = true;
    count(ctx, args)
}

/// Answers with how many of the keys are there.
fn count(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let mut found = 0;
    for i in 1..args.len() {
        found += i64::from(ctx.keys.read(args.key(i)).is_some());
    }
    ctx.reply.int(found);
    done()
}

pub static TOUCH: Spec = Spec::read("touch", -2)
    .keys(EVERY_KEY_READ)
    .flags(Flags::FAST)
    .acl(Acl::KEYSPACE)
    .since("3.2.1")
    .complexity("O(N) where N is the number of keys.")
    .summary("Marks keys as used just now, and counts those that are there.")
    .syntax("key [key ...]")
    .tips(&["request_policy:multi_shard", "response_policy:agg_sum"])
    .run(touch);

fn touch(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    // Its purpose is the mark, so a client's own NO-TOUCH does not count here.
    ctx.keys.no_touch = false;
    count(ctx, args)
}

pub static TYPE: Spec = Spec::read("type", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO)])
    .flags(Flags::FAST)
    .acl(Acl::KEYSPACE)
    .summary("Names the type of the value at a key.")
    .syntax("key")
    .run(kind);

fn kind(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    ctx.keys.no_touch = true;
    let name = ctx.keys.read(args.key(1)).map_or("none", |view| view.kind().name());
    ctx.reply.simple(name);
    done()
}
