//! What once broke servers of this kind, by the number under which it was reported: an error as Redis gives it, or a
//! plain answer, in bounded time and memory. Payloads of DUMP are tested with the format, scripts with theirs.

use super::house::House;

/// Asks line after line of `setup` and then expects `answer` of the last one, as its beginning.
fn case(number: &str, setup: &[&str], line: &str, answer: &str) {
    let mut house = House::new(7);
    for line in setup {
        house.ask(line);
    }
    let got = house.ask(line);
    assert!(got.starts_with(answer), "{number}: {line} answered {got:?}, not {answer:?}");
    assert_eq!(house.ask("PING"), "+PONG\r\n", "{number}: the connection goes on");
}

#[test]
fn offsets_and_lengths_at_the_edge_of_what_can_be_counted() {
    let too_long = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    let no_offset = "-ERR bit offset is not an integer or out of range";
    case("2021-32761", &[], "BITFIELD k SET u8 #2305843009213693952 1", no_offset);
    case("2021-32761", &[], "BITFIELD k GET u8 18446744073709551615", no_offset);
    case("2021-21309", &[], "SETBIT k 4294967296 1", no_offset);
    case("2022-35977", &[], "SETRANGE k 9223372036854775807 xxxx", too_long);
    case("2022-35977", &["SET k v"], "SETRANGE k 536870912 x", too_long);
    case("2022-35977", &["RPUSH l 1 2"], "SORT l LIMIT 9223372036854775807 9223372036854775807", "*0\r\n");
    case("2022-35977", &["RPUSH l 1 2"], "SORT l LIMIT -9223372036854775808 9223372036854775807", "*2\r\n");
    case(
        "2021-29477",
        &["SET a x", "SET b y"],
        "LCS a b IDX LEN",
        "-ERR If you want both the length and indexes",
    );
}

#[test]
fn counts_at_the_edge() {
    let out_of_range = "-ERR value is out of range";
    case("2023-22458", &["HSET h f v"], "HRANDFIELD h -9223372036854775808", out_of_range);
    case("2023-22458", &["HSET h f v"], "HRANDFIELD h -4611686018427387905 WITHVALUES", out_of_range);
    case("2023-22458", &["ZADD z 1 m"], "ZRANDMEMBER z -9223372036854775808", out_of_range);
    case("2023-22458", &["ZADD z 1 m"], "ZRANDMEMBER z -4611686018427387905 WITHSCORES", out_of_range);
    case("2023-25155", &["SADD s m"], "SRANDMEMBER s -9223372036854775808", out_of_range);
    case(
        "2022-31144",
        &["XGROUP CREATE s g $ MKSTREAM"],
        "XAUTOCLAIM s g c 0 0 COUNT -1",
        "-ERR COUNT must be > 0",
    );
    case(
        "2022-35951",
        &["XADD s 1 f v", "XGROUP CREATE s g 0"],
        "XAUTOCLAIM s g c 0 0 COUNT 4611686018427387903",
        "",
    );
    case("2021-32762", &[], "LPOP nothing 9223372036854775807", "*-1\r\n");
    case("2021-32762", &["RPUSH l a"], "LPOP l 9223372036854775807", "*1\r\n");
    case("2021-32762", &["SADD s a"], "SPOP s 9223372036854775807", "*1\r\n");
}

#[test]
fn numbers_that_are_none() {
    let nan = "-ERR value is NaN or Infinity";
    case("2023-28856", &["HSET h f 1"], "HINCRBYFLOAT h f inf", nan);
    case("2023-28856", &["HSET h f 1"], "HINCRBYFLOAT h f nan", "-ERR value is not a valid float");
    case("2023-28856", &["HSET h f 1", "HINCRBYFLOAT h f inf"], "HGET h f", "$1\r\n1\r\n");
    case("2023-28856", &[], "HINCRBYFLOAT h f inf", nan);
    case("2023-28856", &["HINCRBYFLOAT h f inf"], "EXISTS h", ":0\r\n");
    case("2023-28856", &["ZADD z inf m"], "ZINCRBY z -inf m", "-ERR resulting score is not a number (NaN)");
}

#[test]
fn the_same_key_twice_and_keys_that_are_not_there() {
    case("2023-28425", &[], "MSETNX k 1 k 2", ":1\r\n");
    case("2023-28425", &["MSETNX k 1 k 2"], "GET k", "$1\r\n2\r\n");
    let invalid = "-ERR Invalid";
    case("2023-36824", &[], "COMMAND GETKEYS ZUNIONSTORE to 1000 key", invalid);
    case("2023-36824", &[], "COMMAND GETKEYSANDFLAGS LMPOP 2147483647 key LEFT", invalid);
    case("2023-36824", &[], "COMMAND GETKEYS XREAD COUNT 1 STREAMS", "-ERR");
}

#[test]
fn patterns_made_to_explode() {
    let mut house = House::new(7);
    let name = "a".repeat(5_000);
    house.ask(&format!("SET {name} v"));
    let pattern = "a*".repeat(400) + "b";
    assert_eq!(house.ask(&format!("KEYS {pattern}")), "*0\r\n", "2022-36021");
    assert_eq!(
        house.ask(&format!("KEYS {}", "*".repeat(10_000))),
        format!("*1\r\n$5000\r\n{name}\r\n"),
        "2024-31228"
    );
    assert_eq!(house.ask(&format!("KEYS {}", "[".repeat(10_000))), "*0\r\n", "2024-31228");
}

#[test]
fn small_forms_told_to_grow_without_end() {
    for directive in ["set-max-intset-entries", "set-max-listpack-entries", "hash-max-listpack-value"] {
        let mut house = House::new(7);
        assert_eq!(
            house.ask(&format!("CONFIG SET {directive} 4294967295")),
            "+OK\r\n",
            "2021-29478, 2021-32627"
        );
        for n in 0..2_000 {
            house.ask(&format!("SADD s {n} m{n}"));
            house.ask(&format!("HSET h f{n} {}", "v".repeat(n)));
        }
        assert_eq!((house.ask("SCARD s"), house.ask("HLEN h")), (":4000\r\n".into(), ":2000\r\n".into()));
    }
}

#[test]
fn broken_cardinality_registers() {
    let mut house = House::new(7);
    house.ask("PFADD h a b c");
    // An opcode that runs beyond the last register.
    house.ask_bytes(&[b"SETRANGE", b"h", b"16", b"\x7f\xff\x7f\xff\x7f\xff"]);
    for line in ["PFCOUNT h", "PFMERGE to h", "PFDEBUG GETREG h"] {
        let got = house.ask(line);
        assert!(got.starts_with("-INVALIDOBJ"), "2025-32023: {line} answered {got:?}");
    }
}

#[test]
fn a_waiting_client_that_is_gone_when_its_key_comes() {
    let mut house = House::new(7);
    let waiting = house.engine.connect();
    house.engine.execute_slices(waiting, &[b"BLPOP", b"l", b"0"]);
    house.engine.close_now(waiting);
    house.engine.disconnect(waiting);
    assert_eq!(house.ask("RPUSH l a"), ":1\r\n", "2026-23479");
    assert_eq!(house.ask("LRANGE l 0 -1"), "*1\r\n$1\r\na\r\n");
}

#[test]
fn identifiers_at_their_end() {
    let last = "18446744073709551615-18446744073709551615";
    case(
        "last id",
        &[&format!("XADD s {last} f v")],
        "XADD s * f v",
        "-ERR The stream has exhausted the last possible ID",
    );
    case(
        "last id",
        &[&format!("XADD s {last} f v")],
        &format!("XRANGE s ({last} +"),
        "-ERR invalid start ID for the interval",
    );
}
