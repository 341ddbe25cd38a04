//! Fields of hashes go at their time, and what follows from it is written to the log.

use super::house::House;
use super::propagation::log_of;
use proptest::prelude::*;

/// The fields that are shown, and how many there are with the hidden ones.
fn fields(house: &mut House, key: &str) -> (usize, usize) {
    let shown = house.ask(&format!("HKEYS {key}")).split("\r\n").filter(|line| line.starts_with('$')).count();
    let all = house.ask(&format!("HLEN {key}"));
    (shown, all.trim().trim_start_matches(':').parse().expect("HLEN answers a number"))
}

#[test]
fn fields_go_in_their_millisecond_beside_many_others() {
    let mut house = House::new(1);
    for i in 0..200 {
        for j in 0..20 {
            house.ask(&format!("HSETEX other:{i} EX {} FIELDS 1 f{j} v", 1000 + i * j));
        }
    }
    for i in 0..100 {
        house.ask(&format!("HSET big stays:{i} v"));
        house.ask(&format!("HSETEX big PX 50 FIELDS 1 goes:{i} v"));
        house.ask(&format!("HSETEX small:{i} PX 50 FIELDS 1 f v"));
    }
    house.pass_ms(50);
    assert_eq!((fields(&mut house, "big"), house.ask("DBSIZE")), ((200, 200), ":301\r\n".into()));
    house.pass_ms(1);
    assert_eq!((fields(&mut house, "big"), house.ask("DBSIZE")), ((100, 100), ":201\r\n".into()));
}

#[test]
fn very_many_fields_go_a_slice_at_a_time_and_hidden_at_once() {
    let mut house = House::new(2);
    for i in 0..1000 {
        house.ask(&format!("HSETEX h PX 10 FIELDS 1 f{i} v"));
    }
    house.ask("HSET h stays v");
    house.pass_ms(11);
    let (shown, all) = fields(&mut house, "h");
    assert!(shown == 1 && (500..1001).contains(&all), "{shown} of {all}");
    assert_eq!(house.ask("HGETALL h"), "*2\r\n$5\r\nstays\r\n$1\r\nv\r\n");
    assert_eq!(house.ask("HGET h f999"), "$-1\r\n");
    house.pass_ms(10);
    assert_eq!(fields(&mut house, "h"), (1, 1));
}

#[test]
fn times_go_with_their_hash_to_other_names_and_databases() {
    let mut house = House::new(3);
    house.ask("HSET a f v g w");
    house.ask("HPEXPIRE a 100 FIELDS 1 f");
    house.ask("COPY a b");
    house.ask("RENAME a c");
    house.ask("COPY c d DB 1");
    house.ask("MOVE c 2");
    house.ask("PEXPIRE b 200");
    house.pass_ms(90);
    assert_eq!(house.ask("HPTTL b FIELDS 2 f g"), "*2\r\n:10\r\n:-1\r\n");
    house.pass_ms(11);
    for (db, key) in [(0, "b"), (1, "d"), (2, "c")] {
        house.ask(&format!("SELECT {db}"));
        assert_eq!((key, fields(&mut house, key)), (key, (1, 1)));
        assert_eq!(house.engine.keyspace.keys_with_volatile_fields(db), 0);
    }
    house.ask("SELECT 0");
    house.pass_ms(100);
    assert_eq!(house.ask("EXISTS b"), ":0\r\n");
}

#[test]
fn the_log_tells_outcomes() {
    let mut house = House::new(4);
    house.record();
    for line in [
        "HSET h f 1 g 2",
        "HEXPIRE h 100 XX FIELDS 2 f g",
        "HEXPIRE h 100 NX FIELDS 2 f nof",
        "HEXPIREAT h 2000000000 FIELDS 1 g",
        "HINCRBY h f 1",
        "HINCRBYFLOAT h g 1.5",
        "HINCRBY h z 1",
        "HSETNX h y 1",
        "HPERSIST h FIELDS 2 f nof",
        "HGETEX h EXAT 2000000000 FIELDS 2 f nof",
        "HGETEX h PERSIST FIELDS 2 f z",
        "HGETEX h EX 0 FIELDS 2 f nof",
        "HGETEX h FIELDS 1 g",
        "HSETEX h EXAT 2000000000 FXX FIELDS 1 g 5",
        "HSETEX h KEEPTTL FIELDS 1 g 5",
        "HSETEX h PXAT 2000000000000 FIELDS 1 g 5",
        "HSETEX h FNX KEEPTTL FIELDS 1 new 5",
        "HSETEX h EX 0 FIELDS 2 g 5 nope 7",
        "HEXPIRE h 0 FIELDS 2 z nope",
        "HGETDEL h FIELDS 2 y nope",
        "DEL h",
        "HSET h f 1",
        "HINCRBY h f 1",
        "HINCRBYFLOAT h f 1",
    ] {
        assert!(!house.ask(line).starts_with('-'), "{line}");
    }
    let expected = [
        "SELECT 0",
        "HSET h f 1 g 2",
        "HPEXPIREAT h 1700000100000 NX FIELDS 2 f nof",
        "HPEXPIREAT h 2000000000000 FIELDS 1 g",
        "HSETEX h PXAT 1700000100000 FIELDS 1 f 2",
        "HSETEX h PXAT 2000000000000 FIELDS 1 g 3.5",
        "HSET h z 1",
        "HSET h y 1",
        "HPERSIST h FIELDS 2 f nof",
        "HPEXPIREAT h 2000000000000 FIELDS 1 f",
        "HPERSIST h FIELDS 1 f",
        "HDEL h f",
        "HSETEX h PXAT 2000000000000 FIELDS 1 g 5",
        "HSETEX h KEEPTTL FIELDS 1 g 5",
        "HSETEX h PXAT 2000000000000 FIELDS 1 g 5",
        "HSETEX h KEEPTTL FIELDS 1 new 5",
        "HDEL h g",
        "HDEL h z",
        "HGETDEL h FIELDS 2 y nope",
        "DEL h",
        "HSET h f 1",
        "HINCRBY h f 1",
        "HSET h f 3",
    ];
    assert_eq!(log_of(&house), expected);
}

#[test]
fn the_log_tells_what_time_did() {
    let mut house = House::new(5);
    house.ask("HSETEX h PX 20 FIELDS 2 f 1 g 2");
    house.ask("HSETEX k PX 30 FIELDS 1 f 1");
    house.ask("HSET k stays 1");
    house.record();
    house.engine.keyspace.active_expiry = false;
    house.pass_ms(40);
    house.ask("HSETEX k KEEPTTL FIELDS 1 f 2");
    house.ask("HINCRBY h f 5");
    house.engine.keyspace.active_expiry = true;
    house.pass_ms(1);
    let expected =
        ["MULTI", "SELECT 0", "HDEL k f", "HSETEX k KEEPTTL FIELDS 1 f 2", "EXEC", "HSET h f 5", "HDEL h g"];
    assert_eq!(log_of(&house), expected);
    assert_eq!(house.engine.keyspace.counters.expired_fields, 3);
}

/// A command on one of few hashes; times are short, so that many come due on the way.
fn command() -> impl Strategy<Value = String> {
    let key = || (0..3).prop_map(|n| format!("h{n}"));
    let field = || (0..4).prop_map(|n| format!("f{n}"));
    prop_oneof![
        4 => (key(), field()).prop_map(|(k, f)| format!("HSET {k} {f} v")),
        6 => (key(), field(), 0..30).prop_map(|(k, f, ms)| format!("HSETEX {k} PX {ms} FIELDS 1 {f} v")),
        6 => (key(), field(), 0..30).prop_map(|(k, f, ms)| format!("HPEXPIRE {k} {ms} FIELDS 1 {f}")),
        2 => (key(), field()).prop_map(|(k, f)| format!("HPERSIST {k} FIELDS 1 {f}")),
        2 => (key(), field()).prop_map(|(k, f)| format!("HDEL {k} {f}")),
        2 => (key(), field()).prop_map(|(k, f)| format!("HSETEX {k} KEEPTTL FIELDS 1 {f} w")),
        2 => (key(), 1..30).prop_map(|(k, ms)| format!("PEXPIRE {k} {ms}")),
        1 => key().prop_map(|k| format!("PERSIST {k}")),
        1 => key().prop_map(|k| format!("DEL {k}")),
        1 => (key(), key()).prop_map(|(a, b)| format!("RENAME {a} {b}")),
        2 => (key(), key()).prop_map(|(a, b)| format!("COPY {a} {b} REPLACE")),
        1 => (key(), key()).prop_map(|(a, b)| format!("COPY {a} {b} DB 1 REPLACE")),
        1 => key().prop_map(|k| format!("MOVE {k} 1")),
        1 => Just("SWAPDB 0 1".to_string()),
        1 => (0..2).prop_map(|db| format!("SELECT {db}")),
        1 => Just("FLUSHDB".to_string()),
        8 => (1..6).prop_map(|ms| format!("pass {ms}")),
    ]
}

proptest! {
    #[test]
    fn no_field_outlives_its_time(commands in proptest::collection::vec(command(), 1..120), seed in any::<u64>()) {
        let mut house = House::new(seed);
        for line in &commands {
            if let Some(ms) = line.strip_prefix("pass ") {
                house.pass_ms(ms.parse().expect("a number"));
            } else {
                house.ask(line);
                continue;
            }
            for db in 0..2 {
                let mut timed = 0;
                house.ask(&format!("SELECT {db}"));
                for key in ["h0", "h1", "h2"] {
                    let (shown, all) = fields(&mut house, key);
                    prop_assert_eq!(shown, all, "a hidden field of {} is still there", key);
                    let times = house.ask(&format!("HPTTL {key} FIELDS 4 f0 f1 f2 f3"));
                    timed += usize::from(times.lines().skip(1).any(|time| !time.starts_with(":-")));
                }
                prop_assert_eq!(house.engine.keyspace.keys_with_volatile_fields(db), timed);
            }
        }
    }
}
