//! The sections Stats, Keyspace and Debug.

use super::super::machine::Engine;
use std::fmt::Write;

pub fn stats(engine: &Engine, out: &mut String) {
    traffic(engine, out);
    keys(engine, out);
    rest(engine, out);
}

fn traffic(engine: &Engine, out: &mut String) {
    let (c, rates) = (&engine.stats.counters, &engine.stats.rates);
    let _ = write!(
        out,
        "total_connections_received:{}\r\ntotal_commands_processed:{}\r\ninstantaneous_ops_per_sec:{}\r\n\
         total_net_input_bytes:{}\r\ntotal_net_output_bytes:{}\r\ntotal_net_repl_input_bytes:{}\r\n\
         total_net_repl_output_bytes:{}\r\ninstantaneous_input_kbps:{:.2}\r\ninstantaneous_output_kbps:{:.2}\r\n\
         instantaneous_input_repl_kbps:{:.2}\r\ninstantaneous_output_repl_kbps:{:.2}\r\nrejected_connections:{}\r\n\
         sync_full:{}\r\nsync_partial_ok:{}\r\nsync_partial_err:{}\r\n",
        c.total_connections_received,
        c.total_commands_processed,
        rates.ops_per_sec(),
        c.total_net_input_bytes(),
        c.total_net_output_bytes(),
        c.net_repl_input_bytes,
        c.net_repl_output_bytes,
        rates.input_kbps(),
        rates.output_kbps(),
        rates.input_repl_kbps(),
        rates.output_repl_kbps(),
        c.rejected_connections,
        c.sync_full,
        c.sync_partial_ok,
        c.sync_partial_err,
    );
}

fn keys(engine: &Engine, out: &mut String) {
    let (c, k) = (&engine.stats.counters, &engine.keyspace.counters);
    let now_us = engine.clock.monotonic_us;
    let _ = write!(
        out,
        "expired_keys:{}\r\nexpired_fields:{}\r\nexpired_stale_perc:{:.2}\r\nexpired_time_cap_reached_count:{}\r\n\
         expire_cycle_cpu_milliseconds:{}\r\nevicted_keys:{}\r\nevicted_clients:{}\r\nevicted_scripts:{}\r\n\
         total_eviction_exceeded_time:{}\r\ncurrent_eviction_exceeded_time:{}\r\nkeyspace_hits:{}\r\n\
         keyspace_misses:{}\r\npubsub_channels:{}\r\npubsub_patterns:{}\r\npubsubshard_channels:{}\r\n",
        k.expired,
        k.expired_fields,
        c.expired_stale_perc * 100.0,
        c.expired_time_cap_reached_count,
        c.expire_cycle_us / 1000,
        k.evicted,
        c.evicted_clients,
        c.evicted_scripts,
        c.eviction_exceeded.total_us(now_us) / 1000,
        c.eviction_exceeded.current_us(now_us) / 1000,
        k.hits,
        k.misses,
        engine.channel_counts().channels,
        engine.channel_counts().patterns,
        engine.channel_counts().shards,
    );
}

fn rest(engine: &Engine, out: &mut String) {
    let (c, denials, rates) = (&engine.stats.counters, &engine.stats.denials, &engine.stats.rates);
    let now_us = engine.clock.monotonic_us;
    let _ = write!(
        out,
        "latest_fork_usec:{}\r\ntotal_forks:{}\r\nmigrate_cached_sockets:{}\r\nslave_expires_tracked_keys:0\r\n\
         active_defrag_hits:{}\r\nactive_defrag_misses:{}\r\nactive_defrag_key_hits:{}\r\n\
         active_defrag_key_misses:{}\r\ntotal_active_defrag_time:{}\r\ncurrent_active_defrag_time:{}\r\n\
         tracking_total_keys:{}\r\ntracking_total_items:{}\r\ntracking_total_prefixes:{}\r\n\
         unexpected_error_replies:{}\r\ntotal_error_replies:{}\r\ndump_payload_sanitizations:{}\r\n",
        c.latest_fork_usec,
        c.total_forks,
        engine.links.len(),
        c.active_defrag_hits,
        c.active_defrag_misses,
        c.active_defrag_key_hits,
        c.active_defrag_key_misses,
        c.active_defrag.total_us(now_us) / 1000,
        c.active_defrag.current_us(now_us) / 1000,
        engine.tracking.readers.keys(),
        engine.tracking.readers.items(),
        engine.tracking.broadcast.prefixes(),
        c.unexpected_error_replies,
        c.total_error_replies,
        c.dump_payload_sanitizations,
    );
    let _ = write!(
        out,
        "total_reads_processed:{}\r\ntotal_writes_processed:{}\r\nio_threaded_reads_processed:{}\r\n\
         io_threaded_writes_processed:{}\r\nclient_query_buffer_limit_disconnections:{}\r\n\
         client_output_buffer_limit_disconnections:{}\r\nreply_buffer_shrinks:{}\r\nreply_buffer_expands:{}\r\n\
         eventloop_cycles:{}\r\neventloop_duration_sum:{}\r\neventloop_duration_cmd_sum:{}\r\n\
         instantaneous_eventloop_cycles_per_sec:{}\r\ninstantaneous_eventloop_duration_usec:{}\r\n\
         stall_max_usec:{}\r\nstall_max_cpu_usec:{}\r\n\
         acl_access_denied_auth:{}\r\nacl_access_denied_cmd:{}\r\nacl_access_denied_key:{}\r\n\
         acl_access_denied_channel:{}\r\n",
        c.total_reads_processed,
        c.total_writes_processed,
        c.io_threaded_reads_processed,
        c.io_threaded_writes_processed,
        c.client_query_buffer_limit_disconnections,
        c.client_output_buffer_limit_disconnections,
        c.reply_buffer_shrinks,
        c.reply_buffer_expands,
        c.eventloop.count,
        c.eventloop.sum_us,
        c.eventloop_commands.sum_us,
        rates.eventloop_cycles_per_sec(),
        rates.eventloop_duration_usec(),
        c.stall.max_wall_us,
        c.stall.max_cpu_us,
        denials.auth,
        denials.cmd,
        denials.key,
        denials.channel,
    );
}

/// One line for each database with keys in it: tools divide by their number.
pub fn keyspace(engine: &Engine, out: &mut String) {
    for db in 0..engine.keyspace.databases() as u16 {
        let keys = engine.keyspace.len(db);
        if keys > 0 {
            let (expires, avg_ttl) = (engine.keyspace.volatile_keys(db), engine.keyspace.avg_ttl_ms(db));
            let _ = write!(out, "db{db}:keys={keys},expires={expires},avg_ttl={avg_ttl}");
            // Only where there are some: what reads the line for other servers' fields is not disturbed.
            match engine.keyspace.keys_with_volatile_fields(db) {
                0 => out.push_str("\r\n"),
                count => drop(write!(out, ",keys_with_volatile_items={count}\r\n")),
            }
        }
    }
}

pub fn debug(engine: &Engine, out: &mut String) {
    let c = &engine.stats.counters;
    let _ = write!(
        out,
        "eventloop_duration_aof_sum:{}\r\neventloop_duration_cron_sum:{}\r\neventloop_duration_max:{}\r\n\
         eventloop_cmd_per_cycle_max:{}\r\n",
        c.eventloop_aof.sum_us, c.eventloop_cron.sum_us, c.eventloop.max_us, c.eventloop_cmd_per_cycle_max,
    );
}
