//! Which sections there are, in their order, and which a request means.

use super::super::machine::Engine;
use std::fmt::Write;

/// Appends one section's lines.
type Writer = fn(&Engine, &mut String);

struct Section {
    /// As a request names it.
    name: &'static str,
    /// Its heading.
    title: &'static str,
    /// Part of INFO without arguments.
    by_default: bool,
    write: Writer,
}

const fn section(name: &'static str, title: &'static str, by_default: bool, write: Writer) -> Section {
    Section { name, title, by_default, write }
}

static SECTIONS: &[Section] = &[
    section("server", "Server", true, super::server::server),
    section("clients", "Clients", true, super::clients::clients),
    section("memory", "Memory", true, super::memory::memory),
    section("persistence", "Persistence", true, super::persistence::persistence),
    section("stats", "Stats", true, super::stats::stats),
    section("replication", "Replication", true, super::server::replication),
    section("cpu", "CPU", true, super::server::cpu),
    section("module_list", "Modules", true, |_, _| {}),
    section("commandstats", "Commandstats", false, super::commands::commandstats),
    section("errorstats", "Errorstats", true, super::commands::errorstats),
    section("latencystats", "Latencystats", false, super::commands::latencystats),
    section("cluster", "Cluster", true, |_, out| out.push_str("cluster_enabled:0\r\n")),
    section("keyspace", "Keyspace", true, super::stats::keyspace),
    section("debug", "Debug", false, super::stats::debug),
];

/// The text of the sections that these words name; no words mean the default ones.
pub fn render(engine: &Engine, words: &[&[u8]]) -> String {
    let mut out = String::with_capacity(8 * 1024);
    for section in SECTIONS {
        if !is_wanted(section, words) {
            continue;
        }
        if !out.is_empty() {
            out.push_str("\r\n");
        }
        let _ = write!(out, "# {}\r\n", section.title);
        (section.write)(engine, &mut out);
    }
    out
}

fn is_wanted(section: &Section, words: &[&[u8]]) -> bool {
    if words.is_empty() {
        return section.by_default;
    }
    words.iter().any(|word| match word.to_ascii_lowercase().as_slice() {
        b"default" => section.by_default,
        // The debug section is for those who ask for it by name.
        b"all" | b"everything" => section.name != "debug",
        b"modules" => section.name == "module_list",
        word => word == section.name.as_bytes(),
    })
}
