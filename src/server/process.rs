//! What the engine asks of the process: settings that concern sockets, the log, limits of the system.

use super::helper::Pending;
use super::listening::Listening;
use super::oom::OomScore;
use super::saving::{Children, SaveProcess};
use super::{crash, dial, log, rewriting, saving, signals};
use crate::config::{Config, Effect, replace, rewrite};
use crate::engine::Host;
use crate::engine::links::{Link, LinkError};
use crate::engine::machine::{Base, TurnClock};
use crate::engine::saving::ChildNews;
use crate::keyspace::Keyspace;
use crate::persist::rdb::SaveOptions;
use crate::sys::errno::reason;
use crate::sys::{clock, limits, memory};
use std::cell::RefCell;
use std::ffi::OsStr;
use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Descriptors the server needs beside its clients'.
pub const RESERVED_FDS: u64 = 32;

/// The process around an engine.
pub struct Process {
    pub listening: Rc<RefCell<Listening>>,
    /// Values the helper thread has still to free.
    pub pending: Arc<Pending>,
    /// The configuration file, if there is one.
    pub config_file: Option<Vec<u8>>,
    /// The child that writes a snapshot.
    pub children: Children,
    pub oom: OomScore,
}

impl Host for Process {
    fn apply(&mut self, effect: Effect, config: &Config) -> Result<(), String> {
        match effect {
            Effect::Port => {
                let opened = self.listening.borrow_mut().reopen_tcp(config);
                opened.map_err(|_| "Unable to listen on this port. Check server logs.".to_string())
            }
            Effect::Bind => {
                let opened = self.listening.borrow_mut().reopen_tcp(config);
                opened.map_err(|_| "Failed to bind to specified addresses.".to_string())
            }
            Effect::MaxClients => raise_limits(config),
            Effect::Logging => {
                log::apply(config);
                Ok(())
            }
            Effect::OomScoreAdj => self.oom.apply(config),
            Effect::JemallocThread => {
                purge_aside(config);
                Ok(())
            }
            Effect::CrashLog => {
                crash::apply(config);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn change_dir(&mut self, dir: &[u8]) -> Result<Vec<u8>, String> {
        let moved = std::env::set_current_dir(OsStr::from_bytes(dir)).and_then(|()| std::env::current_dir());
        moved.map(|dir| dir.into_os_string().into_vec()).map_err(|error| reason(&error))
    }

    fn rss_bytes(&self) -> usize {
        memory::rss_bytes()
    }

    fn pending_frees(&self) -> usize {
        self.pending.values.load(Ordering::Relaxed)
    }

    fn pending_free_bytes(&self) -> usize {
        self.pending.bytes.load(Ordering::Relaxed)
    }

    fn listeners(&self, config: &Config) -> Vec<String> {
        let mut lines = Vec::new();
        if config.port != 0 {
            let mut line = "name=tcp".to_string();
            for address in &config.bind {
                let shown = String::from_utf8_lossy(address.as_ref());
                let _ = write!(line, ",bind={shown}");
            }
            let _ = write!(line, ",port={}", config.port);
            lines.push(line);
        }
        if !config.unixsocket.is_empty() {
            lines.push(format!("name=unix,bind={}", String::from_utf8_lossy(&config.unixsocket)));
        }
        lines
    }

    fn shutdown_requested(&self) -> bool {
        signals::requested().is_some()
    }

    fn halt(&mut self, us: u64) -> TurnClock {
        std::thread::sleep(Duration::from_micros(us));
        TurnClock::new(clock::wall_us(), clock::monotonic_us())
    }

    fn save(&mut self, space: &Keyspace, config: &Config, options: &SaveOptions<'_>) -> bool {
        saving::save(space, config, options)
    }

    fn fork_save(
        &mut self,
        space: &Keyspace,
        config: &Config,
        options: &SaveOptions<'_>,
    ) -> Result<i32, String> {
        let score = self.oom.of_child(config);
        let child = SaveProcess::start(space, config, options, score).map_err(|error| reason(&error))?;
        Ok(self.children.watch(child))
    }

    fn write_base(
        &mut self,
        space: &Keyspace,
        config: &Config,
        options: &SaveOptions<'_>,
        base: &Base<'_>,
    ) -> bool {
        rewriting::write_base(space, config, options, base)
    }

    fn fork_rewrite(
        &mut self,
        space: &Keyspace,
        config: &Config,
        options: &SaveOptions<'_>,
        base: &Base<'_>,
    ) -> Result<i32, String> {
        let score = self.oom.of_child(config);
        let child = rewriting::start(space, config, options, base, score).map_err(|error| reason(&error))?;
        Ok(self.children.watch(child))
    }

    fn forget_child(&mut self) {
        self.children.forget();
    }

    fn poll_child(&mut self) -> Option<ChildNews> {
        self.children.poll()
    }

    fn stop_child(&mut self, pid: i32, signal: i32) {
        saving::stop(pid, signal);
    }

    fn open_data(&mut self, config: &Config) -> io::Result<(Box<dyn Read>, Option<u64>)> {
        let file = File::open(OsStr::from_bytes(&config.dbfilename))?;
        let about = file.metadata().ok().filter(std::fs::Metadata::is_file);
        Ok((Box::new(file), about.map(|about| about.len())))
    }

    fn dial(&mut self, host: &[u8], port: u16, timeout_ms: u64) -> Result<Box<dyn Link>, LinkError> {
        dial::dial(host, port, timeout_ms)
    }

    fn rewrite_config(&mut self, config: &Config, force_all: bool) -> Result<(), String> {
        let Some(file) = &self.config_file else {
            return Err("The server is running without a config file".to_string());
        };
        let failed = |error: std::io::Error| format!("Rewriting config file: {}", reason(&error));
        let old = match std::fs::read(OsStr::from_bytes(file)) {
            Ok(old) => old,
            // A file that was removed is written anew.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let new = rewrite(&old, config, None, force_all);
        replace(file, &new).map_err(failed)?;
        log::notice!("CONFIG REWRITE executed with success.");
        Ok(())
    }
}

/// Lets the allocator give pages back from a thread of its own, as `jemalloc-bg-thread` asks: on this one it may take
/// milliseconds after much was freed.
pub fn purge_aside(config: &Config) {
    if let Err(error) = memory::set_background_thread(config.jemalloc_bg_thread) {
        tracing::warn!("Setting up the allocator's thread: {error}");
    }
}

fn raise_limits(config: &Config) -> Result<(), String> {
    let wanted = u64::from(config.maxclients) + RESERVED_FDS;
    let granted = limits::raise_open_files(wanted).limit;
    if granted >= wanted {
        return Ok(());
    }
    Err(format!(
        "The operating system is not able to handle the specified number of clients, try with {}",
        granted.saturating_sub(RESERVED_FDS)
    ))
}
