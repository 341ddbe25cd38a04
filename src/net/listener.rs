//! Listening sockets: TCP on several addresses, and one Unix socket.

use mio::net::{TcpListener, UnixListener};
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

/// One listening socket.
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    pub fn source(&mut self) -> &mut dyn mio::event::Source {
        match self {
            Listener::Tcp(listener) => listener,
            Listener::Unix(listener) => listener,
        }
    }
}

/// One address of the `bind` directive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BindAddress {
    pub ip: IpAddr,
    /// Written with a leading `-`: a machine without it is no error.
    pub optional: bool,
}

/// Reads the words of `bind`: addresses, `*` for every IPv4 and `::*` for every IPv6 address, host names resolved by
/// the system.
pub fn parse_bind(word: &str) -> io::Result<Vec<BindAddress>> {
    let optional = word.starts_with('-');
    let host = word.strip_prefix('-').unwrap_or(word);
    let ips: Vec<IpAddr> = match host {
        "*" => vec![IpAddr::from([0, 0, 0, 0])],
        "::*" => vec![IpAddr::from([0u16; 8])],
        host => match host.parse() {
            Ok(ip) => vec![ip],
            Err(_) => {
                use std::net::ToSocketAddrs;
                (host, 0).to_socket_addrs()?.map(|address| address.ip()).take(1).collect()
            }
        },
    };
    Ok(ips.into_iter().map(|ip| BindAddress { ip, optional }).collect())
}

/// Opens a TCP listener.
pub fn listen_tcp(ip: IpAddr, port: u16, backlog: i32) -> io::Result<Listener> {
    let address = SocketAddr::new(ip, port);
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if ip.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(Listener::Tcp(TcpListener::from_std(socket.into())))
}

/// Opens the Unix socket. `secure` runs the bind under the mask that gives the file its mode from the start.
pub fn listen_unix(path: &Path, backlog: i32) -> io::Result<Listener> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    socket.listen(backlog)?;
    Ok(Listener::Unix(UnixListener::from_std(socket.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bind_words_are_understood() {
        let all = parse_bind("*").expect("a star is an address");
        assert_eq!(all[0].ip, IpAddr::from([0, 0, 0, 0]));
        let v6 = parse_bind("-::1").expect("an address");
        assert!(v6[0].optional && v6[0].ip.is_ipv6() && v6[0].ip.is_loopback());
        assert!(parse_bind("no such host").is_err());
    }
}
