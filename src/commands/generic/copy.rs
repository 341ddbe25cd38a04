//! COPY, MOVE.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, KeyFlags, KeySpec, Spec, done};
use crate::ids::DbIndex;
use crate::keyspace::EventClass;

pub static COPY: Spec = Spec::write("copy", -3)
    .keys(&[
        KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS)),
        KeySpec::at(2, KeyFlags::OW.with(KeyFlags::UPDATE)),
    ])
    .flags(Flags::DENYOOM)
    .acl(Acl::KEYSPACE)
    .since("6.2.0")
    .complexity("O(N) for collections, where N is the number of elements, O(1) for strings.")
    .summary("Copies the value of a key to another key.")
    .syntax("source destination [DB destination-db] [REPLACE]")
    .run(copy);

/// A database's number among the arguments.
fn database(ctx: &Ctx<'_>, args: &Args<'_>, i: usize) -> Result<DbIndex, Error> {
    DbIndex::try_from(args.c_int(i)?)
        .ok()
        .filter(|db| usize::from(*db) < ctx.keys.space.databases())
        .ok_or(Error::DbIndexOutOfRange)
}

fn copy(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (from, to) = (args.get(1), args.get(2));
    let mut target = ctx.keys.db;
    let mut replace = false;
    let mut i = 3;
    while i < args.len() {
        if args.is(i, "replace") {
            replace = true;
        } else if args.is(i, "db") && i + 1 < args.len() {
            i += 1;
            target = database(ctx, args, i)?;
        } else {
            return Err(Error::Syntax);
        }
        i += 1;
    }
    if target == ctx.keys.db && from == to {
        return Err(Error::SameObject);
    }
    if ctx.keys.read(args.key(1)).is_none() || (ctx.keys.in_db(target).exists(to) && !replace) {
        ctx.reply.int(0);
        return done();
    }
    ctx.keys.copy_to(target, from, to);
    ctx.keys.in_db(target).notify(EventClass::GENERIC, "copy_to", to);
    ctx.keys.dirty(1);
    ctx.reply.int(1);
    done()
}

pub static MOVE: Spec = Spec::write("move", 3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))])
    .flags(Flags::FAST)
    .acl(Acl::KEYSPACE)
    .summary("Moves a key to another database.")
    .syntax("key db")
    .run(move_key);

fn move_key(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let key = args.get(1);
    let target = database(ctx, args, 2)?;
    if target == ctx.keys.db {
        return Err(Error::SameObject);
    }
    if ctx.keys.look(args.key(1)).is_none() || ctx.keys.in_db(target).exists(key) {
        ctx.reply.int(0);
        return done();
    }
    ctx.keys.move_to(target, key);
    ctx.keys.notify(EventClass::GENERIC, "move_from", key);
    ctx.keys.in_db(target).notify(EventClass::GENERIC, "move_to", key);
    ctx.keys.dirty(1);
    ctx.reply.int(1);
    done()
}
