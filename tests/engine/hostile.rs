//! Damaged payloads of RESTORE in use: what is refused leaves nothing behind, and what is taken stands every command of
//! its type. Nothing may panic or hang, and every reply is whole.

use super::house::House;
use crate::fuzz::mutator::{Rng, mutate, rounds};
use spinel::config::Config;
use spinel::util::crc64::crc64;

/// Bytes of version and checksum behind a value.
const FOOTER: usize = 10;

/// What each type is asked; `M` stands for a member, `N` for a number, `I` for a stream's ID.
const COMMANDS: &[(&str, &str)] = &[
    (
        "string",
        "GET k|APPEND k M|STRLEN k|GETRANGE k N N|SETRANGE k 3 M|INCR k|BITCOUNT k|SETBIT k 7 1|PFCOUNT k|PFADD k M|\
         PFMERGE k k|GETBIT k 3|GETEX k|BITPOS k 1|LCS k k|BITFIELD k INCRBY u8 0 N",
    ),
    (
        "list",
        "LRANGE k 0 -1|LPOP k|RPOP k|LPUSH k M|RPUSH k M|LINDEX k N|LSET k N M|LREM k N M|LTRIM k 1 N|LPOS k M|\
         LINSERT k BEFORE M x|LINSERT k AFTER M x|LMOVE k k LEFT RIGHT|LLEN k|SORT k ALPHA|LPOP k 2|\
         LPOS k M COUNT 0 RANK -1|DEBUG LISTPACK k",
    ),
    (
        "set",
        "SMEMBERS k|SADD k M|SREM k M|SPOP k|SPOP k 2|SRANDMEMBER k N|SRANDMEMBER k|SISMEMBER k M|SMOVE k o M|\
         SINTER k k|SUNION k k|SDIFF k|SDIFFSTORE o k|SINTERSTORE o k|SUNIONSTORE o k|SSCAN k 0|SCARD k|\
         SINTERCARD 1 k|SADD k M M M M M M x y z|SORT k ALPHA",
    ),
    (
        "zset",
        "ZRANGE k 0 -1 WITHSCORES|ZADD k N M|ZREM k M|ZPOPMIN k|ZPOPMAX k 2|ZRANK k M WITHSCORE|ZREVRANK k M|\
         ZSCORE k M|\
         ZINCRBY k N M|ZRANGEBYSCORE k -inf +inf|ZRANGEBYLEX k - +|ZREMRANGEBYRANK k 1 N|ZREMRANGEBYSCORE k 1 2|\
         ZREMRANGEBYLEX k [a [b|ZCOUNT k 0 5|ZLEXCOUNT k - +|ZUNIONSTORE o 1 k|ZINTERSTORE o 1 k|ZDIFF 1 k|\
         ZRANDMEMBER k N WITHSCORES|ZSCAN k 0|ZADD k 1 x 2 y 3 z 4 u 5 v|ZRANGESTORE o k 0 -1|ZMSCORE k M M",
    ),
    (
        "hash",
        "HGETALL k|HSET k M N|HDEL k M|HGET k M|HINCRBY k M N|HRANDFIELD k N WITHVALUES|HSCAN k 0|HLEN k|HKEYS k|\
         HSTRLEN k M|HSETNX k M x|HSET k a 1 b 2 c 3 d 4 e 5 f 6|HEXPIRE k 100 FIELDS 1 M|HPERSIST k FIELDS 1 M|\
         HTTL k FIELDS 1 M|HGETDEL k FIELDS 1 M|HMGET k M M",
    ),
    (
        "stream",
        "XRANGE k - +|XREVRANGE k + -|XADD k * f v|XDEL k I|XTRIM k MAXLEN N|XTRIM k MINID ~ I|XLEN k|\
         XINFO STREAM k FULL|\
         XINFO GROUPS k|XREADGROUP GROUP g c STREAMS k >|XREADGROUP GROUP g c STREAMS k 0|XACK k g I|XPENDING k g|\
         XPENDING k g - + 10|XAUTOCLAIM k g d 0 0|XCLAIM k g d 0 I|XGROUP DELCONSUMER k g c|\
         XGROUP CREATECONSUMER k g e|\
         XGROUP SETID k g 0|XSETID k I|XREAD STREAMS k 0|XGROUP CREATE k h 0|XGROUP DESTROY k g|XDEL k I I",
    ),
];

fn fill(house: &mut House) {
    for line in [
        "SET str text-text-text-text-text-text",
        "SET int 12345",
        "PFADD pf a b c",
        "RPUSH list a 1 ccc 4 5",
        "SADD ints 1 2 3 700000",
        "SADD set a b 3 x",
        "SADD bigset a b c d e f g h 1",
        "ZADD zset 1 a 2 b 2.5 3",
        "ZADD bigzset 1 a 2 b 3 c 4 d 5 e 6 f 7 g 8 h",
        "HSET hash a 1 b x",
        "HSET bighash a 1 b 2 c 3 d 4 e 5 f 6 g 7",
        "HSET timed a 1 b 2",
        "HEXPIRE timed 1000 FIELDS 1 a",
        "XADD stream 1-1 f v",
        "XADD stream 1-2 f w",
        "XADD stream 2-0 g 1 h 2",
        "XADD stream 3-0 f v",
        "XGROUP CREATE stream g 0",
        "XREADGROUP GROUP g c COUNT 2 STREAMS stream >",
        "XDEL stream 1-2",
    ] {
        let reply = house.ask(line);
        assert!(!reply.starts_with('-'), "{line}: {reply}");
    }
}

fn config() -> Config {
    Config {
        set_max_listpack_entries: 6,
        zset_max_listpack_entries: 5,
        hash_max_listpack_entries: 5,
        stream_node_max_entries: 2,
        list_max_listpack_size: 3,
        ..Config::default()
    }
}

/// The bulk string of a reply.
fn bulk(reply: &[u8]) -> Option<&[u8]> {
    let start = reply.windows(2).position(|pair| pair == b"\r\n")? + 2;
    reply.get(start..reply.len().checked_sub(2)?)
}

/// The length of the reply at the start of `bytes`, if it is a whole one of RESP2.
fn reply_len(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    let number = || std::str::from_utf8(&bytes[1..line]).ok()?.parse::<i64>().ok();
    let mut len = line + 2;
    match bytes[0] {
        b'$' => len += usize::try_from(number()?).map_or(0, |n| n + 2),
        b'*' => {
            for _ in 0..number()? {
                len += reply_len(&bytes[len..])?;
            }
        }
        b'+' | b'-' | b':' => {}
        _ => return None,
    }
    (len <= bytes.len()).then_some(len)
}

fn command(rng: &mut Rng, pattern: &str) -> Vec<Vec<u8>> {
    let members: [&[u8]; 10] =
        [b"a", b"b", b"c", b"3", b"x", b"h", b"1", b"", b"-7", b"a longer member, of text"];
    let numbers: [&[u8]; 8] = [b"0", b"1", b"-1", b"2", b"-3", b"7", b"100", b"-100"];
    let ids: [&[u8]; 7] = [b"0", b"1-1", b"1-2", b"2-0", b"3-0", b"5-5", b"18446744073709551615-1"];
    let word = |word: &str, rng: &mut Rng| match word {
        "M" => rng.pick(&members).to_vec(),
        "N" => rng.pick(&numbers).to_vec(),
        "I" => rng.pick(&ids).to_vec(),
        word => word.as_bytes().to_vec(),
    };
    pattern.split(' ').map(|text| word(text, rng)).collect()
}

#[test]
fn what_restore_takes_stands_every_command() {
    let mut house = House::with(config(), 11);
    fill(&mut house);
    let keys = house.ask("KEYS *");
    let keys: Vec<&str> =
        keys.split("\r\n").filter(|line| !line.starts_with(['*', '$']) && !line.is_empty()).collect();
    let payloads: Vec<Vec<u8>> = keys
        .iter()
        .map(|key| bulk(&house.ask_bytes(&[b"DUMP", key.as_bytes()])).expect("a key").to_vec())
        .collect();
    let (mut taken, mut refused) = (0, 0);
    for seed in 0..rounds(1_500) {
        let mut rng = Rng::new(seed);
        let mut payload = rng.pick(&payloads).clone();
        let version: Vec<u8> = payload.drain(payload.len() - FOOTER..).take(2).collect();
        if rng.one_in(2) {
            mutate(&mut rng, &mut payload, &[b"\xff", b"\xc3", b"\xfe", b"\x0b", b"\x82"]);
        } else if !payload.is_empty() {
            let at = rng.below(payload.len());
            payload[at] = rng.word() as u8;
        }
        payload.extend_from_slice(&version);
        let sum = crc64(&payload).to_le_bytes();
        payload.extend_from_slice(&sum);
        house.ask_bytes(&[b"DEL", b"k", b"o"]);
        let reply = house.ask_bytes(&[b"RESTORE", b"k", b"0", &payload]);
        if reply != b"+OK\r\n" {
            refused += 1;
            assert_eq!(house.ask("EXISTS k"), ":0\r\n", "seed {seed}");
            continue;
        }
        taken += 1;
        let kind = house.ask("TYPE k");
        let kind = kind.trim_end().trim_start_matches('+');
        let (_, patterns) = COMMANDS.iter().find(|(name, _)| *name == kind).expect("a known type");
        let patterns: Vec<&str> = patterns.split('|').collect();
        for _ in 0..25 {
            let pattern: &str = rng.pick::<&str>(&patterns);
            let words = command(&mut rng, pattern);
            let slices: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
            let reply = house.ask_bytes(&slices);
            let shown = slices.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" ");
            assert_eq!(reply_len(&reply), Some(reply.len()), "seed {seed}: {shown}: {reply:?}");
            for check in [&b"DUMP"[..], b"TYPE"] {
                house.ask_bytes(&[check, b"k"]);
            }
        }
        house.ask("DEBUG DIGEST");
        house.ask("COPY k o REPLACE");
    }
    assert!(taken > 200 && refused > 200, "{taken} taken, {refused} refused");
}
