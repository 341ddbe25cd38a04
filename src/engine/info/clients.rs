//! The section Clients.

use super::super::machine::Engine;
use std::fmt::Write;

pub fn clients(engine: &Engine, out: &mut String) {
    let all = engine.clients.iter();
    let largest_in = all.map(|client| client.io.query_bytes + client.io.query_free).max().unwrap_or(0);
    let largest_out = engine.clients.iter().map(|client| client.out.pending()).max().unwrap_or(0);
    let waiting = engine.clients.iter().filter(|client| client.blocked.is_some() || client.postponed).count();
    let _ = write!(
        out,
        "connected_clients:{}\r\ncluster_connections:0\r\nmaxclients:{}\r\nclient_recent_max_input_buffer:{}\r\n\
         client_recent_max_output_buffer:{}\r\nblocked_clients:{}\r\ntracking_clients:{}\r\npubsub_clients:{}\r\n\
         watching_clients:{}\r\nclients_in_timeout_table:{}\r\ntotal_watched_keys:{}\r\ntotal_blocking_keys:{}\r\n\
         total_blocking_keys_on_nokey:{}\r\n",
        engine.clients.len(),
        engine.config.maxclients,
        largest_in,
        largest_out,
        waiting,
        engine.tracking.clients(),
        engine.clients.iter().filter(|client| client.subs.any()).count(),
        engine.clients.iter().filter(|client| !client.watching.is_empty()).count(),
        engine.blocking.with_deadline(),
        engine.watch.len(),
        engine.blocking.keys(),
        engine.blocking.keys_for_groups(),
    );
    let now_ms = engine.clock.now_ms;
    let pause = engine.pause;
    let (reason, actions, left) = if pause.is_active(now_ms) {
        ("client_pause", if pause.all { "all" } else { "write" }, pause.until_ms - now_ms)
    } else {
        ("none", "none", 0)
    };
    let _ = write!(
        out,
        "paused_reason:{reason}\r\npaused_actions:{actions}\r\npaused_timeout_milliseconds:{left}\r\n"
    );
}
