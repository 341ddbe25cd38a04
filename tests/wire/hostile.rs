//! Bytes no client should send: an error as Redis gives it, a closed connection, and no effect on others.

use super::server::{Server, command};

#[test]
fn broken_requests_are_answered_and_closed() {
    let server = Server::start(&[]);
    let cases: [(&[u8], &str); 6] = [
        (b"*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "-ERR Protocol error: expected '$', got 'f'\r\n"),
        (b"*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        (b"*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        (b"*1\r\n$-5\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        (b"*1\r\n$99999999999999\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        (b"SET k \"unbalanced\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"),
    ];
    for (request, answer) in cases {
        let mut client = server.client();
        client.send(request);
        assert_eq!(client.read_to_end(), answer, "{}", String::from_utf8_lossy(request));
    }
    server.client().ask("PING\r\n", "+PONG\r\n");
}

#[test]
fn noise_of_all_kinds_leaves_the_server_standing() {
    let server = Server::start(&[]);
    let mut seed = 0x9e37_79b9_7f4a_7c15u64;
    for round in 0..200 {
        let mut client = server.client();
        let mut bytes = if round % 2 == 0 { command(&[b"SET", b"k", b"v"]) } else { Vec::new() };
        for _ in 0..round {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.push((seed >> 56) as u8);
        }
        // The server may close the connection before it has read everything.
        let _ = std::io::Write::write_all(&mut client.stream, &bytes);
    }
    server.client().ask("PING\r\n", "+PONG\r\n");
}

#[test]
fn a_connection_too_many_is_told_so() {
    let server = Server::start(&["--maxclients", "3"]);
    let mut clients: Vec<_> = (0..3).map(|_| server.client()).collect();
    clients.iter_mut().for_each(|client| client.ask("PING\r\n", "+PONG\r\n"));
    let refused = server.client().read_to_end();
    assert_eq!(refused, "-ERR max number of clients reached\r\n");
    clients[0].ask("PING\r\n", "+PONG\r\n");
}

#[test]
fn strangers_get_no_memory() {
    let server = Server::start(&["--requirepass", "secret"]);
    let mut client = server.client();
    client.ask("GET k\r\n", "-NOAUTH Authentication required.\r\n");
    client.send(b"*11\r\n");
    assert_eq!(client.read_to_end(), "-ERR Protocol error: unauthenticated multibulk length\r\n");
    let mut client = server.client();
    client.send(b"*2\r\n$4\r\nAUTH\r\n$16385\r\n");
    assert_eq!(client.read_to_end(), "-ERR Protocol error: unauthenticated bulk length\r\n");
    let mut client = server.client();
    client.ask("AUTH secret\r\n", "+OK\r\n");
    client.ask("GET k\r\n", "$-1\r\n");
}

#[test]
fn idle_connections_cost_little() {
    let server = Server::start(&[]);
    let mut clients: Vec<_> = (0..500).map(|_| server.client()).collect();
    clients.iter_mut().for_each(|client| client.ask("PING\r\n", "+PONG\r\n"));
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("the server runs");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a process has a size");
    let kilobytes: usize = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    // An idle connection holds no buffers: 16 KB for each of them would be 8 MB beyond this.
    assert!(kilobytes < 14_000, "{kilobytes} KB with 500 idle connections");
}
