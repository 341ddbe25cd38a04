//! CONFIG GET and CONFIG SET as plain functions: patterns to values, and pairs to a checked new `Config` with the
//! effects of the change. Knows no client; whoever applies the effects does so outside of here.

use super::directive::{Directive, Effect, Flags, Origin, Reason, Support, Text};
use super::table::{Config, DIRECTIVES};
use crate::util::glob;

/// Finds a directive by its name or its alias, in any case.
pub fn find(name: &[u8]) -> Option<&'static Directive> {
    DIRECTIVES.iter().find(|directive| directive.answers_to(name))
}

/// Whether the value of a directive must be kept out of logs.
pub fn is_sensitive(name: &[u8]) -> bool {
    find(name).is_some_and(|directive| directive.flags.has(Flags::SENSITIVE))
}

/// Who asks for a change.
#[derive(Clone, Copy, Debug)]
pub struct Asker {
    /// The server is loading its data.
    pub loading: bool,
    /// The client came over loopback or a Unix socket.
    pub local: bool,
}

/// A change that has been checked and not made yet.
pub struct Change {
    /// The configuration with the change.
    pub config: Config,
    /// What has to be done about it, in order, each with the directive to blame if that fails.
    pub effects: Vec<(Effect, &'static str)>,
}

/// Why CONFIG SET was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetError {
    Loading,
    Unknown { name: Text },
    Refused { argument: Text, reason: Reason },
}

impl SetError {
    /// The error line with its code, without the leading `-` and the line's end.
    pub fn render(&self) -> Text {
        let mut line = match self {
            SetError::Loading => b"LOADING Redis is loading the dataset in memory".to_vec(),
            SetError::Unknown { name } => {
                [b"ERR Unknown option or number of arguments for CONFIG SET - '", name.as_slice(), b"'"]
                    .concat()
            }
            SetError::Refused { argument, reason } => {
                let opening = b"ERR CONFIG SET failed (possibly related to argument '".as_slice();
                [opening, argument, b"') - ", reason.as_bytes()].concat()
            }
        };
        line.iter_mut().filter(|byte| matches!(byte, b'\r' | b'\n')).for_each(|byte| *byte = b' ');
        line
    }
}

impl Config {
    /// The settings whose names match a pattern, in the order of the table, each with its value. A name without
    /// wildcards is found in any case and comes back as it was asked for; hidden settings are found by name only.
    pub fn get(&self, patterns: &[&[u8]]) -> Vec<(Text, Text)> {
        let names = || DIRECTIVES.iter().flat_map(|row| [Some(row.name), row.alias].map(|name| (row, name)));
        let mut found = Vec::new();
        let mut taken = vec![false; names().count()];
        for pattern in patterns {
            let exact = !pattern.iter().any(|byte| b"[*?".contains(byte));
            for ((directive, name), taken) in names().zip(&mut taken) {
                let Some(name) = name.filter(|_| !*taken) else { continue };
                *taken = match exact {
                    true => name.as_bytes().eq_ignore_ascii_case(pattern),
                    false => {
                        !directive.flags.has(Flags::HIDDEN) && glob::matches(pattern, name.as_bytes(), true)
                    }
                };
                if *taken {
                    let shown = if exact { pattern.to_vec() } else { name.into() };
                    found.push((shown, directive.get(self)));
                }
            }
        }
        found
    }

    /// Checks the pairs of a CONFIG SET and works out what they change. Nothing is changed yet: on success the caller
    /// puts `Change::config` in place, acts on the effects, and if one fails puts the old configuration back.
    pub fn plan(&self, pairs: &[(&[u8], &[u8])], asker: Asker) -> Result<Change, SetError> {
        let mut wanted: Vec<(&'static Directive, &'static str, &[u8])> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let directive = find(name).ok_or_else(|| SetError::Unknown { name: name.to_vec() })?;
            let refuse =
                |reason: &'static str| SetError::Refused { argument: name.to_vec(), reason: reason.into() };
            if directive.flags.has(Flags::IMMUTABLE) {
                return Err(refuse("can't set immutable config"));
            }
            if directive.flags.has(Flags::PROTECTED) && !self.enable_protected_configs.permits(asker.local) {
                return Err(refuse("can't set protected config"));
            }
            if asker.loading && directive.flags.has(Flags::DENY_LOADING) {
                return Err(SetError::Loading);
            }
            let alias = directive.alias.filter(|alias| alias.as_bytes().eq_ignore_ascii_case(name));
            // COMPAT: a name and its alias are not taken for each other here; the later of the two wins.
            let name = alias.unwrap_or(directive.name);
            if wanted.iter().any(|(_, other, _)| *other == name) {
                return Err(refuse("duplicate parameter"));
            }
            wanted.push((directive, name, value));
        }
        let mut change = Change { config: self.clone(), effects: Vec::new() };
        for (directive, name, value) in wanted {
            let args: Vec<&[u8]> = match directive.flags.has(Flags::MULTI_ARG) {
                true if value.is_empty() => Vec::new(),
                true => value.split(|byte| *byte == b' ').collect(),
                false => vec![value],
            };
            let changed = directive
                .set(&mut change.config, &args, Origin::Command)
                .map_err(|reason| SetError::Refused { argument: name.into(), reason })?;
            let known = change.effects.iter().any(|(effect, _)| *effect == directive.effect);
            if changed && !known && directive.effect != Effect::Nothing {
                change.effects.push((directive.effect, name));
            }
        }
        Ok(change)
    }

    /// Makes a change and has `apply` act on each effect. If it cannot, everything is put back, the effects applied
    /// so far are applied again with the old values, and the reason becomes the error.
    pub fn set_many(
        &mut self,
        pairs: &[(&[u8], &[u8])],
        asker: Asker,
        mut apply: impl FnMut(&mut Config, Effect) -> Result<(), Reason>,
    ) -> Result<Vec<Effect>, SetError> {
        let Change { config, effects } = self.plan(pairs, asker)?;
        let before = std::mem::replace(self, config);
        for (done, (effect, name)) in effects.iter().enumerate() {
            let Err(reason) = apply(self, *effect) else { continue };
            *self = before;
            for (effect, _) in effects.iter().take(done + 1) {
                // What the old values were applied by once may fail now; the reason given is the first failure's.
                let _ = apply(self, *effect);
            }
            return Err(SetError::Refused { argument: (*name).into(), reason });
        }
        Ok(effects.into_iter().map(|(effect, _)| effect).collect())
    }

    /// A warning for each setting that promises what this version does not do.
    pub fn unkept_promises(&self) -> Vec<String> {
        let default = Config::default();
        let owed = DIRECTIVES.iter().filter(|directive| directive.support == Support::Owed);
        let warning = |directive: &Directive| {
            let value = directive.get(self);
            let promises =
                !matches!(value.as_slice(), b"" | b"no" | b"0") && value != directive.get(&default);
            let value = String::from_utf8_lossy(&value).into_owned();
            promises.then(|| format!("WARNING: '{} {value}' has no effect in this version.", directive.name))
        };
        owed.filter_map(warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::choices::Allowed;
    use super::*;

    const LOCAL: Asker = Asker { loading: false, local: true };

    fn set(config: &mut Config, pairs: &[(&str, &str)]) -> Result<Vec<Effect>, String> {
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
        let done = config.set_many(&pairs, LOCAL, |_, _| Ok(()));
        done.map_err(|error| String::from_utf8_lossy(&error.render()).into_owned())
    }

    fn refusal(name: &str, value: &str) -> String {
        set(&mut Config::default(), &[(name, value)]).expect_err("refused")
    }

    fn get(config: &Config, patterns: &[&str]) -> Vec<(String, String)> {
        let patterns: Vec<_> = patterns.iter().map(|pattern| pattern.as_bytes()).collect();
        let text = |bytes: Text| String::from_utf8_lossy(&bytes).into_owned();
        config.get(&patterns).into_iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    fn value(config: &Config, name: &str) -> String {
        get(config, &[name]).into_iter().next().expect("a known name").1
    }

    #[test]
    fn names_come_back_as_asked_for() {
        let config = Config::default();
        let names = |patterns: &[&str]| get(&config, patterns).into_iter().map(|it| it.0).collect::<Vec<_>>();
        assert_eq!(names(&["MaxMemory", "maxmemory"]), ["MaxMemory"]);
        assert_eq!(names(&["hash-max-z*"]), ["hash-max-ziplist-entries", "hash-max-ziplist-value"]);
        assert_eq!(names(&["*nothing"]), [""; 0]);
        assert_eq!(names(&["*of"]), ["replicaof", "slaveof"]);
        assert_eq!(names(&["key-load-*", "key-load-delay"]), ["key-load-delay"]);
    }

    #[test]
    fn several_pairs_change_at_once_or_not_at_all() {
        let mut config = Config::default();
        let effects =
            set(&mut config, &[("maxmemory", "1kb"), ("SAVE", "3000 5"), ("hz", "0"), ("timeout", "5")]);
        assert_eq!(effects, Ok(vec![Effect::MaxMemory, Effect::Hz]));
        assert_eq!((config.maxmemory, config.hz, config.timeout), (1024, 1, 5));
        assert_eq!(value(&config, "save"), "3000 5");
        let error = set(&mut config, &[("maxmemory", "2"), ("maxmemory-clients", "200%"), ("timeout", "x")]);
        assert_eq!(
            error.expect_err("refused"),
            "ERR CONFIG SET failed (possibly related to argument 'maxmemory-clients') - percentage argument must be \
             less or equal to 100"
        );
        assert_eq!(config.maxmemory, 1024);
    }

    #[test]
    fn a_failed_effect_puts_everything_back() {
        let mut config = Config::default();
        let mut seen = Vec::new();
        let pairs: [(&[u8], &[u8]); 3] = [(b"maxclients", b"5"), (b"port", b"7"), (b"hz", b"20")];
        let done = config.set_many(&pairs, LOCAL, |config, effect| {
            seen.push((effect, config.port, config.maxclients));
            if config.port == 7 && effect == Effect::Port { Err("in use".into()) } else { Ok(()) }
        });
        let error = SetError::Refused { argument: b"port".to_vec(), reason: "in use".into() };
        assert_eq!(done, Err(error));
        assert_eq!((config.port, config.maxclients, config.hz), (6379, 10_000, 10));
        let (clients, port) = (Effect::MaxClients, Effect::Port);
        assert_eq!(seen, [(clients, 7, 5), (port, 7, 5), (clients, 6379, 10_000), (port, 6379, 10_000)]);
    }

    #[test]
    fn what_did_not_change_has_no_effect() {
        let mut config = Config::default();
        assert_eq!(set(&mut config, &[("maxmemory", "0"), ("loglevel", "NOTICE")]), Ok(vec![]));
        assert_eq!(set(&mut config, &[("tls-cert-file", "")]), Ok(vec![Effect::Tls]));
    }

    #[test]
    fn refusals() {
        let failed = |name: &str, reason: &str| {
            format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {reason}")
        };
        assert_eq!(refusal("a\nb", "1"), "ERR Unknown option or number of arguments for CONFIG SET - 'a b'");
        assert_eq!(refusal("Daemonize", "yes"), failed("Daemonize", "can't set immutable config"));
        assert_eq!(refusal("dir", "/"), failed("dir", "can't set protected config"));
        assert_eq!(
            refusal("SLAVE-priority", "x"),
            failed("slave-priority", "argument couldn't be parsed into an integer")
        );
        assert_eq!(refusal("appendonly", "maybe"), failed("appendonly", "argument must be 'yes' or 'no'"));
        assert_eq!(
            refusal("maxclients", "0"),
            failed("maxclients", "argument must be between 1 and 4294967295 inclusive")
        );
        assert_eq!(
            refusal("loglevel", "a b"),
            failed(
                "loglevel",
                "argument(s) must be one of the following: debug, verbose, notice, warning, nothing"
            )
        );
        let twice = set(&mut Config::default(), &[("Hz", "1"), ("hZ", "2")]);
        assert_eq!(twice, Err(failed("hZ", "duplicate parameter")));
        let loading = Config { enable_protected_configs: Allowed::Yes, ..Config::default() };
        let asker = Asker { loading: true, local: false };
        assert_eq!(loading.plan(&[(b"dir", b"/")], asker).err(), Some(SetError::Loading));
    }

    #[test]
    fn only_promises_warn() {
        let mut config = Config::default();
        assert_eq!(config.unkept_promises(), [""; 0]);
        config.save.clear();
        config.cluster_enabled = true;
        let warned = config.unkept_promises().join("|");
        assert!(warned.contains("'cluster-enabled yes'"));
        assert!(!warned.contains("save"));
    }
}
