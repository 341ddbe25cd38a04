//! Bytes in, bytes out, without sockets: the parser, the machine and the replies.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use spinel::config::Config;
use spinel::engine::Engine;
use spinel::engine::args::{ArgSlices, Args};
use spinel::engine::call::Request;
use spinel::engine::machine::ServerFacts;
use spinel::engine::table::CommandTable;
use spinel::ids::ClientId;
use spinel::keyspace::Keyspace;
use spinel::resp::parse::{ArgBuf, Limits, Outcome, Parser};
use spinel::sys::entropy::Rng;
use spinel::table::Hasher;

#[path = "../tests/engine/no_process.rs"]
mod no_process;

fn engine() -> (Engine, ClientId) {
    let config = Config::default();
    let keyspace = Keyspace::new(16, Hasher::new(3, 4), Rng::with_seed(5), 1_700_000_000_000);
    let commands = CommandTable::new(&spinel::commands::all(), &[]);
    let mut engine =
        Engine::new(commands, config, ServerFacts::default(), keyspace, Box::new(no_process::NoProcess));
    engine.set_clock(1_700_000_000_000_000, 0);
    let client = engine.connect();
    (engine, client)
}

/// Runs every command of a buffer, as a turn of the loop does.
fn feed(engine: &mut Engine, client: ClientId, bytes: &[u8]) {
    let limits = Limits { max_bulk_len: 512 << 20, authenticated: true, primary: false };
    let (mut parser, mut args, mut from) = (Parser::default(), ArgBuf::default(), 0);
    while let Outcome::Command { args: range, consumed } = parser.parse(bytes, from, &limits, &mut args) {
        from += consumed;
        let slices: ArgSlices<'_> =
            args.ranges()[range].iter().map(|arg| args.bytes(*arg, bytes, &[])).collect();
        let words = Args::new(&slices);
        let command = engine.commands.resolve(&words);
        engine.execute(Request { client, args: words, command });
        drop(slices);
        args.clear();
    }
    engine.client(client).out.drain();
    engine.writers.clear();
}

fn command(words: &[&str]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n{word}\r\n", word.len()).into_bytes());
    }
    bytes
}

/// Makes the command of a number.
type Make = Box<dyn Fn(usize) -> Vec<u8>>;

fn commands(c: &mut Criterion) {
    let mut group = c.benchmark_group("engine");
    group.throughput(Throughput::Elements(64));
    let value = "x".repeat(64);
    let cases: [(&str, Make); 3] = [
        ("SET", Box::new(move |i| command(&["SET", &format!("key:{i:012}"), &value]))),
        ("GET", Box::new(|i| command(&["GET", &format!("key:{i:012}")]))),
        ("INCR", Box::new(|i| command(&["INCR", &format!("ctr:{i:012}")]))),
    ];
    for (name, make) in cases {
        let (mut engine, client) = engine();
        let pipelines: Vec<Vec<u8>> = (0..1000)
            .map(|at| (0..64).flat_map(|i| make((at * 64 + i) * 7919 % 100_000)).collect())
            .collect();
        let mut at = 0;
        group.bench_function(format!("64 x {name}"), |b| {
            b.iter(|| {
                at = (at + 1) % pipelines.len();
                feed(&mut engine, client, &pipelines[at]);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, commands);
criterion_main!(benches);
