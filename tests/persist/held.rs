//! With `appendfsync always` a reply waits until what it reveals is durable, and no other reply waits.

use super::power_cut::Server;
use super::sim_disk::SimDisk;
use spinel::config::AppendFsync;
use spinel::ids::ClientId;

/// A server on a disk that syncs nothing until it is told to.
struct Slow {
    server: Server,
    disk: SimDisk,
}

impl Slow {
    fn new() -> Slow {
        let disk = SimDisk::cut_at(usize::MAX);
        let mut server = Server::new(&disk, AppendFsync::Always);
        server.engine.load_log();
        assert!(server.engine.open_log_at_start());
        Slow { server, disk }
    }

    fn connect(&mut self) -> ClientId {
        self.server.engine.connect()
    }

    /// Asks for a client of its own; whether the reply has to wait.
    fn waits(&mut self, line: &str) -> bool {
        let id = self.connect();
        self.ask(id, line);
        self.is_held(id)
    }

    fn ask(&mut self, id: ClientId, line: &str) {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.server.engine.begin_log_turn();
        self.server.engine.execute_slices(id, &words);
        self.server.engine.flush_log();
    }

    fn is_held(&mut self, id: ClientId) -> bool {
        let confirmed = self.server.engine.aof.confirmed();
        let out = &mut self.server.engine.client(id).out;
        assert!(!out.is_empty());
        out.releasable(confirmed) == 0
    }

    fn catch_up(&mut self) {
        self.disk.hold_syncs(false);
        let end = self.server.engine.feed.as_ref().map_or(0, |feed| feed.offset);
        assert!(self.server.wait_for(end));
    }
}

#[test]
fn replies_wait_for_what_they_reveal() {
    let mut slow = Slow::new();
    slow.ask(slow.server.client, "SET clean 1");
    slow.catch_up();
    slow.disk.hold_syncs(true);
    let writer = slow.connect();
    slow.ask(writer, "SET dirty 1");
    assert!(slow.is_held(writer));
    for line in
        ["GET dirty", "SETNX dirty 2", "MGET clean dirty", "KEYS *", "DBSIZE", "TTL dirty", "EXISTS a dirty"]
    {
        assert!(slow.waits(line), "{line}");
    }
    for line in ["GET clean", "SETNX clean 2", "GET absent", "PING", "MGET clean absent", "SET", "NOSUCH"] {
        assert!(!slow.waits(line), "{line}");
    }
    assert!(slow.is_held(writer));
    slow.catch_up();
    assert!(!slow.is_held(writer) && !slow.waits("GET dirty") && !slow.waits("KEYS *"));
}

#[test]
fn messages_to_others_wait_for_the_log() {
    let mut slow = Slow::new();
    let (listener, popper) = (slow.connect(), slow.connect());
    slow.ask(listener, "SUBSCRIBE news");
    slow.server.engine.client(listener).out.drain();
    slow.ask(popper, "BLPOP queue 0");
    slow.disk.hold_syncs(true);
    let writer = slow.connect();
    slow.ask(writer, "SET a 1");
    slow.ask(writer, "PUBLISH news a-is-1");
    slow.ask(writer, "RPUSH queue x");
    assert!(slow.is_held(listener) && slow.is_held(popper));
    slow.catch_up();
    assert!(!slow.is_held(listener) && !slow.is_held(popper));
}

#[test]
fn a_flush_makes_every_key_dirty() {
    let mut slow = Slow::new();
    slow.disk.hold_syncs(true);
    slow.ask(slow.server.client, "SELECT 3");
    slow.ask(slow.server.client, "SET a 1");
    slow.ask(slow.server.client, "FLUSHALL");
    assert!(slow.waits("GET never-seen"));
    slow.catch_up();
    assert!(!slow.waits("GET never-seen"));
}

#[test]
fn a_failed_sync_is_made_good_by_a_new_base_only() {
    let disk = SimDisk::cut_at(usize::MAX);
    let mut server = Server::new(&disk, AppendFsync::EverySec);
    server.engine.load_log();
    assert!(server.engine.open_log_at_start());
    assert_eq!(server.ask("SET a 1"), "+OK\r\n");
    disk.fail_sync();
    server.pass_ms(1001);
    while server.engine.aof.pending_syncs() > 0 {
        std::thread::yield_now();
    }
    let refused = server.ask("SET a 2");
    assert!(refused.starts_with("-MISCONF Errors writing to the AOF file: Input/output error"), "{refused}");
    assert_eq!(server.ask("GET a"), "$1\r\n1\r\n");
    // Later syncs succeed, which says nothing of what was lost.
    server.engine.begin_log_turn();
    assert!(server.ask("SET a 2").starts_with("-MISCONF"));
    server.pass_ms(100);
    server.finish_rewrite();
    assert_eq!(server.ask("SET a 3"), "+OK\r\n");
    assert!(server.engine.finish_log());
    let mut again = Server::new(&disk.after_cut(1), AppendFsync::EverySec);
    again.engine.load_log();
    assert_eq!(again.ask("GET a"), "$1\r\n3\r\n");
}
