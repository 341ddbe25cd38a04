//! The base of the append-only file: written by this process at the start, or by a child of it.

use super::log::{notice, warning};
use super::saving::{SaveProcess, Setup, pause, remove_aside};
use crate::config::Config;
use crate::engine::aof::rewrite_files;
use crate::engine::machine::Base;
use crate::keyspace::Keyspace;
use crate::persist::aof;
use crate::persist::disk::{ReplaceError, replace_file};
use crate::persist::rdb::{self, SaveOptions};
use crate::sys::errno::reason;
use crate::sys::process::pid;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a base, and logs what goes wrong.
pub fn write_base(space: &Keyspace, config: &Config, options: &SaveOptions<'_>, base: &Base<'_>) -> bool {
    write_to(space, config, options, base, base.target, &mut |_| ())
}

/// Forks a child that writes a base.
///
/// # Errors
/// When there is no memory, descriptor or process id left.
pub fn start(
    space: &Keyspace,
    config: &Config,
    options: &SaveOptions<'_>,
    base: &Base<'_>,
    oom_score: Option<i32>,
) -> io::Result<SaveProcess> {
    let slow = config.rdb_key_save_delay != 0;
    let setup = Setup { what: "AOF rewrite", slow, processors: &config.aof_rewrite_cpulist, oom_score };
    SaveProcess::run(&setup, |told| {
        let target = format!("{}{}.aof", base.target.display(), pid());
        let written = write_to(space, config, options, base, Path::new(&target), told);
        if written {
            notice!("Successfully created the temporary AOF base file {target}");
        }
        written
    })
}

/// Removes what a child that was to rewrite the log may have left.
pub fn remove_leftovers(pid: i32) {
    for name in rewrite_files(pid) {
        remove_aside(&name);
    }
}

fn write_to(
    space: &Keyspace,
    config: &Config,
    options: &SaveOptions<'_>,
    base: &Base<'_>,
    target: &Path,
    told: &mut dyn FnMut(u64),
) -> bool {
    let temp = PathBuf::from(format!("temp-rewriteaof-{}.aof", pid()));
    let written = replace_file(&temp, target, config.aof_rewrite_incremental_fsync, |out| {
        let mut saved = |keys| {
            told(keys);
            pause(config.rdb_key_save_delay, keys);
        };
        if base.as_rdb {
            rdb::save_keyspace(space, options, out, &mut saved)
        } else {
            aof::save_commands(space, options.functions, base.stamp_s, out, &mut saved)
        }
    });
    let Err(error) = &written else { return true };
    let why = reason(error.error());
    match error {
        ReplaceError::Open(_) => {
            warning!("Opening the temp file for AOF rewrite in rewriteAppendOnlyFile(): {why}");
        }
        ReplaceError::Write(..) => warning!("Write error writing append only file on disk: {why}"),
        ReplaceError::Rename(_) | ReplaceError::SyncDirectory(_) => {
            warning!("Error moving temp append only file on the final destination: {why}");
        }
    }
    false
}
