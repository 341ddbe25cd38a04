//! Writing a whole keyspace: aux fields, functions, databases key by key, checksum. Memory does not grow with the data.

use super::format::{Version, magic, opcode};
use super::save_value::{kind_of, save_value};
use super::sink::{Sink, prepare_compressor};
use crate::ids::DbIndex;
use crate::keyspace::{Keyspace, View};
use std::io::{self, Write};

/// What a file keeps of how keys were used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Uses {
    #[default]
    None,
    /// Seconds since the last use: under an LRU policy.
    Idle,
    /// The counter of uses: under an LFU policy.
    Counter,
}

/// What a file says about itself.
#[derive(Clone, Debug, Default)]
pub struct SaveInfo {
    /// Unix seconds.
    pub created_s: i64,
    pub used_memory: u64,
    /// The base of an AOF.
    pub aof_base: bool,
    /// Database, identifier and offset of the replication stream.
    pub replication: Option<(DbIndex, String, i64)>,
}

/// How a keyspace is written.
#[derive(Clone, Debug, Default)]
pub struct SaveOptions<'a> {
    pub version: Version,
    /// `rdbcompression`
    pub compress: bool,
    /// `rdbchecksum`
    pub checksum: bool,
    pub uses: Uses,
    pub info: SaveInfo,
    /// Code of the libraries of functions.
    pub functions: &'a [&'a [u8]],
}

/// Makes what this thread needs for compressing, which a child that saves should not have to allocate.
pub fn prepare() {
    prepare_compressor();
}

/// Writes all databases to `out` and returns the number of bytes. After each key `saved` gets the number of keys so
/// far.
///
/// # Errors
/// The first error of `out`. What was written until then is of no use.
pub fn save_keyspace(
    space: &Keyspace,
    options: &SaveOptions<'_>,
    out: &mut dyn Write,
    saved: &mut dyn FnMut(u64),
) -> io::Result<u64> {
    let mut sink = Sink::to_stream(out, options.compress, options.checksum);
    let databases = || (0..space.databases()).filter_map(|db| DbIndex::try_from(db).ok());
    let timed_fields = databases().any(|db| space.keys_with_volatile_fields(db) > 0);
    sink.put(magic(options.version.number(timed_fields)).as_bytes());
    save_info(&mut sink, &options.info);
    for code in options.functions {
        sink.byte(opcode::FUNCTION);
        sink.text(code);
    }
    let mut keys = 0;
    for db in databases() {
        if space.len(db) == 0 {
            continue;
        }
        sink.byte(opcode::SELECT_DB);
        sink.length(u64::from(db));
        sink.byte(opcode::RESIZE_DB);
        sink.length(space.len(db) as u64);
        sink.length(space.volatile_keys(db) as u64);
        for view in space.entries(db) {
            if sink.failed() {
                break;
            }
            save_key(&mut sink, space, view, options);
            keys += 1;
            saved(keys);
        }
    }
    sink.byte(opcode::EOF);
    let sum = sink.checksum();
    sink.put(&sum.to_le_bytes());
    sink.finish()
}

fn save_key(sink: &mut Sink<'_>, space: &Keyspace, view: View<'_>, options: &SaveOptions<'_>) {
    if let Some(ms) = view.expiry() {
        sink.byte(opcode::EXPIRE_MS);
        sink.time(ms);
    }
    match options.uses {
        Uses::None => {}
        Uses::Idle => {
            sink.byte(opcode::IDLE);
            sink.length(space.idle_seconds(view));
        }
        Uses::Counter => {
            sink.byte(opcode::FREQ);
            sink.byte(space.use_counter(view));
        }
    }
    sink.byte(kind_of(view, options.version));
    sink.text(view.key());
    save_value(sink, view, options.version);
}

fn save_info(sink: &mut Sink<'_>, info: &SaveInfo) {
    let mut aux = |name: &str, value: &str| {
        sink.byte(opcode::AUX);
        sink.text(name.as_bytes());
        sink.text(value.as_bytes());
    };
    aux("redis-ver", REDIS_VERSION);
    aux("redis-bits", "64");
    aux("ctime", &info.created_s.to_string());
    aux("used-mem", &info.used_memory.to_string());
    if let Some((db, id, offset)) = &info.replication {
        aux("repl-stream-db", &db.to_string());
        aux("repl-id", id);
        aux("repl-offset", &offset.to_string());
    }
    aux("aof-base", if info.aof_base { "1" } else { "0" });
}

/// The version of Redis whose behaviour this server has, which readers of a file like to know.
const REDIS_VERSION: &str = "7.2.4";
