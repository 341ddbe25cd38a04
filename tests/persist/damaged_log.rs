//! Damaged append-only files: every byte of base, increment and manifest changed, every beginning of them. The log is
//! refused or loads, without a panic and without more memory than the files are worth; and what a torn end leaves is
//! what the whole commands before it made.

use super::canon::{canon, save};
use super::damage::small;
use super::power_cut::Server;
use super::sim_disk::SimDisk;
use crate::meter::peak_bytes;
use spinel::config::AppendFsync;
use spinel::engine::aof::LogLoad;
use spinel::persist::files::{Disk, append_all};
use spinel::persist::rdb::SaveOptions;
use std::path::Path;

const MANIFEST: &[u8] = b"file appendonly.aof.1.base.rdb seq 1 type b\n\
    file appendonly.aof.1.incr.aof seq 1 type h\n\
    file appendonly.aof.2.incr.aof seq 2 type i\n\
    file \"appendonly.aof.3.incr.aof\" seq 3 type i\n";
/// What loading takes whatever the files hold: buffers for reading, tables of an empty server.
const ANYHOW: usize = 4 << 20;

/// Commands as a server logs them.
const COMMANDS: &[&str] = &[
    "SELECT 0",
    "SET k v",
    "SET timed v PXAT 1900000000000",
    "APPEND k x",
    "RPUSH l a 17 c",
    "LPOP l",
    "SADD s a b 1",
    "SREM s a",
    "#TS:1700000000",
    "HSET h f v g w",
    "HPEXPIREAT h 1900000000000 FIELDS 1 f",
    "ZADD z 1.5 a 2 b",
    "ZREM z a",
    "XADD x 1-1 f v",
    "XGROUP CREATE x g 0 ENTRIESREAD 0",
    "XCLAIM x g c 0 1-1 TIME 1700000000000 RETRYCOUNT 1 FORCE JUSTID LASTID 1-1",
    "MULTI",
    "INCR n",
    "PEXPIREAT n 1900000000000",
    "EXEC",
    "SELECT 1",
    "SET other v",
    "SELECT 0",
    "DEL l",
];

/// The log of the commands, and where in it a restart may end: behind each command and each transaction. An annotation
/// goes with the command that follows.
fn log() -> (Vec<u8>, Vec<usize>) {
    let (mut bytes, mut ends, mut open) = (Vec::new(), vec![0], false);
    for line in COMMANDS {
        if line.starts_with('#') {
            bytes.extend_from_slice(format!("{line}\r\n").as_bytes());
        } else {
            let words: Vec<&str> = line.split(' ').collect();
            bytes.extend_from_slice(format!("*{}\r\n", words.len()).as_bytes());
            words.iter().for_each(|w| bytes.extend_from_slice(format!("${}\r\n{w}\r\n", w.len()).as_bytes()));
        }
        open = (open || *line == "MULTI") && *line != "EXEC";
        if !open && !line.starts_with('#') {
            ends.push(bytes.len());
        }
    }
    (bytes, ends)
}

/// The files of a log.
#[derive(Clone)]
struct Files {
    manifest: Vec<u8>,
    base: Vec<u8>,
    middle: Vec<u8>,
    last: Vec<u8>,
}

impl Files {
    fn new() -> Files {
        let options = SaveOptions { compress: true, checksum: true, ..SaveOptions::default() };
        let base = save(&small(), &options);
        let middle = b"*3\r\n$3\r\nSET\r\n$6\r\nmiddle\r\n$1\r\n1\r\n".to_vec();
        Files { manifest: MANIFEST.to_vec(), base, middle, last: log().0 }
    }

    fn bytes(&self) -> usize {
        self.manifest.len() + self.base.len() + self.middle.len() + self.last.len()
    }

    fn disk(&self) -> SimDisk {
        let disk = SimDisk::cut_at(usize::MAX);
        let dir = Path::new("appendonlydir");
        disk.make_dir(dir).expect("its power is on");
        for (name, bytes) in [
            ("appendonly.aof.manifest", &self.manifest),
            ("appendonly.aof.1.base.rdb", &self.base),
            ("appendonly.aof.2.incr.aof", &self.middle),
            ("appendonly.aof.3.incr.aof", &self.last),
        ] {
            let file = disk.create(&dir.join(name)).expect("its power is on");
            append_all(&*file, bytes).expect("its power is on");
        }
        disk
    }
}

/// One server for some loads, each into an empty keyspace; then another, for between turns a server only gathers.
struct Loads {
    server: Server,
    left: usize,
}

impl Loads {
    fn new() -> Loads {
        Loads { server: Server::new(&SimDisk::cut_at(usize::MAX), AppendFsync::EverySec), left: 50 }
    }

    /// Loads from this disk; all there is then, or `None` if the log was refused.
    fn of(&mut self, disk: &SimDisk) -> Option<String> {
        if self.left == 0 {
            *self = Loads::new();
        }
        self.left -= 1;
        self.server.ask("FLUSHALL SYNC");
        self.server.engine.aof.disk = std::sync::Arc::new(disk.clone());
        let loaded = self.server.engine.load_log();
        (loaded == LogLoad::Loaded).then(|| canon(&self.server.engine.keyspace))
    }

    /// Loads these files and holds the memory that takes against their size.
    fn bounded(&mut self, files: &Files, what: &str) -> Option<String> {
        let disk = files.disk();
        let (loaded, peak) = peak_bytes(|| self.of(&disk));
        assert!(peak < ANYHOW + 100 * files.bytes(), "{what}: {peak} bytes");
        loaded
    }
}

/// Changes each byte of a part in several ways, and counts what loads.
fn flip_all(part: impl Fn(&mut Files) -> &mut Vec<u8>, values: &[u8]) -> (usize, usize) {
    let (mut whole, mut loads) = (Files::new(), Loads::new());
    let (mut loaded, mut refused) = (0, 0);
    for at in 0..part(&mut whole).len() {
        let before = part(&mut whole)[at];
        for value in values.iter().copied().chain([before ^ (1 << (at % 8))]).filter(|v| *v != before) {
            part(&mut whole)[at] = value;
            match loads.bounded(&whole, &format!("byte {at} is {value}")) {
                Some(_) => loaded += 1,
                None => refused += 1,
            }
        }
        part(&mut whole)[at] = before;
    }
    (loaded, refused)
}

#[test]
fn every_changed_byte_of_the_manifest_is_survived() {
    let (loaded, refused) = flip_all(|files| &mut files.manifest, b"\0\n \"\\#/9ib\xff");
    assert!(loaded > 10 && refused > 500, "{loaded} {refused}");
}

#[test]
fn every_changed_byte_of_the_increment_is_survived() {
    let (loaded, refused) = flip_all(|files| &mut files.last, b"\0\r9*$\xff");
    assert!(loaded > 500 && refused > 500, "{loaded} {refused}");
}

#[test]
fn every_changed_byte_of_the_base_is_seen() {
    let (loaded, refused) = flip_all(|files| &mut files.base, b"\xff");
    // Its checksum sees all but the clearing of the checksum itself.
    assert!(loaded == 0 && refused > 1000, "{loaded} {refused}");
}

#[test]
fn every_beginning_of_the_last_file_loads_as_its_whole_commands() {
    let ends = log().1;
    let mut loads = Loads::new();
    let mut files = Files::new();
    let mut at_end = String::new();
    let mut annotation = None;
    for len in 0..=log().0.len() {
        files.last = log().0[..len].to_vec();
        let at = files.last.iter().rposition(|byte| *byte == b'#');
        annotation = annotation.or(at.filter(|_| files.last.ends_with(b"\r\n")).map(|_| len));
        let disk = files.disk();
        let found = loads.of(&disk).unwrap_or_else(|| panic!("{len} bytes do not load"));
        if ends.contains(&len) {
            at_end = found;
        } else {
            assert_eq!(found, at_end, "{len} bytes");
            if annotation == Some(len) {
                continue;
            }
            // The torn end is gone from the file and kept beside it.
            let whole = ends.iter().rfind(|end| **end < len).copied();
            let size = disk.size(Path::new("appendonlydir/appendonly.aof.3.incr.aof")).ok();
            assert_eq!(size, whole.map(|end| end as u64));
            assert!(disk.show().contains(".broken-"), "{len} bytes");
        }
    }
    assert!(at_end.contains("1 other string"), "{at_end}");
}

#[test]
fn beginnings_of_the_other_files_are_refused() {
    let mut loads = Loads::new();
    let whole = Files::new();
    for len in 1..whole.base.len() {
        let base = whole.base[..len].to_vec();
        assert_eq!(loads.bounded(&Files { base, ..whole.clone() }, "base"), None, "{len} bytes of the base");
    }
    for len in 1..whole.middle.len() {
        let middle = whole.middle[..len].to_vec();
        assert_eq!(loads.bounded(&Files { middle, ..whole.clone() }, "middle"), None, "{len} bytes");
    }
    let mut loaded = 0;
    for len in 0..whole.manifest.len() {
        let manifest = whole.manifest[..len].to_vec();
        let lines = manifest.iter().filter(|byte| **byte == b'\n').count();
        let found = loads.bounded(&Files { manifest: manifest.clone(), ..whole.clone() }, "manifest");
        // What ends with a line is a manifest of fewer files.
        assert_eq!(found.is_some(), lines > 0 && manifest.ends_with(b"\n"), "{len} bytes");
        loaded += usize::from(found.is_some());
    }
    assert_eq!(loaded, 3);
}

#[test]
fn lengths_that_are_announced_take_no_memory() {
    let mut loads = Loads::new();
    let whole = Files::new();
    for head in [
        "*2147483647\r\n",
        "*1048576\r\n$1\r\n",
        "*2\r\n$536870912\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$4294967296\r\n",
        "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$9223372036854775807\r\n",
    ] {
        let last = [head.as_bytes(), b"some bytes"].concat();
        loads.bounded(&Files { last, ..whole.clone() }, head);
    }
}
