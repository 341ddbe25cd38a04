//! FLUSHDB, FLUSHALL, SWAPDB.

use crate::engine::{Acl, Args, CmdResult, Engine, Error, Group, Spec, done};
use crate::ids::{ClientId, DbIndex};
use crate::keyspace::effects::Propagate;

const fn flush_spec(name: &'static str) -> Spec {
    Spec::write(name, -1)
        .acl(Acl::KEYSPACE.with(Acl::DANGEROUS))
        .group(Group::Server)
        .syntax("[ASYNC | SYNC]")
        .history(&[
            ("4.0.0", "Added the ASYNC flushing mode modifier."),
            ("6.2.0", "Added the SYNC flushing mode modifier."),
        ])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
}

pub static FLUSHALL: Spec = flush_spec("flushall")
    .complexity("O(1): what was in the databases is freed later.")
    .summary("Deletes every key of every database.")
    .run_engine(|engine, id, args| {
        check_mode(args)?;
        flush(engine, id, None)
    });

pub static FLUSHDB: Spec = flush_spec("flushdb")
    .complexity("O(1): what was in the database is freed later.")
    .summary("Deletes every key of the database.")
    .run_engine(|engine, id, args| {
        check_mode(args)?;
        let db = engine.clients[id].session.db;
        flush(engine, id, Some(db))
    });

/// Both modes do the same here, since freeing never holds anybody up.
fn check_mode(args: &Args<'_>) -> Result<(), Error> {
    match args.len() {
        1 => Ok(()),
        2 if args.is(1, "async") || args.is(1, "sync") => Ok(()),
        _ => Err(Error::Syntax),
    }
}

fn flush(engine: &mut Engine, id: ClientId, db: Option<DbIndex>) -> CmdResult {
    engine.touch_watched_of_db(db, None);
    let all = 0..engine.keyspace.databases() as DbIndex;
    let mut keys = 0;
    for db in all.filter(|n| db.is_none_or(|db| db == *n)) {
        keys += engine.keyspace.flush(db);
    }
    engine.keyspace.effects.dirty += keys as u64;
    if db.is_none() {
        engine.stop_save_child();
    }
    if db.is_none() && !engine.config.save.is_empty() {
        // What is gone must not come back with the next start. That a save failed is logged, and shows in the next.
        engine.save_now();
        engine.dirty_since_save = 0;
        engine.keyspace.effects.dirty = 0;
    }
    // An empty database is flushed in the log too: a replica's may not be.
    engine.keyspace.effects.propagate = Propagate::Forced;
    engine.reply(id).ok();
    done()
}

pub static SWAPDB: Spec = Spec::write("swapdb", 3)
    .flags(crate::engine::Flags::FAST)
    .acl(Acl::KEYSPACE.with(Acl::DANGEROUS))
    .group(Group::Server)
    .since("4.0.0")
    .complexity("O(N) where N is the count of clients watching or blocking on keys from both databases.")
    .summary("Exchanges two databases.")
    .syntax("index1 index2")
    .run_engine(swap);

fn swap(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let (min, max) = (i64::from(i32::MIN), i64::from(i32::MAX));
    let first = args.int_within(1, min, max).map_err(|_| Error::Plain("invalid first DB index"))?;
    let second = args.int_within(2, min, max).map_err(|_| Error::Plain("invalid second DB index"))?;
    let known = |n: i64| DbIndex::try_from(n).ok().filter(|n| usize::from(*n) < engine.keyspace.databases());
    let (Some(a), Some(b)) = (known(first), known(second)) else { return Err(Error::DbIndexOutOfRange) };
    if a != b {
        engine.touch_watched_of_db(Some(a), Some(b));
        engine.touch_watched_of_db(Some(b), Some(a));
        engine.keyspace.swap(a, b);
        engine.note_swapped(a, b);
    }
    engine.keyspace.effects.dirty += 1;
    engine.reply(id).ok();
    done()
}
