//! Everything a server holds, asked by commands, to be compared with what another holds.

use super::file::{Marks, Order};
use super::render::Node;
use crate::engine::house::House;

/// Every key of every database with type, value and time to live, as lines.
pub fn contents(house: &mut House) -> Vec<String> {
    let mut all = Vec::new();
    let client = house.engine.connect();
    let mut ask = |words: &[&[u8]]| house.ask_as(client, words);
    for db in 0..16 {
        ask(&[b"SELECT", db.to_string().as_bytes()]);
        for key in bulks(&ask(&[b"KEYS", b"*"])) {
            let mut lines = vec![format!("{db} {}", String::from_utf8_lossy(&key))];
            let kind = ask(&[b"TYPE", &key]);
            lines.push(String::from_utf8_lossy(&kind).into_owned());
            for (request, order) in questions(&kind) {
                let words: Vec<&[u8]> = request
                    .iter()
                    .map(|word| if *word == "KEY" { &key[..] } else { word.as_bytes() })
                    .collect();
                let marks = Marks { order, ..Marks::default() };
                lines.extend(Node::read_all(&ask(&words)).into_iter().flat_map(|node| node.shown(&marks, 0)));
            }
            all.push(lines.join("\n"));
        }
    }
    all.sort();
    house.engine.disconnect(client);
    all
}

/// What to ask of a key of this type.
fn questions(kind: &[u8]) -> Vec<(&'static [&'static str], Order)> {
    let time: (&[&str], Order) = (&["PEXPIRETIME", "KEY"], Order::Kept);
    let value: &[(&[&str], Order)] = match kind {
        b"+string\r\n" => &[(&["GET", "KEY"], Order::Kept)],
        b"+list\r\n" => &[(&["LRANGE", "KEY", "0", "-1"], Order::Kept)],
        b"+set\r\n" => &[(&["SMEMBERS", "KEY"], Order::Any)],
        b"+hash\r\n" => &[(&["HGETALL", "KEY"], Order::AnyPairs)],
        b"+zset\r\n" => &[(&["ZRANGE", "KEY", "0", "-1", "WITHSCORES"], Order::Kept)],
        b"+stream\r\n" => &[
            (&["XRANGE", "KEY", "-", "+"], Order::Kept),
            (&["XINFO", "STREAM", "KEY", "FULL", "COUNT", "0"], Order::Kept),
        ],
        _ => &[],
    };
    [&[time], value].concat()
}

/// The bulk strings of an array.
pub fn bulks(reply: &[u8]) -> Vec<Vec<u8>> {
    let Ok(Some((value, _))) = spinel::resp::value::read_value(reply) else { return Vec::new() };
    value
        .as_items()
        .unwrap_or_default()
        .iter()
        .filter_map(|item| item.as_bytes().map(<[u8]>::to_vec))
        .collect()
}
