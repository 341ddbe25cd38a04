//! What the log shows before the server is initialized: the logo on a terminal or when it is asked for, one line
//! otherwise. Tools and test harnesses look for its `PID: `.

use super::log::{self, notice};
use super::logline::Severity;
use super::run::VERSION;
use crate::config::Config;
use crate::engine::REDIS_VERSION;
use crate::sys::process;

/// Shows the logo, or the line that stands for it.
pub fn show(config: &Config) {
    let mode = if config.cluster_enabled { "cluster" } else { "standalone" };
    let port = if config.port != 0 { config.port } else { config.tls_port };
    if config.always_show_logo || log::on_terminal() {
        log::raw(Severity::Notice, &logo(mode, u64::from(port)));
    } else {
        notice!("Running mode={mode}, port={port}.");
    }
}

/// A cut stone, and beside it what the server is.
fn logo(mode: &str, port: u64) -> String {
    const STONE: [&str; 11] = [
        r"        ____________________        ",
        r"      .'\    /\      /\    /'.      ",
        r"    .'   \  /  \    /  \  /   '.    ",
        r"  .'      \/    \  /    \/      '.  ",
        r"  -------------------------------   ",
        r"   \       \          /        /    ",
        r"     \      \        /       /      ",
        r"       \     \      /      /        ",
        r"         \    \    /     /          ",
        r"           \   \  /   /             ",
        r"              '.\/.'                ",
    ];
    let beside = [
        String::new(),
        format!("Spinel {VERSION}"),
        format!("Redis {REDIS_VERSION} compatible, 64 bit"),
        String::new(),
        format!("Running in {mode} mode"),
        format!("Port: {port}"),
        format!("PID: {}", process::pid()),
    ];
    let mut text = String::from("\n");
    for (i, line) in STONE.iter().enumerate() {
        let fact = beside.get(i).map_or("", String::as_str);
        text.push_str(format!("{line}  {fact}").trim_end());
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logo_tells_mode_port_and_process() {
        let text = logo("standalone", 6379);
        let pid = format!(" PID: {}\n", process::pid());
        assert!(text.contains("Running in standalone mode\n") && text.contains(" Port: 6379\n"));
        assert!(text.contains(&pid));
    }
}
