//! A client in one line, as CLIENT LIST and CLIENT INFO show it.

use super::client::{Client, Closing};
use super::table::CommandTable;
use crate::config::Config;
use crate::ids::UnixMs;
use std::fmt::Write;

/// The letters of a client's state.
fn flags(client: &Client) -> String {
    let mut letters = String::new();
    let mut add = |on: bool, letter: char| {
        if on {
            letters.push(letter);
        }
    };
    add(client.monitor, 'O');
    add(client.subs.any(), 'P');
    add(client.multi.is_some(), 'x');
    add(client.blocked.is_some() || client.postponed, 'b');
    let tracking = client.tracking.as_deref();
    add(tracking.is_some(), 't');
    add(tracking.is_some_and(|mode| mode.broken), 'R');
    add(tracking.is_some_and(|mode| mode.broadcast), 'B');
    add(client.dirty_cas, 'd');
    add(client.closing == Some(Closing::AfterReply), 'c');
    add(client.closing == Some(Closing::Now), 'A');
    add(client.unix_socket, 'U');
    add(client.session.readonly, 'r');
    add(client.session.no_evict, 'e');
    add(client.session.no_touch, 'T');
    add(client.session.import_source, 'I');
    if letters.is_empty() {
        letters.push('N');
    }
    letters
}

/// What stands for a client's own words in the log, with `hide-user-data-from-log`.
pub const REDACTED: &str = "*redacted*";

/// One line, without its end.
pub fn line(client: &Client, commands: &CommandTable, now_ms: UnixMs) -> String {
    full_line(client, commands, now_ms, false)
}

/// The client in one line for the log, without the name it gave itself if user data is hidden.
pub fn logged_line(client: &Client, commands: &CommandTable, config: &Config, now_ms: UnixMs) -> String {
    full_line(client, commands, now_ms, config.hide_user_data_from_log)
}

/// Who a client is, without what it does.
pub fn short_line(client: &Client, hide: bool) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "id={} addr={} laddr={} fd={} name={} user={} lib-name={} lib-ver={}",
        client.number,
        client.addr,
        client.laddr,
        client.fd,
        if hide { REDACTED.to_string() } else { text(&client.session.name) },
        if hide { REDACTED } else { "default" },
        text(&client.session.lib_name),
        text(&client.session.lib_ver),
    )
}

fn full_line(client: &Client, commands: &CommandTable, now_ms: UnixMs, hide: bool) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let seconds = |since: UnixMs| (now_ms - since).max(0) / 1000;
    let (chunks, overflow) = client.out.overflow();
    let multi = client.multi.as_ref();
    let mut s = String::with_capacity(384);
    let _ = write!(
        s,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} capa={} db={} sub={} psub={} ssub={}",
        client.number,
        client.addr,
        client.laddr,
        client.fd,
        if hide { REDACTED.to_string() } else { text(&client.session.name) },
        seconds(client.created_ms),
        seconds(client.last_active_ms),
        flags(client),
        if client.session.capa_redirect { "r" } else { "" },
        client.session.db,
        client.subs.channels,
        client.subs.patterns,
        client.subs.shards,
    );
    let _ = write!(
        s,
        " multi={} watch={} qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} obl={} oll={} omem={}",
        multi.map_or(-1, |m| m.queue.len() as i64),
        client.watching.len(),
        client.io.query_bytes,
        client.io.query_free,
        client.io.arg_bytes,
        multi.map_or(0, |m| m.arg_bytes),
        client.out.buf.capacity(),
        client.out.peak,
        client.out.first_len(),
        chunks,
        overflow,
    );
    let _ = write!(
        s,
        " tot-mem={} events={} cmd={} user={} redir={} resp={} lib-name={} lib-ver={} tot-net-in={} \
         tot-net-out={} tot-cmds={}",
        client.memory_bytes(),
        if client.io.waits_to_write { "rw" } else { "r" },
        client.last_command.map_or("NULL", |id| commands.get(id).full_name.as_str()),
        if hide { REDACTED } else { "default" },
        client.tracking.as_ref().map_or(-1, |mode| mode.redirect_number()),
        match client.session.proto {
            crate::resp::reply::Proto::Resp2 => 2,
            crate::resp::reply::Proto::Resp3 => 3,
        },
        text(&client.session.lib_name),
        text(&client.session.lib_ver),
        client.io.net_in,
        client.io.net_out,
        client.commands,
    );
    s
}
