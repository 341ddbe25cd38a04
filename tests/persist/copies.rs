//! WAITAOF on a simulated disk: it answers when the client's last write survives a power cut, and no earlier.

use super::power_cut::Server;
use super::sim_disk::SimDisk;
use spinel::config::AppendFsync;
use spinel::ids::ClientId;

/// A server whose log is open.
fn start(policy: AppendFsync) -> (Server, SimDisk) {
    let disk = SimDisk::cut_at(usize::MAX);
    let mut server = Server::new(&disk, policy);
    server.engine.load_log();
    assert!(server.engine.open_log_at_start());
    (server, disk)
}

fn ask(server: &mut Server, id: ClientId, line: &str) -> String {
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    server.engine.begin_log_turn();
    server.engine.execute_slices(id, &words);
    server.engine.flush_log();
    told(server, id)
}

/// What a client may be told by now.
fn told(server: &mut Server, id: ClientId) -> String {
    let confirmed = server.engine.aof.confirmed();
    let out = &mut server.engine.client(id).out;
    let waits = out.is_held() && out.releasable(confirmed) == 0;
    if waits { String::new() } else { String::from_utf8_lossy(&out.drain()).into_owned() }
}

/// Lets syncs that were asked for come to their end.
fn sync(server: &mut Server) {
    while server.engine.aof.pending_syncs() > 0 {
        std::thread::yield_now();
    }
    server.pass_ms(1);
}

const SAFE: &str = "*2\r\n:1\r\n:0\r\n";
const NOT_YET: &str = "*2\r\n:0\r\n:0\r\n";

#[test]
fn every_second_it_waits_for_the_next_sync() {
    let (mut server, disk) = start(AppendFsync::EverySec);
    let (writer, reader) = (server.client, server.engine.connect());
    assert_eq!(ask(&mut server, writer, "SET a 1"), "+OK\r\n");
    assert_eq!(ask(&mut server, writer, "WAITAOF 1 0 0"), "");
    // Who wrote nothing waits for nothing.
    assert_eq!(ask(&mut server, reader, "WAITAOF 1 0 0"), SAFE);
    server.pass_ms(500);
    assert_eq!(told(&mut server, writer), "");
    disk.hold_syncs(true);
    server.pass_ms(501);
    assert_eq!((server.engine.aof.pending_syncs(), told(&mut server, writer)), (1, String::new()));
    disk.hold_syncs(false);
    sync(&mut server);
    assert_eq!(told(&mut server, writer), SAFE);
    assert_eq!(ask(&mut server, writer, "WAITAOF 1 0 0"), SAFE);
    assert_eq!(ask(&mut server, writer, "GET a"), "$1\r\n1\r\n");
    let mut again = Server::new(&disk.after_cut(1), AppendFsync::EverySec);
    again.engine.load_log();
    assert_eq!(again.ask("GET a"), "$1\r\n1\r\n");
}

#[test]
fn it_ends_by_time_by_hand_or_with_the_log() {
    let (mut server, _) = start(AppendFsync::No);
    let (writer, other) = (server.client, server.engine.connect());
    let number = server.engine.client(writer).number;
    ask(&mut server, writer, "SET a 1");
    assert_eq!(ask(&mut server, writer, "WAITAOF 1 0 50"), "");
    let info = ask(&mut server, other, "INFO clients");
    assert!(
        info.contains("\nblocked_clients:1\r") && info.contains("\nclients_in_timeout_table:1\r"),
        "{info}"
    );
    server.pass_ms(5000);
    assert_eq!(told(&mut server, writer), NOT_YET);
    for (how, answer) in [("", NOT_YET), (" ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK\r\n")] {
        assert_eq!(ask(&mut server, writer, "WAITAOF 1 0 0"), "");
        assert_eq!(ask(&mut server, other, &format!("CLIENT UNBLOCK {number}{how}")), ":1\r\n");
        assert_eq!(told(&mut server, writer), answer);
    }
    ask(&mut server, writer, "MULTI");
    ask(&mut server, writer, "WAITAOF 1 0 0");
    assert_eq!(ask(&mut server, writer, "EXEC"), format!("*1\r\n{NOT_YET}"));
    assert_eq!(ask(&mut server, writer, "WAITAOF 1 0 0"), "");
    assert_eq!(ask(&mut server, other, "CONFIG SET appendonly no"), "+OK\r\n");
    let refused = "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n";
    assert_eq!(told(&mut server, writer), refused);
    assert_eq!(ask(&mut server, writer, "WAITAOF 1 0 0"), refused);
}

#[test]
fn always_it_is_durable_when_the_reply_is_there_unless_a_child_has_the_disk() {
    let (mut server, _) = start(AppendFsync::Always);
    let client = server.client;
    ask(&mut server, client, "SET a 1");
    assert!(server.wait_for(server.engine.feed.as_ref().map_or(0, |feed| feed.offset)));
    assert!(ask(&mut server, client, "WAITAOF 1 0 0").ends_with(SAFE));
    ask(&mut server, client, "CONFIG SET no-appendfsync-on-rewrite yes");
    assert!(server.engine.rewrite_in_background());
    ask(&mut server, client, "GET a");
    ask(&mut server, client, "SET a 2");
    assert!(server.wait_for(server.engine.feed.as_ref().map_or(0, |feed| feed.offset)));
    // Confirmed, for that is what the directive asks for, and yet not durable.
    told(&mut server, client);
    assert_eq!(ask(&mut server, client, "WAITAOF 1 0 0"), "");
    assert!(server.engine.client(client).blocked.is_some());
    // The child ends, and what was spared is made good.
    server.finish_rewrite();
    server.pass_ms(1);
    let end = server.engine.client(client).logged_to;
    while server.engine.aof.durable() < end {
        std::thread::yield_now();
    }
    server.pass_ms(1);
    assert_eq!(told(&mut server, client), SAFE);
}

#[test]
fn what_is_logged_before_the_first_base_is_safe_with_it() {
    let disk = SimDisk::cut_at(usize::MAX);
    let mut server = Server::new(&disk, AppendFsync::Always);
    server.engine.config.appendonly = false;
    let client = server.client;
    ask(&mut server, client, "SET a 1");
    assert_eq!(ask(&mut server, client, "CONFIG SET appendonly yes"), "+OK\r\n");
    ask(&mut server, client, "SET a 2");
    assert!(server.wait_for(server.engine.feed.as_ref().map_or(0, |feed| feed.offset)));
    told(&mut server, client);
    assert_eq!(ask(&mut server, client, "WAITAOF 1 0 0"), "");
    assert!(server.engine.client(client).blocked.is_some());
    server.finish_rewrite();
    server.pass_ms(1);
    assert_eq!(told(&mut server, client), SAFE);
    let mut again = Server::new(&disk.after_cut(3), AppendFsync::Always);
    again.engine.load_log();
    assert_eq!(again.ask("GET a"), "$1\r\n2\r\n");
}
