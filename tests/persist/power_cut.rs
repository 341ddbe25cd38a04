//! Power cuts at every write, sync and rename of the append-only file and its rewriting: what is found afterwards
//! loads, and is a beginning of what was done, with everything that was acknowledged.

use super::sim_disk::SimDisk;
use crate::engine::no_process::{START_US, without_a_process};
use spinel::config::{AppendFsync, Config};
use spinel::engine::Engine;
use spinel::engine::Host;
use spinel::engine::aof::LogLoad;
use spinel::engine::machine::{Base, ServerFacts};
use spinel::engine::saving::ChildNews;
use spinel::engine::table::CommandTable;
use spinel::ids::ClientId;
use spinel::keyspace::Keyspace;
use spinel::persist::files::{Disk, append_all};
use spinel::persist::rdb::{SaveOptions, save_keyspace};
use spinel::sys::entropy::Rng;
use spinel::table::Hasher;
use std::path::Path;
use std::sync::Arc;

/// Writes bases to the simulated disk. A child is done at once, and tells so when it is asked.
struct SimHost {
    disk: SimDisk,
    child: Option<ChildNews>,
    /// Children so far: their process ids.
    children: i32,
}

impl SimHost {
    fn write(&self, space: &Keyspace, options: &SaveOptions<'_>, target: &Path) -> bool {
        let mut bytes = Vec::new();
        let saved = save_keyspace(space, options, &mut bytes, &mut |_| ());
        let beside = Path::new("temp-base");
        saved.is_ok()
            && self
                .disk
                .create(beside)
                .is_ok_and(|file| append_all(&*file, &bytes).is_ok() && file.sync().is_ok())
            && self.disk.rename(beside, target).is_ok()
            && self.disk.sync_dir(target.parent().unwrap_or(Path::new(""))).is_ok()
    }
}

impl Host for SimHost {
    without_a_process!();

    fn rewrite_config(&mut self, _config: &Config, _force_all: bool) -> Result<(), String> {
        Ok(())
    }
    fn write_base(
        &mut self,
        space: &Keyspace,
        _: &Config,
        options: &SaveOptions<'_>,
        base: &Base<'_>,
    ) -> bool {
        self.write(space, options, base.target)
    }
    fn fork_rewrite(
        &mut self,
        space: &Keyspace,
        _: &Config,
        options: &SaveOptions<'_>,
        base: &Base<'_>,
    ) -> Result<i32, String> {
        self.children += 1;
        let target = format!("{}{}.aof", base.target.display(), self.children);
        let written = self.write(space, options, Path::new(&target));
        self.child = Some(if written { ChildNews::Succeeded } else { ChildNews::Failed });
        Ok(self.children)
    }
    fn poll_child(&mut self) -> Option<ChildNews> {
        self.child.take()
    }
}

/// A server without sockets, on a simulated disk.
pub struct Server {
    pub engine: Engine,
    pub client: ClientId,
    disk: SimDisk,
    now_us: i64,
}

impl Server {
    pub fn new(disk: &SimDisk, policy: AppendFsync) -> Server {
        let config = Config { appendonly: true, appendfsync: policy, save: Vec::new(), ..Config::default() };
        let space =
            Keyspace::new(config.databases as usize, Hasher::new(1, 2), Rng::with_seed(1), START_US / 1000);
        let commands = CommandTable::new(&spinel::commands::all(), &[]);
        let host = Box::new(SimHost { disk: disk.clone(), child: None, children: 0 });
        let mut engine = Engine::new(commands, config, ServerFacts::default(), space, host);
        engine.aof.disk = Arc::new(disk.clone());
        engine.set_clock(START_US, 0);
        let client = engine.connect();
        Server { engine, client, disk: disk.clone(), now_us: START_US }
    }

    pub fn ask(&mut self, line: &str) -> String {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.engine.begin_log_turn();
        self.engine.execute_slices(self.client, &words);
        self.engine.flush_log();
        String::from_utf8_lossy(&self.engine.client(self.client).out.drain()).into_owned()
    }

    /// Waits until the log is confirmed so far; false if that will never be.
    pub fn wait_for(&mut self, end: u64) -> bool {
        loop {
            if self.engine.aof.confirmed() >= end {
                return true;
            }
            self.engine.begin_log_turn();
            if self.engine.aof.fatal().is_some() || self.disk.is_off() {
                return self.engine.aof.confirmed() >= end;
            }
            std::thread::yield_now();
        }
    }

    pub fn pass_ms(&mut self, ms: i64) {
        self.now_us += ms * 1000;
        self.engine.set_clock(self.now_us, self.now_us as u64);
        self.engine.begin_log_turn();
        self.engine.time_out_blocked();
        self.engine.flush_log();
        self.engine.tend_saves();
    }
}

impl Server {
    /// Lets a rewrite that is under way come to its end.
    pub fn finish_rewrite(&mut self) {
        while self.engine.rewrite_child().is_some() && !self.disk.is_off() {
            std::thread::yield_now();
            self.pass_ms(0);
        }
    }
}

/// Adds numbers to a list, with a rewrite now and then, until the power goes; returns how many were acknowledged at
/// which time, and how many were added.
fn work(server: &mut Server, policy: AppendFsync) -> (Vec<(usize, i64)>, usize) {
    const NUMBERS: usize = 24;
    let mut acknowledged = Vec::new();
    if server.engine.load_log() == LogLoad::Failed || !server.engine.open_log_at_start() {
        return (acknowledged, 0);
    }
    for at in 0..NUMBERS {
        if at % 3 == 0 {
            for line in
                ["MULTI".to_string(), format!("RPUSH l {at}"), "SET last x".to_string(), "EXEC".to_string()]
            {
                server.ask(&line);
            }
        } else {
            server.ask(&format!("RPUSH l {at}"));
        }
        let end = server.engine.feed.as_ref().map_or(0, |feed| feed.offset);
        if !server.wait_for(end) {
            return (acknowledged, at + 1);
        }
        acknowledged.push((at + 1, server.now_us));
        if at % 7 == 5 {
            server.engine.rewrite_in_background();
        } else if at % 7 == 0 {
            server.finish_rewrite();
        }
        let step_ms = if policy == AppendFsync::EverySec { 300 } else { 1 };
        server.pass_ms(step_ms);
        while server.engine.aof.pending_syncs() > 0 && !server.disk.is_off() {
            std::thread::yield_now();
        }
        if server.disk.is_off() {
            return (acknowledged, at + 1);
        }
    }
    (acknowledged, NUMBERS)
}

/// Cuts the power at every step in turn and checks what is found. `lost_ms` is how old what is lost may be; with
/// `for_one` the only client's writes are synced where its commands run.
fn cut_everywhere(policy: AppendFsync, lost_ms: i64, for_one: bool) {
    let mut cuts = 0;
    for step in 0.. {
        let disk = SimDisk::cut_at(step);
        let mut server = Server::new(&disk, policy);
        server.engine.aof.syncs_for_one = for_one;
        let (acknowledged, added) = work(&mut server, policy);
        let now_us = server.now_us;
        let whole = !disk.is_off();
        drop(server);
        for seed in 0..3 {
            let found = disk.after_cut(seed + 1);
            let mut again = Server::new(&found, policy);
            let loaded = again.engine.load_log();
            assert_ne!(loaded, LogLoad::Failed, "cut at step {step}, seed {seed}: {}", found.show());
            let list = again.ask("LRANGE l 0 -1");
            let items: Vec<&str> = list.split("\r\n").skip(2).step_by(2).collect();
            let wanted: Vec<String> = (0..items.len()).map(|at| at.to_string()).collect();
            assert_eq!(items, wanted, "cut at step {step}, seed {seed}");
            let owed = acknowledged.iter().rfind(|(_, at_us)| now_us - at_us >= lost_ms * 1000);
            let owed = owed.map_or(0, |(count, _)| *count);
            assert!(
                (owed..=added).contains(&items.len()),
                "cut at step {step}, seed {seed}: {owed} owed, {} found, {added} added",
                items.len()
            );
            cuts += 1;
        }
        if whole {
            break;
        }
    }
    assert!(cuts > 300, "{cuts}");
}

#[test]
fn always_keeps_what_was_acknowledged() {
    cut_everywhere(AppendFsync::Always, 0, false);
}

#[test]
fn always_keeps_what_a_lone_client_was_told() {
    cut_everywhere(AppendFsync::Always, 0, true);
}

#[test]
fn everysec_loses_two_seconds_at_most() {
    cut_everywhere(AppendFsync::EverySec, 2000, false);
}
