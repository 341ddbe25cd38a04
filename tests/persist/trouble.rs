//! A disk in trouble: full, broken, read-only, emptied under the server's feet. Writes are refused and reads go on,
//! nothing that was acknowledged goes, and all is well again when the disk is; under `always` the server ends.

use super::power_cut::Server;
use super::sim_disk::{BROKEN, NO_SPACE, SimDisk};
use spinel::config::AppendFsync;
use spinel::engine::aof::LogLoad;
use spinel::ids::ClientId;
use spinel::persist::files::Disk;
use std::path::Path;

fn start(policy: AppendFsync) -> (Server, SimDisk) {
    let disk = SimDisk::cut_at(usize::MAX);
    let mut server = Server::new(&disk, policy);
    server.engine.load_log();
    assert!(server.engine.open_log_at_start());
    (server, disk)
}

/// Asks for a client of its own, and leaves the answer with it.
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

fn info(server: &mut Server, field: &str) -> String {
    let text = server.ask("INFO persistence");
    let line = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.unwrap_or("(none)").to_string()
}

/// A server that starts on what is found.
fn again(disk: SimDisk) -> Server {
    let mut server = Server::new(&disk, AppendFsync::EverySec);
    assert_eq!(server.engine.load_log(), LogLoad::Loaded, "{}", disk.show());
    server
}

#[test]
fn a_full_or_broken_disk_refuses_writes_until_it_takes_them_again() {
    for policy in [AppendFsync::EverySec, AppendFsync::No] {
        for (number, why) in [(NO_SPACE, "No space left on device"), (BROKEN, "Input/output error")] {
            let (mut server, disk) = start(policy);
            assert_eq!(server.ask("SET a 1"), "+OK\r\n");
            catch_up(&mut server);
            if number == NO_SPACE {
                // A part goes in, and is taken away again.
                disk.leave_room(Some(10));
            } else {
                disk.refuse_writes(Some(number));
            }
            let writer = ask(&mut server, "SET b 1234567890");
            assert!(is_held(&mut server, writer));
            let refused = format!("-MISCONF Errors writing to the AOF file: {why}\r\n");
            for line in ["SET c 1", "DEL a", "PING", "FLUSHALL"] {
                server.pass_ms(100);
                assert_eq!(server.ask(line), refused, "{line}");
            }
            assert_eq!(
                (server.ask("GET a"), server.ask("EXISTS c")),
                ("$1\r\n1\r\n".into(), ":0\r\n".into())
            );
            assert_eq!(info(&mut server, "aof_last_write_status"), "err");
            assert_ne!(info(&mut server, "aof_buffer_length"), "0");
            assert!(is_held(&mut server, writer) && server.engine.aof.fatal().is_none());
            // What tells of data waits, what tells of the server does not.
            for (line, held) in
                [("DBSIZE", true), ("KEYS *", true), ("INFO", false), ("CONFIG GET save", false)]
            {
                let id = ask(&mut server, line);
                assert_eq!(is_held(&mut server, id), held, "{line}");
            }
            let waiting = server.engine.connect();
            server.engine.client(waiting).logged_to = server.engine.client(writer).logged_to;
            server.engine.execute_slices(waiting, &[b"WAITAOF", b"1", b"0", b"10"]);
            assert!(server.engine.client(waiting).out.is_empty());
            server.pass_ms(100);
            assert!(!is_held(&mut server, waiting));
            // A rewrite would leave an end behind that is not there.
            assert!(!server.engine.rewrite_in_background());
            let mut killed = again(disk.after_kill());
            assert_eq!((killed.ask("GET a"), killed.ask("DBSIZE")), ("$1\r\n1\r\n".into(), ":1\r\n".into()));
            disk.leave_room(None);
            disk.refuse_writes(None);
            catch_up(&mut server);
            assert!(!is_held(&mut server, writer));
            server.pass_ms(1);
            assert_eq!(info(&mut server, "aof_last_write_status"), "ok");
            assert_eq!(info(&mut server, "aof_buffer_length"), "0");
            assert_eq!(server.ask("APPEND b x"), ":11\r\n");
            catch_up(&mut server);
            let mut killed = again(disk.after_kill());
            assert_eq!(killed.ask("GET b"), "$11\r\n1234567890x\r\n");
            assert_eq!(killed.ask("DBSIZE"), ":2\r\n");
        }
    }
}

#[test]
fn under_always_there_is_no_going_on() {
    const WRITE: &str =
        "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting...";
    const SYNC: &str = "Can't persist AOF for fsync error when the AOF fsync policy is 'always': Input/output \
                        error. Exiting...";
    for (fails_sync, line) in [(false, WRITE), (true, SYNC)] {
        let (mut server, disk) = start(AppendFsync::Always);
        server.ask("SET a 1");
        catch_up(&mut server);
        if fails_sync {
            disk.fail_sync();
        } else {
            disk.refuse_writes(Some(NO_SPACE));
        }
        let writer = ask(&mut server, "SET b 1");
        let end = server.engine.client(writer).logged_to;
        assert!(!server.wait_for(end));
        assert_eq!(server.engine.aof.fatal(), Some(line));
        assert!(is_held(&mut server, writer));
        assert_eq!(again(disk.after_cut(1)).ask("GET a"), "$1\r\n1\r\n");
    }
}

#[test]
fn a_vanished_folder_is_made_good_by_a_rewrite() {
    for policy in [AppendFsync::Always, AppendFsync::EverySec, AppendFsync::No] {
        let (mut server, disk) = start(policy);
        server.ask("SET a 1");
        catch_up(&mut server);
        disk.vanish();
        let writer = ask(&mut server, "SET b 1");
        catch_up(&mut server);
        assert!(!is_held(&mut server, writer));
        assert!(server.engine.rewrite_in_background());
        ask(&mut server, "SET c 1");
        catch_up(&mut server);
        server.finish_rewrite();
        assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "ok");
        assert!(server.engine.finish_log());
        assert_eq!(again(disk.after_cut(5)).ask("EXISTS a b c"), ":3\r\n", "{}", disk.show());
    }
}

#[test]
fn a_read_only_disk_keeps_the_log_as_it_is() {
    let (mut server, disk) = start(AppendFsync::EverySec);
    server.ask("SET a 1");
    disk.make_read_only(true);
    let refused = server.ask("BGREWRITEAOF");
    assert!(refused.starts_with("-ERR Can't execute an AOF background rewriting."), "{refused}");
    assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "err");
    // What is open can still be written.
    assert_eq!(server.ask("SET b 1"), "+OK\r\n");
    catch_up(&mut server);
    let found = disk.after_kill();
    found.make_read_only(true);
    let mut killed = again(found);
    assert_eq!(killed.ask("EXISTS a b"), ":2\r\n");
    disk.make_read_only(false);
    assert!(server.engine.rewrite_in_background());
    server.finish_rewrite();
    assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "ok");
    let empty = SimDisk::cut_at(usize::MAX);
    empty.make_read_only(true);
    let mut first = Server::new(&empty, AppendFsync::EverySec);
    assert_eq!(first.engine.load_log(), LogLoad::Absent);
    assert!(!first.engine.open_log_at_start());
}

#[test]
fn rewrites_that_fail_are_tidied_up_and_come_at_growing_distances() {
    let (mut server, disk) = start(AppendFsync::EverySec);
    for failures in 1..=3 {
        server.ask("INCR a");
        // The child's own rename.
        disk.fail_rename(["bg-1.aof", "bg-2.aof", "bg-3.aof"][failures - 1]);
        assert!(server.engine.rewrite_in_background());
        server.finish_rewrite();
        assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "err");
        assert_eq!(info(&mut server, "aof_rewrites_consecutive_failures"), failures.to_string());
        assert!(!disk.show().contains("rewriteaof"), "{}", disk.show());
    }
    server.engine.aof.rewrite.scheduled = true;
    server.pass_ms(100);
    server.pass_ms(59_000);
    assert_eq!(info(&mut server, "aof_rewrite_in_progress"), "0");
    server.pass_ms(2000);
    server.finish_rewrite();
    assert_eq!(info(&mut server, "aof_last_bgrewrite_status"), "ok");
    assert_eq!(info(&mut server, "aof_rewrites_consecutive_failures"), "0");
    catch_up(&mut server);
    assert_eq!(again(disk.after_kill()).ask("GET a"), "$1\r\n3\r\n");
}

#[test]
fn the_last_file_is_cut_where_it_is_torn_and_what_is_cut_is_kept() {
    for tail in [&[0; 5000][..], b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$10\r\n123", b"*1\r\n$5\r\nMULTI\r\n*1\r\n"]
    {
        let (mut server, disk) = start(AppendFsync::EverySec);
        server.ask("SET a 1");
        catch_up(&mut server);
        disk.damage(".1.incr.aof", tail);
        let mut found = again(disk.clone());
        assert_eq!(found.ask("DBSIZE"), ":1\r\n");
        let kept = disk.list(Path::new("appendonlydir")).expect("it is there");
        let kept: Vec<_> = kept.iter().filter(|name| name.to_string_lossy().contains(".broken-")).collect();
        assert_eq!(kept.len(), 1, "{}", disk.show());
        let size = disk.size(&Path::new("appendonlydir").join(kept[0])).expect("it is there");
        assert_eq!(size, tail.len() as u64);
        // It is cut for good, and written on.
        assert!(found.engine.open_log_at_start());
        assert_eq!(found.ask("SET c 1"), "+OK\r\n");
        catch_up(&mut found);
        assert_eq!(again(disk.after_kill()).ask("EXISTS a c"), ":2\r\n");
    }
}

#[test]
fn a_torn_file_before_others_is_refused_unless_they_are_empty() {
    let (mut server, disk) = start(AppendFsync::EverySec);
    server.ask("SET a 1");
    // The manifest is in place, nobody is sure of it, and the old increment is gone on with.
    disk.fail_sync_of_rename("manifest");
    assert!(server.engine.rewrite_in_background());
    server.finish_rewrite();
    server.ask("SET b 1");
    catch_up(&mut server);
    disk.damage(".1.incr.aof", &[0; 100]);
    assert!(disk.show().contains(".2.incr.aof"), "{}", disk.show());
    assert_eq!(again(disk.after_kill()).ask("EXISTS a b"), ":2\r\n");
    disk.damage(".2.incr.aof", b"*1\r\n$4\r\nPING\r\n");
    let mut refused = Server::new(&disk.after_kill(), AppendFsync::EverySec);
    assert_eq!(refused.engine.load_log(), LogLoad::Failed);
}
