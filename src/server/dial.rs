//! Connections that this process opens to other servers and waits on, for the machine to use: it knows no command.

use crate::engine::links::{Link, LinkError};
use crate::sys::clock;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Bytes that have to get through within one timeout.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes asked for at once.
const READ_BYTES: usize = 4096;
/// The longest line that is waited for.
const LINE_BYTES: usize = 64 * 1024;

/// Connects to a host, by name or address, at one of its addresses, all within the timeout.
///
/// # Errors
/// There is no such host, or none of its addresses answered.
pub fn dial(host: &[u8], port: u16, timeout_ms: u64) -> Result<Box<dyn Link>, LinkError> {
    let deadline = Deadline::after(timeout_ms);
    let host = std::str::from_utf8(host).map_err(|_| LinkError::Broken)?;
    let addresses = (host, port).to_socket_addrs().map_err(|_| LinkError::Broken)?;
    let mut result = Err(LinkError::Broken);
    for address in addresses {
        match TcpStream::connect_timeout(&address, deadline.left()?) {
            Ok(stream) => {
                // Without it requests go out later, and nothing else changes.
                let _ = stream.set_nodelay(true);
                return Ok(Box::new(Tcp { stream, unread: Vec::new() }));
            }
            Err(error) => result = Err(told(&error)),
        }
    }
    result
}

struct Tcp {
    stream: TcpStream,
    /// What came in behind the last line.
    unread: Vec<u8>,
}

impl Link for Tcp {
    fn send(&mut self, bytes: &[u8], timeout_ms: u64) -> Result<(), LinkError> {
        for mut piece in bytes.chunks(PIECE_BYTES) {
            let deadline = Deadline::after(timeout_ms);
            while !piece.is_empty() {
                self.stream.set_write_timeout(Some(deadline.left()?)).map_err(|error| told(&error))?;
                match self.stream.write(piece) {
                    Ok(written) => piece = piece.get(written..).unwrap_or_default(),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(told(&error)),
                }
            }
        }
        Ok(())
    }

    fn read_line(&mut self, timeout_ms: u64) -> Result<Vec<u8>, LinkError> {
        let deadline = Deadline::after(timeout_ms);
        let mut searched = 0;
        loop {
            if let Some(at) = self.unread.iter().skip(searched).position(|byte| *byte == b'\n') {
                let rest = self.unread.split_off(searched + at + 1);
                let mut line = std::mem::replace(&mut self.unread, rest);
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            searched = self.unread.len();
            if searched > LINE_BYTES {
                return Err(LinkError::Broken);
            }
            self.read_some(&deadline)?;
        }
    }
}

impl Tcp {
    fn read_some(&mut self, deadline: &Deadline) -> Result<(), LinkError> {
        let mut bytes = [0; READ_BYTES];
        loop {
            self.stream.set_read_timeout(Some(deadline.left()?)).map_err(|error| told(&error))?;
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(LinkError::Broken),
                Ok(count) => {
                    self.unread.extend_from_slice(bytes.get(..count).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(told(&error)),
            }
        }
    }
}

/// A socket with a timeout says that it would block once that is over.
fn told(error: &io::Error) -> LinkError {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => LinkError::TimedOut,
        ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable => LinkError::Refused,
        _ => LinkError::Broken,
    }
}

struct Deadline {
    at_us: u64,
}

impl Deadline {
    fn after(timeout_ms: u64) -> Self {
        Deadline { at_us: clock::monotonic_us().saturating_add(timeout_ms.saturating_mul(1000)) }
    }

    /// The time that is left; none is an error, and so is no time to give a socket.
    fn left(&self) -> Result<Duration, LinkError> {
        match self.at_us.saturating_sub(clock::monotonic_us()) {
            0 => Err(LinkError::TimedOut),
            us => Ok(Duration::from_micros(us)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn connected() -> (Box<dyn Link>, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
        let port = listener.local_addr().expect("it is bound").port();
        let link = dial(b"127.0.0.1", port, 5000).expect("somebody listens");
        let (peer, _) = listener.accept().expect("we connected");
        (link, peer)
    }

    #[test]
    fn lines_come_one_at_a_time_however_they_were_sent() {
        let (mut link, mut peer) = connected();
        link.send(b"PING\r\n", 5000).expect("the peer is there");
        let mut asked = [0; 6];
        peer.read_exact(&mut asked).expect("it was sent");
        peer.write_all(b"+OK\r\n-ERR no\r\n+la").expect("the link is there");
        assert_eq!(link.read_line(5000), Ok(b"+OK".to_vec()));
        assert_eq!(link.read_line(5000), Ok(b"-ERR no".to_vec()));
        peer.write_all(b"st\n").expect("the link is there");
        assert_eq!(link.read_line(5000), Ok(b"+last".to_vec()));
    }

    #[test]
    fn silence_and_an_end_are_told_apart() {
        let (mut link, peer) = connected();
        assert_eq!(link.read_line(1), Err(LinkError::TimedOut));
        drop(peer);
        assert_eq!(link.read_line(5000), Err(LinkError::Broken));
    }

    #[test]
    fn nobody_is_no_time_out() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
        let port = listener.local_addr().expect("it is bound").port();
        drop(listener);
        assert_eq!(dial(b"127.0.0.1", port, 5000).err(), Some(LinkError::Refused));
        assert_eq!(dial(b"\xff", port, 5000).err(), Some(LinkError::Broken));
    }
}
