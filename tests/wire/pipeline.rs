//! Pipelines and partial reads: replies come in order, however the bytes arrive.

use super::server::{Server, command};

#[test]
fn ten_thousand_commands_are_answered_in_order() {
    let server = Server::start(&[]);
    let mut client = server.client();
    let mut requests = Vec::new();
    let mut answers = String::new();
    for i in 0..10_000 {
        let (key, value) = (format!("key:{i}"), format!("value:{i}"));
        requests.extend(command(&[b"SET", key.as_bytes(), value.as_bytes()]));
        requests.extend(command(&[b"GET", key.as_bytes()]));
        answers.push_str(&format!("+OK\r\n${}\r\n{value}\r\n", value.len()));
    }
    let mut writer = client.stream.try_clone().expect("a socket can be cloned");
    let sender = std::thread::spawn(move || {
        use std::io::Write;
        writer.write_all(&requests).expect("the server reads");
    });
    client.expect(&answers);
    sender.join().expect("everything was sent");
}

#[test]
fn a_command_may_arrive_byte_by_byte() {
    let server = Server::start(&[]);
    let mut client = server.client();
    for byte in command(&[b"SET", b"k", b"a\r\nb"]) {
        client.send(&[byte]);
    }
    client.expect("+OK\r\n");
    for byte in b"GET k\r\n" {
        client.send(&[*byte]);
    }
    client.expect("$4\r\na\r\nb\r\n");
}

#[test]
fn values_larger_than_any_buffer_come_back_whole() {
    let server = Server::start(&[]);
    let mut client = server.client();
    let value: Vec<u8> = (0..3_000_000u32).map(|i| (i % 251) as u8).collect();
    client.send(&command(&[b"SET", b"big", &value]));
    client.expect("+OK\r\n");
    client.send(&command(&[b"GET", b"big"]));
    client.expect("$3000000\r\n");
    assert_eq!(client.read(value.len()), value);
    client.expect("\r\n");
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let server = Server::start(&[]);
    let mut greedy = server.client();
    greedy.send(&command(&[b"SET", b"big", &vec![b'x'; 1 << 20]]));
    greedy.expect("+OK\r\n");
    for _ in 0..64 {
        greedy.send(&command(&[b"GET", b"big"]));
    }
    let mut other = server.client();
    for _ in 0..100 {
        other.ask("PING\r\n", "+PONG\r\n");
    }
    for _ in 0..64 {
        greedy.expect("$1048576\r\n");
        greedy.read((1 << 20) + 2);
    }
}

#[test]
fn both_protocols_and_inline_commands_share_a_connection() {
    let server = Server::start(&[]);
    let mut client = server.client();
    client.ask("GET nothing\r\n", "$-1\r\n");
    client.send(b"HELLO 3\r\n");
    client
        .expect("%7\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.2.4\r\n$5\r\nproto\r\n:3\r\n");
    client.send(b"SET \"quoted key\" 'single'\r\n");
    let mut rest = String::new();
    while !rest.ends_with("+OK\r\n") {
        rest.push_str(&String::from_utf8_lossy(&client.read(1)));
    }
    client.ask("GET \"quoted key\"\r\n", "$6\r\nsingle\r\n");
    client.ask("GET nothing\r\n", "_\r\n");
}
