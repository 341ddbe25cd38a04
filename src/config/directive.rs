//! What a row of the directive table is made of: its kind with the functions that read and write its field, its
//! flags, whom a change concerns. Parses one value and prints one value; knows no file and no command.

use std::borrow::Cow;

use super::parse;
use super::table::Config;
use crate::util::numbers::{parse_i64, parse_memory, parse_percent};

/// Why a value was refused, in Redis' words and without an error code.
pub type Reason = Cow<'static, str>;

/// One row of the table.
pub struct Directive {
    /// The name Redis 7.2 gives it.
    pub name: &'static str,
    /// Another name that reads and writes the same setting.
    pub alias: Option<&'static str>,
    pub section: &'static str,
    /// One sentence or two for the documentation.
    pub summary: &'static str,
    pub kind: Kind,
    pub flags: Flags,
    pub effect: Effect,
    pub support: Support,
}

/// Reads and writes the field of a setting.
pub enum Kind {
    Flag {
        get: fn(&Config) -> bool,
        put: fn(&mut Config, bool),
    },
    Number {
        unit: Unit,
        min: i128,
        max: i128,
        get: fn(&Config) -> i128,
        put: fn(&mut Config, i128),
    },
    Choice {
        words: &'static [&'static str],
        get: fn(&Config) -> &'static str,
        /// False if the word is none of `words`.
        put: fn(&mut Config, &[u8]) -> bool,
    },
    Text {
        /// An empty value means that nothing is set, and `CONFIG REWRITE` then leaves the directive out.
        optional: bool,
        check: fn(&[u8]) -> Result<(), &'static str>,
        get: fn(&Config) -> &Text,
        put: fn(&mut Config, Text),
    },
    Special(&'static Special),
}

/// A textual setting. Paths and passwords need not be UTF-8.
pub type Text = Vec<u8>;

/// Reads a setting from its arguments.
pub type Setter = fn(&mut Config, &[&[u8]], Origin) -> Result<bool, Reason>;

/// A setting that has a grammar of its own.
pub struct Special {
    /// The grammar, for the documentation.
    pub form: &'static str,
    pub get: fn(&Config) -> Text,
    /// Tells whether something changed.
    pub set: Setter,
    pub rewrite: fn(&Config) -> Rewritten,
}

/// What `CONFIG REWRITE` does about a directive.
pub enum Rewritten {
    /// Lines without the directive's name, each with whether it must be there even if the file lacked it.
    Lines(Vec<(Text, bool)>),
    /// The lines the file has about it go.
    Dropped,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Plain,
    /// Bytes, with an optional unit.
    Memory,
    /// Bytes, or a percentage of `maxmemory`, which is held as a negative number.
    MemoryOrPercent,
    Octal,
}

/// Where a value comes from. A file's `save` lines add up, a command's replace what was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    File,
    Command,
}

/// Properties of a directive, a set of bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    pub const NONE: Flags = Flags(0);
    /// Only the file and the command line may set it.
    pub const IMMUTABLE: Flags = Flags(1);
    /// Its value is kept out of logs, SLOWLOG and MONITOR.
    pub const SENSITIVE: Flags = Flags(2);
    /// `CONFIG GET` shows it by its exact name only.
    pub const HIDDEN: Flags = Flags(4);
    /// `enable-protected-configs` decides who may set it.
    pub const PROTECTED: Flags = Flags(8);
    pub const DENY_LOADING: Flags = Flags(16);
    /// Takes several arguments.
    pub const MULTI_ARG: Flags = Flags(32);
    /// Goes into the crash report.
    pub const DEBUG: Flags = Flags(64);
    /// Setting it to what it is counts as a change: what it names may have changed.
    pub const VOLATILE: Flags = Flags(128);

    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }

    pub const fn or(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// Whether a directive does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// The server acts on it.
    Live,
    /// It is accepted and shown; nothing follows from it, and nothing is lost by that.
    Inert,
    /// Nothing follows from it yet, though it promises durability, safety or replication: a start with another
    /// value than the default warns.
    Owed,
}

/// Which part of the server has to act when a setting changes. The engine matches on this after a successful set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Whoever needs the setting reads it when it needs it.
    Nothing,
    AofAutoGc,
    AppendFsync,
    AppendOnly,
    Bind,
    ClientMemory,
    ClusterAddress,
    ClusterFlags,
    ClusterHostname,
    ClusterNodeName,
    ClusterPorts,
    ClusterSlotsReply,
    CompatMode,
    CrashLog,
    Dir,
    Eviction,
    GoodReplicas,
    Hz,
    JemallocThread,
    LatencyTracking,
    LocaleCollate,
    Logging,
    MaxClients,
    MaxMemory,
    NotifyEvents,
    OomScoreAdj,
    OutputLimits,
    Port,
    ProcTitle,
    QueryLimits,
    ReadOnly,
    ReplBacklog,
    RequirePass,
    ScriptApi,
    Tls,
    TlsPort,
    TypeLimits,
    Watchdog,
}

impl Directive {
    /// The value as `CONFIG GET` shows it.
    pub fn get(&self, config: &Config) -> Text {
        match &self.kind {
            Kind::Flag { get, .. } => yes_or_no(get(config)).into(),
            Kind::Number { unit, get, .. } => show_number(*unit, get(config)).into_bytes(),
            Kind::Choice { get, .. } => get(config).into(),
            Kind::Text { get, .. } => get(config).clone(),
            Kind::Special(special) => (special.get)(config),
        }
    }

    /// Sets the value from its arguments (one, unless `MULTI_ARG`) and tells whether that changed anything. On an
    /// error the setting may be left half changed: the caller works on a copy, or gives up.
    pub fn set(&self, config: &mut Config, args: &[&[u8]], origin: Origin) -> Result<bool, Reason> {
        if let Kind::Special(special) = &self.kind {
            return (special.set)(config, args, origin);
        }
        let [value] = args else {
            return Err(match &self.kind {
                Kind::Choice { words, .. } => refuse_word(words),
                _ => WRONG_ARITY.into(),
            });
        };
        let before = self.get(config);
        match &self.kind {
            Kind::Flag { put, .. } => put(config, read_flag(value)?),
            Kind::Number { unit, min, max, put, .. } => put(config, read_number(*unit, *min, *max, value)?),
            Kind::Choice { words, put, .. } => {
                if !put(config, value) {
                    return Err(refuse_word(words));
                }
            }
            Kind::Text { check, put, .. } => {
                check(value)?;
                put(config, value.to_vec());
            }
            Kind::Special(_) => {}
        }
        Ok(self.flags.has(Flags::VOLATILE) || before != self.get(config))
    }

    /// Whether the directive answers to a name, in any case.
    pub fn answers_to(&self, name: &[u8]) -> bool {
        let is = |known: &str| known.as_bytes().eq_ignore_ascii_case(name);
        is(self.name) || self.alias.is_some_and(is)
    }
}

pub(super) const WRONG_ARITY: &str = "wrong number of arguments";

pub(super) fn yes_or_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

fn read_flag(value: &[u8]) -> Result<bool, Reason> {
    match value {
        _ if value.eq_ignore_ascii_case(b"yes") => Ok(true),
        _ if value.eq_ignore_ascii_case(b"no") => Ok(false),
        _ => Err("argument must be 'yes' or 'no'".into()),
    }
}

pub(super) fn refuse_word(words: &[&str]) -> Reason {
    format!("argument(s) must be one of the following: {}", words.join(", ")).into()
}

fn show_number(unit: Unit, value: i128) -> String {
    match unit {
        Unit::MemoryOrPercent if value < 0 => format!("{}%", -value),
        Unit::Octal => format!("{value:o}"),
        _ => value.to_string(),
    }
}

fn read_number(unit: Unit, min: i128, max: i128, text: &[u8]) -> Result<i128, Reason> {
    let (value, otherwise) = match unit {
        Unit::Plain => (parse_i64(text).map(i128::from), "argument couldn't be parsed into an integer"),
        Unit::Memory => (parse_memory(text).map(i128::from), "argument must be a memory value"),
        Unit::MemoryOrPercent => {
            let memory = parse_memory(text).map(i128::from);
            let percent = || parse_percent(text).map(|percent| -i128::from(percent));
            (memory.or_else(percent), "argument must be a memory or percent value")
        }
        Unit::Octal => (parse::octal(text).map(i128::from), "argument couldn't be parsed as an octal number"),
    };
    let value = value.ok_or(otherwise)?;
    if unit == Unit::MemoryOrPercent && value < 0 {
        if value < min {
            return Err(format!("percentage argument must be less or equal to {}", -min).into());
        }
    } else if value < min || value > max {
        let bound = |bound: i128| if unit == Unit::Octal { format!("{bound:o}") } else { bound.to_string() };
        return Err(format!("argument must be between {} and {} inclusive", bound(min), bound(max)).into());
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::super::table::DIRECTIVES;
    use super::*;

    fn refusal(unit: Unit, min: i128, max: i128, text: &str) -> String {
        read_number(unit, min, max, text.as_bytes()).map_or_else(String::from, |value| format!("ok {value}"))
    }

    #[test]
    fn names_are_unique_and_fields_hold_their_range() {
        let mut names: Vec<_> =
            DIRECTIVES.iter().flat_map(|row| [Some(row.name), row.alias]).flatten().collect();
        let many = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), many);
        for directive in DIRECTIVES {
            let mut config = Config::default();
            match &directive.kind {
                Kind::Number { min, max, get, put, .. } => {
                    let clamped = matches!(directive.name, "hz" | "repl-backlog-size");
                    for bound in [min, max] {
                        put(&mut config, *bound);
                        assert!(get(&config) == *bound || clamped, "{}", directive.name);
                    }
                }
                Kind::Choice { words, get, put } => {
                    for word in *words {
                        assert!(put(&mut config, word.as_bytes()), "{}", directive.name);
                        assert!(get(&config) == *word || *word == "relative", "{}", directive.name);
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn what_is_shown_can_be_set() {
        let default = Config { dir: b"/".to_vec(), ..Config::default() };
        for directive in DIRECTIVES.iter().filter(|row| row.name != "replicaof") {
            let shown = directive.get(&default);
            let args: Vec<&[u8]> = match directive.flags.has(Flags::MULTI_ARG) {
                true => shown.split(|byte| *byte == b' ').collect(),
                false => vec![&shown],
            };
            let mut config = default.clone();
            let set = directive.set(&mut config, &args, Origin::Command);
            assert!(set.is_ok(), "{}: {set:?}", directive.name);
            assert!(directive.get(&config) == shown, "{}", directive.name);
        }
    }

    #[test]
    fn numbers_are_held_to_their_range() {
        let wide = i128::from(i64::MAX);
        assert_eq!(
            refusal(Unit::Plain, 0, wide, "-1"),
            "argument must be between 0 and 9223372036854775807 inclusive"
        );
        assert_eq!(refusal(Unit::Plain, 0, 9, "01"), "argument couldn't be parsed into an integer");
        assert_eq!(refusal(Unit::Memory, 0, wide, "1Gb"), "ok 1073741824");
        assert_eq!(refusal(Unit::Memory, 0, wide, "1t"), "argument must be a memory value");
        assert_eq!(
            refusal(Unit::Memory, 1 << 20, wide, "10000000000000000000"),
            "argument must be between 1048576 and 9223372036854775807 inclusive"
        );
        assert_eq!(refusal(Unit::Octal, 0, 0o777, "1000"), "argument must be between 0 and 777 inclusive");
        assert_eq!(refusal(Unit::Octal, 0, 0o777, "8"), "argument couldn't be parsed as an octal number");
    }

    #[test]
    fn percentages_are_negative() {
        assert_eq!(refusal(Unit::MemoryOrPercent, -100, 1 << 40, "5%"), "ok -5");
        assert_eq!(
            refusal(Unit::MemoryOrPercent, -100, 1 << 40, "200%"),
            "percentage argument must be less or equal to 100"
        );
        assert_eq!(
            refusal(Unit::MemoryOrPercent, -100, 1 << 40, "-5"),
            "argument must be a memory or percent value"
        );
        assert_eq!(show_number(Unit::MemoryOrPercent, -5), "5%");
    }
}
