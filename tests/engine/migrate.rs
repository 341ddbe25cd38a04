//! MIGRATE between two engines over a connection of the test's own, which breaks when it is told to.

use super::house::House;
use super::no_process::{NoProcess, START_US};
use super::propagation::{commands, log_of};
use spinel::config::{Config, Effect};
use spinel::engine::Host;
use spinel::engine::links::{Link, LinkError};
use spinel::engine::machine::TurnClock;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// The other server.
struct Target {
    house: House,
    dials: usize,
    /// The commands that came, by name.
    heard: Vec<String>,
    /// After so many answers the connection ends, once.
    ends_after: Option<(usize, LinkError)>,
}

struct Wire {
    target: Rc<RefCell<Target>>,
    answers: VecDeque<Vec<u8>>,
}

impl Link for Wire {
    fn send(&mut self, bytes: &[u8], _timeout_ms: u64) -> Result<(), LinkError> {
        let mut target = self.target.borrow_mut();
        for command in commands(bytes) {
            let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
            target.heard.push(String::from_utf8_lossy(words[0]).into_owned());
            let reply = target.house.ask_bytes(&words);
            self.answers.push_back(reply.strip_suffix(b"\r\n").expect("a reply of one line").to_vec());
        }
        Ok(())
    }

    fn read_line(&mut self, _timeout_ms: u64) -> Result<Vec<u8>, LinkError> {
        match &mut self.target.borrow_mut().ends_after {
            Some((0, why)) => {
                let why = *why;
                return Err(why);
            }
            Some((left, _)) => *left -= 1,
            None => {}
        }
        self.answers.pop_front().ok_or(LinkError::TimedOut)
    }
}

/// A host that reaches the other server, whatever the address.
struct Network(Rc<RefCell<Target>>);

impl Host for Network {
    fn apply(&mut self, effect: Effect, config: &Config) -> Result<(), String> {
        NoProcess.apply(effect, config)
    }

    fn rss_bytes(&self) -> usize {
        0
    }

    fn pending_frees(&self) -> usize {
        0
    }

    fn listeners(&self, _config: &Config) -> Vec<String> {
        Vec::new()
    }

    fn shutdown_requested(&self) -> bool {
        false
    }

    fn halt(&mut self, us: u64) -> TurnClock {
        TurnClock::new(START_US + us as i64, us)
    }

    fn dial(&mut self, _host: &[u8], _port: u16, _timeout_ms: u64) -> Result<Box<dyn Link>, LinkError> {
        let mut target = self.0.borrow_mut();
        target.dials += 1;
        if target.dials > 1 {
            target.ends_after = None;
        }
        Ok(Box::new(Wire { target: Rc::clone(&self.0), answers: VecDeque::new() }))
    }

    fn rewrite_config(&mut self, config: &Config, force_all: bool) -> Result<(), String> {
        NoProcess.rewrite_config(config, force_all)
    }
}

fn two(ends_after: Option<(usize, LinkError)>) -> (House, Rc<RefCell<Target>>) {
    let target = Target { house: House::new(2), dials: 0, heard: Vec::new(), ends_after };
    let target = Rc::new(RefCell::new(target));
    let mut house = House::new(1);
    house.engine.host = Box::new(Network(Rc::clone(&target)));
    house.record();
    house.ask("MSET a 1 b 2 c 3");
    house.ask("PEXPIRE a 5000");
    (house, target)
}

#[test]
fn what_moved_is_written_as_deleted() {
    let (mut house, target) = two(None);
    assert_eq!(
        house.ask_bytes(&[b"MIGRATE", b"h", b"1", b"", b"3", b"9", b"KEYS", b"a", b"x", b"b"]),
        b"+OK\r\n"
    );
    assert_eq!(house.ask("MIGRATE h 1 c 3 9 COPY"), "+OK\r\n");
    assert_eq!(house.ask("EXISTS a b c"), ":1\r\n");
    assert_eq!(log_of(&house)[3..], ["DEL a b"]);
    let mut target = target.borrow_mut();
    assert_eq!(target.heard, ["SELECT", "RESTORE", "RESTORE", "RESTORE"]);
    assert_eq!(target.dials, 1);
    assert_eq!(target.house.ask("MGET a b c"), "*3\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n");
    assert_eq!(target.house.ask("PTTL a"), ":5000\r\n");
    assert_eq!(target.house.ask("PTTL b"), ":-1\r\n");
}

#[test]
fn what_was_refused_stays() {
    let (mut house, target) = two(None);
    target.borrow_mut().house.ask("SET b there");
    let error = "-ERR Target instance replied with error: BUSYKEY Target key name already exists.\r\n";
    let words: [&[u8]; 10] = [b"MIGRATE", b"h", b"1", b"", b"0", b"9", b"KEYS", b"a", b"b", b"c"];
    assert_eq!(house.ask_bytes(&words), error.as_bytes());
    assert_eq!(log_of(&house)[3..], ["DEL a c"]);
    assert_eq!(house.ask("MIGRATE h 1 b 0 9 REPLACE"), "+OK\r\n");
    // After an error nothing is taken for granted.
    assert_eq!(target.borrow().heard, ["SELECT", "RESTORE", "RESTORE", "RESTORE", "SELECT", "RESTORE"]);
    assert_eq!(house.ask("DBSIZE"), ":0\r\n");
}

#[test]
fn nothing_counts_that_came_to_a_stranger() {
    let (mut house, target) = two(None);
    let reply = house.ask("MIGRATE h 1 a 99 9 AUTH2 nobody secret");
    assert!(reply.starts_with("-ERR Target instance replied with error: WRONGPASS"), "{reply}");
    assert_eq!(target.borrow().heard, ["AUTH", "SELECT", "RESTORE"]);
    let reply = house.ask("MIGRATE h 1 b 99 9");
    assert_eq!(reply, "-ERR Target instance replied with error: ERR DB index is out of range\r\n");
    assert_eq!(house.ask("EXISTS a b"), ":2\r\n");
}

#[test]
fn a_connection_that_ended_is_replaced_once() {
    let (mut house, target) = two(Some((0, LinkError::Broken)));
    assert_eq!(house.ask("MIGRATE h 1 a 0 9 REPLACE"), "+OK\r\n");
    assert_eq!(target.borrow().dials, 2);
}

#[test]
fn who_took_too_long_is_not_asked_again() {
    let (mut house, target) = two(Some((0, LinkError::TimedOut)));
    assert_eq!(house.ask("MIGRATE h 1 a 0 9"), "-IOERR error or timeout reading to target instance\r\n");
    assert_eq!(target.borrow().dials, 1);
    assert!(house.engine.links.is_empty());
    assert_eq!(house.ask("EXISTS a"), ":1\r\n");
}

#[test]
fn an_end_among_the_answers_keeps_what_was_not_acknowledged() {
    let (mut house, target) = two(Some((2, LinkError::Broken)));
    let words: [&[u8]; 10] = [b"MIGRATE", b"h", b"1", b"", b"0", b"9", b"KEYS", b"a", b"b", b"c"];
    assert_eq!(house.ask_bytes(&words), b"-IOERR error or timeout reading to target instance\r\n");
    assert_eq!(target.borrow().dials, 1);
    assert_eq!(log_of(&house)[3..], ["DEL a"]);
    assert_eq!(house.ask("EXISTS a b c"), ":2\r\n");
}
