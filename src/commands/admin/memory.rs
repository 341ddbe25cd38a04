//! MEMORY: what the memory is used for, of the server and of one key.

use crate::engine::help::{help, help_spec};
use crate::engine::{Args, CmdResult, Ctx, Engine, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::ClientId;
use crate::keyspace::Stored;
use crate::resp::reply::Reply;
use crate::sys::heap;

pub static MEMORY: Spec = Spec::plain("memory", -2)
    .group(Group::Server)
    .since("4.0.0")
    .complexity("Depends on subcommand.")
    .summary("A container for memory diagnostics commands.")
    .subcommands(&[&DOCTOR, &HELP, &MALLOC_STATS, &PURGE, &STATS, &USAGE]);

static USAGE: Spec = Spec::read("usage", -3)
    .keys(&[KeySpec::at(2, KeyFlags::RO)])
    .group(Group::Server)
    .since("4.0.0")
    .complexity("O(N) where N is the number of samples.")
    .summary("Tells how many bytes a key takes.")
    .syntax("key [SAMPLES count]")
    .run(usage);

fn usage(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let mut i = 3;
    while i < args.len() {
        if !args.is(i, "samples") || i + 1 == args.len() || args.int(i + 1)? < 0 {
            return Err(Error::Syntax);
        }
        i += 2;
    }
    /// What the table's line costs an entry, at its usual fill.
    const TABLE_BYTES: usize = 12;
    ctx.keys.expire_due(args.get(2));
    match ctx.keys.peek(args.get(2)) {
        None => ctx.reply.null(),
        Some(view) => {
            let boxed = if let Stored::Heap(object) = view.stored() { object.heap_bytes() } else { 0 };
            ctx.reply.int((view.entry_bytes() + TABLE_BYTES + boxed) as i64);
        }
    }
    done()
}

static PURGE: Spec = Spec::plain("purge", 2)
    .flags(Flags::LOADING)
    .group(Group::Server)
    .since("4.0.0")
    .complexity("Depends on how much memory is allocated, could be slow")
    .summary("Gives unused memory back to the system.")
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .run_engine(|engine, id, _| {
        heap::purge();
        engine.keyspace.purge();
        engine.reply(id).ok();
        done()
    });

static MALLOC_STATS: Spec = Spec::plain("malloc-stats", 2)
    .flags(Flags::LOADING)
    .group(Group::Server)
    .since("4.0.0")
    .complexity("Depends on how much memory is allocated, could be slow")
    .summary("Shows the allocator's own statistics.")
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
    .run_engine(|engine, id, _| {
        let text = heap::malloc_stats();
        engine.reply(id).verbatim("txt", text.as_bytes());
        done()
    });

static DOCTOR: Spec = Spec::plain("doctor", 2)
    .group(Group::Server)
    .since("4.0.0")
    .summary("Reports on memory problems.")
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
    .run_engine(|engine, id, _| {
        let text = diagnosis(engine);
        engine.reply(id).verbatim("txt", text.as_bytes());
        done()
    });

/// What is out of the ordinary about the server's memory.
fn diagnosis(engine: &Engine) -> String {
    /// Below this many bytes ratios say nothing.
    const TOO_SMALL: usize = 5 << 20;
    let used = engine.used_memory();
    if used < TOO_SMALL {
        return "Hi Sam, this instance is empty or is using very little memory, my issues detector can't be used in \
                these conditions. Please, leave for your mission on Earth and fill it with some data. The new Sam and \
                I will be back to our programming as soon as I finished rebooting.\n"
            .to_string();
    }
    let mut findings = Vec::new();
    let peak = engine.stats.peak_memory.get() as f64;
    if peak > used as f64 * 1.5 {
        findings.push(format!(
            "Peak memory: at its peak the server used {:.1} times what it uses now, so much of its resident memory may \
             be waiting to be used again.",
            peak / used as f64
        ));
    }
    let rss = engine.host.rss_bytes();
    if rss as f64 > used as f64 * 1.4 && rss - used > 10 << 20 {
        findings.push(format!(
            "High fragmentation: the process holds {:.2} times the memory in use. MEMORY PURGE gives back what is \
             free.",
            rss as f64 / used as f64
        ));
    }
    let clients = engine.client_memory();
    if !engine.clients.is_empty() && clients / engine.clients.len() > 200 * 1024 {
        findings.push(
            "Big client buffers: clients hold more than 200 KB each on average. CLIENT LIST shows which do."
                .to_string(),
        );
    }
    if findings.is_empty() {
        return "Hi Sam, I can't find any memory issue in your instance. I can only account for what occurs on this \
                base.\n"
            .to_string();
    }
    let mut text = "Sam, I detected a few issues in this instance memory implants:\n\n".to_string();
    for finding in findings {
        text.push_str(&format!(" * {finding}\n\n"));
    }
    text.push_str("I'm here to keep you safe, Sam. I want to help you.\n");
    text
}

static STATS: Spec = Spec::plain("stats", 2)
    .group(Group::Server)
    .since("4.0.0")
    .summary("Shows what the memory is used for.")
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
    .run_engine(stats);

/// Rows of MEMORY STATS: a name with a number.
type Rows = Vec<(String, i64)>;

fn rows(pairs: &[(&str, usize)]) -> Rows {
    pairs.iter().map(|(name, value)| (name.to_string(), *value as i64)).collect()
}

/// The databases that hold keys, with what their tables and expiry records take.
fn database_rows(engine: &Engine) -> Vec<(String, Rows)> {
    (0..engine.keyspace.databases() as u16)
        .filter(|db| engine.keyspace.len(*db) > 0)
        .map(|db| {
            let [main, expires] = engine.keyspace.table_bytes(db);
            let inner = rows(&[("overhead.hashtable.main", main), ("overhead.hashtable.expires", expires)]);
            (format!("db.{db}"), inner)
        })
        .collect()
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn write_rows(reply: &mut Reply<'_>, rows: &Rows) {
    for (name, value) in rows {
        reply.bulk(name.as_bytes());
        reply.int(*value);
    }
}

fn stats(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    let (used, overhead) = (engine.used_memory(), engine.overhead_memory());
    let peak = (engine.stats.peak_memory.get() as usize).max(used);
    let startup = engine.server.startup_memory;
    let keys: usize = (0..engine.keyspace.databases() as u16).map(|db| engine.keyspace.len(db)).sum();
    let (dataset, net) = (used.saturating_sub(overhead), used.saturating_sub(startup));
    let tables: usize =
        (0..engine.keyspace.databases() as u16).map(|db| engine.keyspace.table_bytes(db)[0]).sum();
    let before = rows(&[
        ("peak.allocated", peak),
        ("total.allocated", used),
        ("startup.allocated", startup),
        ("replication.backlog", 0),
        ("clients.slaves", 0),
        ("clients.normal", engine.client_memory()),
        ("cluster.links", 0),
        ("aof.buffer", 0),
        ("lua.caches", 0),
        ("functions.caches", 0),
    ]);
    let databases = database_rows(engine);
    let (growing, moved) = engine.keyspace.growing_tables();
    let after = rows(&[
        ("overhead.db.hashtable.lut", tables),
        ("overhead.db.hashtable.rehashing", moved),
        ("overhead.total", overhead),
        ("db.dict.rehashing.count", growing),
        ("keys.count", keys),
        ("keys.bytes-per-key", net.checked_div(keys).unwrap_or(0)),
        ("dataset.bytes", dataset),
    ]);
    let shares = [
        ("dataset.percentage", 100.0 * ratio(dataset.min(net), net)),
        ("peak.percentage", 100.0 * ratio(used, peak)),
    ];
    let rss = engine.host.rss_bytes();
    let mut reply = engine.reply(id);
    reply.map(before.len() + databases.len() + after.len() + shares.len() + ALLOCATOR_ROWS);
    write_rows(&mut reply, &before);
    for (name, inner) in databases {
        reply.bulk(name.as_bytes());
        reply.map(inner.len());
        write_rows(&mut reply, &inner);
    }
    write_rows(&mut reply, &after);
    for (name, share) in shares {
        reply.bulk(name.as_bytes());
        reply.double(share);
    }
    write_allocator(&mut reply, used, rss);
    done()
}

/// What [`write_allocator`] writes.
const ALLOCATOR_ROWS: usize = 12;

/// What the allocator holds, and how the layers from bytes in use to resident bytes relate.
fn write_allocator(reply: &mut Reply<'_>, used: usize, rss: usize) {
    let heap = heap::heap_stats();
    let held = rows(&[
        ("allocator.allocated", heap.allocated),
        ("allocator.active", heap.active),
        ("allocator.resident", heap.resident),
        ("allocator.muzzy", heap.muzzy),
    ]);
    write_rows(reply, &held);
    let layers = [
        ("allocator-fragmentation.ratio", "allocator-fragmentation.bytes", heap.active, heap.allocated),
        ("allocator-rss.ratio", "allocator-rss.bytes", heap.resident, heap.active),
        ("rss-overhead.ratio", "rss-overhead.bytes", rss, heap.resident),
        ("fragmentation", "fragmentation.bytes", rss, used),
    ];
    for (name, bytes, outer, inner) in layers {
        reply.bulk(name.as_bytes());
        reply.double(ratio(outer, inner));
        reply.bulk(bytes.as_bytes());
        reply.int(outer as i64 - inner as i64);
    }
}

static HELP: Spec = help_spec("4.0.0").group(Group::Server).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "memory",
        &[
            "DOCTOR",
            "    Return a report on memory problems.",
            "MALLOC-STATS",
            "    Return the allocator's own statistics.",
            "PURGE",
            "    Give unused memory back to the system.",
            "STATS",
            "    Return what the memory is used for.",
            "USAGE <key> [SAMPLES <count>]",
            "    Return how many bytes <key> and its value take.",
        ],
    )
});
