//! Directives with a grammar of their own: save points, addresses, buffer limits, event classes and so on, each as
//! one `Special` that the table names. Reads and writes `Config` only; opening ports or changing directories is
//! for whoever acts on the `Effect`.

use super::compound::{
    DEFAULT_OUTPUT_LIMITS, EventClasses, OutputClass, OutputLimit, PrimaryAddress, SavePoint, ShutdownFlags,
};
use super::directive::{Origin, Reason, Rewritten, Special, Text, WRONG_ARITY, refuse_word, yes_or_no};
use super::parse;
use super::table::Config;
use crate::util::numbers::parse_memory;
use crate::util::quote::{needs_quoting, write_quoted};

const MAX_BIND_ADDRESSES: usize = 16;

pub(super) const DEFAULT_OOM_SCORES: [i32; 3] = [0, 200, 800];
pub(super) const DEFAULT_PERCENTILES: [f64; 3] = [50.0, 99.0, 99.9];

pub(super) fn default_bind() -> Vec<String> {
    ["*", "-::*"].map(String::from).to_vec()
}

pub(super) const DIR: Special = Special {
    form: "a directory",
    get: |config| config.dir.clone(),
    set: |config, args, _| {
        let [path] = args else { return Err(WRONG_ARITY.into()) };
        if path.is_empty() {
            return Err("dir can't be empty".into());
        }
        config.dir = path.to_vec();
        // A relative path leads elsewhere each time, so setting it is always a change.
        Ok(true)
    },
    rewrite: |config| forced(quoted(&config.dir)),
};

pub(super) const SAVE: Special = Special {
    form: "pairs of seconds and changes, or \"\"",
    get: |config| join(config.save.iter().map(|point| format!("{} {}", point.seconds, point.changes))),
    set: set_save,
    rewrite: |config| forced(if config.save.is_empty() { b"\"\"".to_vec() } else { (SAVE.get)(config) }),
};

fn set_save(config: &mut Config, args: &[&[u8]], origin: Origin) -> Result<bool, Reason> {
    let none = matches!(args, [b""]);
    let args = if none { &[] } else { args };
    if !args.len().is_multiple_of(2) {
        return Err("Invalid save parameters".into());
    }
    let point = |pair: &[&[u8]]| {
        let seconds = parse::loose_integer(pair.first()?).filter(|seconds| *seconds >= 1)?;
        let changes = parse::loose_integer(pair.get(1)?).filter(|changes| *changes >= 0)?;
        Some(SavePoint { seconds, changes: changes.try_into().ok()? })
    };
    let points: Option<Vec<SavePoint>> = args.chunks(2).map(point).collect();
    let points = points.ok_or("Invalid save parameters")?;
    if none || origin == Origin::Command {
        config.save.clear();
    }
    config.save.extend(points);
    Ok(true)
}

pub(super) const BIND: Special = Special {
    form: "up to 16 addresses",
    get: |config| join(config.bind.iter().cloned()),
    set: |config, args, _| {
        if args.len() > MAX_BIND_ADDRESSES {
            return Err("Too many bind addresses specified.".into());
        }
        let args = if matches!(args, [b""]) { &[] } else { args };
        config.bind = args.iter().map(|address| String::from_utf8_lossy(address).into_owned()).collect();
        Ok(true)
    },
    rewrite: |config| {
        if config.bind == default_bind() {
            return Rewritten::Dropped;
        }
        let words = config.bind.iter().map(|address| word(address)).collect::<Vec<_>>().join(&b' ');
        forced(if config.bind.is_empty() { b"\"\"".to_vec() } else { words })
    },
};

pub(super) const OUTPUT_LIMITS: Special = Special {
    form: "class, hard limit, soft limit, soft seconds; repeated",
    get: |config| {
        join(OutputClass::ALL.iter().zip(&config.client_output_buffer_limit).map(|(class, limit)| {
            format!("{} {} {} {}", class.shown(), limit.hard_bytes, limit.soft_bytes, limit.soft_seconds)
        }))
    },
    set: set_output_limits,
    rewrite: |config| {
        let current = config.client_output_buffer_limit.iter().zip(&DEFAULT_OUTPUT_LIMITS);
        let line = |(class, (limit, default)): (&OutputClass, (&OutputLimit, &OutputLimit))| {
            let (hard, soft) = (parse::show_memory(limit.hard_bytes), parse::show_memory(limit.soft_bytes));
            let line = format!("{} {hard} {soft} {}", class.written(), limit.soft_seconds);
            (line.into_bytes(), limit != default)
        };
        Rewritten::Lines(OutputClass::ALL.iter().zip(current).map(line).collect())
    },
};

fn set_output_limits(config: &mut Config, args: &[&[u8]], _: Origin) -> Result<bool, Reason> {
    if !args.len().is_multiple_of(4) {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    let mut limits = config.client_output_buffer_limit;
    for group in args.chunks(4) {
        let [class, hard, soft, seconds] = group else { continue };
        let class = OutputClass::from_word(class)
            .ok_or("Invalid client class specified in buffer limit configuration.")?;
        let seconds = parse::loose_integer(seconds).and_then(|seconds| i32::try_from(seconds).ok());
        let limit = parse_memory(hard).zip(parse_memory(soft)).zip(seconds.filter(|seconds| *seconds >= 0));
        let ((hard_bytes, soft_bytes), soft_seconds) =
            limit.ok_or("Error in hard, soft or soft_seconds setting in buffer limit configuration.")?;
        limits[class as usize] = OutputLimit { hard_bytes, soft_bytes, soft_seconds };
    }
    config.client_output_buffer_limit = limits;
    Ok(true)
}

pub(super) const OOM_SCORES: Special = Special {
    form: "three numbers from -2000 to 2000",
    get: |config| join(config.oom_score_adj_values.iter().map(i32::to_string)),
    set: |config, args, _| {
        let Ok(args) = <&[&[u8]; 3]>::try_from(args) else { return Err(WRONG_ARITY.into()) };
        let mut scores = [0; 3];
        for (score, arg) in scores.iter_mut().zip(args) {
            let value = parse::loose_integer(arg).and_then(|value| i32::try_from(value).ok());
            *score = value
                .filter(|value| (-2000..=2000).contains(value))
                .ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")?;
        }
        Ok(std::mem::replace(&mut config.oom_score_adj_values, scores) != scores)
    },
    rewrite: |config| {
        let changed = config.oom_score_adj_values != DEFAULT_OOM_SCORES;
        Rewritten::Lines(vec![((OOM_SCORES.get)(config), changed)])
    },
};

pub(super) const NOTIFY: Special = Special {
    form: "letters of `KEg$lshzxetdmnA`",
    get: |config| config.notify_keyspace_events.letters().into_bytes(),
    set: |config, args, _| {
        let [letters] = args else { return Err(WRONG_ARITY.into()) };
        config.notify_keyspace_events = EventClasses::from_letters(letters)
            .ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")?;
        Ok(true)
    },
    rewrite: |config| {
        let classes = config.notify_keyspace_events;
        Rewritten::Lines(vec![(quoted(classes.letters().as_bytes()), !classes.is_empty())])
    },
};

pub(super) const REPLICAOF: Special = Special {
    form: "host and port, or `no one`",
    get: |config| match &config.replicaof {
        Some(primary) => format!("{} {}", primary.host, primary.port).into_bytes(),
        None => Text::new(),
    },
    set: |config, args, _| {
        let [host, port] = args else { return Err(WRONG_ARITY.into()) };
        if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
            return Ok(config.replicaof.take().is_some());
        }
        let port = parse::loose_integer(port).and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or("Invalid primary port")?;
        config.replicaof = Some(PrimaryAddress { host: String::from_utf8_lossy(host).into_owned(), port });
        Ok(true)
    },
    // In a cluster the nodes' own file says who replicates whom.
    rewrite: |config| match &config.replicaof {
        Some(primary) if !config.cluster_enabled => {
            forced([word(&primary.host).as_slice(), primary.port.to_string().as_bytes()].join(&b' '))
        }
        _ => Rewritten::Dropped,
    },
};

pub(super) const PERCENTILES: Special = Special {
    form: "numbers from 0 to 100, or \"\"",
    get: |config| join(config.latency_tracking_info_percentiles.iter().map(|value| show_percentile(*value))),
    set: |config, args, _| {
        let args = if matches!(args, [b""]) { &[] } else { args };
        let mut percentiles = Vec::with_capacity(args.len());
        for arg in args {
            let value = std::str::from_utf8(arg).ok().and_then(|text| text.parse::<f64>().ok());
            let value = value.filter(|value| !value.is_nan());
            let value = value.ok_or("Invalid latency-tracking-info-percentiles parameters")?;
            if !(0.0..=100.0).contains(&value) {
                let range = "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
                return Err(range.into());
            }
            percentiles.push(value);
        }
        config.latency_tracking_info_percentiles = percentiles;
        Ok(true)
    },
    rewrite: |config| {
        let none = config.latency_tracking_info_percentiles.is_empty();
        forced(if none { b"\"\"".to_vec() } else { (PERCENTILES.get)(config) })
    },
};

/// A percentile with up to six decimals, as INFO and `CONFIG GET` print it.
pub fn show_percentile(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) const ACTIVE_DEFRAG: Special = Special {
    form: "yes, no",
    get: |config| yes_or_no(config.activedefrag).into(),
    // COMPAT: a client hears what a Redis says whose allocator cannot be defragmented; a configuration file made
    // for one whose allocator can be still starts the server.
    set: |config, args, origin| {
        let wanted = match args {
            [yes] if yes.eq_ignore_ascii_case(b"yes") => true,
            [no] if no.eq_ignore_ascii_case(b"no") => false,
            _ => return Err("argument must be 'yes' or 'no'".into()),
        };
        if wanted && origin == Origin::Command {
            return Err("Active defragmentation cannot be enabled: it requires a server compiled with a \
                        modified Jemalloc like the one shipped by default with the source distribution"
                .into());
        }
        Ok(std::mem::replace(&mut config.activedefrag, wanted) != wanted)
    },
    rewrite: |config| Rewritten::Lines(vec![((ACTIVE_DEFRAG.get)(config), config.activedefrag)]),
};

pub(super) const SHUTDOWN_ON_SIGINT: Special = Special {
    form: SHUTDOWN_FORM,
    get: |config| config.shutdown_on_sigint.words().into_bytes(),
    set: |config, args, _| set_shutdown(&mut config.shutdown_on_sigint, args),
    rewrite: |config| rewrite_shutdown(config.shutdown_on_sigint),
};

pub(super) const SHUTDOWN_ON_SIGTERM: Special = Special {
    form: SHUTDOWN_FORM,
    get: |config| config.shutdown_on_sigterm.words().into_bytes(),
    set: |config, args, _| set_shutdown(&mut config.shutdown_on_sigterm, args),
    rewrite: |config| rewrite_shutdown(config.shutdown_on_sigterm),
};

const SHUTDOWN_FORM: &str = "default, or some of save, nosave, now, force";

fn set_shutdown(flags: &mut ShutdownFlags, args: &[&[u8]]) -> Result<bool, Reason> {
    let words = ShutdownFlags::WORDS.map(|(word, _)| word);
    let mut wanted = ShutdownFlags::default();
    for arg in args {
        let known = ShutdownFlags::WORDS.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(arg));
        wanted.0 |= known.ok_or_else(|| refuse_word(&words))?.1.0;
    }
    if args.is_empty() {
        return Err(refuse_word(&words));
    }
    if wanted.contains(ShutdownFlags::SAVE) && wanted.contains(ShutdownFlags::NOSAVE) {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
    }
    Ok(std::mem::replace(flags, wanted) != wanted)
}

fn rewrite_shutdown(flags: ShutdownFlags) -> Rewritten {
    Rewritten::Lines(vec![(flags.words().into_bytes(), flags != ShutdownFlags::default())])
}

fn forced(line: Text) -> Rewritten {
    Rewritten::Lines(vec![(line, true)])
}

fn join(parts: impl Iterator<Item = String>) -> Text {
    parts.collect::<Vec<_>>().join(" ").into_bytes()
}

/// A word of a line, in quotes if it cannot do without.
fn word(text: &str) -> Text {
    if needs_quoting(text.as_bytes()) { quoted(text.as_bytes()) } else { text.into() }
}

/// A value in quotes, as `CONFIG REWRITE` writes texts.
pub(super) fn quoted(value: &[u8]) -> Text {
    let mut out = Text::with_capacity(value.len() + 2);
    write_quoted(&mut out, value);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What CONFIG GET shows after a set, or why it was refused.
    fn outcome(special: &Special, args: &[&str]) -> String {
        let mut config = Config::default();
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        match (special.set)(&mut config, &args, Origin::Command) {
            Ok(_) => String::from_utf8_lossy(&(special.get)(&config)).into_owned(),
            Err(reason) => format!("error: {reason}"),
        }
    }

    #[test]
    fn save_points() {
        assert_eq!(outcome(&SAVE, &["+900", "1", "5", ""]), "900 1 5 0");
        assert_eq!(outcome(&SAVE, &[]), "");
        for bad in [["0", "1"], ["x", "1"], ["900", "-1"], ["900", "99999999999"], ["", "1"]] {
            assert_eq!(outcome(&SAVE, &bad), "error: Invalid save parameters");
        }
        assert_eq!(outcome(&SAVE, &["900"]), "error: Invalid save parameters");
    }

    #[test]
    fn output_limits() {
        let shown = outcome(&OUTPUT_LIMITS, &["slave", "1mb", "2mb", "5", "NORMAL", "1", "2", "3"]);
        assert_eq!(shown, "normal 1 2 3 slave 1048576 2097152 5 pubsub 33554432 8388608 60");
        let refused = |args: &[&str]| outcome(&OUTPUT_LIMITS, args);
        assert_eq!(
            refused(&["replica", "1", "2"]),
            "error: Wrong number of arguments in buffer limit configuration."
        );
        assert_eq!(
            refused(&["master", "1", "2", "3"]),
            "error: Invalid client class specified in buffer limit configuration."
        );
        let number = "error: Error in hard, soft or soft_seconds setting in buffer limit configuration.";
        for bad in [["slave", "x", "2", "3"], ["slave", "1", "-2", "3"], ["slave", "1", "2", "-3"]] {
            assert_eq!(refused(&bad), number);
        }
    }

    #[test]
    fn scores_and_percentiles() {
        assert_eq!(outcome(&OOM_SCORES, &["1", "2", "-2000"]), "1 2 -2000");
        assert_eq!(outcome(&OOM_SCORES, &["1", "2"]), "error: wrong number of arguments");
        assert_eq!(
            outcome(&OOM_SCORES, &["1", "2", "2001"]),
            "error: Invalid oom-score-adj-values, elements must be between -2000 and 2000."
        );
        assert_eq!(outcome(&PERCENTILES, &["50", "99.12345678", "1e2"]), "50 99.123457 100");
        assert_eq!(outcome(&PERCENTILES, &[""]), "");
        let range = "error: latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
        assert_eq!([outcome(&PERCENTILES, &["100.1"]), outcome(&PERCENTILES, &["-inf"])], [range, range]);
        for bad in ["", "nan", "5%"] {
            let bad = outcome(&PERCENTILES, &["1", bad]);
            assert_eq!(bad, "error: Invalid latency-tracking-info-percentiles parameters");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(outcome(&REPLICAOF, &["host", "6379"]), "host 6379");
        assert_eq!(outcome(&REPLICAOF, &["NO", "one"]), "");
        assert_eq!(outcome(&REPLICAOF, &["host", "abc"]), "error: Invalid primary port");
        assert_eq!(outcome(&REPLICAOF, &["host", "65536"]), "error: Invalid primary port");
        assert_eq!(outcome(&BIND, &[""]), "");
        assert_eq!(outcome(&BIND, &["::1"; 17]), "error: Too many bind addresses specified.");
    }

    #[test]
    fn signals_and_defragmentation() {
        assert_eq!(outcome(&SHUTDOWN_ON_SIGTERM, &["DEFAULT", "force"]), "force");
        assert_eq!(
            outcome(&SHUTDOWN_ON_SIGTERM, &["save", "nosave"]),
            "error: shutdown options SAVE and NOSAVE can't be used simultaneously"
        );
        assert!(outcome(&SHUTDOWN_ON_SIGINT, &[]).starts_with("error: argument(s) must be one of"));
        assert!(
            outcome(&ACTIVE_DEFRAG, &["yes"]).starts_with("error: Active defragmentation cannot be enabled")
        );
        let mut config = Config::default();
        assert_eq!((ACTIVE_DEFRAG.set)(&mut config, &[b"yes"], Origin::File), Ok(true));
    }
}
