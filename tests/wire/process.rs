//! The process: how it starts, how it ends, what it says of itself.

use super::server::Server;
use std::process::Command;

fn spinel(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_spinel")).args(args).output().expect("the binary runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn versions_and_help_are_told() {
    let (code, text) = spinel(&["--version"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("Redis server v=7.2.4 "), "{text}");
    let (code, text) = spinel(&["--help"]);
    assert_eq!(code, Some(0));
    assert!(text.starts_with("Usage: "), "{text}");
}

#[test]
fn bad_configuration_stops_the_start() {
    let (code, text) = spinel(&["--no-such-directive", "1"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***"), "{text}");
    assert!(text.contains("Bad directive or wrong number of arguments"), "{text}");
}

#[test]
fn sigterm_ends_the_server_in_order() {
    let mut server = Server::start(&[]);
    server.client().ask("SET k v\r\n", "+OK\r\n");
    let killed = Command::new("kill").args(["-TERM", &server.pid().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn shutdown_ends_the_server() {
    let mut server = Server::start(&[]);
    let mut client = server.client();
    client.send(b"SHUTDOWN NOSAVE\r\n");
    assert_eq!(client.read_to_end(), "");
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn the_longest_stall_is_on_record() {
    let server = Server::start(&["--enable-debug-command", "yes"]);
    server.client().ask("DEBUG SLEEP 0.3\r\n", "+OK\r\n");
    let mut client = server.client();
    client.send(b"INFO stats\r\nQUIT\r\n");
    let text = client.read_to_end();
    let line = text.lines().find_map(|line| line.strip_prefix("stall_max_usec:")).expect("INFO tells it");
    assert!(line.parse::<u64>().is_ok_and(|us| us >= 300_000), "{line}");
}
