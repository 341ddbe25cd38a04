//! Lists as others see what happens to them: the log, the order in which waiting clients are served, and what a client
//! that waits is told.

use super::house::House;
use super::propagation::log_of;
use spinel::ids::ClientId;

/// A client that sent a command and waits.
fn waiting(house: &mut House, line: &str) -> ClientId {
    let id = house.engine.connect();
    assert_eq!(said(house, id, line), "", "{line} waits");
    id
}

/// Sends a line as another client and returns what that was answered.
fn said(house: &mut House, id: ClientId, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    house.engine.execute_slices(id, &words);
    heard(house, id)
}

fn heard(house: &mut House, id: ClientId) -> String {
    String::from_utf8_lossy(&house.engine.client(id).out.drain()).into_owned()
}

#[test]
fn pops_that_wait_are_written_as_plain_pops() {
    let mut house = House::new(41);
    house.record();
    for line in [
        "RPUSH l a b c d e",
        "BLPOP x l 0",
        "BRPOP l 0",
        "BLMPOP 0 2 x l LEFT COUNT 9",
        "LMPOP 1 l LEFT",
        "LTRIM l 0 1",
    ] {
        house.ask(line);
    }
    for line in
        ["RPUSH l a b", "BLMOVE l m left RIGHT 0", "BRPOPLPUSH l m 1.5", "LINSERT m BEFORE z y", "LREM m 0 z"]
    {
        house.ask(line);
    }
    assert_eq!(
        log_of(&house),
        [
            "SELECT 0",
            "RPUSH l a b c d e",
            "LPOP l",
            "RPOP l",
            "LPOP l 3",
            "RPUSH l a b",
            "LMOVE l m left RIGHT",
            "RPOPLPUSH l m",
        ]
    );
}

#[test]
fn served_clients_are_units_of_their_own() {
    let mut house = House::new(42);
    house.record();
    let first = waiting(&mut house, "BLMOVE src dst LEFT RIGHT 0");
    let second = waiting(&mut house, "BLMOVE dst src RIGHT LEFT 0");
    let third = waiting(&mut house, "BLMPOP 0 2 other src LEFT COUNT 5");
    for line in ["MULTI", "LPUSH src x", "SET k v", "EXEC"] {
        house.ask(line);
    }
    let all = [first, second, third].map(|id| heard(&mut house, id));
    assert_eq!(all, ["$1\r\nx\r\n", "$1\r\nx\r\n", "*2\r\n$3\r\nsrc\r\n*1\r\n$1\r\nx\r\n"]);
    assert_eq!(
        log_of(&house),
        [
            "MULTI",
            "SELECT 0",
            "LPUSH src x",
            "SET k v",
            "EXEC",
            "LMOVE src dst LEFT RIGHT",
            "LMOVE dst src RIGHT LEFT",
            "LPOP src 1",
        ]
    );
}

#[test]
fn whoever_came_first_is_served_first() {
    let mut house = House::new(43);
    let clients = ["BLPOP l 0", "BRPOP l 0", "BLPOP m l 0"].map(|line| waiting(&mut house, line));
    house.ask("RPUSH l a b");
    let all = clients.map(|id| heard(&mut house, id));
    assert_eq!(all, ["*2\r\n$1\r\nl\r\n$1\r\na\r\n", "*2\r\n$1\r\nl\r\n$1\r\nb\r\n", ""]);
    assert_eq!(house.ask("EXISTS l"), ":0\r\n");
}

#[test]
fn a_waiting_command_passes_the_gates_again() {
    let mut house = House::new(44);
    let id = waiting(&mut house, "BLMOVE l m LEFT LEFT 0");
    for line in ["MULTI", "RPUSH l a", "CONFIG SET maxmemory 1", "EXEC"] {
        house.ask(line);
    }
    assert_eq!(heard(&mut house, id), "-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    assert_eq!(house.ask("LLEN l"), ":1\r\n");
}

#[test]
fn no_reply_is_no_reply_later_either() {
    let mut house = House::new(45);
    for mode in ["OFF", "SKIP"] {
        let id = house.engine.connect();
        assert_eq!(said(&mut house, id, &format!("CLIENT REPLY {mode}")), "");
        assert_eq!(said(&mut house, id, "BLPOP l 0"), "");
        house.ask("RPUSH l a");
        assert_eq!(heard(&mut house, id), "", "{mode}");
        assert_eq!(house.ask("EXISTS l"), ":0\r\n");
    }
}
