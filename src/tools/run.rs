//! Which tool a command line asks for, if it asks for one.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::process::ExitCode;

type Tool = fn(&str, &[Vec<u8>]) -> ExitCode;

/// The tools, by what their names end in.
const TOOLS: &[(&str, Tool)] =
    &[("check-aof", super::check_aof::main), ("check-rdb", super::check_rdb::main)];

/// Runs the tool that `argv` asks for; `None` if it asks for the server.
pub fn run(argv: &[OsString]) -> Option<ExitCode> {
    let program = argv.first()?;
    let name = program.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    let shown = program.to_string_lossy();
    for (tool, run) in TOOLS {
        let named = name.ends_with(tool.as_bytes());
        let asked = argv.get(1).is_some_and(|word| word == tool);
        let skipped = match (named, asked) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => continue,
        };
        let words: Vec<Vec<u8>> = argv.iter().skip(skipped).map(|word| word.clone().into_vec()).collect();
        let shown = if named { shown.into_owned() } else { format!("{shown} {tool}") };
        return Some(run(&shown, &words));
    }
    None
}
