//! SCAN returns a key that is there throughout exactly once.

use super::house::House;
use std::collections::HashMap;

fn elements(reply: &str) -> (u64, Vec<String>) {
    let lines: Vec<&str> = reply.split("\r\n").collect();
    let cursor = lines[2].parse().expect("the cursor is a number");
    (cursor, lines[4..].chunks(2).filter(|pair| pair.len() == 2).map(|pair| pair[1].to_string()).collect())
}

#[test]
fn a_key_that_stays_comes_exactly_once_while_others_come_and_go() {
    for seed in 0..4 {
        let mut house = House::new(seed);
        for i in 0..3000 {
            house.ask(&format!("SET stays:{i} v"));
        }
        let mut seen: HashMap<String, usize> = HashMap::new();
        let (mut cursor, mut round) = (0, 0);
        loop {
            let (next, found) = elements(&house.ask(&format!("SCAN {cursor} COUNT 50")));
            for key in found.into_iter().filter(|key| key.starts_with("stays:")) {
                *seen.entry(key).or_default() += 1;
            }
            // The table grows through several sizes and shrinks again while the cursor is out.
            for i in 0..400 {
                let verb = if round % 40 < 20 { "SET" } else { "DEL" };
                let value = if verb == "SET" { " v" } else { "" };
                house.ask(&format!("{verb} comes:{}:{i}{value}", round % 20));
            }
            round += 1;
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(seen.len(), 3000, "seed {seed}");
        assert!(seen.values().all(|times| *times == 1), "seed {seed}");
    }
}
