//! Children that save and rewrite: what they are told, and what becomes of them when they are killed or called off.

use super::server::{Client, PATIENCE, Server};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// A directory that goes with the test.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Dir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("spinel-children-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a directory for the test");
        Dir(path)
    }

    /// Names of files that only a child at work has.
    fn temps(&self) -> Vec<String> {
        let names = std::fs::read_dir(&self.0).expect("it was made").flatten();
        let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("temp-")).collect()
    }

    /// Files that children write a log's base to: a manifest on its way has such a name, too, for a moment.
    fn rewrites(&self) -> usize {
        self.temps().iter().filter(|name| name.starts_with("temp-rewriteaof-")).count()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // What stays is in a directory for such things.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn start(dir: &Dir, more: &[&str]) -> Server {
    let place = dir.0.to_string_lossy();
    let server = Server::start(&[&["--dir", &*place, "--rdb-key-save-delay", "10000000"], more].concat());
    server.client().ask("MSET a 1 b 2 c 3\r\n", "+OK\r\n");
    server
}

fn info(client: &mut Client, field: &str) -> String {
    client.send(b"INFO persistence\r\n");
    let mut head = Vec::new();
    while head.last() != Some(&b'\n') {
        head.extend(client.read(1));
    }
    let text = String::from_utf8_lossy(&head);
    let bytes: usize = text.trim().trim_start_matches('$').parse().expect("a bulk string");
    let body = client.read(bytes + 2);
    let body = String::from_utf8_lossy(&body);
    let line = body.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    line.expect("the field is there").to_string()
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::yield_now();
    }
}

fn children(server: &Server) -> Vec<u32> {
    let of = format!("/proc/{0}/task/{0}/children", server.pid());
    let text = std::fs::read_to_string(of).unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().expect("kill runs").success());
}

fn proc_line(pid: u32, file: &str, head: &str) -> String {
    let text =
        std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join(file)).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(head)).unwrap_or_default().trim().to_string()
}

/// Begins a save, and waits until its child has a file.
fn save(dir: &Dir, server: &Server, client: &mut Client) -> u32 {
    client.ask("BGSAVE\r\n", "+Background saving started\r\n");
    wait_until("the child writes", || dir.temps().len() == 1);
    children(server)[0]
}

#[test]
fn a_child_that_is_killed_is_cleaned_up_after() {
    let dir = Dir::new();
    let server = start(&dir, &["--save", "3600 1000", "--stop-writes-on-bgsave-error", "yes"]);
    let mut client = server.client();
    let child = save(&dir, &server, &mut client);
    assert_eq!(dir.temps(), [format!("temp-{child}.rdb")]);
    signal("-KILL", child);
    wait_until("its end is noticed", || info(&mut client, "rdb_bgsave_in_progress") == "0");
    assert_eq!(info(&mut client, "rdb_last_bgsave_status"), "err");
    assert!(dir.temps().is_empty() && children(&server).is_empty());
    client.send(b"SET d 4\r\n");
    assert_eq!(client.read(8), b"-MISCONF");
}

#[test]
fn a_directory_that_went_is_made_good_by_another() {
    let (dir, other) = (Dir::new(), Dir::new());
    let server = start(&dir, &["--save", "3600 1000", "--enable-protected-configs", "yes"]);
    let mut client = server.client();
    client.ask("CONFIG SET rdb-key-save-delay 0\r\n", "+OK\r\n");
    std::fs::remove_dir_all(&dir.0).expect("it is there");
    client.ask("BGSAVE\r\n", "+Background saving started\r\n");
    wait_until("the child gave up", || info(&mut client, "rdb_bgsave_in_progress") == "0");
    client.ask("GET a\r\n", "$1\r\n1\r\n");
    client.send(b"SET a 2\r\nPING\r\n");
    let refused =
        "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.";
    client.expect(refused);
    let mut client = server.client();
    let absent =
        "-ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory\r\n";
    client.ask(&format!("CONFIG SET dir {}\r\n", dir.0.display()), absent);
    client.ask(&format!("CONFIG SET dir {}\r\n", other.0.display()), "+OK\r\n");
    client.ask("BGSAVE\r\n", "+Background saving started\r\n");
    wait_until("it is saved", || info(&mut client, "rdb_bgsave_in_progress") == "0");
    assert!(other.0.join("dump.rdb").is_file());
    client.ask("SET a 2\r\n", "+OK\r\n");
}

#[test]
fn a_child_that_is_called_off_goes_even_if_it_was_stopped() {
    let dir = Dir::new();
    let server = start(&dir, &[]);
    let mut client = server.client();
    let calls = [("BGSAVE CANCEL\r\n", "+Background saving cancelled\r\n"), ("FLUSHALL\r\n", "+OK\r\n")];
    for (call, answer) in calls {
        let child = save(&dir, &server, &mut client);
        signal("-STOP", child);
        client.ask(call, answer);
        wait_until("it is gone", || info(&mut client, "rdb_bgsave_in_progress") == "0");
        assert_eq!(info(&mut client, "rdb_last_bgsave_status"), "ok");
        assert!(dir.temps().is_empty() && children(&server).is_empty(), "{call}");
    }
}

#[test]
fn a_rewrite_ends_with_its_log_and_with_the_server() {
    let dir = Dir::new();
    let mut server = start(&dir, &["--appendonly", "yes"]);
    let mut client = server.client();
    client.ask("BGREWRITEAOF\r\n", "+Background append only file rewriting started\r\n");
    wait_until("the child writes", || dir.rewrites() == 1);
    signal("-STOP", children(&server)[0]);
    // The loop waits for no child.
    client.ask("CONFIG SET appendonly no\r\n", "+OK\r\n");
    assert_eq!(info(&mut client, "aof_rewrite_in_progress"), "0");
    wait_until("it is gone", || dir.temps().is_empty() && children(&server).is_empty());
    client.ask("CONFIG SET rdb-key-save-delay 0\r\n", "+OK\r\n");
    client.ask("CONFIG SET appendonly yes\r\n", "+OK\r\n");
    wait_until("the first base is there", || info(&mut client, "aof_rewrite_in_progress") == "0");
    client.ask("CONFIG SET rdb-key-save-delay 10000000\r\n", "+OK\r\n");
    client.ask("BGREWRITEAOF\r\n", "+Background append only file rewriting started\r\n");
    wait_until("the child writes", || dir.rewrites() == 1);
    client.send(b"SHUTDOWN\r\n");
    assert_eq!(client.read_to_end(), "");
    assert_eq!(server.wait(), Some(0));
    wait_until("nothing is left", || dir.temps().is_empty());
}

#[test]
fn a_child_gets_its_processors_and_its_score() {
    let dir = Dir::new();
    let own = proc_line(std::process::id(), "status", "Cpus_allowed_list:");
    let first: String = own.chars().take_while(char::is_ascii_digit).collect();
    let options =
        ["--bgsave-cpulist", &*first, "--oom-score-adj", "relative", "--oom-score-adj-values", "0 0 300"];
    let server = start(&dir, &options);
    let mut client = server.client();
    let child = save(&dir, &server, &mut client);
    assert_eq!(proc_line(child, "status", "Cpus_allowed_list:"), first);
    assert_eq!(proc_line(server.pid(), "status", "Cpus_allowed_list:"), own);
    let score = |pid| proc_line(pid, "oom_score_adj", "").parse::<i32>().unwrap_or(i32::MIN);
    assert_eq!(score(child), (score(server.pid()) + 300).min(1000));
}

#[test]
fn server_and_helpers_keep_to_their_processors() {
    let own = proc_line(std::process::id(), "status", "Cpus_allowed_list:");
    let first: String = own.chars().take_while(char::is_ascii_digit).collect();
    let server = Server::start(&["--server-cpulist", &first]);
    let settled = || {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).expect("Linux has it");
        let keeps = |id: String| {
            let line = |file: &str, head: &str| proc_line(server.pid(), &format!("task/{id}/{file}"), head);
            let wanted = match &*line("comm", "") {
                "bio_lazy_free" | "huge_pages" => &own,
                _ if id == server.pid().to_string() => &first,
                _ => return false,
            };
            line("status", "Cpus_allowed_list:") == *wanted
        };
        tasks.flatten().filter(|task| keeps(task.file_name().to_string_lossy().into_owned())).count()
    };
    // A thread takes its name and goes to its processors by itself, and may not have run yet.
    wait_until("each keeps to its own", || settled() == 3);
}
