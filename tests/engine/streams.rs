//! Streams seen from inside: what is logged of them, who is woken, and what WATCH makes of it.

use super::house::House;
use super::propagation::{commands, log_of};
use spinel::ids::ClientId;

fn ask_as(house: &mut House, id: ClientId, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    house.engine.execute_slices(id, &words);
    heard(house, id)
}

fn heard(house: &mut House, id: ClientId) -> String {
    String::from_utf8_lossy(&house.engine.client(id).out.drain()).into_owned()
}

fn ask_all(house: &mut House, lines: &[&str]) {
    for line in lines {
        let reply = house.ask(line);
        assert!(!reply.starts_with('-'), "{line}: {reply}");
    }
}

#[test]
fn trims_are_logged_by_their_outcome() {
    let mut house = House::new(1);
    ask_all(&mut house, &["CONFIG SET stream-node-max-entries 2"]);
    house.record();
    ask_all(
        &mut house,
        &[
            "XADD s 1-1 a 1",
            "XADD s * a 2",
            "XADD s MAXLEN ~ 1 LIMIT 10 1700000000001-* a 3",
            "XADD s MINID ~ 5 1700000000002-1 a 4",
            "XTRIM s MAXLEN = 1",
            "XTRIM s MAXLEN ~ 1",
        ],
    );
    assert_eq!(
        log_of(&house),
        [
            "SELECT 0",
            "XADD s 1-1 a 1",
            "XADD s 1700000000000-0 a 2",
            "XADD s MAXLEN = 1 LIMIT 10 1700000000001-0 a 3",
            "XADD s MINID = 1700000000001-0 1700000000002-1 a 4",
            "XTRIM s MAXLEN = 1",
        ]
    );
}

#[test]
fn deliveries_are_logged_as_claims() {
    let mut house = House::new(2);
    ask_all(&mut house, &["XADD s 1-1 a 1", "XADD s 2-1 a 2", "XADD s 3-1 a 3", "XGROUP CREATE s g 0"]);
    house.record();
    ask_all(
        &mut house,
        &[
            "XREADGROUP GROUP g c COUNT 1 STREAMS s >",
            "XREADGROUP GROUP g d NOACK COUNT 1 STREAMS s >",
            "XREADGROUP GROUP g d STREAMS s 0",
            "XCLAIM s g d 0 1-1 JUSTID",
            "XCLAIM s g d 0 LASTID 2-5",
            "XDEL s 1-1",
            "XAUTOCLAIM s g e 0 0",
            "XGROUP SETID s g $",
        ],
    );
    let reader = house.engine.connect();
    assert_eq!(ask_as(&mut house, reader, "XREADGROUP GROUP g e BLOCK 0 STREAMS s >"), "");
    ask_all(&mut house, &["XADD s 4-1 a 4"]);
    let claim = |id: &str, owner: &str, count: u32, last: &str| {
        let time = 1_700_000_000_000u64;
        format!("XCLAIM s g {owner} 0 {id} TIME {time} RETRYCOUNT {count} FORCE JUSTID LASTID {last}")
    };
    assert_eq!(
        log_of(&house),
        [
            "MULTI",
            "SELECT 0",
            &claim("1-1", "c", 1, "1-1"),
            "XGROUP SETID s g 1-1 ENTRIESREAD 1",
            "EXEC",
            "MULTI",
            "XGROUP CREATECONSUMER s g d",
            "XGROUP SETID s g 2-1 ENTRIESREAD 2",
            "EXEC",
            &claim("1-1", "d", 1, "2-1"),
            "XGROUP SETID s g 2-5 ENTRIESREAD 2",
            "XDEL s 1-1",
            &claim("1-1", "d", 1, "2-5"),
            "XGROUP SETID s g $",
            "XADD s 4-1 a 4",
            "MULTI",
            &claim("4-1", "e", 1, "4-1"),
            "XGROUP SETID s g 4-1 ENTRIESREAD 4",
            "EXEC",
        ]
    );
}

#[test]
fn a_reader_woken_for_nothing_leaves_no_trace_in_the_log() {
    let mut house = House::new(9);
    let reader = house.engine.connect();
    ask_all(&mut house, &["XADD s 1-1 a 1", "XGROUP CREATE s g $"]);
    assert_eq!(ask_as(&mut house, reader, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >"), "");
    house.record();
    ask_all(&mut house, &["XDEL s 1-1", "SET a 1"]);
    assert_eq!(heard(&mut house, reader), "");
    assert_eq!(log_of(&house), ["SELECT 0", "XDEL s 1-1", "SET a 1"]);
}

#[test]
fn a_reader_waits_from_where_the_stream_ended() {
    let mut house = House::new(3);
    let reader = house.engine.connect();
    ask_all(&mut house, &["XADD s 1-1 a 1"]);
    assert_eq!(ask_as(&mut house, reader, "HELLO 3").chars().next(), Some('%'));
    assert_eq!(ask_as(&mut house, reader, "XREAD BLOCK 0 STREAMS s $"), "");
    ask_all(&mut house, &["XDEL s 1-1", "DEL s", "SET s x", "DEL s"]);
    assert_eq!(heard(&mut house, reader), "");
    ask_all(&mut house, &["XADD s 1-1 a 1"]);
    assert_eq!(heard(&mut house, reader), "", "1-1 was there when the waiting began");
    ask_all(&mut house, &["XADD s 2-1 a 2"]);
    let entry = "*2\r\n$3\r\n2-1\r\n*2\r\n$1\r\na\r\n$1\r\n2\r\n";
    assert_eq!(heard(&mut house, reader), format!("%1\r\n$1\r\ns\r\n*1\r\n{entry}"));
}

#[test]
fn who_waits_for_a_group_hears_that_it_went() {
    let gone = [
        ("XGROUP DESTROY s g", "-NOGROUP "),
        ("DEL s", "-NOGROUP "),
        ("SET s x", "-WRONGTYPE "),
        ("RENAME s t", "-NOGROUP "),
        ("FLUSHDB", "-NOGROUP "),
        ("FLUSHALL", "-NOGROUP "),
        ("SWAPDB 0 1", "-NOGROUP "),
        ("PEXPIRE s -1", "-NOGROUP "),
    ];
    for (command, start) in gone {
        let mut house = House::new(4);
        let reader = house.engine.connect();
        ask_all(&mut house, &["XGROUP CREATE s g $ MKSTREAM"]);
        assert_eq!(ask_as(&mut house, reader, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >"), "");
        ask_all(&mut house, &[command]);
        let told = heard(&mut house, reader);
        assert!(told.starts_with(start), "{command}: {told}");
    }
    let mut house = House::new(5);
    let reader = house.engine.connect();
    ask_all(&mut house, &["XGROUP CREATE s g $ MKSTREAM", "PEXPIRE s 5"]);
    assert_eq!(ask_as(&mut house, reader, "XREADGROUP GROUP g c BLOCK 0 STREAMS s >"), "");
    house.pass_ms(10);
    assert!(heard(&mut house, reader).starts_with("-NOGROUP "));
}

#[test]
fn what_happens_to_groups_is_hidden_from_watch() {
    let cases = [
        ("XGROUP CREATECONSUMER s g c", true),
        ("XGROUP DESTROY s g", true),
        ("XREADGROUP GROUP g c STREAMS s >", true),
        ("XSETID s 9-9", true),
        ("XADD s 2-1 a 1", false),
        ("XTRIM s MAXLEN 0", false),
        ("XDEL s 1-1", false),
    ];
    for (command, runs) in cases {
        let mut house = House::new(6);
        let watcher = house.engine.connect();
        ask_all(&mut house, &["XADD s 1-1 a 1", "XGROUP CREATE s g 0"]);
        ask_as(&mut house, watcher, "WATCH s");
        ask_all(&mut house, &[command]);
        ask_as(&mut house, watcher, "MULTI");
        let reply = ask_as(&mut house, watcher, "EXEC");
        assert_eq!(reply == "*0\r\n", runs, "{command}: {reply}");
    }
}

#[test]
fn a_replayed_log_gives_the_same_streams() {
    let mut seed = 7u64;
    let mut below = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    let mut house = House::new(7);
    ask_all(&mut house, &["CONFIG SET stream-node-max-entries 5"]);
    house.record();
    for _ in 0..3000 {
        let (s, g, c, n) = (below(3), below(3), below(3), below(60));
        let some = house.ask(&format!("XRANGE s:{s} - + COUNT 20"));
        let ids: Vec<&str> = some.split("\r\n").filter(|text| text.contains('-')).collect();
        let id = ids.get(below(20) as usize).copied().unwrap_or("1-1");
        let line = match below(18) {
            0..=4 => format!("XADD s:{s} * f {n} g x"),
            5 => format!("XADD s:{s} MAXLEN ~ {n} LIMIT {} * h {n}", n % 7 + 1),
            6 => format!("XADD s:{s} MINID ~ {id} * f {n}"),
            7 => format!("XTRIM s:{s} MAXLEN {} {}", if n % 2 == 0 { "~" } else { "=" }, n * 2),
            8 => format!("XDEL s:{s} {id}"),
            9 => format!("XGROUP CREATE s:{s} g:{g} {id} MKSTREAM"),
            10 => format!("XGROUP SETID s:{s} g:{g} {id}"),
            11 => format!("XREADGROUP GROUP g:{g} c:{c} COUNT {} STREAMS s:{s} >", n % 9 + 1),
            12 => format!("XREADGROUP GROUP g:{g} c:{c} NOACK COUNT 2 STREAMS s:{s} >"),
            13 => format!("XACK s:{s} g:{g} {id}"),
            14 => format!("XCLAIM s:{s} g:{g} c:{c} 0 {id} FORCE LASTID {id}"),
            15 => format!("XAUTOCLAIM s:{s} g:{g} c:{c} {} - COUNT 3", n % 4),
            16 => format!("XGROUP DELCONSUMER s:{s} g:{g} c:{c}"),
            _ if n == 0 => format!("DEL s:{s}"),
            _ => format!("COPY s:{s} s:{g}"),
        };
        house.ask(&line);
        house.pass_ms((n % 3) as i64);
    }
    let log = house.engine.feed.as_ref().expect("the log is recorded").bytes.clone();
    let mut replica = House::new(8);
    replica.pass_ms(house.engine.clock.now_ms - replica.engine.clock.now_ms);
    ask_all(&mut replica, &["CONFIG SET stream-node-max-entries 5"]);
    let id = replica.client;
    replica.engine.client(id).session.obeyed = true;
    for command in commands(&log) {
        let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let reply = replica.ask_bytes(&words);
        assert!(!reply.starts_with(b"-"), "{:?}", String::from_utf8_lossy(&reply));
    }
    // A consumer that got nothing is not logged, and who was seen when is no part of the data.
    let without = |reply: String, field: &str| {
        let parts =
            reply.split(field).map(|part| part.trim_start_matches(|c: char| ":0123456789".contains(c)));
        parts.collect::<Vec<_>>().join("")
    };
    for s in 0..3 {
        for line in
            [format!("XRANGE s:{s} - +"), format!("XINFO STREAM s:{s}"), format!("XINFO GROUPS s:{s}")]
        {
            let [there, here] = [&mut replica, &mut house].map(|h| without(h.ask(&line), "consumers\r\n"));
            assert_eq!(there, here, "{line}");
        }
        for g in 0..3 {
            let line = format!("XPENDING s:{s} g:{g} - + 1000");
            assert_eq!(replica.ask(&line), house.ask(&line), "{line}");
        }
    }
}
