//! What the engine asks of the process: settings that concern sockets, the log, limits of the system.

use super::listening::Listening;
use super::{crash, log};
use crate::config::{Config, Effect};
use crate::engine::Host;
use crate::sys::{limits, memory};
use std::cell::RefCell;
use std::rc::Rc;

/// Descriptors the server needs beside its clients'.
pub const RESERVED_FDS: u64 = 32;

/// The process around an engine.
pub struct Process {
    pub listening: Rc<RefCell<Listening>>,
}

impl Host for Process {
    fn apply(&mut self, effect: Effect, config: &Config) -> Result<(), String> {
        match effect {
            Effect::Port | Effect::Bind => self
                .listening
                .borrow_mut()
                .reopen_tcp(config)
                .map_err(|_| "Unable to listen on this port. Check server logs.".to_string()),
            Effect::MaxClients => raise_limits(config),
            Effect::Logging => {
                log::apply(config);
                Ok(())
            }
            Effect::CrashLog => {
                crash::apply(config);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn rss_bytes(&self) -> usize {
        memory::rss_bytes()
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
