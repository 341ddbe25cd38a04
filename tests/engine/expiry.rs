//! Keys go at their time, and not before.

use super::house::House;

#[test]
fn due_keys_go_in_their_millisecond_beside_many_others() {
    let mut house = House::new(1);
    for i in 0..20_000 {
        house.ask(&format!("SET other:{i} v EX {}", 1000 + i % 7000));
    }
    for i in 0..1000 {
        house.ask(&format!("SET due:{i} v PX 50"));
    }
    assert_eq!(house.pass_ms(50), 0);
    assert_eq!(house.pass_ms(2), 1000);
    assert_eq!(house.ask("DBSIZE"), ":20000\r\n");
}

#[test]
fn a_later_time_keeps_a_key_and_an_earlier_one_takes_it() {
    let mut house = House::new(2);
    house.ask("SET k v PX 100");
    house.ask("PEXPIRE k 300");
    assert_eq!(house.pass_ms(250), 0);
    assert_eq!(house.ask("PTTL k"), ":50\r\n");
    house.ask("PEXPIRE k 10");
    assert_eq!(house.pass_ms(12), 1);
    assert_eq!(house.ask("EXISTS k"), ":0\r\n");
}

#[test]
fn giving_the_same_keys_a_time_over_and_over_takes_no_more_memory() {
    let mut house = House::new(3);
    let mut sizes = Vec::new();
    for _ in 0..30 {
        for i in 0..2000 {
            house.ask(&format!("SET k:{i} v EX 300"));
        }
        house.pass_ms(20);
        sizes.push(house.engine.keyspace.overhead_bytes());
    }
    assert!(sizes[29] <= sizes[2] * 11 / 10, "{sizes:?}");
}

#[test]
fn a_writable_replica_deletes_the_keys_its_own_clients_gave_a_time() {
    let mut house = House::new(4);
    house.ask("SET theirs v PX 10");
    house.ask("REPLICAOF 127.0.0.1 1");
    assert!(house.ask("SET own v PX 10").starts_with("-READONLY"));
    house.ask("CONFIG SET replica-read-only no");
    house.ask("SET own v PX 10");
    house.ask("SET moved v PX 10");
    house.ask("SET later v PX 10");
    house.ask("RENAME moved away");
    house.ask("PEXPIRE later 40");
    assert_eq!(house.pass_ms(20), 2);
    assert_eq!(house.ask("DBSIZE"), ":2\r\n");
    assert_eq!(house.pass_ms(30), 1);
    assert_eq!(house.ask("EXISTS theirs"), ":0\r\n", "hidden until the primary deletes it");
    assert_eq!(house.ask("DBSIZE"), ":1\r\n");
    house.ask("REPLICAOF NO ONE");
    assert_eq!(house.pass_ms(1), 1);
}
