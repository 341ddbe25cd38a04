//! The listening sockets: opened at start, opened anew when `port`, `bind` or `unixsocket` change.

use super::log::warning;
use super::turn::FIRST_CLIENT;
use crate::config::Config;
use crate::net::listener::{Listener, listen_tcp, listen_unix, parse_bind};
use crate::sys::errno::reason;
use crate::sys::process::with_umask;
use mio::{Interest, Registry, Token};
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Listeners at their tokens.
pub struct Listening {
    registry: Registry,
    places: Vec<Option<Listener>>,
}

impl Listening {
    pub fn new(registry: Registry) -> Self {
        Listening { registry, places: Vec::new() }
    }

    pub fn get(&self, token: usize) -> Option<&Listener> {
        self.places.get(token)?.as_ref()
    }

    pub fn is_empty(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }

    /// Opens what the configuration asks for, TCP and Unix.
    pub fn open(&mut self, config: &Config) -> io::Result<()> {
        for listener in open_tcp(config)? {
            self.add(listener)?;
        }
        if !config.unixsocket.is_empty() {
            let listener = open_unix(config)?;
            self.add(listener)?;
        }
        Ok(())
    }

    /// Opens the TCP listeners of a changed configuration, and only when that worked closes those of the old one.
    pub fn reopen_tcp(&mut self, config: &Config) -> io::Result<()> {
        // The old sockets go first where the new ones may want the same address and port.
        let old: Vec<Option<Listener>> = self
            .places
            .iter_mut()
            .map(|place| place.take_if(|listener| matches!(listener, Listener::Tcp(_))))
            .collect();
        drop(old);
        for listener in open_tcp(config)? {
            self.add(listener)?;
        }
        Ok(())
    }

    fn add(&mut self, mut listener: Listener) -> io::Result<()> {
        let free = self.places.iter().position(Option::is_none).unwrap_or(self.places.len());
        if free >= FIRST_CLIENT - 1 {
            return Err(io::Error::other("too many listening sockets"));
        }
        self.registry.register(listener.source(), Token(free), Interest::READABLE)?;
        if free == self.places.len() {
            self.places.push(None);
        }
        self.places[free] = Some(listener);
        Ok(())
    }
}

fn open_tcp(config: &Config) -> io::Result<Vec<Listener>> {
    let mut listeners = Vec::new();
    if config.port == 0 {
        return Ok(listeners);
    }
    for word in &config.bind {
        for address in parse_bind(word)? {
            match listen_tcp(address.ip, config.port, config.tcp_backlog as i32) {
                Ok(listener) => listeners.push(listener),
                Err(error) => {
                    let name = String::from_utf8_lossy(word.as_bytes());
                    warning!(
                        "Warning: Could not create server TCP listening socket {}:{}: bind: {}",
                        name.trim_start_matches('-'),
                        config.port,
                        reason(&error)
                    );
                    let absent = matches!(error.kind(), io::ErrorKind::AddrNotAvailable);
                    if !(absent && address.optional || unsupported(&error)) {
                        return Err(error);
                    }
                }
            }
        }
    }
    Ok(listeners)
}

/// The machine does not speak this family of addresses at all.
fn unsupported(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::Unsupported) || error.raw_os_error() == Some(97)
}

fn open_unix(config: &Config) -> io::Result<Listener> {
    let path = Path::new(OsStr::from_bytes(&config.unixsocket));
    // A socket file that an earlier run left behind is in the way.
    let _ = std::fs::remove_file(path);
    let mode = config.unixsocketperm;
    // The file has its rights from the moment it appears: between a bind and a chmod anybody could connect.
    let mask = if mode == 0 { 0o077 } else { !mode & 0o777 };
    let listener = with_umask(mask, || listen_unix(path, config.tcp_backlog as i32))?;
    if mode != 0 {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    }
    Ok(listener)
}
