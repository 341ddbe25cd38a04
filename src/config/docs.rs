//! docs/config.md as rendered from the table, so that it cannot lag behind. Knows the table, not the file.

use super::directive::{Directive, Flags, Kind, Support, Unit};
use super::table::{Config, DIRECTIVES};

const OPENING: &str = "\
# Configuration

Spinel reads a `redis.conf` as it is and takes the same directives on its command line
(`spinel redis.conf --port 7000`). `redis.conf.example` explains the ones that most installations touch. This
page lists all of them; it is rendered from the table in `src/config/table.rs`
(`UPDATE_DOCS=1 cargo test config::docs` writes it again).

- **Values**: memory takes `b`, `k`, `kb`, `m`, `mb`, `g`, `gb`, where those with a `b` are powers of 1024. A
  name in brackets is another one for the same directive.
- **Set**: `live` directives can be changed by CONFIG SET, `start` only in the file or on the command line;
  `guarded` ones by CONFIG SET if `enable-protected-configs` allows it. `hidden` ones show up in CONFIG GET by
  their full name only.
- **Effect**: `yes`; `no`: accepted and shown, and nothing follows from it; `not yet`: it promises durability,
  safety or replication that this version does not give, and a start with it set warns.

Beside these the file may hold `include`, `rename-command`, `user` and `loadmodule` lines.
";

/// The page.
pub fn render() -> String {
    let mut page = OPENING.to_owned();
    let default = Config::default();
    let mut section = "";
    for directive in DIRECTIVES {
        if directive.section != section {
            section = directive.section;
            page.push_str(&format!(
                "\n## {section}\n\n| directive | values | default | set | effect | what it does |\n\
                 |---|---|---|---|---|---|\n"
            ));
        }
        let alias = directive.alias.map(|alias| format!(" (`{alias}`)")).unwrap_or_default();
        page.push_str(&format!(
            "| `{}`{alias} | {} | {} | {} | {} | {} |\n",
            directive.name,
            values(directive),
            shown_default(directive, &default),
            mutability(directive),
            effect(directive.support),
            directive.summary.trim().replace("  ", " "),
        ));
    }
    page
}

fn values(directive: &Directive) -> String {
    match &directive.kind {
        Kind::Flag { .. } => "yes, no".to_owned(),
        Kind::Choice { words, .. } => words.join(", "),
        Kind::Text { optional: true, .. } => "text, or nothing".to_owned(),
        Kind::Text { .. } => "text".to_owned(),
        Kind::Special(special) => special.form.to_owned(),
        Kind::Number { unit, min, max, .. } => range(*unit, *min, *max),
    }
}

fn range(unit: Unit, min: i128, max: i128) -> String {
    let limit = if max >= i128::from(i32::MAX) { None } else { Some(max) };
    let what = match unit {
        Unit::Plain => "",
        Unit::Memory => "memory, ",
        Unit::MemoryOrPercent => return "memory or a percentage of `maxmemory`".to_owned(),
        Unit::Octal => return format!("octal, {min:o} to {max:o}"),
    };
    match limit {
        Some(max) => format!("{what}{min} to {max}"),
        None if min == i128::from(i32::MIN) => format!("{what}any number"),
        None => format!("{what}{min} and up"),
    }
}

fn shown_default(directive: &Directive, default: &Config) -> String {
    if directive.name == "dir" {
        return "where it is started".to_owned();
    }
    let value = String::from_utf8_lossy(&directive.get(default)).into_owned();
    if value.is_empty() { "nothing".to_owned() } else { format!("`{value}`") }
}

fn mutability(directive: &Directive) -> &'static str {
    let has = |flag| directive.flags.has(flag);
    match (has(Flags::IMMUTABLE), has(Flags::PROTECTED), has(Flags::HIDDEN)) {
        (true, _, false) => "start",
        (true, _, true) => "start, hidden",
        (false, true, false) => "guarded",
        (false, true, true) => "guarded, hidden",
        (false, false, true) => "live, hidden",
        (false, false, false) => "live",
    }
}

fn effect(support: Support) -> &'static str {
    match support {
        Support::Live => "yes",
        Support::Inert => "no",
        Support::Owed => "not yet",
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::find;
    use super::super::directive::Origin;
    use super::*;
    use crate::util::quote::split_args;

    const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/config.md");

    #[test]
    fn the_page_is_what_the_table_says() {
        let rendered = render();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(PAGE, &rendered).expect("docs/config.md can be written");
        }
        let page = std::fs::read_to_string(PAGE).unwrap_or_default();
        assert!(page == rendered, "docs/config.md lags: run UPDATE_DOCS=1 cargo test config::docs");
    }

    #[test]
    fn every_directive_has_one_row() {
        let rendered = render();
        for directive in DIRECTIVES {
            let rows = rendered.matches(&format!("\n| `{}`", directive.name)).count();
            assert_eq!(rows, 1, "{}", directive.name);
            assert!(directive.summary.trim().ends_with('.'), "{}", directive.name);
        }
    }

    const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/redis.conf.example");

    /// The settings of redis.conf.example, which have no space after their `#`, by the blocks they stand in.
    fn example_blocks() -> Vec<(String, Vec<String>)> {
        let text = std::fs::read_to_string(EXAMPLE).expect("redis.conf.example");
        let setting = |line: &str| {
            let line = line.strip_prefix('#')?;
            line.starts_with(|first: char| first.is_ascii_lowercase()).then(|| line.to_owned())
        };
        let block = |block: &str| {
            // Prose is wrapped, so words that belong together may stand on two lines.
            let words = block.replace("\n# ", " ").to_lowercase();
            (words, block.lines().filter_map(setting).collect())
        };
        text.split("\n\n").map(block).collect()
    }

    #[test]
    fn the_example_shows_defaults() {
        let default = Config::default();
        let mut shown = 0;
        for line in example_blocks().into_iter().flat_map(|(_, lines)| lines) {
            let words = split_args(line.as_bytes()).expect("balanced quotes");
            let (name, args) = words.split_first().expect("a name");
            let directive = find(name).unwrap_or_else(|| panic!("no such directive: {line}"));
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            let mut config = default.clone();
            let set = directive.set(&mut config, &args, Origin::Command);
            assert!(set.is_ok(), "{line}: {set:?}");
            let same = directive.get(&config) == directive.get(&default) || directive.name == "dir";
            assert!(same, "not the default: {line}");
            shown += 1;
        }
        assert!(shown > 80, "{shown} settings");
    }

    #[test]
    fn the_example_says_what_has_no_effect() {
        for (words, lines) in example_blocks() {
            for line in &lines {
                let name = line.split(' ').next().unwrap_or_default();
                let live = find(name.as_bytes()).is_some_and(|directive| directive.support == Support::Live);
                let says_so = words.contains("no effect yet");
                assert!(live != says_so, "redis.conf.example is wrong about the effect of {name}");
            }
        }
    }
}
