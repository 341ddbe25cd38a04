//! A rewrite goes on in a new increment, and takes in a new base, without the loop waiting for the disk; what fails on
//! the way leaves everything as it was.

use super::power_cut::Server;
use super::sim_disk::SimDisk;
use spinel::config::AppendFsync;
use spinel::ids::ClientId;

const POLICIES: [AppendFsync; 3] = [AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No];

fn start(policy: AppendFsync) -> (Server, SimDisk) {
    let disk = SimDisk::cut_at(usize::MAX);
    let mut server = Server::new(&disk, policy);
    server.engine.load_log();
    assert!(server.engine.open_log_at_start());
    (server, disk)
}

/// Asks for a client of its own.
fn ask(server: &mut Server, line: &str) -> ClientId {
    let id = server.engine.connect();
    let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
    server.engine.begin_log_turn();
    server.engine.execute_slices(id, &words);
    server.engine.flush_log();
    id
}

fn is_held(server: &mut Server, id: ClientId) -> bool {
    let confirmed = server.engine.aof.confirmed();
    let out = &mut server.engine.client(id).out;
    assert!(!out.is_empty());
    out.is_held() && out.releasable(confirmed) == 0
}

fn catch_up(server: &mut Server) {
    let end = server.engine.feed.as_ref().map_or(0, |feed| feed.offset);
    assert!(server.wait_for(end));
}

/// What a server that starts after a power cut finds.
fn found(disk: &SimDisk, policy: AppendFsync, key: &str) -> String {
    let mut again = Server::new(&disk.after_cut(1), policy);
    again.engine.load_log();
    again.ask(&format!("GET {key}"))
}

fn info(server: &mut Server, field: &str) -> String {
    let id = server.engine.connect();
    server.engine.execute_slices(id, &[b"INFO", b"persistence"]);
    let text = String::from_utf8_lossy(&server.engine.client(id).out.drain()).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or("(none)").to_string()
}

#[test]
fn the_loop_goes_on_while_the_disk_switches_increments() {
    for policy in POLICIES {
        let (mut server, disk) = start(policy);
        ask(&mut server, "SET clean 1");
        catch_up(&mut server);
        disk.hold_syncs(true);
        // It would hang here if the loop synced.
        let rewriter = ask(&mut server, "BGREWRITEAOF");
        let told = String::from_utf8_lossy(&server.engine.client(rewriter).out.drain()).into_owned();
        assert_eq!(told, "+Background append only file rewriting started\r\n");
        let (writer, reader) = (ask(&mut server, "SET a 1"), ask(&mut server, "GET clean"));
        // What goes to a file that no manifest names yet is no more there after kill -9 than after a power cut.
        assert!(is_held(&mut server, writer), "{policy:?}");
        assert!(!is_held(&mut server, reader), "{policy:?}");
        server.pass_ms(2000);
        assert_eq!(info(&mut server, "aof_rewrite_in_progress"), "1");
        assert!(is_held(&mut server, writer), "{policy:?}");
        disk.hold_syncs(false);
        catch_up(&mut server);
        assert!(!is_held(&mut server, writer), "{policy:?}");
        server.finish_rewrite();
        assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "ok");
        assert!(server.engine.finish_log());
        assert_eq!(found(&disk, policy, "a"), "$1\r\n1\r\n", "{}", disk.show());
        let names = disk.show();
        assert!(names.contains(".2.base.rdb:") && names.contains(".2.incr.aof:"), "{names}");
        assert!(!names.contains(".1.base.rdb:") && !names.contains(".1.incr.aof:"), "{names}");
    }
}

#[test]
fn a_sync_that_does_not_end_is_told_of() {
    let (mut server, disk) = start(AppendFsync::EverySec);
    ask(&mut server, "SET a 1");
    disk.hold_syncs(true);
    server.pass_ms(1001);
    for passed in [0, 1000, 1000] {
        server.pass_ms(passed);
        assert_eq!(info(&mut server, "aof_delayed_fsync"), "0");
        ask(&mut server, "SET a 2");
    }
    // Beside it the log is written, and nobody waits.
    catch_up(&mut server);
    assert_eq!(info(&mut server, "aof_delayed_fsync"), "1");
    assert_eq!(info(&mut server, "aof_pending_bio_fsync"), "1");
    assert_eq!(info(&mut server, "aof_buffer_length"), "0");
    disk.hold_syncs(false);
    while server.engine.aof.pending_syncs() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(info(&mut server, "aof_pending_bio_fsync"), "0");
}

#[test]
fn a_manifest_that_cannot_be_replaced_calls_the_rewrite_off() {
    for policy in POLICIES {
        for unsure in [false, true] {
            let (mut server, disk) = start(policy);
            assert_eq!(server.ask("INCR a"), ":1\r\n");
            catch_up(&mut server);
            if unsure {
                disk.fail_sync_of_rename("manifest")
            } else {
                disk.fail_rename("manifest")
            }
            assert!(server.engine.rewrite_in_background());
            // Handed over before anybody knows.
            let writer = ask(&mut server, "INCR a");
            catch_up(&mut server);
            server.finish_rewrite();
            server.pass_ms(1);
            assert!(!is_held(&mut server, writer));
            assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "err");
            assert_eq!(info(&mut server, "aof_rewrite_in_progress"), "0");
            let last = ask(&mut server, "INCR a");
            catch_up(&mut server);
            assert!(!is_held(&mut server, last) && server.engine.aof.fatal().is_none());
            assert!(server.engine.finish_log());
            assert_eq!(found(&disk, policy, "a"), "$1\r\n3\r\n", "{policy:?} {}", disk.show());
            // The next one succeeds.
            assert!(server.engine.rewrite_in_background());
            server.finish_rewrite();
            assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "ok");
            ask(&mut server, "INCR a");
            assert!(server.engine.finish_log());
            assert_eq!(found(&disk, policy, "a"), "$1\r\n4\r\n", "{policy:?} {}", disk.show());
        }
    }
}

#[test]
fn a_base_that_cannot_be_taken_in_leaves_the_log_as_it_was() {
    for policy in POLICIES {
        for unsure in [false, true] {
            let (mut server, disk) = start(policy);
            server.ask("INCR a");
            assert!(server.engine.rewrite_in_background());
            while !server.engine.aof.is_settled() {
                server.engine.begin_log_turn();
                std::thread::yield_now();
            }
            server.ask("INCR a");
            if unsure {
                disk.fail_sync_of_rename("manifest")
            } else {
                disk.fail_rename(".base.rdb")
            }
            server.finish_rewrite();
            assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "err");
            server.ask("INCR a");
            assert!(server.engine.finish_log());
            assert_eq!(found(&disk, policy, "a"), "$1\r\n3\r\n", "{policy:?} {}", disk.show());
            assert!(server.engine.rewrite_in_background());
            server.finish_rewrite();
            server.ask("INCR a");
            assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "ok");
            assert!(server.engine.finish_log());
            for seed in 0..4 {
                let mut again = Server::new(&disk.after_cut(seed), policy);
                again.engine.load_log();
                assert_eq!(again.ask("GET a"), "$1\r\n4\r\n", "{policy:?} {}", disk.show());
            }
        }
    }
}

#[test]
fn what_the_new_increment_loses_is_not_made_good_by_the_base_before_it() {
    let (mut server, disk) = start(AppendFsync::EverySec);
    assert!(server.engine.rewrite_in_background());
    while !server.engine.aof.is_settled() {
        server.engine.begin_log_turn();
        std::thread::yield_now();
    }
    ask(&mut server, "SET a 1");
    disk.fail_sync();
    // No look at the child: only the sync comes.
    server.engine.set_clock(1_700_000_010_000_000, 10_000_000);
    server.engine.flush_log();
    while server.engine.aof.pending_syncs() > 0 {
        std::thread::yield_now();
    }
    let mut rewrites = Vec::new();
    while rewrites.last().is_none_or(|(count, busy, _)| *busy || count == "1") {
        server.pass_ms(0);
        let busy = server.engine.rewrite_child().is_some();
        let refused = server.ask("SET a 2").starts_with("-MISCONF");
        rewrites.push((info(&mut server, "aof_rewrites"), busy, refused));
        std::thread::yield_now();
    }
    // The first base came in and changed nothing; the second has it all.
    let (count, _, refused) = rewrites.pop().expect("there was one at least");
    assert_eq!((count.as_str(), refused), ("2", false));
    assert!(rewrites.iter().all(|(_, _, refused)| *refused));
    assert_eq!(server.ask("SET a 3"), "+OK\r\n");
}
