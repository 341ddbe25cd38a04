//! A server that takes long to load: who may talk to it meanwhile, and how it ends.

use super::server::{PATIENCE, Server};
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// A directory of its own with a data file in it.
struct Data(PathBuf);

impl Data {
    fn new(name: &str) -> Data {
        let dir = std::env::temp_dir().join(format!("spinel-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory for the test");
        let data = Data(dir);
        let server = data.serve(&[]);
        let mut client = server.client();
        client.ask("DEBUG POPULATE 1000\r\n", "+OK\r\n");
        client.ask("SAVE\r\n", "+OK\r\n");
        data
    }

    fn serve(&self, options: &[&str]) -> Server {
        let dir = self.0.to_str().expect("a plain path");
        Server::start(&[&["--dir", dir, "--enable-debug-command", "yes"], options].concat())
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A minute for each key.
const SLOWLY: [&str; 2] = ["--key-load-delay", "60000000"];
const LOADING: &str = "-LOADING Redis is loading the dataset in memory\r\n";

#[test]
fn a_slow_load_is_talked_to_and_ended() {
    let data = Data::new("slow-load");
    let mut server = data.serve(&SLOWLY);
    let mut client = server.client();
    client.ask("PING\r\n", LOADING);
    client.ask("GET key:1\r\nSELECT 1\r\n", &format!("{LOADING}+OK\r\n"));
    let mut listener = server.client();
    listener.ask("SUBSCRIBE a\r\n", "*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n");
    client.ask("PUBLISH a x\r\n", ":1\r\n");
    listener.expect("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n");
    let mut asker = server.client();
    asker.send(b"INFO persistence\r\nQUIT\r\n");
    let text = asker.read_to_end();
    for line in ["loading:1\r\n", "rdb_last_load_keys_loaded:1\r\n", "loading_eta_seconds:"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    client.send(b"SHUTDOWN SAVE\r\n");
    assert_eq!(client.read_to_end(), "");
    assert_eq!(server.wait(), Some(0));
    // Nor did it put the one key there was in the place of all.
    let mut server = data.serve(&SLOWLY);
    server.client().ask("PING\r\n", LOADING);
    let killed = Command::new("kill").args(["-TERM", &server.pid().to_string()]).status().expect("kill runs");
    assert!(killed.success());
    assert_eq!(server.wait(), Some(0));
    let server = data.serve(&[]);
    let mut client = server.client();
    let deadline = Instant::now() + PATIENCE;
    loop {
        client.send(b"DBSIZE\r\n");
        match client.read(1)[0] {
            b':' => break,
            _ => client.expect(&LOADING[1..]),
        }
        assert!(Instant::now() < deadline, "it never was loaded");
    }
    client.expect("1000\r\n");
}

#[test]
fn broken_data_ends_the_server() {
    let data = Data::new("broken-load");
    let file = data.0.join("dump.rdb");
    let mut bytes = std::fs::read(&file).expect("it was saved");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&file, bytes).expect("it is ours");
    let dir = data.0.to_str().expect("a plain path");
    let output = Command::new(env!("CARGO_BIN_EXE_spinel"))
        .args(["--port", "0", "--unixsocket", &format!("{dir}/socket"), "--dir", dir])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stdout);
    for line in [
        "Wrong RDB checksum expected",
        "--- RDB ERROR DETECTED ---",
        "Fatal error loading the DB, check server logs. Exiting.",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("Ready to accept connections"), "{text}");
}
