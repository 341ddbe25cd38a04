//! The linter that runs as a test: it holds the tree to the invariants of docs/architecture.md. Each rule is one
//! function over one file, with a unit test that shows it failing. It knows Rust's shape, and nothing of Redis.

mod rooms;
mod source;

use source::{Source, closing, whole_words};
use std::fs;
use std::path::Path;

/// What a rule found, and how to mend it.
pub struct Finding {
    pub line: usize,
    pub text: String,
}

type Rule = fn(&Source, &mut Vec<Finding>);

/// Rules for Rust files.
const RUST_RULES: &[(&str, Rule)] = &[
    ("arrows", rooms::arrows),
    ("clocks", no_clock_or_chance),
    ("system", no_system_in_pure_rooms),
    ("unsafe", unsafe_in_its_rooms),
    ("safety", safety_comments),
    ("forbid", types_forbid_unsafe),
    ("functions", short_functions),
    ("files", short_files),
    ("columns", short_lines),
    ("mod", bare_mod_files),
    ("opening", opening_docs),
    ("names", telling_names),
    ("unwrap", no_unwrap),
    ("ignore", no_ignored_tests),
    ("sleep", no_sleeping_tests),
];

/// Rules for every text file.
const TEXT_RULES: &[(&str, Rule)] =
    &[("leftovers", no_leftovers), ("paths", no_machine_paths), ("hosts", no_registry_hosts)];

/// Rule and path of what is let through for now. Empty whenever a piece of work ends; a line nobody needs fails too.
const EXCEPTIONS: &[(&str, &str)] = &[];

const MAX_FUNCTION_LINES: usize = 70;
const MAX_FILE_LINES: usize = 800;
const MAX_COLUMNS: usize = 120;

/// What may stand at the top level beside dotfiles.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "benches",
    "tests",
    "redis.conf.example",
    "Dockerfile",
    "README.md",
    "docs",
];

/// Folders that tools make in the tree and git does not keep.
const NOT_OURS: &[&str] = &["target", ".git", "node_modules", "__pycache__", ".venv"];

/// Parts of the tree where `unsafe` may stand.
const UNSAFE_ROOMS: &[&str] = &["src/sys/", "src/sys.rs", "src/table/", "src/keyspace/entry"];

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut report = Vec::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    let mut files = 0;
    for path in tree(root, root) {
        let Ok(text) = fs::read_to_string(root.join(&path)) else { continue };
        files += 1;
        for (rule, finding) in findings(&path, &text) {
            match EXCEPTIONS.iter().position(|e| *e == (rule, path.as_str())) {
                Some(i) => used[i] = true,
                None => report.push(format!("{path}:{}: {rule}: {}", finding.line, finding.text)),
            }
        }
    }
    report.extend(top_level(&names_at_top(root)));
    let stale = EXCEPTIONS.iter().zip(&used).filter(|(_, used)| !**used);
    report.extend(
        stale.map(|((rule, path), _)| format!("{path}:0: {rule}: exception no longer needed: remove it")),
    );
    assert!(files > 10, "only {files} files found below {}", root.display());
    assert!(report.is_empty(), "{} findings:\n{}\n", report.len(), report.join("\n"));
}

fn findings(path: &str, text: &str) -> Vec<(&'static str, Finding)> {
    let source = Source::parse(path, text);
    let rust: &[(&str, Rule)] = if path.ends_with(".rs") { RUST_RULES } else { &[] };
    let mut out = Vec::new();
    for (name, rule) in rust.iter().chain(TEXT_RULES) {
        let mut found = Vec::new();
        rule(&source, &mut found);
        out.extend(found.into_iter().map(|f| (*name, f)));
    }
    out
}

/// Paths of the files below `dir`, relative to `root`, sorted. Lock files are their tools' business.
fn tree(root: &Path, dir: &Path) -> Vec<String> {
    let mut out = Vec::new();
    let mut entries: Vec<_> =
        fs::read_dir(dir).expect("a readable tree").flatten().map(|e| e.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if NOT_OURS.contains(&name)
            || name.ends_with(".lock")
            || name == "package-lock.json"
            || path.is_symlink()
        {
            continue;
        }
        if path.is_dir() {
            out.extend(tree(root, &path));
        } else if let Some(relative) = path.strip_prefix(root).ok().and_then(|p| p.to_str()) {
            out.push(relative.to_owned());
        }
    }
    out
}

fn names_at_top(root: &Path) -> Vec<String> {
    fs::read_dir(root)
        .expect("a readable tree")
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .filter(|name| !NOT_OURS.contains(&name.as_str()))
        .collect()
}

pub fn find_at(source: &Source, offset: usize, text: impl Into<String>) -> Finding {
    Finding { line: source.line(offset), text: text.into() }
}

// The rules.

/// The layout that users were promised.
fn top_level(names: &[String]) -> Vec<String> {
    names
        .iter()
        .filter(|n| !n.starts_with('.') && !TOP_LEVEL.contains(&n.as_str()))
        .map(|n| format!("{n}:0: layout: does not belong at the top level: move it below src, tests or docs"))
        .collect()
}

/// Invariant 3: time and chance enter through `sys` alone, so that a whole server runs on a clock of the test's.
fn no_clock_or_chance(source: &Source, out: &mut Vec<Finding>) {
    const WORDS: &[&str] = &[
        "Instant",
        "SystemTime",
        "UNIX_EPOCH",
        "clock_gettime",
        "gettimeofday",
        "_rdtsc",
        "getrandom",
        "RandomState",
        "thread_rng",
        "fastrand",
    ];
    if !source.path.starts_with("src/") || source.room() == "sys" {
        return;
    }
    for word in WORDS {
        for at in source.words(word) {
            out.push(find_at(
                source,
                at,
                format!("`{word}` outside sys: take the time or the random word from sys"),
            ));
        }
    }
}

/// Invariant 3: the pure rooms compile without sockets, files, threads and environment.
fn no_system_in_pure_rooms(source: &Source, out: &mut Vec<Finding>) {
    const PARTS: &[&str] = &["net", "fs", "time", "thread", "env", "process"];
    if !matches!(source.room(), "types" | "table" | "resp" | "util") {
        return;
    }
    let tokens = source.tokens();
    for (i, (at, word)) in tokens.iter().enumerate() {
        let next = |n: usize| tokens.get(i + n).map_or("", |t| t.1);
        if *word != "std" || next(1) != "::" {
            continue;
        }
        let group =
            if next(2) == "{" { &source.code[*at..closing(&source.code, tokens[i + 2].0)] } else { next(2) };
        for part in PARTS.iter().filter(|p| **p != "time" || !group_is_duration(source, *at)) {
            if !whole_words(group, part).is_empty() {
                out.push(find_at(
                    source,
                    *at,
                    format!("`std::{part}` in a pure room: pass in what is needed of it"),
                ));
            }
        }
    }
}

/// `std::time::Duration` is a number like others.
fn group_is_duration(source: &Source, at: usize) -> bool {
    source.code[at..].starts_with("std::time::Duration")
}

/// Invariant 7: where `unsafe` may stand at all.
fn unsafe_in_its_rooms(source: &Source, out: &mut Vec<Finding>) {
    if !source.path.starts_with("src/") || UNSAFE_ROOMS.iter().any(|room| source.path.starts_with(room)) {
        return;
    }
    for at in source.words("unsafe") {
        out.push(find_at(
            source,
            at,
            "`unsafe` outside sys, table and keyspace/entry: put a safe function there",
        ));
    }
}

/// Invariant 7: a block or an `impl` that is unsafe says why it holds, in the lines above it or on its own line.
fn safety_comments(source: &Source, out: &mut Vec<Finding>) {
    let comments: Vec<&str> = source.comments.lines().collect();
    let code: Vec<&str> = source.code.lines().collect();
    let tokens = source.tokens();
    for pair in tokens.windows(2).filter(|p| p[0].1 == "unsafe" && matches!(p[1].1, "{" | "impl")) {
        let line = source.line(pair[0].0) - 1;
        let told = |i: usize| comments.get(i).is_some_and(|c| c.contains("SAFETY:"));
        let mut covered = told(line);
        // Upwards over the statement's own first lines, then over the comment that stands above it.
        let (mut i, mut own) = (line, 0);
        while !covered && i > 0 && own <= 4 {
            i -= 1;
            covered = told(i);
            let blank = code[i].trim().is_empty();
            own += usize::from(!blank);
            if blank && comments[i].trim().is_empty() {
                break;
            }
        }
        if !covered {
            out.push(find_at(
                source,
                pair[0].0,
                "no `// SAFETY:` above it: say why its conditions hold here",
            ));
        }
    }
}

/// Invariant 7: the compiler itself keeps `types` safe.
fn types_forbid_unsafe(source: &Source, out: &mut Vec<Finding>) {
    if source.path == "src/types/mod.rs" && !source.code.contains("#![forbid(unsafe_code)]") {
        out.push(find_at(source, 0, "the room says `#![forbid(unsafe_code)]` below its opening"));
    }
}

/// Invariant 8: a function fits a screen.
fn short_functions(source: &Source, out: &mut Vec<Finding>) {
    if source.pure_table() {
        return;
    }
    let tokens = source.tokens();
    for (i, (at, word)) in tokens.iter().enumerate() {
        let Some((name_at, name)) = tokens.get(i + 1).filter(|t| *word == "fn" && t.1 != "(") else {
            continue;
        };
        let Some(open) = body_start(&source.code, *name_at) else { continue };
        let lines = source.line(closing(&source.code, open) - 1) - source.line(*at) + 1;
        if lines > MAX_FUNCTION_LINES {
            let text = format!(
                "`{name}` has {lines} lines, {MAX_FUNCTION_LINES} at most: split it by what it decides"
            );
            out.push(find_at(source, *at, text));
        }
    }
}

/// The `{` that opens a function's body, or nothing for a declaration.
fn body_start(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, b) in code.bytes().enumerate().skip(from) {
        match b {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' if depth == 0 => return Some(i),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Invariant 8: a file is about one thing.
fn short_files(source: &Source, out: &mut Vec<Finding>) {
    let lines = source.text.lines().count();
    if lines > MAX_FILE_LINES && !source.pure_table() {
        let text =
            format!("{lines} lines, {MAX_FILE_LINES} at most (150 to 400 read best): split it by subject");
        out.push(Finding { line: lines, text });
    }
}

/// Invariant 8: a line fits beside another file.
fn short_lines(source: &Source, out: &mut Vec<Finding>) {
    if source.pure_table() {
        return;
    }
    for (i, line) in source.text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > MAX_COLUMNS {
            out.push(Finding {
                line: i + 1,
                text: format!("{columns} columns, {MAX_COLUMNS} at most: break the line"),
            });
        }
    }
}

/// Invariant 8: `mod.rs` and `lib.rs` are maps, not places.
fn bare_mod_files(source: &Source, out: &mut Vec<Finding>) {
    const KINDS: &[&str] = &["fn", "struct", "enum", "union", "trait", "impl", "macro_rules"];
    if !source.path.ends_with("/mod.rs") && source.path != "src/lib.rs" {
        return;
    }
    let tokens = source.tokens();
    for pair in tokens.windows(2).filter(|p| KINDS.contains(&p[0].1) && p[1].1 != "(") {
        let text =
            format!("`{}` in a file of declarations and lists: move it to a file named for it", pair[0].1);
        out.push(find_at(source, pair[0].0, text));
    }
}

/// Invariant 9: a file tells what it owns and what it must not know.
fn opening_docs(source: &Source, out: &mut Vec<Finding>) {
    let first = source.text.lines().next().unwrap_or("");
    if first.strip_prefix("//!").is_none_or(|rest| rest.trim().len() < 10) {
        out.push(find_at(
            source,
            0,
            "does not open with `//!`: say what the file owns and what it must not know",
        ));
    }
}

/// A module is named for what it holds.
fn telling_names(source: &Source, out: &mut Vec<Finding>) {
    const EMPTY: &[&str] = &["common", "misc", "helpers", "manager", "utils"];
    for part in source.path.trim_end_matches(".rs").split('/').filter(|p| EMPTY.contains(p)) {
        out.push(find_at(source, 0, format!("`{part}` says nothing: name the module for what it holds")));
    }
}

/// Section 8: what a peer or a file sends is an error, and what cannot happen says why.
fn no_unwrap(source: &Source, out: &mut Vec<Finding>) {
    let tokens = source.tokens();
    for (i, (at, word)) in tokens.iter().enumerate() {
        if source.in_test(*at) || i == 0 || tokens[i - 1].1 != "." {
            continue;
        }
        let mend = match source.room() {
            "net" | "resp" | "persist" | "repl" | "cluster" => "what comes from outside must end in an `Err`",
            _ => "write `expect(\"why it holds\")`",
        };
        let empty_reason = *word == "expect" && source.text[*at..].starts_with("expect(\"\")");
        if *word == "unwrap" || empty_reason {
            out.push(find_at(source, *at, format!("`{word}` that tells nothing: {mend}")));
        }
    }
}

/// A test that never runs proves nothing.
fn no_ignored_tests(source: &Source, out: &mut Vec<Finding>) {
    for pattern in ["#[ignore", "#![ignore"] {
        for (at, _) in source.code.match_indices(pattern) {
            out.push(find_at(
                source,
                at,
                "an ignored test: mend it, or give the long form a command of its own",
            ));
        }
    }
}

/// Tests wait for a condition or move a virtual clock; the one loop that polls may sleep between two looks.
fn no_sleeping_tests(source: &Source, out: &mut Vec<Finding>) {
    for at in source.words("sleep").into_iter().filter(|at| source.in_test(*at)) {
        let polls =
            source.code[..at].rfind("fn ").is_some_and(|f| source.code[f + 3..].starts_with("wait_until"));
        if !polls && source.code[at + 5..].trim_start().starts_with('(') {
            out.push(find_at(source, at, "a sleeping test: use `wait_until`, or virtual time"));
        }
    }
}

/// What is left to do stands in an issue, not in the tree.
fn no_leftovers(source: &Source, out: &mut Vec<Finding>) {
    for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("HA", "CK")] {
        for at in whole_words(&source.text, word) {
            out.push(find_at(
                source,
                at,
                format!("`{word}`: do it now, or open an issue and take the note out"),
            ));
        }
    }
    if source.path.ends_with(".rs") {
        for word in [concat!("to", "do"), concat!("unimpl", "emented"), "dbg"] {
            for at in
                source.words(word).into_iter().filter(|at| source.code[at + word.len()..].starts_with('!'))
            {
                out.push(find_at(source, at, format!("`{word}!` is a stub: write the code")));
            }
        }
    }
}

/// The tree works wherever it is cloned.
fn no_machine_paths(source: &Source, out: &mut Vec<Finding>) {
    const ROOTS: &[&str] =
        &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/tm", "p/w/")];
    let bytes = source.text.as_bytes();
    for root in ROOTS {
        for (at, _) in source.text.match_indices(root) {
            let inside =
                at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || b"._-}>*)".contains(&bytes[at - 1]));
            if !inside {
                out.push(find_at(
                    source,
                    at,
                    format!("a path of one machine ({root}): derive it from the repository's"),
                ));
            }
        }
    }
}

/// Packages are asked for by name; where they come from is each machine's own setting.
fn no_registry_hosts(source: &Source, out: &mut Vec<Finding>) {
    const HOSTS: &[&str] = &[
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("python", "hosted.org"),
        concat!("npm", "js.org"),
        concat!("npm", "js.com"),
        concat!("proxy.golang", ".org"),
        concat!("sum.golang", ".org"),
        concat!("maven", ".org"),
        concat!("maven", ".apache.org/maven2"),
        concat!("deb", ".debian.org"),
        concat!("snapshot", ".debian.org"),
        concat!("docker", ".io"),
    ];
    for host in HOSTS {
        for (at, _) in source.text.match_indices(host) {
            out.push(find_at(
                source,
                at,
                format!("a registry's host ({host}): ask the ordinary client by package name"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines at which `rule` speaks about `text`.
    fn lines(rule: Rule, path: &str, text: &str) -> Vec<usize> {
        let mut out = Vec::new();
        rule(&Source::parse(path, text), &mut out);
        out.iter().map(|f| f.line).collect()
    }

    const NONE: [usize; 0] = [];

    #[test]
    fn clocks_and_chance_are_found() {
        assert_eq!(lines(no_clock_or_chance, "src/engine/a.rs", "//! x\nuse std::time::Instant;"), [2]);
        assert_eq!(lines(no_clock_or_chance, "src/table/a.rs", "let s = RandomState::new();"), [1]);
        assert_eq!(lines(no_clock_or_chance, "src/sys/clock.rs", "use std::time::Instant;"), NONE);
        assert_eq!(lines(no_clock_or_chance, "src/net/a.rs", "// an Instant\nlet x = \"Instant\";"), NONE);
    }

    #[test]
    fn pure_rooms_have_no_system() {
        assert_eq!(lines(no_system_in_pure_rooms, "src/resp/a.rs", "use std::net::TcpStream;"), [1]);
        assert_eq!(
            lines(no_system_in_pure_rooms, "src/types/a.rs", "use std::{\n fmt,\n fs::File,\n};"),
            [1]
        );
        assert_eq!(lines(no_system_in_pure_rooms, "src/util/a.rs", "use std::time::Duration;"), NONE);
        assert_eq!(lines(no_system_in_pure_rooms, "src/persist/a.rs", "use std::fs;"), NONE);
    }

    #[test]
    fn unsafe_stays_in_its_rooms() {
        assert_eq!(lines(unsafe_in_its_rooms, "src/engine/a.rs", "\nunsafe { x() }"), [2]);
        assert_eq!(lines(unsafe_in_its_rooms, "src/keyspace/entry.rs", "unsafe { x() }"), NONE);
        assert_eq!(lines(unsafe_in_its_rooms, "src/types/mod.rs", "#![forbid(unsafe_code)]"), NONE);
    }

    #[test]
    fn unsafe_blocks_say_why() {
        assert_eq!(lines(safety_comments, "src/sys/a.rs", "fn f() {\n    unsafe { x() }\n}"), [2]);
        assert_eq!(
            lines(safety_comments, "src/sys/a.rs", "// SAFETY: far above\n\nunsafe impl Send for X {}"),
            [3]
        );
        assert_eq!(
            lines(safety_comments, "src/sys/a.rs", "// SAFETY: x\n// y\nlet a =\n  unsafe { x() };"),
            NONE
        );
        assert_eq!(lines(safety_comments, "src/sys/a.rs", "unsafe { x() } // SAFETY: x"), NONE);
    }

    #[test]
    fn types_stay_safe() {
        assert_eq!(lines(types_forbid_unsafe, "src/types/mod.rs", "//! x\npub mod a;"), [1]);
        assert_eq!(lines(types_forbid_unsafe, "src/types/mod.rs", "//! x\n#![forbid(unsafe_code)]"), NONE);
    }

    #[test]
    fn long_functions_are_found() {
        let body = |n: usize| {
            format!(
                "fn f<T>(x: [u8; 3]) -> u8\nwhere\n    T: Copy,\n{{\n{}}}\nfn g();",
                "    x();\n".repeat(n)
            )
        };
        assert_eq!(lines(short_functions, "src/net/a.rs", &body(66)), [1]);
        assert_eq!(lines(short_functions, "src/net/a.rs", &body(65)), NONE);
        assert_eq!(
            lines(short_functions, "src/net/a.rs", &format!("//! a list (pure table)\n{}", body(90))),
            NONE
        );
        assert_eq!(
            lines(short_functions, "src/net/a.rs", &format!("type F = fn(u8);\n{}", "\n".repeat(90))),
            NONE
        );
    }

    #[test]
    fn long_files_and_lines_are_found() {
        assert_eq!(lines(short_files, "src/net/a.rs", &"\n".repeat(801)), [801]);
        assert_eq!(lines(short_files, "src/net/a.rs", &"\n".repeat(800)), NONE);
        assert_eq!(
            lines(short_files, "src/net/a.rs", &format!("//! (pure table)\n{}", "\n".repeat(900))),
            NONE
        );
        assert_eq!(lines(short_lines, "src/net/a.rs", &format!("\n{}", "é".repeat(121))), [2]);
        assert_eq!(lines(short_lines, "src/net/a.rs", &"é".repeat(120)), NONE);
    }

    #[test]
    fn mod_files_are_bare() {
        assert_eq!(lines(bare_mod_files, "src/net/mod.rs", "//! x\npub mod a;\npub fn f() {}"), [3]);
        assert_eq!(lines(bare_mod_files, "src/lib.rs", "struct X;"), [1]);
        assert_eq!(
            lines(bare_mod_files, "src/net/mod.rs", "pub mod a;\npub const ALL: &[fn(u8)] = &[a::f];"),
            NONE
        );
        assert_eq!(lines(bare_mod_files, "src/net/conn.rs", "struct X;"), NONE);
    }

    #[test]
    fn openings_and_names_tell() {
        assert_eq!(lines(opening_docs, "src/net/a.rs", "use x;\n//! late"), [1]);
        assert_eq!(lines(opening_docs, "src/net/a.rs", "//!"), [1]);
        assert_eq!(lines(opening_docs, "src/net/a.rs", "//! Listeners and nothing else."), NONE);
        assert_eq!(lines(telling_names, "src/net/utils.rs", ""), [1]);
        assert_eq!(lines(telling_names, "src/misc/a.rs", ""), [1]);
        assert_eq!(lines(telling_names, "src/util/glob.rs", ""), NONE);
    }

    #[test]
    fn unwraps_are_found() {
        assert_eq!(lines(no_unwrap, "src/net/a.rs", "\nx.unwrap();"), [2]);
        assert_eq!(lines(no_unwrap, "src/engine/a.rs", "x\n    .expect(\"\");"), [2]);
        assert_eq!(lines(no_unwrap, "src/engine/a.rs", "x.expect(\"set at start\"); x.unwrap_or(0);"), NONE);
        assert_eq!(
            lines(no_unwrap, "src/net/a.rs", "#[cfg(test)]\nmod tests { fn f() { x.unwrap() } }"),
            NONE
        );
    }

    #[test]
    fn idle_tests_are_found() {
        assert_eq!(lines(no_ignored_tests, "tests/a.rs", "#[test]\n#[ignore = \"slow\"]\nfn f() {}"), [2]);
        assert_eq!(lines(no_ignored_tests, "tests/a.rs", "// #[ignore]"), NONE);
        assert_eq!(lines(no_sleeping_tests, "tests/a.rs", "fn f() {\n  thread::sleep(ms);\n}"), [2]);
        assert_eq!(
            lines(no_sleeping_tests, "tests/a.rs", "fn wait_until() {\n  thread::sleep(ms);\n}"),
            NONE
        );
        assert_eq!(lines(no_sleeping_tests, "src/server/a.rs", "fn f() { sleep(1) }"), NONE);
    }

    #[test]
    fn leftovers_are_found() {
        let note = format!("x\n# {}: later", concat!("TO", "DO"));
        assert_eq!(lines(no_leftovers, "docs/a.md", &note), [2]);
        let stub = format!("fn f() {{ {}!() }}", concat!("to", "do"));
        assert_eq!(lines(no_leftovers, "src/net/a.rs", &stub), [1]);
        assert_eq!(lines(no_leftovers, "src/net/a.rs", "let todos = 1; // a todo! list"), NONE);
    }

    #[test]
    fn paths_and_hosts_are_found() {
        let path = format!("cd {}x\n", concat!("/ho", "me/"));
        assert_eq!(lines(no_machine_paths, "docs/a.md", &path), [1]);
        assert_eq!(lines(no_machine_paths, "docs/a.md", concat!("${XDG}/wo", "rk/x and at/wo", "rk/")), NONE);
        let host = format!("\nget it from {}", concat!("pypi", ".org"));
        assert_eq!(lines(no_registry_hosts, ".ci/run", &host), [2]);
        assert_eq!(lines(no_registry_hosts, ".ci/run", "pip install redis"), NONE);
    }

    #[test]
    fn the_top_level_is_kept() {
        let names = |list: &[&str]| list.iter().map(|s| s.to_string()).collect::<Vec<_>>();
        assert_eq!(top_level(&names(&["src", ".ci", "scripts"])).len(), 1);
        assert!(top_level(&names(&["src", ".gitignore", "Dockerfile", "docs"])).is_empty());
    }

    #[test]
    fn every_rule_is_reached_through_the_list() {
        let found: Vec<&str> =
            findings("src/types/mod.rs", "fn f() { x.unwrap() }").into_iter().map(|f| f.0).collect();
        assert_eq!(found, ["forbid", "mod", "opening", "unwrap"]);
    }
}
