//! docs/commands.md as rendered from the specs, so that it cannot lag behind. Knows the specs, not the file.

use super::all;
use crate::engine::{Group, Spec, syntax};

const OPENING: &str = "\
# Commands

Every command of this version, rendered from its declaration under `src/commands`
(`UPDATE_DOCS=1 cargo test commands::page` writes this page again). `COMMAND DOCS` tells the same to clients.

- **Arity** counts the arguments with the command's own name (and a sub-command's); a negative one is the least.
- **Since** is the version of Redis or Valkey that a command came with.
";

/// The groups in the order of the page, with their headings.
const GROUPS: &[(Group, &str)] = &[
    (Group::String, "Strings"),
    (Group::List, "Lists"),
    (Group::Set, "Sets"),
    (Group::Hash, "Hashes"),
    (Group::SortedSet, "Sorted sets"),
    (Group::Stream, "Streams"),
    (Group::Bitmap, "Bitmaps"),
    (Group::HyperLogLog, "HyperLogLog"),
    (Group::Geo, "Geo"),
    (Group::Generic, "Keys of any type"),
    (Group::PubSub, "Publish and subscribe"),
    (Group::Transactions, "Transactions"),
    (Group::Scripting, "Scripts"),
    (Group::Connection, "Connection"),
    (Group::Server, "Server"),
    (Group::Cluster, "Cluster"),
];

/// The page.
pub fn render() -> String {
    let mut rows: Vec<(Group, String)> = Vec::new();
    let mut specs = all();
    specs.sort_by_key(|spec| spec.name);
    for spec in specs {
        rows.push((spec.group, row(spec, spec.name)));
        let mut subcommands = spec.subcommands.to_vec();
        subcommands.sort_by_key(|sub| sub.name);
        for sub in subcommands {
            rows.push((spec.group, row(sub, &format!("{} {}", spec.name, sub.name))));
        }
    }
    let mut page = OPENING.to_owned();
    for (group, heading) in GROUPS {
        let mine: Vec<&str> =
            rows.iter().filter(|(of, _)| of == group).map(|(_, row)| row.as_str()).collect();
        if !mine.is_empty() {
            page.push_str(&format!(
                "\n## {heading}\n\n| command | arity | since | complexity | what it does |\n|---|---|---|---|---|\n"
            ));
            mine.iter().for_each(|row| page.push_str(row));
        }
    }
    page
}

fn row(spec: &Spec, name: &str) -> String {
    let usage = format!("{} {}", name.to_uppercase(), syntax::shown(spec.syntax));
    let instead = spec
        .deprecated
        .map_or(String::new(), |(since, what)| format!(" Deprecated since {since}: use {what}."));
    let cell = |text: &str| text.replace('|', "\\|");
    format!(
        "| `{}` | {} | {} | {} | {}{} |\n",
        cell(usage.trim_end()),
        spec.arity,
        spec.since,
        cell(spec.complexity),
        cell(spec.summary),
        cell(&instead)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md");

    #[test]
    fn the_page_is_what_the_specs_say() {
        let rendered = render();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(PAGE, &rendered).expect("docs/commands.md can be written");
        }
        let page = std::fs::read_to_string(PAGE).unwrap_or_default();
        assert!(page == rendered, "docs/commands.md lags: run UPDATE_DOCS=1 cargo test commands::page");
    }

    #[test]
    fn every_command_has_one_row_and_a_summary() {
        let rendered = render();
        for spec in all() {
            let start = format!("| `{}", spec.name.to_uppercase());
            let rows = rendered.lines().filter(|line| {
                line.strip_prefix(&start).is_some_and(|rest| rest.starts_with('`') || rest.starts_with(' '))
            });
            assert_eq!(rows.count(), 1 + spec.subcommands.len(), "{}", spec.name);
            assert!(spec.summary.ends_with('.'), "{}", spec.name);
        }
    }
}
