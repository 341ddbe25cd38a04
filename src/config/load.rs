//! From the text of redis.conf and the command line's options to a `Config`, with includes, and with the report of
//! the first line that cannot be taken. Files are reached through a trait only; what is not a setting (renamed
//! commands, users, modules) is handed to the caller.

use std::fmt;

use super::access::find;
use super::argv::Sources;
use super::directive::{Directive, Flags, Origin, Reason, Text, WRONG_ARITY};
use super::table::Config;
use crate::util::quote::split_args;

/// What reading a configuration needs of the file system.
pub trait Files {
    /// The contents of the file of that name, or of all the files that match it, one after the other.
    fn read(&mut self, pattern: &[u8]) -> Result<Text, LoadError>;
    fn read_stdin(&mut self) -> Result<Text, LoadError>;
    /// Makes a path absolute.
    fn absolute(&mut self, path: &[u8]) -> Text;
    /// Changes the working directory and returns its absolute path.
    fn change_dir(&mut self, path: &[u8]) -> Result<Text, Reason>;
    /// Makes sure that a log file can be written.
    fn try_log(&mut self, path: &[u8]) -> Result<(), Reason>;
}

/// A line of the file that is no setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Declaration {
    /// Call a command `to` from now on, or, if that is empty, nothing.
    RenameCommand { from: Text, to: Text },
    /// The words of a `user` line, the name first.
    User(Vec<Text>),
    /// The words of a `loadmodule` line, the path first.
    LoadModule(Vec<Text>),
    /// A setting of a module, which has a dot in its name.
    ModuleSetting { name: Text, value: Text },
}

/// Why the server does not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// A line that cannot be taken.
    Line { number: usize, line: Text, reason: Reason },
    /// Settings that do not go together, or a file they name that cannot be used.
    Whole { reason: Reason },
    /// A configuration file that cannot be read. Redis logs this instead of reporting it.
    Unreadable { path: Text, reason: Reason },
}

impl LoadError {
    /// What to write to the standard error before exiting with 1; for `Unreadable`, the line to log.
    /// `version` is what the server calls itself, `Redis 7.2.4`.
    pub fn report(&self, version: &str) -> String {
        let opening = format!("\n*** FATAL CONFIG FILE ERROR ({version}) ***\n");
        match self {
            LoadError::Line { number, line, reason } => format!(
                "{opening}Reading the configuration file, at line {number}\n>>> '{}'\n{reason}\n",
                String::from_utf8_lossy(line)
            ),
            LoadError::Whole { reason } => format!("{opening}{reason}\n"),
            LoadError::Unreadable { path, reason } => {
                format!("Fatal error, can't open config file '{}': {reason}", String::from_utf8_lossy(path))
            }
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.report("Redis").trim())
    }
}

/// A configuration as read.
pub struct Loaded {
    pub config: Config,
    /// The absolute path of the file, which `CONFIG REWRITE` writes.
    pub file: Option<Text>,
    /// In the order of the file.
    pub declarations: Vec<Declaration>,
    /// Lines to log as warnings.
    pub warnings: Vec<String>,
}

/// Reads the configuration that a command line asks for. `check` hears of every declaration as it is read and may
/// refuse it, which fails the line.
pub fn load(
    sources: &Sources,
    files: &mut dyn Files,
    check: &mut dyn FnMut(&Declaration) -> Result<(), Reason>,
) -> Result<Loaded, LoadError> {
    let file = sources.file.as_deref().map(|path| files.absolute(path));
    let mut text = file.as_deref().map_or_else(|| Ok(Text::new()), |path| files.read(path))?;
    if sources.stdin {
        text.extend(files.read_stdin()?);
    }
    if let Some(options) = &sources.options {
        text.push(b'\n');
        text.extend_from_slice(options);
    }
    let mut loader = Loader::new(files, check);
    loader.read_text(&text, 0)?;
    loader.finish(file)
}

/// Lines that older versions knew and later ones pass over, if they have one argument.
const FORGOTTEN: [&str; 3] = ["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"];

/// Files that include one another without end stop here.
const MAX_DEPTH: usize = 32;

struct Loader<'a> {
    files: &'a mut dyn Files,
    check: &'a mut dyn FnMut(&Declaration) -> Result<(), Reason>,
    config: Config,
    declarations: Vec<Declaration>,
    /// The first `save` replaces the default, later ones add to it.
    save_seen: bool,
}

/// Why one line fails: its own reason, or an included file's report.
enum Fault {
    Reason(Reason),
    Included(LoadError),
}

impl<T: Into<Reason>> From<T> for Fault {
    fn from(reason: T) -> Fault {
        Fault::Reason(reason.into())
    }
}

impl<'a> Loader<'a> {
    fn new(
        files: &'a mut dyn Files,
        check: &'a mut dyn FnMut(&Declaration) -> Result<(), Reason>,
    ) -> Loader<'a> {
        Loader { files, check, config: Config::default(), declarations: Vec::new(), save_seen: false }
    }

    fn read_text(&mut self, text: &[u8], depth: usize) -> Result<(), LoadError> {
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = trim(line);
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            self.read_line(line, depth).map_err(|fault| match fault {
                Fault::Included(error) => error,
                Fault::Reason(reason) => LoadError::Line { number: index + 1, line: line.to_vec(), reason },
            })?;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &[u8], depth: usize) -> Result<(), Fault> {
        let words = split_args(line).ok_or(UNBALANCED)?;
        let Some((name, args)) = words.split_first() else { return Ok(()) };
        let name = name.to_ascii_lowercase();
        if let Some(directive) = find(&name) {
            return self.set(directive, args);
        }
        let forgotten = args.len() == 1 && FORGOTTEN.iter().any(|known| known.as_bytes() == name);
        match (name.as_slice(), args) {
            _ if forgotten => Ok(()),
            (b"include", [pattern]) => self.include(pattern, depth),
            (b"rename-command", [from, to]) => {
                self.declare(Declaration::RenameCommand { from: from.clone(), to: to.clone() })
            }
            (b"user", [_, ..]) => self.declare(Declaration::User(args.to_vec())),
            (b"loadmodule", [_, ..]) => self.declare(Declaration::LoadModule(args.to_vec())),
            (dotted, args) if dotted.contains(&b'.') => {
                if args.is_empty() {
                    return Err("Module config specified without value".into());
                }
                self.declare(Declaration::ModuleSetting { name, value: args.join(&b' ') })
            }
            (b"sentinel", []) => Ok(()),
            (b"sentinel", _) => Err("sentinel directive while not in sentinel mode".into()),
            _ => Err("Bad directive or wrong number of arguments".into()),
        }
    }

    fn set(&mut self, directive: &Directive, args: &[Text]) -> Result<(), Fault> {
        let multi = directive.flags.has(Flags::MULTI_ARG);
        if !multi && args.len() != 1 {
            return Err(WRONG_ARITY.into());
        }
        let split: Vec<Text>;
        let args = match args {
            // One argument such as "60 1000" stands for several.
            [one] if multi && !one.is_empty() => {
                split = split_args(one).ok_or(UNBALANCED)?;
                &split
            }
            args => args,
        };
        if directive.name == "save" && !std::mem::replace(&mut self.save_seen, true) {
            self.config.save.clear();
        }
        let args: Vec<&[u8]> = args.iter().map(Text::as_slice).collect();
        directive.set(&mut self.config, &args, Origin::File)?;
        if directive.name == "dir" {
            self.config.dir = self.files.change_dir(&self.config.dir)?;
        }
        Ok(())
    }

    fn include(&mut self, pattern: &[u8], depth: usize) -> Result<(), Fault> {
        if depth >= MAX_DEPTH {
            return Err("Too many configuration files include one another".into());
        }
        let text = self.files.read(pattern).map_err(Fault::Included)?;
        self.read_text(&text, depth + 1).map_err(Fault::Included)
    }

    fn declare(&mut self, declaration: Declaration) -> Result<(), Fault> {
        (self.check)(&declaration)?;
        self.declarations.push(declaration);
        Ok(())
    }

    fn finish(mut self, file: Option<Text>) -> Result<Loaded, LoadError> {
        let whole = |reason: Reason| LoadError::Whole { reason };
        if !self.config.logfile.is_empty() {
            let cannot = |reason| whole(format!("Can't open the log file: {reason}").into());
            self.files.try_log(&self.config.logfile).map_err(cannot)?;
        }
        let mut warnings = Vec::new();
        if self.config.cluster_enabled {
            if self.config.replicaof.is_some() {
                return Err(whole("replicaof directive not allowed in cluster mode".into()));
            }
            if self.config.databases > 1 {
                warnings.push(format!(
                    "WARNING: Changing databases number from {} to 1 since we are in cluster mode",
                    self.config.databases
                ));
                self.config.databases = 1;
            }
        }
        if self.config.dir.is_empty() {
            self.config.dir = self.files.change_dir(b".").map_err(whole)?;
        }
        Ok(Loaded { config: self.config, file, declarations: self.declarations, warnings })
    }
}

const UNBALANCED: &str = "Unbalanced quotes in configuration line";

/// What a line holds without the blanks around it.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = line.iter().position(|byte| !blank(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !blank(byte)).map_or(start, |at| at + 1);
    line.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Files in memory; the directory `/nope` does not exist.
    #[derive(Default)]
    struct Shelf(HashMap<Text, Text>);

    impl Files for Shelf {
        fn read(&mut self, pattern: &[u8]) -> Result<Text, LoadError> {
            let missing = || LoadError::Unreadable {
                path: pattern.to_vec(),
                reason: "No such file or directory".into(),
            };
            self.0.get(pattern).cloned().ok_or_else(missing)
        }

        fn read_stdin(&mut self) -> Result<Text, LoadError> {
            self.read(b"-")
        }

        fn absolute(&mut self, path: &[u8]) -> Text {
            path.to_vec()
        }

        fn change_dir(&mut self, path: &[u8]) -> Result<Text, Reason> {
            let exists = !path.starts_with(b"/nope");
            exists.then(|| [b"/at/", path].concat()).ok_or("No such file or directory".into())
        }

        fn try_log(&mut self, path: &[u8]) -> Result<(), Reason> {
            self.change_dir(path).map(|_| ())
        }
    }

    fn load_files(files: &[(&str, &str)], options: &str) -> Result<Loaded, String> {
        let shelf = files.iter().map(|(name, text)| (Text::from(*name), Text::from(*text))).collect();
        let sources = Sources {
            file: files.first().map(|(name, _)| Text::from(*name)),
            stdin: files.iter().any(|(name, _)| *name == "-"),
            options: Some(options.into()),
            sentinel: false,
        };
        let mut refuse = |declaration: &Declaration| match declaration {
            Declaration::RenameCommand { from, .. } if from == b"nosuch" => {
                Err("No such command in rename-command".into())
            }
            _ => Ok(()),
        };
        load(&sources, &mut Shelf(shelf), &mut refuse).map_err(|error| error.report("Redis 7.2.4"))
    }

    fn load_text(text: &str) -> Result<Loaded, String> {
        load_files(&[("a.conf", text)], "")
    }

    fn shown(loaded: &Loaded, name: &str) -> String {
        let found = loaded.config.get(&[name.as_bytes()]).into_iter().next().expect("a known name");
        String::from_utf8_lossy(&found.1).into_owned()
    }

    fn report(text: &str) -> String {
        load_text(text).err().expect("refused")
    }

    fn at_line(number: usize, line: &str, reason: &str) -> String {
        format!(
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n\
             Reading the configuration file, at line {number}\n>>> '{line}'\n{reason}\n"
        )
    }

    #[test]
    fn lines_comments_and_quotes() {
        let loaded = load_text(
            "# first\r\n\n  PORT 7 \r\n\tproc-title-template \"a\\x62 {title}\"\nlogfile ''\n\
             hash-max-ziplist-entries 20\nhash-max-listpack-entries 21\nlua-replicate-commands yes\ndir sub\n",
        )
        .expect("good lines");
        assert_eq!((loaded.config.port, loaded.config.hash_max_listpack_entries), (7, 21));
        assert_eq!(shown(&loaded, "proc-title-template"), "ab {title}");
        assert_eq!(shown(&loaded, "dir"), "/at/sub");
    }

    #[test]
    fn bad_lines_are_reported() {
        assert_eq!(
            report("port 0\n  DIR \"/nope\" \r\n"),
            at_line(2, "DIR \"/nope\"", "No such file or directory")
        );
        assert_eq!(report("bind \"a"), at_line(1, "bind \"a", UNBALANCED));
        assert_eq!(report("port 1 2"), at_line(1, "port 1 2", "wrong number of arguments"));
        let bad = "Bad directive or wrong number of arguments";
        for line in
            ["nosuch 1", "include", "include a b", "rename-command x", "user", "list-max-ziplist-value"]
        {
            assert_eq!(report(line), at_line(1, line, bad));
        }
        let sentinel = "sentinel directive while not in sentinel mode";
        assert_eq!(report("sentinel\nsentinel x y"), at_line(2, "sentinel x y", sentinel));
        let unknown = "No such command in rename-command";
        assert_eq!(report("rename-command nosuch x"), at_line(1, "rename-command nosuch x", unknown));
    }

    #[test]
    fn what_does_not_go_together_is_reported_without_a_line() {
        let opening = "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n";
        assert_eq!(
            report("cluster-enabled yes\nreplicaof a 1\n"),
            format!("{opening}replicaof directive not allowed in cluster mode\n")
        );
        let log = "Can't open the log file: No such file or directory";
        assert_eq!(report("logfile /nope/x"), format!("{opening}{log}\n"));
        let cluster = load_text("cluster-enabled yes").expect("good lines");
        assert_eq!((cluster.config.databases, cluster.warnings.len()), (1, 1));
    }

    #[test]
    fn save_lines_add_up_once_the_default_is_gone() {
        let save = |text: &str, options: &str| {
            shown(&load_files(&[("a.conf", text)], options).expect("good lines"), "save")
        };
        assert_eq!(save("port 0", ""), "3600 1 300 100 60 10000");
        assert_eq!(save("save 900 1\nsave 300 10", ""), "900 1 300 10");
        assert_eq!(save("save 900 1", "save \"100\" \"100\" "), "900 1 100 100");
        assert_eq!(save("save 900 1", "save \"\""), "");
        assert_eq!(save("save ''\nsave \"60 1 30 2\"", ""), "60 1 30 2");
    }

    #[test]
    fn several_arguments_in_one_or_in_many() {
        let loaded = load_text(
            "bind 127.0.0.1 -::1\nshutdown-on-sigint nosave force now\nshutdown-on-sigterm 'nosave force'\n\
             client-output-buffer-limit replica 1mb 2mb 3\nclient-output-buffer-limit 'pubsub 1 2 3 normal 4 5 6'",
        )
        .expect("good lines");
        assert_eq!(shown(&loaded, "bind"), "127.0.0.1 -::1");
        assert_eq!(shown(&loaded, "shutdown-on-sigint"), "nosave now force");
        assert_eq!(shown(&loaded, "shutdown-on-sigterm"), "nosave force");
        assert_eq!(
            shown(&loaded, "client-output-buffer-limit"),
            "normal 4 5 6 slave 1048576 2097152 3 pubsub 1 2 3"
        );
    }

    #[test]
    fn includes_are_read_in_place() {
        let files = [
            ("a.conf", "port 1\ninclude b.conf\nhz 30"),
            ("b.conf", "port 2\nhz 20\nsave 1 1"),
            ("-", "\nsave 2 2"),
        ];
        let loaded = load_files(&files, "timeout 9").expect("good lines");
        assert_eq!((loaded.config.port, loaded.config.hz, loaded.config.timeout), (2, 30, 9));
        assert_eq!(shown(&loaded, "save"), "1 1 2 2");
        let inner = load_files(&[("a.conf", "\ninclude b.conf"), ("b.conf", "x")], "").err();
        assert_eq!(inner, Some(at_line(1, "x", "Bad directive or wrong number of arguments")));
        let missing = "Fatal error, can't open config file 'b.conf': No such file or directory";
        assert_eq!(report("include b.conf"), missing);
        assert!(report("include a.conf").contains("include one another"));
    }

    #[test]
    fn declarations_are_kept_in_order() {
        let loaded = load_text(
            "rename-command FLUSHALL ''\nuser alice on >pw ~*\nloadmodule /x.so 1 2\nMod.Setting a 'b c'\n",
        )
        .expect("good lines");
        let texts = |words: &[&str]| words.iter().map(|word| Text::from(*word)).collect::<Vec<_>>();
        let expected = [
            Declaration::RenameCommand { from: "FLUSHALL".into(), to: Text::new() },
            Declaration::User(texts(&["alice", "on", ">pw", "~*"])),
            Declaration::LoadModule(texts(&["/x.so", "1", "2"])),
            Declaration::ModuleSetting { name: "mod.setting".into(), value: "a b c".into() },
        ];
        assert_eq!(loaded.declarations, expected);
    }
}
