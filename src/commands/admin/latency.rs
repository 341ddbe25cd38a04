//! LATENCY: what was slow, when, and how durations are distributed. Measures nothing itself.

use crate::config::AppendFsync;
use crate::engine::help::{help, help_spec};
use crate::engine::table::CommandId;
use crate::engine::{Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;
use crate::stats::doctor::{Setting, report};

pub static LATENCY: Spec = Spec::plain("latency", -2)
    .group(Group::Server)
    .since("2.8.13")
    .complexity("Depends on subcommand.")
    .summary("A container for latency diagnostics commands.")
    .subcommands(&[&DOCTOR, &GRAPH, &HELP, &HISTOGRAM, &HISTORY, &LATEST, &RESET]);

const FLAGS: Flags = Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE);
const SPECIAL: &[&str] = &["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];

const fn sub(name: &'static str, arity: i16) -> Spec {
    Spec::plain(name, arity).flags(FLAGS).group(Group::Server).since("2.8.13").tips(SPECIAL)
}

static LATEST: Spec =
    sub("latest", 2).summary("Lists the latest spike of every event.").run_engine(|engine, id, _| {
        let monitor = std::mem::take(&mut engine.stats.latency);
        let mut reply = engine.reply(id);
        reply.array(monitor.series().len());
        for series in monitor.series() {
            reply.array(6);
            reply.bulk(series.event().as_bytes());
            reply.int(series.latest().time_s);
            reply.int(i64::from(series.latest().latency_ms));
            reply.int(i64::from(series.max_ms()));
            reply.int(series.sum_ms() as i64);
            reply.int(series.count() as i64);
        }
        engine.stats.latency = monitor;
        done()
    });

static HISTORY: Spec = sub("history", 3)
    .summary("Lists the spikes of an event with their times.")
    .syntax("event")
    .run_engine(|engine, id, args| {
        let samples: Vec<(i64, i64)> = engine.stats.latency.get(args.get(2)).map_or(Vec::new(), |series| {
            series.samples().map(|sample| (sample.time_s, i64::from(sample.latency_ms))).collect()
        });
        let mut reply = engine.reply(id);
        reply.array(samples.len());
        for (time_s, ms) in samples {
            reply.array(2);
            reply.int(time_s);
            reply.int(ms);
        }
        done()
    });

static GRAPH: Spec = sub("graph", 3).summary("Draws the spikes of an event.").syntax("event").run_engine(
    |engine, id, args| {
        let now_s = engine.clock.now_ms / 1000;
        let Some(graph) = engine.stats.latency.graph(args.get(2), now_s) else {
            let event = String::from_utf8_lossy(args.get(2));
            return Err(Error::text(format!("No samples available for event '{event}'")));
        };
        engine.reply(id).verbatim("txt", graph.as_bytes());
        done()
    },
);

static DOCTOR: Spec =
    sub("doctor", 2).summary("Reports on spikes and what may be done.").run_engine(|engine, id, _| {
        let config = &engine.config;
        let setting = Setting {
            threshold_ms: config.latency_monitor_threshold,
            slowlog_threshold_us: config.slowlog_log_slower_than,
            slowlog_max_len: config.slowlog_max_len,
            fork_rate_gb: engine.stats.counters.latest_fork_rate_gb,
            fsync_always: config.appendonly && config.appendfsync == AppendFsync::Always,
            stray_huge_pages: false,
        };
        let text = report(&engine.stats.latency, &setting, engine.clock.now_ms / 1000);
        engine.reply(id).verbatim("txt", text.as_bytes());
        done()
    });

static RESET: Spec = sub("reset", -2)
    .summary("Forgets the spikes of events.")
    .syntax("[event [event ...]]")
    .tips(&["request_policy:all_nodes", "response_policy:agg_sum"])
    .run_engine(|engine, id, args| {
        let monitor = &mut engine.stats.latency;
        let forgotten: usize = match args.len() {
            2 => monitor.reset(None),
            _ => args.rest(2).iter().map(|event| monitor.reset(Some(event))).sum(),
        };
        engine.reply(id).int(forgotten as i64);
        done()
    });

static HISTOGRAM: Spec = sub("histogram", -2)
    .since("7.0.0")
    .complexity("O(N) where N is the number of commands with latency information being retrieved.")
    .summary("Tells how the durations of commands are distributed.")
    .syntax("[command [command ...]]")
    .run_engine(histogram);

fn histogram(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let mut wanted: Vec<CommandId> = Vec::new();
    if args.len() == 2 {
        wanted.extend(engine.stats.commands.used().map(|(id, _)| CommandId(id)));
    }
    for name in args.rest(2) {
        wanted.extend(engine.commands.named(name));
    }
    /// Name, calls, and how many took at most so many microseconds.
    type Row = (String, u64, Vec<(u64, u64)>);
    let rows: Vec<Row> = wanted
        .into_iter()
        .filter_map(|command| {
            let stats = engine.stats.commands.get(command.0)?;
            let latency = stats.latency().filter(|latency| latency.total() > 0)?;
            let name = engine.commands.get(command).full_name.clone();
            Some((name, latency.total(), latency.cumulative()))
        })
        .collect();
    let mut reply = engine.reply(id);
    reply.map(rows.len());
    for (name, calls, distribution) in rows {
        reply.bulk(name.as_bytes());
        reply.map(2);
        reply.bulk(b"calls");
        reply.int(calls as i64);
        reply.bulk(b"histogram_usec");
        reply.map(distribution.len());
        for (us, count) in distribution {
            reply.int(us as i64);
            reply.int(count as i64);
        }
    }
    done()
}

static HELP: Spec = help_spec("2.8.13").group(Group::Server).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "latency",
        &[
            "DOCTOR",
            "    Return a report on latency spikes for people.",
            "GRAPH <event>",
            "    Return a drawing of the spikes of an <event>.",
            "HISTOGRAM [COMMAND ...]",
            "    Return the cumulative distribution of the durations of commands.",
            "HISTORY <event>",
            "    Return the spikes of an <event> with their times.",
            "LATEST",
            "    Return the latest spike of every event.",
            "RESET [<event> ...]",
            "    Forget the spikes of events (default: of all).",
        ],
    )
});
