//! The sections Server, Replication and CPU.

use super::super::REDIS_VERSION;
use super::super::machine::Engine;
use crate::sys::clock::Ticks;
use crate::sys::cpu::{Who, cpu_times};
use std::fmt::Write;

pub fn server(engine: &Engine, out: &mut String) {
    let facts = &engine.server;
    let clock = &engine.clock;
    let uptime_s = (clock.now_ms - facts.started_ms).max(0) / 1000;
    let hz = engine.config.hz;
    let _ = write!(
        out,
        "redis_version:{REDIS_VERSION}\r\nspinel_version:{}\r\nredis_git_sha1:00000000\r\nredis_git_dirty:0\r\n\
         redis_build_id:spinel-{0}\r\nredis_mode:standalone\r\nos:{}\r\narch_bits:64\r\nmonotonic_clock:{}\r\n\
         multiplexing_api:epoll\r\natomicvar_api:rust-std\r\ngcc_version:0.0.0\r\nprocess_id:{}\r\n\
         process_supervised:{}\r\nrun_id:{}\r\ntcp_port:{}\r\nserver_time_usec:{}\r\nuptime_in_seconds:{uptime_s}\r\n\
         uptime_in_days:{}\r\nhz:{hz}\r\nconfigured_hz:{hz}\r\nlru_clock:{}\r\nexecutable:{}\r\nconfig_file:{}\r\n\
         io_threads_active:0\r\navailability_zone:{}\r\n",
        env!("CARGO_PKG_VERSION"),
        facts.os,
        Ticks::describe(),
        facts.pid,
        facts.supervised,
        facts.run_id,
        engine.config.port,
        clock.now_us,
        uptime_s / 86_400,
        engine.keyspace.access.lru_clock,
        facts.executable,
        facts.config_file,
        String::from_utf8_lossy(&engine.config.availability_zone),
    );
    if let Some(ms) = engine.shutdown_left_ms() {
        let _ = write!(out, "shutdown_in_milliseconds:{ms}\r\n");
    }
    for (i, line) in engine.listeners().iter().enumerate() {
        let _ = write!(out, "listener{i}:{line}\r\n");
    }
}

pub fn replication(engine: &Engine, out: &mut String) {
    let config = &engine.config;
    match &config.replicaof {
        None => out.push_str("role:master\r\n"),
        Some(primary) => {
            let _ = write!(
                out,
                "role:slave\r\nmaster_host:{}\r\nmaster_port:{}\r\nmaster_link_status:down\r\n\
                 master_last_io_seconds_ago:-1\r\nmaster_sync_in_progress:0\r\nslave_read_repl_offset:0\r\n\
                 slave_repl_offset:0\r\nmaster_link_down_since_seconds:-1\r\nslave_priority:{}\r\n\
                 slave_read_only:{}\r\nreplica_announced:{}\r\n",
                primary.host,
                primary.port,
                config.replica_priority,
                u8::from(config.replica_read_only),
                u8::from(config.replica_announced),
            );
        }
    }
    let asked = config.min_replicas_to_write > 0 && config.min_replicas_max_lag > 0;
    let good = if asked { "min_slaves_good_slaves:0\r\n" } else { "" };
    let _ = write!(
        out,
        "connected_slaves:0\r\n{good}master_failover_state:no-failover\r\nmaster_replid:{}\r\n\
         master_replid2:0000000000000000000000000000000000000000\r\nmaster_repl_offset:0\r\nsecond_repl_offset:-1\r\n\
         repl_backlog_active:0\r\nrepl_backlog_size:{}\r\nrepl_backlog_first_byte_offset:0\r\n\
         repl_backlog_histlen:0\r\n",
        engine.server.repl_id, config.repl_backlog_size
    );
}

pub fn cpu(_engine: &Engine, out: &mut String) {
    for (who, suffix) in [(Who::Process, ""), (Who::Children, "_children"), (Who::Thread, "_main_thread")] {
        let times = cpu_times(who);
        for (what, us) in [("sys", times.system_us), ("user", times.user_us)] {
            let _ = write!(out, "used_cpu_{what}{suffix}:{}.{:06}\r\n", us / 1_000_000, us % 1_000_000);
        }
    }
}
