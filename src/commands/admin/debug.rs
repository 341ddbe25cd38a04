//! DEBUG: what tests and people at three in the morning need.

use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;
use crate::keyspace::{Keys, Object, Stored, Ttl, View};
use crate::util::glob::Glob;
use crate::util::numbers::parse_memory;

pub static DEBUG: Spec = Spec::plain("debug", -2)
    .flags(Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE).with(Flags::PROTECTED))
    .acl(Acl::NONE)
    .group(Group::Server)
    .complexity("Depends on subcommand.")
    .summary("A container for debugging commands.")
    .system()
    .run_engine(debug);

fn debug(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let name = args.get(1).to_ascii_lowercase();
    match (name.as_slice(), args.len()) {
        (b"reload", _) => return super::persist::reload(engine, id, args),
        (b"loadaof", 2) => return super::persist::load_log(engine, id),
        (b"object", 3..=4) => return object(engine, id, args),
        (b"digest", 2) => return super::debug_digest::digest(engine, id),
        (b"digest-value", 2..) => return super::debug_digest::digest_values(engine, id, args),
        (b"listpack", 3) => return shape(engine, id, args, "listpack"),
        (b"quicklist", 3..=4) => return shape(engine, id, args, "quicklist"),
        (b"htstats", 3..) => return super::debug_tables::htstats(engine, id, args),
        (b"protocol", 3) => return super::debug_protocol::protocol(engine, id, args),
        (b"stringmatch-len", 4) => return string_match(engine, id, args),
        (b"error", 3) => return error(engine, id, args),
        (b"help", 2) => return help(engine, id),
        (b"segfault", _) => crate::sys::fault::crash_now(),
        (b"panic", _) => panic!("called by DEBUG PANIC"),
        (b"assert", _) => panic!("assertion failed: called by DEBUG ASSERT"),
        (name, argc) => steer(engine, id, args, (name, argc))?,
    }
    engine.reply(id).ok();
    done()
}

/// What only does something.
fn steer(engine: &mut Engine, id: ClientId, args: &Args<'_>, what: (&[u8], usize)) -> Result<(), Error> {
    match what {
        (b"aof-flush-sleep", 3) => engine.set_flush_sleep_us(number_of(args.get(2))),
        (b"sleep", 3) => sleep(engine, args)?,
        (b"set-active-expire", 3) => engine.keyspace.active_expiry = is_on(args.get(2)),
        (b"set-skip-checksum-validation", 3) => engine.skip_checksum = is_on(args.get(2)),
        (b"pause-cron", 3) => engine.cron_paused = is_on(args.get(2)),
        (b"client-enforce-reply-list", 3) => engine.strict_output = is_on(args.get(2)),
        (b"replybuffer", 4) => reply_buffer(engine, args)?,
        (b"config-rewrite-force-all", 2) => {
            engine.host.rewrite_config(&engine.config, true).map_err(Error::text)?;
        }
        (b"log", 3) => tracing::warn!("DEBUG LOG: {}", String::from_utf8_lossy(args.get(2))),
        (b"populate", 3..=5) => populate(engine, id, args)?,
        // Tables here never refuse to grow.
        (b"dict-resizing", 3) => {}
        (b"quicklist-packed-threshold", 3) => packed_threshold(engine, args)?,
        (b"change-repl-id", 2) => engine.server.repl_id = crate::sys::entropy::random_hex(40),
        _ => return Err(Error::subcommand("DEBUG", args.get(1))),
    }
    Ok(())
}

/// A number of microseconds; 0 if it is none.
fn number_of(word: &[u8]) -> u64 {
    std::str::from_utf8(word).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// A switch: any number but 0, as far as the word begins with one.
fn is_on(word: &[u8]) -> bool {
    let digits = word.strip_prefix(b"-").unwrap_or(word).iter().take_while(|byte| byte.is_ascii_digit());
    digits.into_iter().any(|digit| *digit != b'0')
}

/// Replies with an error of that text, which counts as none.
fn error(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let text = String::from_utf8_lossy(args.get(2)).replace(['\r', '\n'], " ");
    engine.reply(id).error(text);
    done()
}

/// Stops the whole server for so many seconds.
fn sleep(engine: &mut Engine, args: &Args<'_>) -> Result<(), Error> {
    let text = std::str::from_utf8(args.get(2)).ok();
    let seconds: f64 = text.and_then(|text| text.trim().parse().ok()).unwrap_or(0.0);
    let after = engine.host.halt((seconds.clamp(0.0, 3600.0) * 1e6) as u64);
    engine.go_on_at(after);
    Ok(())
}

fn reply_buffer(engine: &mut Engine, args: &Args<'_>) -> Result<(), Error> {
    let word = args.get(3).to_ascii_lowercase();
    match args.get(2).to_ascii_lowercase().as_slice() {
        b"peak-reset-time" => {
            engine.reply_peak_reset_ms = match word.as_slice() {
                b"never" => None,
                b"reset" => Some(5000),
                _ => Some(args.int(3)?),
            }
        }
        b"resizing" => engine.reply_resizing = is_on(args.get(3)),
        _ => return Err(Error::subcommand("DEBUG", args.get(1))),
    }
    Ok(())
}

/// From how many bytes on an element of a list gets a node of its own.
fn packed_threshold(engine: &mut Engine, args: &Args<'_>) -> Result<(), Error> {
    const MAX: u64 = (1 << 32) - (1 << 20);
    let bytes = parse_memory(args.get(2)).filter(|bytes| *bytes <= MAX);
    let error = Error::Plain("argument must be a memory value bigger than 1 and smaller than 4gb");
    engine.keyspace.packed_threshold = bytes.ok_or(error)? as usize;
    Ok(())
}

/// Makes `count` string keys that are not there yet.
fn populate(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> Result<(), Error> {
    let positive = |i: usize| match args.int(i) {
        Ok(n @ 0..) => Ok(n),
        _ => Err(Error::MustBePositive),
    };
    let count = positive(2)?;
    let prefix = args.opt(3).unwrap_or(b"key");
    let size = args.opt(4).map(|_| positive(4)).transpose()?;
    let db = engine.clients[id].session.db;
    let mut keys = Keys::new(&mut engine.keyspace, db);
    for n in 0..count {
        let key = [prefix, format!(":{n}").as_bytes()].concat();
        if keys.exists(&key[..]) {
            continue;
        }
        let mut value = format!("value:{n}").into_bytes();
        if let Some(size) = size {
            value.resize(size as usize, 0);
        }
        keys.set_str(&key[..], &value, Ttl::Clear);
    }
    Ok(())
}

fn object(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let db = engine.clients[id].session.db;
    let lru_clock = engine.keyspace.access.lru_clock;
    let keys = Keys::new(&mut engine.keyspace, db);
    let Some(view) = keys.peek(args.get(2)) else { return Err(Error::NoSuchKey) };
    let idle = u64::from(lru_clock.wrapping_sub(view.access()) & 0xff_ffff);
    let text = format!(
        "Value at:0x0 refcount:1 encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{idle}{}",
        view.encoding(),
        view.entry_bytes(),
        view.access(),
        quicklist_info(view),
    );
    engine.reply(id).simple(text);
    done()
}

/// Says whether a value has an encoding that other servers print to their standard output.
fn shape(engine: &mut Engine, id: ClientId, args: &Args<'_>, encoding: &str) -> CmdResult {
    let db = engine.clients[id].session.db;
    let keys = Keys::new(&mut engine.keyspace, db);
    let Some(view) = keys.peek(args.get(2)) else { return Err(Error::NoSuchKey) };
    if view.encoding() != encoding {
        return Err(Error::text(format!("Not a {encoding} encoded object.")));
    }
    let name = if encoding == "listpack" { "Listpack" } else { "Quicklist" };
    engine.reply(id).simple(format!("{name} structure printed on stdout"));
    done()
}

/// What DEBUG OBJECT adds for a long list.
fn quicklist_info(view: View<'_>) -> String {
    let Stored::Heap(Object::List(list)) = view.stored() else { return String::new() };
    let Some(info) = list.as_ref().info() else { return String::new() };
    let average = list.len() as f64 / info.nodes.max(1) as f64;
    format!(
        " ql_nodes:{} ql_avg_node:{average:.2} ql_listpack_max:{} ql_compressed:{} ql_uncompressed_size:{}",
        info.nodes,
        info.fill,
        u8::from(info.compress != 0),
        info.bytes,
    )
}

fn string_match(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let length = args.int_within(2, 0, 1 << 30)?;
    let text = vec![b'a'; length as usize];
    let matched = Glob::new(args.get(3)).matches(&text);
    engine.reply(id).int(i64::from(matched));
    done()
}

fn help(engine: &mut Engine, id: ClientId) -> CmdResult {
    crate::engine::help::help(
        &mut engine.reply(id),
        "debug",
        &[
            "ASSERT",
            "    Crash the server by a failed assertion.",
            "CHANGE-REPL-ID",
            "    Choose a new replication id.",
            "CONFIG-REWRITE-FORCE-ALL",
            "    Write the configuration file with every directive in it.",
            "DIGEST",
            "    Show a digest of all keys and values, by which data sets are compared.",
            "DIGEST-VALUE [<key> ...]",
            "    Show a digest of the value at each key.",
            "ERROR <string>",
            "    Reply with an error of that text.",
            "HTSTATS <db> [FULL]",
            "    Show statistics of the tables of database <db>.",
            "LOG <message>",
            "    Write <message> to the server log.",
            "OBJECT <key>",
            "    Show low level information about the value at <key>.",
            "PANIC",
            "    Crash the server by a broken invariant.",
            "PAUSE-CRON <0|1>",
            "    Stop or resume the periodic duties.",
            "POPULATE <count> [<prefix>] [<size>]",
            "    Make <count> string keys named key:<n>, or <prefix>:<n>.",
            "PROTOCOL <type>",
            "    Reply with a test value of the given type.",
            "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
            "    Save the data, empty the databases and load what was saved.",
            "REPLYBUFFER <PEAK-RESET-TIME ms|NEVER|RESET, RESIZING 0|1>",
            "    Steer the resizing of reply buffers.",
            "SEGFAULT",
            "    Crash the server by a bad memory access.",
            "SET-ACTIVE-EXPIRE <0|1>",
            "    Stop or resume deleting keys when their time comes.",
            "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
            "    Believe files and payloads without their checksum, or not.",
            "SLEEP <seconds>",
            "    Stop the server for <seconds>; decimals are allowed.",
            "STRINGMATCH-LEN <len> <pattern>",
            "    Match a string of <len> letters against <pattern>.",
        ],
    )
}
