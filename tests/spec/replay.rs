//! Groups of requests run in process, plain or in a transaction, and their log run by a second engine.

use super::contents::contents;
use super::file::{Group, Step};
use super::render::{Node, agree};
use crate::engine::house::House;
use crate::engine::propagation;
use spinel::config::{Allowed, Config};
use spinel::engine::Flags;
use spinel::ids::ClientId;
use std::collections::BTreeMap;

/// What went otherwise than expected, a text each.
pub type Findings = Vec<String>;

/// An engine as the recording server was configured.
pub fn house() -> House {
    House::with(Config { enable_debug_command: Allowed::Yes, ..Config::default() }, 7)
}

fn slices(step: &Step) -> Vec<&[u8]> {
    step.words.iter().map(Vec::as_slice).collect()
}

fn connect(house: &mut House, proto: u8) -> ClientId {
    let client = house.engine.connect();
    if proto == 3 {
        house.ask_as(client, &[b"HELLO", b"3"]);
    }
    client
}

fn tell(
    findings: &mut Findings,
    group: &Group,
    mode: &str,
    step: &Step,
    expected: &[String],
    got: &[String],
) {
    findings.push(format!(
        "{} {mode}: {}\n  expected\n    {}\n  got\n    {}",
        if step.place.is_empty() { &group.place } else { &step.place },
        if step.advance_ms.is_some() { "@advance" } else { &step.text },
        expected.join("\n    "),
        got.join("\n    ")
    ));
}

/// Runs a group as it stands and compares every reply.
pub fn plain(house: &mut House, group: &Group, proto: u8) -> Findings {
    let mut findings = Findings::new();
    let mut clients = BTreeMap::new();
    for step in group.steps.iter().filter(|step| step.advance_ms.is_none()) {
        clients.entry(step.client.clone()).or_insert_with(|| Some(connect(house, proto)));
    }
    for step in &group.steps {
        let got = run(house, step, &mut clients);
        let expected: Vec<String> =
            step.expected(proto).into_iter().map(|(client, text)| format!("{client}< {text}")).collect();
        if !agree(&expected, &got, &step.marks) {
            tell(&mut findings, group, &format!("RESP{proto}"), step, &expected, &got);
        }
    }
    findings
}

/// Runs one step and tells what every client got.
fn run(house: &mut House, step: &Step, clients: &mut BTreeMap<String, Option<ClientId>>) -> Vec<String> {
    let now_ms = house.now_ms();
    let mut replies: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    if let Some(ms) = step.advance_ms {
        house.pass_ms(ms);
    } else if let Some(id) = clients[&step.client] {
        replies.insert(step.client.clone(), house.ask_as(id, &slices(step)));
    }
    house.engine.end_tracking_turn();
    let mut names: Vec<String> = clients.keys().cloned().collect();
    names.sort_by_key(|name| (*name != step.client, name.clone()));
    let mut lines = Vec::new();
    for name in names {
        let Some(id) = clients[&name] else { continue };
        let mut bytes = replies.remove(&name).unwrap_or_default();
        bytes.extend(house.engine.client(id).out.drain());
        let asked = name == step.client;
        let shown_name = if asked { "" } else { name.as_str() };
        let marks = if asked { step.marks.clone() } else { Default::default() };
        for node in Node::read_all(&bytes) {
            lines.extend(node.shown(&marks, now_ms).into_iter().map(|line| format!("{shown_name}< {line}")));
        }
        if house.engine.client(id).closing.is_some() {
            house.engine.disconnect(id);
            clients.insert(name.clone(), None);
            lines.push(format!("{shown_name}< (closed)"));
        }
    }
    lines
}

/// Whether every request of the group can be queued and answers by itself at once.
pub fn fits_in_multi(house: &House, group: &Group) -> bool {
    let fits = |step: &Step| {
        if step.advance_ms.is_some() {
            return false;
        }
        let command = house.engine.commands.identify(&spinel::engine::Args::new(&slices(step)));
        let queues = command.is_none_or(|id| {
            let spec = house.engine.commands.get(id).spec;
            !spec.flags.has(Flags::NOT_QUEUED | Flags::NO_MULTI) && spec.name != "hello"
        });
        let replies = step.expected(2);
        let whole =
            replies.iter().filter(|(client, text)| client.is_empty() && !text.starts_with(' ')).count();
        step.client.is_empty() && queues && whole == 1
    };
    !group.no_multi && group.steps.iter().all(fits)
}

/// Runs a group as one transaction and compares the replies in EXEC's.
pub fn in_multi(house: &mut House, group: &Group, proto: u8) -> Findings {
    let mut findings = Findings::new();
    let client = connect(house, proto);
    let now_ms = house.now_ms();
    house.ask_as(client, &[b"MULTI"]);
    let mut queued = Vec::new();
    for step in &group.steps {
        let words = slices(step);
        if house.engine.commands.resolve(&spinel::engine::Args::new(&words)).is_err() {
            // Refused when it is queued, which ends the transaction.
            continue;
        }
        let answer = house.ask_as(client, &words);
        if answer != b"+QUEUED\r\n" {
            let got = [String::from_utf8_lossy(&answer).into_owned()];
            tell(&mut findings, group, "queued", step, &["+QUEUED".to_string()], &got);
            return findings;
        }
        queued.push(step);
    }
    let reply = house.ask_as(client, &[b"EXEC"]);
    let nodes = Node::read(&reply, &mut 0).into_children().unwrap_or_default();
    if nodes.len() != queued.len() {
        findings.push(format!("{}: EXEC answers {}", group.place, String::from_utf8_lossy(&reply)));
        return findings;
    }
    for (step, node) in queued.into_iter().zip(nodes) {
        let got = node.shown(&step.marks, now_ms);
        let expected: Vec<String> = step.expected(proto).into_iter().map(|(_, text)| text).collect();
        if !agree(&expected, &got, &step.marks) {
            tell(&mut findings, group, &format!("RESP{proto} in MULTI"), step, &expected, &got);
        }
    }
    findings
}

/// Runs the log of a house in a second one and compares the data.
pub fn log(house: &mut House, group: &Group, mode: &str) -> Findings {
    let feed = house.engine.feed.take().expect("the log is recorded");
    house.engine.renew_interest();
    let mut replica = self::house();
    replica.engine.keyspace.expiry_mode = spinel::keyspace::ExpiryMode::Ignored;
    let mut findings = Findings::new();
    let mut written = Vec::new();
    for command in propagation::commands(&feed.bytes) {
        let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        written.push(String::from_utf8_lossy(&words.join(&b' ')).into_owned());
        let answer = replica.ask_bytes(&words);
        if answer.starts_with(b"-") {
            let answer = String::from_utf8_lossy(&answer).into_owned();
            findings.push(format!("{} log {mode}: {written:?} answers {answer}", group.place));
        }
    }
    let (ours, theirs) = (contents(house), contents(&mut replica));
    if ours != theirs {
        findings.push(format!("{} log {mode}: {written:?}\n  {ours:?}\n  became\n  {theirs:?}", group.place));
    }
    findings
}
