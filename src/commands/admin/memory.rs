//! MEMORY.

use crate::engine::help::help;
use crate::engine::{Args, CmdResult, Ctx, Engine, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::ids::ClientId;
use crate::keyspace::Stored;
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
    .group(Group::Server)
    .since("4.0.0")
    .complexity("Depends on how much memory is allocated, could be slow")
    .summary("Gives unused memory back to the system.")
    .tips(&["request_policy:all_shards", "response_policy:all_succeeded"])
    .run_engine(|engine, id, _| {
        heap::purge();
        engine.reply(id).ok();
        done()
    });

static MALLOC_STATS: Spec = Spec::plain("malloc-stats", 2)
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
        return "Hi Sam, this instance is empty or is using very little memory, my issue detector can't be used in \
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

fn stats(engine: &mut Engine, id: ClientId, _args: &Args<'_>) -> CmdResult {
    let used = engine.used_memory();
    let overhead = engine.overhead_memory();
    let heap = heap::heap_stats();
    let rss = engine.host.rss_bytes();
    let peak = (engine.stats.peak_memory.get() as usize).max(used);
    let startup = engine.server.startup_memory;
    let dataset = used.saturating_sub(overhead);
    let dbs: Vec<(u16, [usize; 2])> = (0..engine.keyspace.databases() as u16)
        .filter(|db| engine.keyspace.len(*db) > 0)
        .map(|db| (db, engine.keyspace.table_bytes(db)))
        .collect();
    let keys: usize = (0..engine.keyspace.databases() as u16).map(|db| engine.keyspace.len(db)).sum();
    let net = used.saturating_sub(startup);
    let ratio = |a: usize, b: usize| if b == 0 { 0.0 } else { a as f64 / b as f64 };
    let gap = |a: usize, b: usize| a as i64 - b as i64;
    let clients = engine.client_memory() as i64;
    let (growing, moved) = engine.keyspace.growing_tables();
    let tables: usize = dbs.iter().map(|(_, bytes)| bytes[0]).sum();
    let before = [
        ("peak.allocated", peak as i64),
        ("total.allocated", used as i64),
        ("startup.allocated", startup as i64),
        ("replication.backlog", 0),
        ("clients.slaves", 0),
        ("clients.normal", clients),
        ("cluster.links", 0),
        ("aof.buffer", 0),
        ("lua.caches", 0),
        ("functions.caches", 0),
    ];
    let after = [
        ("overhead.db.hashtable.lut", tables as i64),
        ("overhead.db.hashtable.rehashing", moved as i64),
        ("overhead.total", overhead as i64),
        ("db.dict.rehashing.count", growing as i64),
        ("keys.count", keys as i64),
        ("keys.bytes-per-key", net.checked_div(keys).unwrap_or(0) as i64),
        ("dataset.bytes", dataset as i64),
    ];
    let allocator = [
        ("allocator.allocated", heap.allocated as i64),
        ("allocator.active", heap.active as i64),
        ("allocator.resident", heap.resident as i64),
        ("allocator.muzzy", heap.muzzy as i64),
    ];
    let ratios = [
        ("allocator-fragmentation", ratio(heap.active, heap.allocated), gap(heap.active, heap.allocated)),
        ("allocator-rss", ratio(heap.resident, heap.active), gap(heap.resident, heap.active)),
        ("rss-overhead", ratio(rss, heap.resident), gap(rss, heap.resident)),
    ];
    let mut reply = engine.reply(id);
    reply.map(before.len() + dbs.len() + after.len() + 2 + allocator.len() + 2 * ratios.len() + 2);
    let ints = |reply: &mut crate::resp::reply::Reply<'_>, rows: &[(&str, i64)]| {
        for (name, value) in rows {
            reply.bulk(name.as_bytes());
            reply.int(*value);
        }
    };
    ints(&mut reply, &before);
    for (db, [main, expires]) in dbs {
        reply.bulk(format!("db.{db}").as_bytes());
        reply.map(2);
        ints(
            &mut reply,
            &[("overhead.hashtable.main", main as i64), ("overhead.hashtable.expires", expires as i64)],
        );
    }
    ints(&mut reply, &after);
    reply.bulk(b"dataset.percentage");
    reply.double(100.0 * ratio(dataset.min(net), net));
    reply.bulk(b"peak.percentage");
    reply.double(100.0 * ratio(used, peak));
    ints(&mut reply, &allocator);
    for (name, value, bytes) in ratios {
        reply.bulk(format!("{name}.ratio").as_bytes());
        reply.double(value);
        ints(&mut reply, &[(&format!("{name}.bytes"), bytes)]);
    }
    reply.bulk(b"fragmentation");
    reply.double(ratio(rss, used));
    ints(&mut reply, &[("fragmentation.bytes", gap(rss, used))]);
    done()
}

static HELP: Spec = Spec::plain("help", 2)
    .flags(Flags::LOADING.with(Flags::STALE))
    .group(Group::Server)
    .since("4.0.0")
    .summary("Explains the subcommands.")
    .run(|ctx, _| {
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
        );
        done()
    });
