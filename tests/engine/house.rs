//! An engine to ask.

use super::no_process::{NoProcess, START_US};
use spinel::config::Config;
use spinel::engine::Engine;
use spinel::engine::machine::{Feed, ServerFacts};
use spinel::engine::table::CommandTable;
use spinel::ids::ClientId;
use spinel::keyspace::Keyspace;
use spinel::keyspace::wheel::Budget;
use spinel::sys::entropy::Rng;
use spinel::table::Hasher;

/// An engine with one client and a clock that only the test moves.
pub struct House {
    pub engine: Engine,
    pub client: ClientId,
    now_us: i64,
}

impl House {
    pub fn new(seed: u64) -> House {
        House::with(Config::default(), seed)
    }

    pub fn with(config: Config, seed: u64) -> House {
        let now_us = START_US;
        let hasher = Hasher::new(seed, !seed);
        let keyspace = Keyspace::new(config.databases as usize, hasher, Rng::with_seed(seed), now_us / 1000);
        let commands = CommandTable::new(&spinel::commands::all(), &[]);
        let mut engine = Engine::new(commands, config, ServerFacts::default(), keyspace, Box::new(NoProcess));
        engine.set_clock(now_us, 0);
        let client = engine.connect();
        House { engine, client, now_us }
    }

    /// Records what goes to replicas and the append-only file from now on.
    pub fn record(&mut self) {
        self.engine.feed = Some(Feed::default());
        self.engine.renew_interest();
    }

    pub fn ask_bytes(&mut self, words: &[&[u8]]) -> Vec<u8> {
        self.ask_as(self.client, words)
    }

    /// Runs a command of one of several clients.
    pub fn ask_as(&mut self, client: ClientId, words: &[&[u8]]) -> Vec<u8> {
        self.engine.execute_slices(client, words);
        self.engine.client(client).out.drain()
    }

    pub fn now_ms(&self) -> i64 {
        self.now_us / 1000
    }

    /// Runs a command of plain words and returns its raw reply.
    pub fn ask(&mut self, line: &str) -> String {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        String::from_utf8_lossy(&self.ask_bytes(&words)).into_owned()
    }

    /// Lets time pass, a millisecond at a time, with the duties of a turn in each; returns how many keys expired.
    pub fn pass_ms(&mut self, ms: i64) -> usize {
        let mut expired = 0;
        for _ in 0..ms {
            self.now_us += 1000;
            self.engine.set_clock(self.now_us, self.now_us as u64);
            let mut budget = Budget { due: usize::MAX, moves: usize::MAX };
            expired += self.engine.expire_due(&mut budget);
            self.engine.time_out_blocked();
        }
        expired
    }
}
