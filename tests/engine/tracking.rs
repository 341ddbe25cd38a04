//! What clients that cache keys are told, and when.

use super::house::House;
use spinel::ids::ClientId;

fn said(house: &mut House, id: ClientId, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    String::from_utf8_lossy(&house.ask_as(id, &words)).into_owned()
}

fn heard(house: &mut House, id: ClientId) -> String {
    house.engine.end_tracking_turn();
    String::from_utf8_lossy(&house.engine.client(id).out.drain()).into_owned()
}

/// A RESP3 connection that tracks as the options say.
fn tracker(house: &mut House, options: &str) -> ClientId {
    let id = house.engine.connect();
    said(house, id, "HELLO 3");
    assert_eq!(said(house, id, format!("CLIENT TRACKING ON {options}").trim_end()), "+OK\r\n");
    id
}

fn invalidation(keys: &[&str]) -> String {
    let keys: String = keys.iter().map(|key| format!("${}\r\n{key}\r\n", key.len())).collect();
    format!(">2\r\n$10\r\ninvalidate\r\n*{}\r\n{keys}", keys.matches('$').count())
}

#[test]
fn a_change_is_told_once_to_those_who_read_the_key() {
    let mut house = House::new(71);
    let (one, other) = (tracker(&mut house, ""), tracker(&mut house, ""));
    house.ask("MSET a 1 b 2");
    said(&mut house, one, "MGET a b");
    said(&mut house, other, "GET b");
    house.ask("MSET a 3 c 4");
    house.ask("SET a 5");
    assert_eq!(heard(&mut house, one), invalidation(&["a"]));
    assert_eq!(heard(&mut house, other), "");
    house.ask("FLUSHALL");
    assert_eq!(heard(&mut house, other), ">2\r\n$10\r\ninvalidate\r\n_\r\n");
    assert!(house.ask("INFO stats").contains("tracking_total_keys:0"));
}

#[test]
fn a_key_read_after_its_change_in_a_transaction_stays_tracked() {
    let mut house = House::new(72);
    let one = tracker(&mut house, "");
    said(&mut house, one, "GET k");
    for line in ["MULTI", "SET k 1", "GET k"] {
        said(&mut house, one, line);
    }
    let reply = said(&mut house, one, "EXEC");
    assert_eq!(reply, format!("*2\r\n+OK\r\n$1\r\n1\r\n{}", invalidation(&["k"])));
    house.ask("DEL k");
    assert_eq!(heard(&mut house, one), invalidation(&["k"]));
}

#[test]
fn expired_keys_are_told_even_to_those_who_ignore_their_own_changes() {
    let mut house = House::new(73);
    let one = tracker(&mut house, "NOLOOP");
    said(&mut house, one, "SET k 1 PX 10");
    said(&mut house, one, "GET k");
    assert_eq!(said(&mut house, one, "APPEND k 2"), ":2\r\n");
    said(&mut house, one, "GET k");
    house.pass_ms(20);
    assert_eq!(heard(&mut house, one), invalidation(&["k"]));
}

#[test]
fn prefixes_are_told_at_the_end_of_the_turn() {
    let mut house = House::new(74);
    let all = tracker(&mut house, "BCAST NOLOOP");
    let some = tracker(&mut house, "BCAST PREFIX ab PREFIX b");
    house.ask("MSET b1 1 ab1 1 ab2 1 c 1");
    said(&mut house, all, "SET ab1 2");
    assert_eq!(heard(&mut house, some), invalidation(&["ab1", "ab2"]) + &invalidation(&["b1"]));
    assert_eq!(heard(&mut house, all), invalidation(&["ab2", "b1", "c"]));
    assert!(
        said(&mut house, some, "CLIENT TRACKING ON BCAST PREFIX abc")
            .starts_with("-ERR Prefix 'abc' overlaps")
    );
}

#[test]
fn the_last_tracker_to_leave_leaves_nothing() {
    let mut house = House::new(75);
    let (one, two) = (tracker(&mut house, ""), tracker(&mut house, "BCAST PREFIX x PREFIX y"));
    said(&mut house, one, "GET k");
    assert!(house.ask("INFO stats").contains("tracking_total_keys:1\r\ntracking_total_items:1\r\n"));
    assert!(house.ask("INFO stats").contains("tracking_total_prefixes:2"));
    said(&mut house, one, "RESET");
    house.engine.disconnect(two);
    let stats = house.ask("INFO stats");
    assert!(stats.contains("keys:0\r\ntracking_total_items:0\r\ntracking_total_prefixes:0\r\n"), "{stats}");
    assert!(house.ask("INFO clients").contains("tracking_clients:0"));
}
