//! What is written to replicas and the append-only file, replayed into a second engine, gives the same data.

use super::house::House;
use spinel::resp::parse::{ArgBuf, Limits, Outcome, Parser};

/// The log's commands as words.
pub(crate) fn commands(log: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let limits = Limits { max_bulk_len: usize::MAX, authenticated: true, primary: true };
    let (mut parser, mut from, mut all) = (Parser::default(), 0, Vec::new());
    while from < log.len() {
        let mut args = ArgBuf::default();
        let Outcome::Command { args: range, consumed } = parser.parse(log, from, &limits, &mut args) else {
            panic!("the log ends within a command");
        };
        all.push(args.ranges()[range].iter().map(|arg| args.bytes(*arg, log, &[]).to_vec()).collect());
        from += consumed;
    }
    all
}

pub(super) fn log_of(house: &House) -> Vec<String> {
    let feed = house.engine.feed.as_ref().expect("the log is recorded");
    let words = |command: &Vec<Vec<u8>>| {
        command.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>().join(" ")
    };
    commands(&feed.bytes).iter().map(words).collect()
}

#[test]
fn relative_times_are_written_as_absolute_ones() {
    let mut house = House::new(1);
    house.record();
    house.ask("SET a 1 EX 100");
    house.ask("EXPIRE a 50");
    house.ask("GETEX a PERSIST");
    house.ask("INCRBYFLOAT a 1.5");
    house.ask("GETDEL a");
    house.ask("GET a");
    assert_eq!(
        log_of(&house),
        [
            "SELECT 0",
            "SET a 1 PXAT 1700000100000",
            "PEXPIREAT a 1700000050000",
            "PERSIST a",
            "SET a 2.5 KEEPTTL",
            "UNLINK a",
        ]
    );
}

#[test]
fn what_chance_chose_is_written_by_name() {
    let mut house = House::new(5);
    house.record();
    house.ask("SADD s a b c");
    let popped = house.ask("SPOP s").split("\r\n").nth(1).expect("a member").to_string();
    house.ask("SPOP s 0");
    house.ask("SPOP s 1");
    house.ask("SPOP s 1");
    let log = log_of(&house);
    assert_eq!(log[..3], ["SELECT 0".to_string(), "SADD s a b c".to_string(), format!("SREM s {popped}")]);
    assert!(log[3].starts_with("SREM s ") && log[3] != log[2], "{log:?}");
    assert_eq!(log[4..], ["DEL s"]);
}

#[test]
fn an_estimate_that_was_kept_is_written() {
    let mut house = House::new(6);
    house.record();
    house.ask("PFADD h a");
    assert_eq!(house.ask("PFCOUNT h"), house.ask("PFCOUNT h"));
    house.ask("MSETEX 2 a 1 b 2 NX EX 100");
    house.ask("MSETEX 2 a 1 b 2 NX EX 100");
    assert_eq!(
        log_of(&house),
        ["SELECT 0", "PFADD h a", "PFCOUNT h", "MSETEX 2 a 1 b 2 NX PXAT 1700000100000"]
    );
}

#[test]
fn transactions_are_written_as_one() {
    let mut house = House::new(2);
    house.record();
    for line in ["MULTI", "SET a 1", "INCR a", "GET a", "EXEC"] {
        house.ask(line);
    }
    assert_eq!(log_of(&house), ["MULTI", "SELECT 0", "SET a 1", "INCR a", "EXEC"]);
}

#[test]
fn expired_keys_are_written_as_deletions() {
    let mut house = House::new(3);
    house.ask("SET a 1 PX 5");
    house.record();
    house.pass_ms(10);
    assert_eq!(log_of(&house), ["SELECT 0", "DEL a"]);
}

/// Every key of every database with value and time to live.
fn contents(house: &mut House) -> Vec<String> {
    let mut all = Vec::new();
    for db in 0..4 {
        house.ask(&format!("SELECT {db}"));
        let keys = house.ask("KEYS *");
        let mut lines: Vec<String> = keys
            .split("\r\n")
            .filter(|line| line.starts_with("k:"))
            .map(|key| {
                format!(
                    "{db} {key} {} {}",
                    house.ask(&format!("GET {key}")),
                    house.ask(&format!("PEXPIRETIME {key}"))
                )
            })
            .collect();
        lines.sort();
        all.append(&mut lines);
    }
    all
}

#[test]
fn a_replayed_log_gives_the_same_data() {
    let mut seed = 42u64;
    let mut below = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    let mut house = House::new(4);
    house.record();
    for _ in 0..4000 {
        let (a, b, n) = (below(40), below(40), below(1000));
        let line = match below(18) {
            0 => format!("SET k:{a} {n}"),
            1 => format!("SET k:{a} {n} PX {}", 1 + n),
            2 => format!("SET k:{a} {n} XX KEEPTTL GET"),
            3 => format!("INCRBY k:{a} {n}"),
            4 => format!("INCRBYFLOAT k:{a} 0.{n}"),
            5 => format!("APPEND k:{a} x{n}"),
            6 => format!("SETRANGE k:{a} {} y", n % 50),
            7 => format!("GETEX k:{a} PX {}", 1 + n),
            8 => format!("PEXPIRE k:{a} {} GT", n * 3),
            9 => format!("PERSIST k:{a}"),
            10 => format!("RENAME k:{a} k:{b}"),
            11 => format!("COPY k:{a} k:{b} DB {} REPLACE", n % 4),
            12 => format!("MOVE k:{a} {}", n % 4),
            13 => format!("DEL k:{a} k:{b}"),
            14 => format!("MSET k:{a} {n} k:{b} {n}"),
            15 => format!("GETDEL k:{a}"),
            16 => format!("SELECT {}", n % 4),
            _ => format!("SWAPDB {} {}", n % 4, a % 4),
        };
        house.ask(&line);
        house.pass_ms((n % 3) as i64);
    }
    let log = house.engine.feed.as_ref().expect("the log is recorded").bytes.clone();
    let mut replica = House::new(5);
    // The replica deletes what the log says, not what its own clock does.
    replica.engine.keyspace.expiry_mode = spinel::keyspace::ExpiryMode::Ignored;
    for command in commands(&log) {
        let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let reply = replica.ask_bytes(&words);
        assert!(!reply.starts_with(b"-"), "{:?}", String::from_utf8_lossy(&reply));
    }
    assert_eq!(contents(&mut replica), contents(&mut house));
}
