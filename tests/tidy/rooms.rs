//! Which room of `src/` may use which: the arrows of docs/architecture.md as a table, and the rule that reads the paths
//! in the code against it.

use super::source::Source;
use super::{Finding, find_at};

/// Rooms by height. A room may use what stands lower, and nothing of its own height.
const HEIGHTS: &[(&str, u8)] = &[
    ("ids", 0),
    ("sys", 1),
    ("util", 1),
    ("table", 2),
    ("resp", 2),
    ("types", 3),
    ("keyspace", 4),
    ("net", 4),
    ("persist", 5),
    ("repl", 5),
    ("cluster", 5),
    ("sentinel", 5),
    ("script", 5),
    ("acl", 5),
    ("config", 5),
    ("pubsub", 5),
    ("tracking", 5),
    ("stats", 5),
    ("engine", 6),
    ("commands", 7),
    ("server", 8),
    ("tools", 8),
    ("main", 9),
];

/// The arrows between rooms of one height: from, to, and the part of it that may be used.
const SIDEWAYS: &[(&str, &str, &str)] = &[("repl", "persist", "rdb"), ("script", "acl", "")];

/// Arrows that point down and are closed all the same.
const CLOSED: &[(&str, &str, &str)] = &[
    ("types", "sys", "structures are pure: take times, random words and limits as arguments"),
    ("types", "resp", "structures do not know how a reply is written"),
    ("resp", "sys", "the protocol is bytes in, bytes out"),
    ("net", "keyspace", "sockets do not know what a key is"),
    ("net", "types", "sockets do not know what a value is"),
    ("net", "table", "sockets do not know what a key is; hashbrown serves small maps"),
];

/// The rooms that move bytes over sockets themselves; to all others a connection is a client's id.
const OVER_SOCKETS: &[&str] = &["server", "tools", "main", "net"];

/// Rooms that take times and random words as arguments, so even `sys` hands them none.
const PURE: &[&str] = &["types", "table", "resp", "util"];

/// Invariant 1: arrows point down.
pub fn arrows(source: &Source, out: &mut Vec<Finding>) {
    let from = source.room();
    if from.is_empty() || from == "lib" {
        return;
    }
    if height(from).is_none() {
        let text = format!(
            "room `{from}` has no height: give it one in tests/tidy/rooms.rs and docs/architecture.md"
        );
        out.push(find_at(source, 0, text));
        return;
    }
    for (offset, to, part) in paths(source) {
        if let Some(why) = refusal(from, to, part) {
            let text =
                format!("`{from}` may not use `{to}`: {why}; move the piece to where both can reach it");
            out.push(find_at(source, offset, text));
        }
    }
}

fn height(room: &str) -> Option<u8> {
    HEIGHTS.iter().find(|(name, _)| *name == room).map(|(_, h)| *h)
}

fn refusal(from: &str, to: &str, part: &str) -> Option<&'static str> {
    let (Some(low), Some(high)) = (height(to), height(from)) else { return None };
    // A prefetch is a hint to the processor and changes no result: data structures may give it.
    if from == to || (to == "sys" && part == "prefetch") {
        return None;
    }
    if let Some((.., why)) = CLOSED.iter().find(|(f, t, _)| *f == from && *t == to) {
        return Some(why);
    }
    if to == "net" && !OVER_SOCKETS.contains(&from) {
        return Some("only the server and the tools hold sockets");
    }
    if to == "sys" && PURE.contains(&from) && matches!(part, "clock" | "entropy" | "random" | "time") {
        return Some("this room takes times and random words as arguments");
    }
    if low < high || SIDEWAYS.iter().any(|(f, t, p)| (*f, *t) == (from, to) && (p.is_empty() || *p == part)) {
        return None;
    }
    Some(if low == high { "rooms of one height do not use one another" } else { "arrows point down" })
}

/// Every path that starts at the crate's root: offset, room, and the next part of the path where there is one.
fn paths(source: &Source) -> Vec<(usize, &str, &str)> {
    let tokens = source.tokens();
    let word = |i: usize| tokens.get(i).map_or("", |t| t.1);
    let mut out = Vec::new();
    for i in 0..tokens.len() {
        let Some(first) = root_path(source, &tokens, i) else { continue };
        let part = |i: usize| if word(i + 1) == "::" { word(i + 2) } else { "" };
        if word(first) != "{" {
            out.push((tokens[i].0, word(first), part(first)));
            continue;
        }
        let (mut depth, mut j) = (1, first + 1);
        let mut fresh = true;
        while depth > 0 && j < tokens.len() {
            match word(j) {
                "{" => depth += 1,
                "}" => depth -= 1,
                "," => fresh = depth == 1,
                name if fresh && depth == 1 => {
                    out.push((tokens[j].0, name, part(j)));
                    fresh = false;
                }
                _ => {}
            }
            j += 1;
        }
    }
    out
}

/// Where token `i` begins `crate::` or a chain of `super::` that climbs to the root: the token after it.
fn root_path(source: &Source, tokens: &[(usize, &str)], i: usize) -> Option<usize> {
    let word = |i: usize| tokens.get(i).map_or("", |t| t.1);
    if i > 0 && word(i - 1) == "::" {
        return None;
    }
    if word(i) == "crate" && word(i + 1) == "::" {
        return Some(i + 2);
    }
    let mut at = i;
    while word(at) == "super" && word(at + 1) == "::" {
        at += 2;
    }
    (at > i && (at - i) / 2 == module_depth(source, tokens[i].0)).then_some(at)
}

/// How many modules below the crate's root the code at `offset` is.
fn module_depth(source: &Source, offset: usize) -> usize {
    let inside = source.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inside.split('/').count() + usize::from(source.in_test(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(path: &str, text: &str) -> Vec<usize> {
        let mut out = Vec::new();
        arrows(&Source::parse(path, text), &mut out);
        out.iter().map(|f| f.line).collect()
    }

    #[test]
    fn arrows_that_point_up_are_found() {
        assert_eq!(refused("src/types/list.rs", "//! x\nuse crate::engine::Ctx;\n"), [2]);
        assert_eq!(refused("src/keyspace/db.rs", "fn f() { crate::server::run() }"), [1]);
        assert_eq!(
            refused("src/table/map.rs", "use crate::{\n  util::glob,\n  types::{list, set},\n};"),
            [3]
        );
        assert_eq!(refused("src/util/glob.rs", "use super::super::keyspace::Db;"), [1]);
        assert_eq!(refused("src/util/mod.rs", "use super::keyspace::Db;"), [1]);
    }

    #[test]
    fn neighbours_keep_apart() {
        assert_eq!(refused("src/repl/link.rs", "use crate::persist::aof::Writer;"), [1]);
        assert_eq!(refused("src/repl/link.rs", "use crate::persist::rdb::Writer;"), [0; 0]);
        assert_eq!(refused("src/net/conn.rs", "use crate::keyspace::Db;"), [1]);
        assert_eq!(refused("src/engine/gate.rs", "use crate::net::Conn;"), [1]);
        assert_eq!(refused("src/table/slab.rs", "use crate::sys::clock::now;"), [1]);
        assert_eq!(refused("src/attic/old.rs", "fn f() {}"), [1]);
    }

    #[test]
    fn arrows_that_point_down_pass() {
        assert_eq!(refused("src/types/set.rs", "use crate::table::Map; use crate::util::numbers;"), [0; 0]);
        assert_eq!(refused("src/table/slab.rs", "use crate::sys::pages;"), [0; 0]);
        assert_eq!(refused("src/types/zset.rs", "use crate::sys::prefetch::prefetch;"), [0; 0]);
        assert_eq!(refused("src/types/zset.rs", "use crate::sys::pages;"), [1]);
        assert_eq!(refused("src/server/turn.rs", "use crate::{engine::Engine, net::Net};"), [0; 0]);
        assert_eq!(
            refused("src/util/glob.rs", "// crate::engine\nuse super::numbers; use crate::Nothing;"),
            [0; 0]
        );
    }
}
