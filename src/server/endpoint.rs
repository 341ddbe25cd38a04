//! Connections by client, and how they come: accepting, refusing, tuning.

use super::turn::{FIRST_CLIENT, Loop};
use crate::ids::ClientId;
use crate::net::connection::{Connection, Stream};
use crate::net::listener::Listener;
use mio::{Interest, Token};
use std::io::Write;

/// Connections at the places of their clients.
#[derive(Default)]
pub struct Connections {
    places: Vec<Option<(ClientId, Box<Connection>)>>,
}

impl Connections {
    #[inline]
    pub fn get(&self, id: ClientId) -> Option<&Connection> {
        match self.places.get(id.index as usize)? {
            Some((owner, connection)) if *owner == id => Some(connection),
            _ => None,
        }
    }

    #[inline]
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Connection> {
        match self.places.get_mut(id.index as usize)? {
            Some((owner, connection)) if *owner == id => Some(connection),
            _ => None,
        }
    }

    pub fn insert(&mut self, id: ClientId, connection: Connection) {
        let at = id.index as usize;
        if at >= self.places.len() {
            self.places.resize_with(at + 1, || None);
        }
        self.places[at] = Some((id, Box::new(connection)));
    }

    pub fn remove(&mut self, id: ClientId) -> Option<Connection> {
        self.get(id)?;
        self.places[id.index as usize].take().map(|(_, connection)| *connection)
    }
}

impl Loop {
    /// Takes connections that wait at a listener, so many that the clients there are do not wait for them.
    pub(super) fn accept_from(&mut self, at: usize) {
        for _ in 0..self.engine.config.max_new_connections_per_cycle {
            let listening = self.listening.borrow();
            let accepted = match listening.get(at) {
                None => return self.accepting &= !(1 << at),
                Some(Listener::Tcp(listener)) => listener.accept().map(|(stream, peer)| {
                    let local = stream.local_addr().map(|a| a.to_string()).unwrap_or_default();
                    let loopback = peer.ip().to_canonical().is_loopback();
                    (Stream::Tcp(stream), peer.to_string(), local, loopback)
                }),
                Some(Listener::Unix(listener)) => listener.accept().map(|(stream, _)| {
                    let path = String::from_utf8_lossy(&self.engine.config.unixsocket).into_owned();
                    (Stream::Unix(stream), format!("{path}:0"), format!("{path}:0"), true)
                }),
            };
            drop(listening);
            match accepted {
                Ok((stream, addr, laddr, local)) => self.welcome(stream, addr, laddr, local),
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => return self.accepting &= !(1 << at),
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => {
                    // The table of open files is full, or the peer left at once: the others go on.
                    tracing::warn!("Accepting client connection: {e}");
                    self.accepting &= !(1 << at);
                    self.stuck |= 1 << at;
                    return;
                }
            }
        }
    }

    fn welcome(&mut self, mut stream: Stream, addr: String, laddr: String, local: bool) {
        if self.engine.clients.len() >= self.engine.config.maxclients as usize {
            self.engine.stats.counters.rejected_connections += 1;
            return refuse(&mut stream, b"-ERR max number of clients reached\r\n");
        }
        if !local && self.is_protected() {
            self.engine.stats.counters.rejected_connections += 1;
            return refuse(&mut stream, PROTECTED_MODE);
        }
        if let Err(e) = stream.tune(u64::from(self.engine.config.tcp_keepalive)) {
            tracing::debug!("Tuning a connection: {e}");
        }
        let id = self.engine.connect();
        let token = Token(id.index as usize + FIRST_CLIENT);
        let interest = Interest::READABLE | Interest::WRITABLE;
        if let Err(e) = self.poll.registry().register(stream.source(), token, interest) {
            tracing::warn!("Error registering fd event for the new client connection: {e}");
            return self.engine.disconnect(id);
        }
        let client = self.engine.client(id);
        client.fd = i64::from(stream.raw_fd());
        client.unix_socket = matches!(stream, Stream::Unix(_));
        client.addr = addr;
        client.laddr = laddr;
        self.engine.stats.counters.total_connections_received += 1;
        self.connections.insert(id, Connection::new(stream));
    }

    /// Protected mode keeps strangers out of a server without a password.
    fn is_protected(&self) -> bool {
        self.engine.config.protected_mode && self.engine.config.requirepass.is_empty()
    }
}

/// Says why, as far as the socket takes it, and closes.
fn refuse(stream: &mut Stream, text: &[u8]) {
    let written = match stream {
        Stream::Tcp(stream) => stream.write(text),
        Stream::Unix(stream) => stream.write(text),
    };
    if let Err(e) = written {
        tracing::debug!("Refusing a connection: {e}");
    }
}

const PROTECTED_MODE: &[u8] = b"-DENIED Redis is running in protected mode because protected mode is enabled and no \
password is set for the default user. In this mode connections are only accepted from the loopback interface. If \
you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable \
protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to \
Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet \
if you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the \
protected mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then \
restarting the server. 3) If you started the server manually just for testing, restart it with the \
'--protected-mode no' option. 4) Set up an authentication password for the default user. NOTE: You only need to \
do one of the above things in order for the server to start accepting connections from the outside.\r\n";
