//! redis-check-aof: looks through a log, of several files or of one, and cuts off what is bad or too new.

use super::log_check::{Asked, Verdict, check_file};
use crate::engine::REDIS_VERSION;
use crate::persist::aof::Manifest;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

/// The longest path.
const PATH_MAX: usize = 4096;

/// Runs the tool with the words behind its name.
pub fn main(program: &str, words: &[Vec<u8>]) -> ExitCode {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    let (asked, path) = match words.as_slice() {
        [b"-v" | b"--version"] => {
            println!("redis-check-aof {REDIS_VERSION}");
            return ExitCode::SUCCESS;
        }
        [path] => (Asked::default(), *path),
        [b"--fix", path] => (Asked { fix: true, until_s: 0 }, *path),
        [b"--truncate-to-timestamp", second, path] => {
            let Some(until_s) = crate::util::numbers::parse_i64(second) else {
                println!("Invalid timestamp, aborting...");
                return ExitCode::FAILURE;
            };
            (Asked { fix: false, until_s }, *path)
        }
        _ => return usage(program),
    };
    if path.len() > PATH_MAX {
        println!("Error: filepath is too long (exceeds PATH_MAX)");
        return usage(program);
    }
    let path = Path::new(OsStr::from_bytes(path));
    let checked = match kind_of(path) {
        Some(Kind::Manifest) => check_parts(path, asked),
        Some(kind) => {
            println!("Start checking Old-Style AOF");
            let name = path.display().to_string();
            let verdict = check_file(&name, path, true, kind == Kind::Rdb, asked, &mut 1);
            verdict.map(|verdict| tell("AOF", &name, verdict, asked))
        }
        None => Err(()),
    };
    if checked.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage(program: &str) -> ExitCode {
    println!("Usage: {program} [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>");
    ExitCode::FAILURE
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Commands,
    Rdb,
    Manifest,
}

/// What a file is, by its first bytes; `None` when it cannot be read, which was printed.
fn kind_of(path: &Path) -> Option<Kind> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) => {
            println!("Cannot open file {}: {}", path.display(), crate::sys::errno::reason(&error));
            return None;
        }
    };
    /// Comments before the first line of a manifest may take so much.
    const LOOK: u64 = 1 << 20;
    let mut head = Vec::new();
    if file.by_ref().take(LOOK).read_to_end(&mut head).is_err() {
        println!("Cannot read file: {}", path.display());
        return None;
    }
    let lines = head.split_inclusive(|byte| *byte == b'\n');
    let first = lines.into_iter().find(|line| line.first() != Some(&b'#'));
    Some(match first {
        Some(line) if line.starts_with(b"file") => Kind::Manifest,
        _ if head.len() >= 8 && (head.starts_with(b"REDIS") || head.starts_with(b"VALKEY")) => Kind::Rdb,
        _ => Kind::Commands,
    })
}

fn tell(what: &str, name: &str, verdict: Verdict, asked: Asked) {
    match verdict {
        Verdict::Valid => println!("{what} {name} is valid"),
        Verdict::Empty => println!("{what} {name} is empty"),
        Verdict::Truncated => println!("Successfully truncated AOF {name}"),
        Verdict::TruncatedToTime => {
            println!("Successfully truncated AOF {name} to timestamp {}", asked.until_s);
        }
    }
}

fn check_parts(path: &Path, asked: Asked) -> Result<(), ()> {
    println!("Start checking Multi Part AOF");
    let text = std::fs::read(path).unwrap_or_default();
    let manifest = Manifest::parse(&text).map_err(|error| {
        println!("\n*** FATAL AOF MANIFEST FILE ERROR ***\n");
        if let Some((at, line)) = &error.line {
            println!("Reading the manifest file, at line {at}\n");
            println!(">>> '{}'\n", String::from_utf8_lossy(line));
        }
        println!("{}\n", error.reason);
    })?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let count = manifest.parts().count();
    let mut line = 1;
    for (at, part) in manifest.parts().enumerate() {
        let (name, file) = (String::from_utf8_lossy(&part.name), dir.join(OsStr::from_bytes(&part.name)));
        let is_base = at == 0 && manifest.base.is_some();
        let rdb = is_base && kind_of(&file).ok_or(())? == Kind::Rdb;
        if is_base {
            println!("Start to check BASE AOF ({} format).", if rdb { "RDB" } else { "RESP" });
        } else if at == usize::from(manifest.base.is_some()) {
            println!("Start to check INCR files.");
        }
        let verdict = check_file(&name, &file, at + 1 == count, rdb, asked, &mut line)?;
        tell(if is_base { "BASE AOF" } else { "INCR AOF" }, &name, verdict, asked);
    }
    println!("All AOF files and manifest are valid");
    Ok(())
}
