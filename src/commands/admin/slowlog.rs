//! SLOWLOG: the log of slow commands, shown and emptied. Who is logged is decided elsewhere.

use crate::engine::help::{help, help_spec};
use crate::engine::{Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;

pub static SLOWLOG: Spec = Spec::plain("slowlog", -2)
    .group(Group::Server)
    .since("2.2.12")
    .complexity("Depends on subcommand.")
    .summary("A container for slow log commands.")
    .subcommands(&[&GET, &HELP, &LEN, &RESET]);

const FLAGS: Flags = Flags::ADMIN.with(Flags::LOADING).with(Flags::STALE);

static GET: Spec = Spec::plain("get", -2)
    .flags(FLAGS)
    .group(Group::Server)
    .since("2.2.12")
    .complexity("O(N) where N is the number of entries returned")
    .summary("Lists the latest slow commands.")
    .syntax("[count]")
    .history(&[("4.0.0", "Added client IP address, port and name to the reply.")])
    .tips(&["request_policy:all_nodes", "nondeterministic_output"])
    .run_engine(get);

fn get(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let count = match args.len() {
        2 => 10,
        3 => {
            let count = args.int(2).ok().filter(|n| *n >= -1);
            count.ok_or(Error::Plain("count should be greater than or equal to -1"))?
        }
        _ => return Err(Error::subcommand("SLOWLOG", args.get(1))),
    };
    let log = std::mem::take(&mut engine.stats.slowlog);
    let shown = usize::try_from(count).unwrap_or(usize::MAX).min(log.len());
    let mut reply = engine.reply(id);
    reply.array(shown);
    for entry in log.entries().take(shown) {
        reply.array(6);
        reply.int(entry.id as i64);
        reply.int(entry.time_s);
        reply.int(entry.value);
        reply.array(entry.args.len());
        for arg in &entry.args {
            reply.bulk(arg);
        }
        reply.bulk(&entry.addr);
        reply.bulk(&entry.name);
    }
    engine.stats.slowlog = log;
    done()
}

static LEN: Spec = Spec::plain("len", 2)
    .flags(FLAGS)
    .group(Group::Server)
    .since("2.2.12")
    .summary("Counts the entries of the slow log.")
    .tips(&["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"])
    .run_engine(|engine, id, _| {
        let len = engine.stats.slowlog.len();
        engine.reply(id).int(len as i64);
        done()
    });

static RESET: Spec = Spec::plain("reset", 2)
    .flags(FLAGS)
    .group(Group::Server)
    .since("2.2.12")
    .complexity("O(N) where N is the number of entries in the slowlog")
    .summary("Empties the slow log.")
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .run_engine(|engine, id, _| {
        engine.stats.slowlog.reset();
        engine.reply(id).ok();
        done()
    });

static HELP: Spec = help_spec("6.2.0").group(Group::Server).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "slowlog",
        &[
            "GET [<count>]",
            "    Return the latest <count> entries of the slow log (default: 10, -1 means all).",
            "    Entries are made of:",
            "    id, timestamp, time in microseconds, arguments array, client IP and port,",
            "    client name",
            "LEN",
            "    Return the length of the slow log.",
            "RESET",
            "    Empty the slow log.",
        ],
    )
});
