//! What a textual setting may hold: file names, host names, addresses, the process title's template. Each check tells
//! why not in Redis' words. Looks at the text only, never at files or the network.

use std::net::{Ipv4Addr, Ipv6Addr};

type Checked = Result<(), &'static str>;

const MAX_HOSTNAME_BYTES: usize = 255;

pub(super) fn anything(_: &[u8]) -> Checked {
    Ok(())
}

pub(super) fn dbfilename(name: &[u8]) -> Checked {
    base_name(name, "dbfilename can't be empty", "dbfilename can't be a path, just a filename")
}

pub(super) fn appendfilename(name: &[u8]) -> Checked {
    base_name(name, "appendfilename can't be empty", "appendfilename can't be a path, just a filename")
}

pub(super) fn appenddirname(name: &[u8]) -> Checked {
    base_name(name, "appenddirname can't be empty", "appenddirname can't be a path, just a dirname")
}

fn base_name(name: &[u8], empty: &'static str, path: &'static str) -> Checked {
    if name.is_empty() {
        return Err(empty);
    }
    if name.iter().any(|byte| matches!(byte, b'/' | b'\\')) { Err(path) } else { Ok(()) }
}

pub(super) fn cluster_config_file(name: &[u8]) -> Checked {
    if name.is_empty() { Err("cluster-config-file can't be empty") } else { Ok(()) }
}

pub(super) fn hostname(name: &[u8]) -> Checked {
    if name.len() > MAX_HOSTNAME_BYTES {
        return Err("Hostnames must be less than 256 characters");
    }
    if !name.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        return Err("Hostnames may only contain alphanumeric characters, hyphens or dots");
    }
    Ok(())
}

/// What a cluster's own file can hold as a node's name.
pub(super) fn node_name(name: &[u8]) -> Checked {
    let clash = |byte: &u8| b"!#$%&()*+;<>?@[]^{|}~".contains(byte);
    if name.iter().any(clash) {
        return Err("Announced human node name contained invalid character");
    }
    Ok(())
}

pub(super) fn ipv4(address: &[u8]) -> Checked {
    let ok =
        address.is_empty() || std::str::from_utf8(address).is_ok_and(|it| it.parse::<Ipv4Addr>().is_ok());
    if ok { Ok(()) } else { Err("Invalid IPv4 address") }
}

pub(super) fn ipv6(address: &[u8]) -> Checked {
    let ok =
        address.is_empty() || std::str::from_utf8(address).is_ok_and(|it| it.parse::<Ipv6Addr>().is_ok());
    if ok { Ok(()) } else { Err("Invalid IPv6 address") }
}

/// The variables a process title may name.
const TITLE_VARIABLES: [&[u8]; 7] =
    [b"title", b"listen-addr", b"server-mode", b"config-file", b"port", b"tls-port", b"unixsocket"];

pub(super) fn proc_title_template(template: &[u8]) -> Checked {
    // Any address will do here, so that a template of `{listen-addr}` alone is not taken for an empty one.
    let stand_in = |name: &[u8]| -> Vec<u8> {
        let nothing = matches!(name, b"title" | b"server-mode" | b"unixsocket");
        if nothing { Vec::new() } else { b"-".to_vec() }
    };
    match expand_title(template, stand_in) {
        Some(title) if !title.is_empty() => Ok(()),
        _ => Err("template format is invalid or contains unknown variables"),
    }
}

/// Fills in `proc-title-template`: `{name}` becomes what `value` gives for it, `{{` a brace; spaces around the whole
/// go. `None` if a brace is open or a name unknown.
pub fn expand_title(template: &[u8], value: impl Fn(&[u8]) -> Vec<u8>) -> Option<Vec<u8>> {
    let mut title = Vec::new();
    let mut rest = template;
    while let Some(open) = rest.iter().position(|byte| *byte == b'{') {
        let (before, from) = rest.split_at_checked(open)?;
        title.extend_from_slice(before);
        let inside = from.get(1..)?;
        if let Some(after) = inside.strip_prefix(b"{") {
            title.push(b'{');
            rest = after;
            continue;
        }
        let close = inside.iter().position(|byte| *byte == b'}')?;
        let (name, after) = inside.split_at_checked(close)?;
        if !TITLE_VARIABLES.contains(&name) {
            return None;
        }
        title.extend(value(name));
        rest = after.get(1..)?;
    }
    title.extend_from_slice(rest);
    let spaces = |byte: &u8| *byte == b' ';
    let start = title.iter().position(|byte| !spaces(byte)).unwrap_or(title.len());
    let end = title.iter().rposition(|byte| !spaces(byte)).map_or(start, |at| at + 1);
    title.get(start..end).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_no_paths() {
        assert_eq!(dbfilename(b"a/b"), Err("dbfilename can't be a path, just a filename"));
        assert_eq!(appenddirname(b""), Err("appenddirname can't be empty"));
        assert_eq!(appendfilename(b"x.aof"), Ok(()));
    }

    #[test]
    fn hosts_and_nodes() {
        assert!(hostname(b"a-b.example").is_ok() && hostname(b"a b").is_err());
        assert!(hostname(&[b'a'; 255]).is_ok() && hostname(&[b'a'; 256]).is_err());
        assert!(node_name(b"rack 1/a").is_ok() && node_name(b"a&b").is_err());
        assert!(
            ipv4(b"").is_ok() && ipv4(b"1.2.3").is_err() && ipv6(b"::1").is_ok() && ipv6(b"1.2.3.4").is_err()
        );
    }

    #[test]
    fn titles_expand() {
        let value = |name: &[u8]| if name == b"port" { b"7".to_vec() } else { Vec::new() };
        let expand = |template: &str| {
            expand_title(template.as_bytes(), value).map(|it| String::from_utf8(it).unwrap())
        };
        assert_eq!(expand("{title} at {port} {server-mode}").as_deref(), Some("at 7"));
        assert_eq!(expand("{{x} {port}").as_deref(), Some("{x} 7"));
        assert_eq!((expand("{x}"), expand("a {"), expand("a {port")), (None, None, None));
        for bad in ["", "  ", "{title}", "{x}"] {
            assert!(proc_title_template(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(proc_title_template(b"--my--title--template").is_ok());
    }
}
