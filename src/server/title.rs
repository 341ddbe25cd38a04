//! The process' title: what `proc-title-template` says of this server. Writing it where `ps` looks is `sys`' part.

use crate::config::{Config, expand_title};
use crate::sys::proctitle;

/// What the template can name besides the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The command that started the server, as it was typed.
    pub command: &'a [u8],
    /// The configuration file's absolute path; `None` without one.
    pub config_file: Option<&'a [u8]>,
    pub sentinel: bool,
}

/// Shows the title that the configuration asks for; nothing if it wants none. `proctitle::init` comes first.
pub fn show(config: &Config, facts: Facts<'_>) {
    if config.set_proc_title
        && let Some(title) = title(config, facts)
    {
        proctitle::set(&String::from_utf8_lossy(&title));
    }
}

/// The title; `None` for a template that the configuration would have refused.
pub fn title(config: &Config, facts: Facts<'_>) -> Option<Vec<u8>> {
    expand_title(&config.proc_title_template, |name| match name {
        b"title" => facts.command.to_vec(),
        b"listen-addr" => listen_address(config),
        b"server-mode" => mode(config, facts.sentinel).to_vec(),
        b"port" => config.port.to_string().into_bytes(),
        b"tls-port" => config.tls_port.to_string().into_bytes(),
        b"unixsocket" => config.unixsocket.to_vec(),
        b"config-file" => facts.config_file.unwrap_or(b"-").to_vec(),
        _ => Vec::new(),
    })
}

fn mode(config: &Config, sentinel: bool) -> &'static [u8] {
    if config.cluster_enabled {
        b"[cluster]"
    } else if sentinel {
        b"[sentinel]"
    } else {
        b""
    }
}

/// The first address and the port; the Unix socket when no port is open.
fn listen_address(config: &Config) -> Vec<u8> {
    let port = if config.port != 0 { config.port } else { config.tls_port };
    if port == 0 {
        return [b"unixsocket:", &config.unixsocket[..]].concat();
    }
    let host = config.bind.first().map_or("*", String::as_str);
    format!("{host}:{port}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(config: &Config) -> String {
        let facts = Facts { command: b"./redis-server", config_file: None, sentinel: false };
        String::from_utf8_lossy(&title(config, facts).unwrap_or_default()).into_owned()
    }

    #[test]
    fn the_default_names_command_and_address() {
        let mut config = Config::default();
        assert_eq!(shown(&config), "./redis-server *:6379");
        config.bind = vec!["127.0.0.1".to_string(), "::1".to_string()];
        config.cluster_enabled = true;
        assert_eq!(shown(&config), "./redis-server 127.0.0.1:6379 [cluster]");
    }

    #[test]
    fn every_variable_has_its_value() {
        let mut config = Config::default();
        let all = "T {title} {listen-addr} {port} {tls-port} {unixsocket} {config-file}{{{server-mode}";
        config.proc_title_template = all.into();
        (config.port, config.tls_port, config.unixsocket) = (0, 7, b"/s".to_vec());
        assert_eq!(shown(&config), "T ./redis-server *:7 0 7 /s -{");
        config.tls_port = 0;
        config.proc_title_template = b"{listen-addr}".to_vec();
        assert_eq!(shown(&config), "unixsocket:/s");
        let facts = Facts { command: b"x", config_file: Some(b"/etc/r.conf"), sentinel: true };
        config.proc_title_template = b"  {server-mode} {config-file} ".to_vec();
        assert_eq!(title(&config, facts), Some(b"[sentinel] /etc/r.conf".to_vec()));
        config.proc_title_template = b"{nothing}".to_vec();
        assert_eq!(title(&config, facts), None);
    }
}
