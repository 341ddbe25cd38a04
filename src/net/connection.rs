//! One client's socket with its unparsed bytes.

use super::query::{ChunkPool, QueryBuf, ReadOutcome};
use crate::resp::parse::{BIG_BULK, Parser};
use mio::net::{TcpStream, UnixStream};
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

/// A client's socket of either family.
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    pub fn source(&mut self) -> &mut dyn mio::event::Source {
        match self {
            Stream::Tcp(stream) => stream,
            Stream::Unix(stream) => stream,
        }
    }

    pub fn raw_fd(&self) -> RawFd {
        match self {
            Stream::Tcp(stream) => stream.as_raw_fd(),
            Stream::Unix(stream) => stream.as_raw_fd(),
        }
    }

    /// No delay for small replies, and probes of silent peers as `tcp-keepalive` asks (seconds, 0 for none).
    pub fn tune(&self, keepalive_seconds: u64) -> io::Result<()> {
        let Stream::Tcp(stream) = self else { return Ok(()) };
        stream.set_nodelay(true)?;
        set_keepalive(&socket2::SockRef::from(stream), keepalive_seconds)
    }
}

/// The first probe after `seconds` of silence, then three more a third of that apart, as Redis does.
fn set_keepalive(socket: &socket2::SockRef<'_>, seconds: u64) -> io::Result<()> {
    if seconds == 0 {
        return Ok(());
    }
    let probes = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(seconds))
        .with_interval(Duration::from_secs((seconds / 3).max(1)))
        .with_retries(3);
    socket.set_tcp_keepalive(&probes)
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(buf),
            Stream::Unix(stream) => stream.read(buf),
        }
    }
}

/// One connection.
pub struct Connection {
    pub stream: Stream,
    pub query: QueryBuf,
    pub parser: Parser,
    /// Up to where the buffer is parsed; commands between `query.start()` and here wait to run.
    pub parsed: usize,
    /// What the command under way lacks, as far as it is known.
    pub need: usize,
    /// The socket may have more to read.
    pub readable: bool,
    /// The peer sends no more: what is left is to be read to its end, for no event will tell of it again.
    pub peer_closed: bool,
    /// The last write did not take everything: wait until the socket says it can.
    pub write_blocked: bool,
    /// In the queue of connections with something to run.
    pub queued: bool,
    /// Its client could not go on in the middle of a batch.
    pub stalled: bool,
}

impl Connection {
    pub fn new(stream: Stream) -> Self {
        Connection {
            stream,
            query: QueryBuf::default(),
            parser: Parser::default(),
            parsed: 0,
            need: 0,
            readable: false,
            peer_closed: false,
            write_blocked: false,
            queued: false,
            stalled: false,
        }
    }

    /// Reads once from the socket.
    pub fn read(&mut self, pool: &mut ChunkPool) -> io::Result<ReadOutcome> {
        let ahead = self.parsed - self.query.start();
        let outcome = self.query.read_from(&mut self.stream, self.need, pool);
        self.parsed = self.query.start() + ahead;
        outcome
    }

    /// Bytes received that belong to no complete command yet. Of a long argument under way, only its own.
    pub fn unused(&self) -> usize {
        let done = self.parser.pending_bulk().filter(|bulk| bulk.len >= BIG_BULK).map_or(0, |bulk| bulk.at);
        self.query.filled().len().saturating_sub(self.parsed.max(self.query.start()) + done)
    }

    /// Fits the buffer to its use, as [`QueryBuf::fit`].
    pub fn fit(&mut self, idle: bool, pool: &mut ChunkPool) {
        let ahead = self.parsed - self.query.start();
        let pending = self.parser.pending_bulk().map_or(0, |bulk| bulk.len + 2);
        self.query.fit(idle, pending, pool);
        self.parsed = self.query.start() + ahead;
    }

    /// Takes back what was parsed and did not run: it is parsed again when the client may go on.
    pub fn rewind(&mut self) {
        self.parsed = self.query.start();
        self.parser.reset();
    }

    /// Writes slices, gathered; `Ok(None)` when the socket takes nothing now.
    pub fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        loop {
            let result = match &mut self.stream {
                Stream::Tcp(stream) if slices.len() == 1 => stream.write(&slices[0]),
                Stream::Tcp(stream) => stream.write_vectored(slices),
                Stream::Unix(stream) => stream.write_vectored(slices),
            };
            match result {
                Ok(n) => return Ok(Some(n)),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(e) => return Err(e),
            }
        }
    }
}
