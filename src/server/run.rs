//! From a configuration to a running server.

use super::endpoint::Connections;
use super::turn::{FIRST_CLIENT, Loop};
use crate::config::{Config, Effect};
use crate::engine::machine::ServerFacts;
use crate::engine::table::CommandTable;
use crate::engine::{Engine, Host};
use crate::keyspace::Keyspace;
use crate::net::listener::{self, Listener};
use crate::sys::entropy::{Rng, random_bytes};
use crate::table::Hasher;
use mio::{Events, Interest, Poll, Token};
use std::collections::VecDeque;
use std::io;

struct Process;

impl Host for Process {
    fn apply(&mut self, _effect: Effect, _config: &Config) -> Result<(), String> {
        Ok(())
    }

    fn rss_bytes(&self) -> usize {
        crate::sys::memory::rss_bytes()
    }
}

/// Runs a server until it is told to stop.
pub fn serve(config: Config) -> io::Result<()> {
    let mut key = [0u8; 16];
    random_bytes(&mut key);
    let word = |at: usize| u64::from_le_bytes(key[at..at + 8].try_into().expect("eight bytes"));
    let hasher = Hasher::new(word(0), word(8));
    let now_ms = crate::sys::clock::wall_ms();
    let keyspace = Keyspace::new(config.databases as usize, hasher, Rng::from_entropy(), now_ms);
    let commands = CommandTable::new(crate::commands::ALL, &[]);
    let facts = ServerFacts { started_ms: now_ms, ..ServerFacts::default() };
    let poll = Poll::new()?;
    let mut listeners = listen(&config)?;
    for (at, listener) in listeners.iter_mut().enumerate().take(FIRST_CLIENT - 1) {
        poll.registry().register(listener.source(), Token(at), Interest::READABLE)?;
    }
    let engine = Engine::new(commands, config, facts, keyspace, Box::new(Process));
    let mut server = Loop {
        engine,
        poll,
        events: Events::with_capacity(1024),
        listeners,
        connections: Connections::default(),
        queue: VecDeque::new(),
        readable: Vec::new(),
        postponed: Vec::new(),
        args: Default::default(),
        batch: Vec::new(),
        chunks: Default::default(),
        cron: Default::default(),
        stop: false,
    };
    server.run()
}

/// Opens the listeners that the configuration asks for.
fn listen(config: &Config) -> io::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    for word in &config.bind {
        for address in listener::parse_bind(word)? {
            match listener::listen_tcp(address.ip, config.port as u16, config.tcp_backlog as i32) {
                Ok(listener) => listeners.push(listener),
                Err(_) if address.optional => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(listeners)
}
