//! The server's command line, read as Redis reads it: `spinel [file] [-] [--directive value...]`. The directives become
//! lines that follow the file's. Knows no directive but the two whose value may be missing.

use super::directive::Text;
use super::special::quoted;
use crate::util::quote::split_args;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// `-v` or `--version`.
    Version,
    /// `-h` or `--help`.
    Help,
    /// `--test-memory`, with the megabytes unless they are missing.
    TestMemory(Option<Text>),
    /// `--check-system`.
    CheckSystem,
    Serve(Sources),
}

/// Where the configuration comes from. What is read later wins: file, standard input, options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub file: Option<Text>,
    pub stdin: bool,
    /// The options as lines; `None` if the command line was empty.
    pub options: Option<Text>,
    /// The program's name or an option asks for a Sentinel.
    pub sentinel: bool,
}

impl Invocation {
    /// Reads a command line, the program's name first.
    pub fn parse(argv: &[Text]) -> Invocation {
        let Some(first) = argv.get(1) else {
            return Invocation::Serve(Sources { sentinel: asks_for_sentinel(argv), ..Sources::default() });
        };
        match first.as_slice() {
            b"-v" | b"--version" => Invocation::Version,
            b"-h" | b"--help" => Invocation::Help,
            b"--test-memory" if argv.len() == 3 => Invocation::TestMemory(argv.get(2).cloned()),
            b"--test-memory" => Invocation::TestMemory(None),
            b"--check-system" => Invocation::CheckSystem,
            _ => Invocation::Serve(sources(argv)),
        }
    }
}

fn asks_for_sentinel(argv: &[Text]) -> bool {
    let program = argv.first().and_then(|path| path.rsplit(|byte| *byte == b'/').next()).unwrap_or_default();
    let named = program.windows(b"-sentinel".len()).any(|part| part == b"-sentinel");
    named || argv.iter().skip(1).any(|arg| arg == b"--sentinel")
}

fn sources(argv: &[Text]) -> Sources {
    let mut args = argv.get(1..).unwrap_or_default();
    let mut sources = Sources { sentinel: asks_for_sentinel(argv), ..Sources::default() };
    if let Some((file, rest)) = args.split_first().filter(|(first, _)| !first.starts_with(b"-")) {
        // An empty name is no file, so that `spinel "$CONF"` starts without one.
        sources.file = Some(file.clone()).filter(|file| !file.is_empty());
        args = rest;
    }
    let mut options = Text::new();
    // A directive waits for its value: the next argument belongs to it even if it starts with two dashes.
    let mut waits = false;
    let first_may_be_stdin = args.len() + 1 == argv.len();
    for (at, arg) in args.iter().enumerate() {
        let next = args.get(at + 1);
        if arg == b"-" && ((at == 0 && first_may_be_stdin) || next.is_none()) {
            sources.stdin = true;
        } else if let Some(name) = arg.strip_prefix(b"--").filter(|_| !waits) {
            if !options.is_empty() {
                options.push(b'\n');
            }
            options.extend_from_slice(name);
            options.push(b' ');
            let alone = split_args(arg).is_some_and(|words| words.len() == 1);
            waits = alone && !stands_alone(arg, next, &mut options);
        } else {
            options.extend(quoted(arg));
            options.push(b' ');
            waits = false;
        }
    }
    sources.options = Some(options);
    sources
}

/// Whether a directive is complete without a value: `--save` then means `--save ""`, `--sentinel` has none.
fn stands_alone(arg: &[u8], next: Option<&Text>, options: &mut Text) -> bool {
    if !next.is_none_or(|next| next.starts_with(b"--")) {
        return false;
    }
    if arg.eq_ignore_ascii_case(b"--save") {
        options.extend_from_slice(b"\"\"");
        return true;
    }
    arg.eq_ignore_ascii_case(b"--sentinel")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Invocation {
        let argv: Vec<Text> = std::iter::once(&"spinel").chain(args).map(|arg| Text::from(*arg)).collect();
        Invocation::parse(&argv)
    }

    fn options(args: &[&str]) -> String {
        match parse(args) {
            Invocation::Serve(sources) => {
                String::from_utf8(sources.options.unwrap_or_default()).expect("the test's own text")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn questions_come_first() {
        assert_eq!(parse(&["-v", "x"]), Invocation::Version);
        assert_eq!(parse(&["--help"]), Invocation::Help);
        assert_eq!(parse(&["--test-memory", "5"]), Invocation::TestMemory(Some(b"5".to_vec())));
        assert_eq!(parse(&["--test-memory"]), Invocation::TestMemory(None));
        assert_eq!(parse(&["--check-system"]), Invocation::CheckSystem);
        assert_eq!(parse(&[]), Invocation::Serve(Sources::default()));
    }

    #[test]
    fn file_stdin_and_options() {
        let serve = |args: &[&str]| match parse(args) {
            Invocation::Serve(sources) => (sources.file.is_some(), sources.stdin),
            _ => panic!("{args:?} does not serve"),
        };
        assert_eq!(serve(&["a.conf"]), (true, false));
        assert_eq!(serve(&["-"]), (false, true));
        assert_eq!(serve(&["", "--port", "0"]), (false, false));
        assert_eq!(serve(&["a.conf", "--port", "0", "-"]), (true, true));
        assert_eq!(serve(&["a.conf", "-", "--port", "0"]), (true, false));
        assert_eq!(serve(&["--port", "0", "-"]), (false, true));
        let sentinel = Invocation::parse(&[b"/bin/redis-sentinel".to_vec(), b"s.conf".to_vec()]);
        assert!(matches!(sentinel, Invocation::Serve(Sources { sentinel: true, .. })));
    }

    #[test]
    fn options_become_lines() {
        assert_eq!(options(&["c", "--port", "6379", "6380"]), "port \"6379\" \"6380\" ");
        assert_eq!(
            options(&["c", "--save", "60", "1000", "--dir", "x"]),
            "save \"60\" \"1000\" \ndir \"x\" "
        );
        assert_eq!(options(&["--port 6380", "--loglevel verbose"]), "port 6380 \nloglevel verbose ");
        assert_eq!(options(&["c", "loglevel", "verbose", "--hz 5"]), "\"loglevel\" \"verbose\" \nhz 5 ");
    }

    #[test]
    fn values_may_start_with_dashes() {
        let lines = options(&["--logfile", "--my--log", "--loglevel", "--bla"]);
        assert_eq!(lines, "logfile \"--my--log\" \nloglevel \"--bla\" ");
        assert_eq!(options(&["--port", "--bla", "--loglevel", "x"]), "port \"--bla\" \nloglevel \"x\" ");
        assert_eq!(options(&["--replicaof", "--1.2.3.4", "--abc"]), "replicaof \"--1.2.3.4\" \nabc ");
    }

    #[test]
    fn save_needs_no_value() {
        assert_eq!(options(&["--save", "--hz", "5"]), "save \"\"\nhz \"5\" ");
        assert_eq!(options(&["--hz", "5", "--save"]), "hz \"5\" \nsave \"\"");
        assert_eq!(options(&["--save", "", "--hz", "5"]), "save \"\" \nhz \"5\" ");
        let title = options(&["--proc-title-template", "--save", "--save", ""]);
        assert_eq!(title, "proc-title-template \"--save\" \nsave \"\" ");
        assert_eq!(options(&["--sentinel", "--port", "1"]), "sentinel \nport \"1\" ");
    }
}
