//! KEYS over many keys: other clients' commands run in between, and the answer is that of its last moment.

use super::house::House;
use std::collections::BTreeSet;

const KEYS: usize = 20_000;

fn filled(seed: u64) -> House {
    let mut house = House::new(seed);
    for i in 0..KEYS {
        house.ask_bytes(&[b"set", format!("k:{i}").as_bytes(), b"v"]);
    }
    house
}

/// What a reply of bulk strings names, each once.
fn names(reply: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(reply);
    let mut lines = text.split("\r\n");
    let count = lines.next().and_then(|line| line.strip_prefix('*')).expect("an array");
    let count: usize = count.parse().expect("a count");
    let names: Vec<&str> = lines.skip(1).step_by(2).collect();
    assert_eq!(names.len(), count, "as many as are announced");
    let set: BTreeSet<String> = names.iter().map(|name| (*name).to_string()).collect();
    assert_eq!(set.len(), count, "no key comes twice");
    set
}

fn finish(house: &mut House) -> BTreeSet<String> {
    while !house.engine.walks.is_empty() {
        house.engine.step_walk();
    }
    names(&house.engine.client(house.client).out.drain())
}

#[test]
fn the_answer_is_that_of_the_last_moment() {
    let mut house = filled(5);
    let other = house.engine.connect();
    assert_eq!(house.ask("keys *"), "", "it takes a while");
    let mut wanted: BTreeSet<String> = (0..KEYS).map(|i| format!("k:{i}")).collect();
    for i in 0..100 {
        house.engine.step_walk();
        for n in [i * 7, i * 131, 19_000 + i] {
            let (gone, new, moved) = (format!("k:{n}"), format!("new:{n}"), format!("moved:{n}"));
            house.ask_as(other, &[b"del", gone.as_bytes()]);
            house.ask_as(other, &[b"set", new.as_bytes(), b"v"]);
            house.ask_as(other, &[b"rename", new.as_bytes(), moved.as_bytes()]);
            house.ask_as(other, &[b"append", b"k:1", b"v"]);
            wanted.remove(&gone);
            wanted.insert(moved);
        }
    }
    wanted.insert("k:1".to_string());
    assert!(!house.engine.walks.is_empty(), "it is not over yet");
    assert_eq!(finish(&mut house), wanted);
    assert_eq!(house.ask("ping"), "+PONG\r\n");
}

#[test]
fn a_pattern_is_looked_at_for_late_keys_too() {
    let mut house = filled(6);
    let other = house.engine.connect();
    house.ask("keys *99?");
    (0..150).for_each(|_| house.engine.step_walk());
    for i in 0..1000u32 {
        house.ask_as(other, &[b"set", format!("late:{i}").as_bytes(), b"v"]);
    }
    let is_wanted = |name: &String| name.len() > 3 && name[..name.len() - 1].ends_with("99");
    let all = (0..KEYS).map(|i| format!("k:{i}")).chain((0..1000).map(|i| format!("late:{i}")));
    assert_eq!(finish(&mut house), all.filter(is_wanted).collect());
}

#[test]
fn a_flush_empties_the_answer_and_a_swap_begins_again() {
    let mut house = filled(7);
    let other = house.engine.connect();
    house.ask("keys *");
    (0..50).for_each(|_| house.engine.step_walk());
    house.ask_as(other, &[b"flushall"]);
    house.ask_as(other, &[b"set", b"only", b"v"]);
    assert_eq!(finish(&mut house), BTreeSet::from(["only".to_string()]));

    let mut house = filled(8);
    let other = house.engine.connect();
    house.ask("keys *");
    (0..50).for_each(|_| house.engine.step_walk());
    house.ask_as(other, &[b"select", b"1"]);
    house.ask_as(other, &[b"mset", b"a", b"1", b"b", b"2"]);
    house.ask_as(other, &[b"swapdb", b"0", b"1"]);
    assert_eq!(finish(&mut house), BTreeSet::from(["a".to_string(), "b".to_string()]));
}

#[test]
fn whoever_asked_may_go_and_nobody_unblocks_it() {
    let mut house = filled(9);
    let other = house.engine.connect();
    house.ask("keys *");
    let number = house.engine.client(house.client).number.to_string();
    assert_eq!(house.ask_as(other, &[b"client", b"unblock", number.as_bytes()]), b":0\r\n");
    house.engine.disconnect(house.client);
    assert!(house.engine.walks.is_empty());
    house.client = other;
    house.ask("multi");
    house.ask("keys *1");
    assert!(house.ask("exec").len() > KEYS / 10, "a transaction is answered at once");
}
