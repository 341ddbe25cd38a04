//! SAVE, BGSAVE, BGREWRITEAOF, and DEBUG RELOAD, which is SAVE and a load.

use crate::engine::saving::ChildWork;
use crate::engine::{Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::{ClientId, DbIndex};

const FLAGS: Flags = Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::NO_ASYNC_LOADING);
/// An error without a text, as Redis gives it where the log says more.
const FAILED: Error = Error::Coded("ERR");

pub static SAVE: Spec = Spec::plain("save", 1)
    .flags(FLAGS.with(Flags::NO_MULTI))
    .group(Group::Server)
    .complexity("O(N) where N is the total number of keys in all databases")
    .summary("Saves the data to disk.")
    .run_engine(save);

fn save(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    if engine.saving.child_for(ChildWork::Snapshot).is_some() {
        return Err(Error::Plain("Background save already in progress"));
    }
    engine.saving.saves += 1;
    if !engine.save_now() {
        return Err(FAILED);
    }
    engine.reply(id).ok();
    done()
}

pub static BGSAVE: Spec = Spec::plain("bgsave", -1)
    .flags(FLAGS)
    .group(Group::Server)
    .complexity("O(1)")
    .summary("Saves the data to disk in the background.")
    .syntax("[SCHEDULE | CANCEL]")
    .history(&[("3.2.2", "Added the `SCHEDULE` option."), ("8.1.0", "Added the `CANCEL` option.")])
    .run_engine(bgsave);

fn bgsave(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    match args.len() {
        1 => {}
        2 if args.is(1, "schedule") => {}
        2 if args.is(1, "cancel") => return cancel(engine, id),
        _ => return Err(Error::Syntax),
    }
    let answer = if engine.saving.child_for(ChildWork::Snapshot).is_some() {
        return Err(Error::Plain("Background save already in progress"));
    } else if engine.saving.child.is_some() && args.len() == 1 {
        return Err(Error::Plain(
            "Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule \
             a BGSAVE whenever possible.",
        ));
    } else if engine.saving.child.is_some() {
        engine.saving.scheduled = true;
        "Background saving scheduled"
    } else if engine.must_not_block() {
        engine.saving.scheduled = true;
        tracing::info!("Background saving scheduled to run after transaction execution");
        "Background saving scheduled"
    } else if engine.save_in_background() {
        "Background saving started"
    } else {
        return Err(FAILED);
    };
    engine.reply(id).simple(answer);
    done()
}

fn cancel(engine: &mut Engine, id: ClientId) -> CmdResult {
    let answer = if engine.saving.child_for(ChildWork::Snapshot).is_some() {
        tracing::info!("Background saving will be aborted due to user request");
        engine.stop_save_child();
        "Background saving cancelled"
    } else if engine.saving.scheduled {
        tracing::info!("Scheduled background saving will be cancelled due to user request");
        engine.saving.scheduled = false;
        "Scheduled background saving cancelled"
    } else {
        return Err(Error::Plain("Background saving is currently not in progress or scheduled"));
    };
    engine.reply(id).simple(answer);
    done()
}

pub static BGREWRITEAOF: Spec = Spec::plain("bgrewriteaof", 1)
    .flags(FLAGS)
    .group(Group::Server)
    .complexity("O(1)")
    .summary("Rewrites the append-only file in the background.")
    .run_engine(rewrite);

fn rewrite(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    let answer = if engine.rewrite_child().is_some() {
        return Err(Error::Plain("Background append only file rewriting already in progress"));
    } else if engine.saving.child.is_some() || engine.must_not_block() {
        engine.aof.rewrite.scheduled = true;
        // Who asks for it wants it as soon as it can be.
        engine.stats.counters.aof_rewrites_consecutive_failures = 0;
        tracing::info!("Background append only file rewriting scheduled.");
        "Background append only file rewriting scheduled"
    } else if engine.rewrite_in_background() {
        "Background append only file rewriting started"
    } else {
        return Err(Error::Plain(
            "Can't execute an AOF background rewriting. Please check the server logs for more information.",
        ));
    };
    engine.reply(id).simple(answer);
    done()
}

/// DEBUG LOADAOF: writes what is to be written, empties the databases, loads the log.
pub fn load_log(engine: &mut Engine, id: ClientId) -> CmdResult {
    refuse_second(engine)?;
    engine.finish_log();
    empty(engine);
    engine.load_log_for(id)
}

/// DEBUG is served during a load, and could begin another.
fn refuse_second(engine: &Engine) -> Result<(), Error> {
    if engine.server.loading { Err(Error::Loading) } else { Ok(()) }
}

fn empty(engine: &mut Engine) {
    for db in 0..engine.keyspace.databases() as DbIndex {
        engine.keyspace.flush(db);
    }
    // The same data comes back: nobody is told that it went.
    engine.keyspace.effects.flushed.clear();
    engine.walks.restart(|_| true);
}

/// DEBUG RELOAD: saves, empties the databases, loads.
pub fn reload(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let (mut merge, mut flush, mut save) = (false, true, true);
    for option in args.rest(2) {
        match option.to_ascii_lowercase().as_slice() {
            b"merge" => merge = true,
            b"noflush" => flush = false,
            b"nosave" => save = false,
            _ => {
                let text = "DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.";
                return Err(Error::Plain(text));
            }
        }
    }
    refuse_second(engine)?;
    if save && !engine.save_now() {
        return Err(FAILED);
    }
    if flush {
        empty(engine);
    }
    engine.load_file_for(id, merge)
}
