//! The section Persistence.

use super::super::aof::AofState;
use super::super::machine::Engine;
use super::super::saving::ChildWork;
use std::fmt::Write;

/// Snapshots first, then the append-only file.
pub fn persistence(engine: &Engine, out: &mut String) {
    let saving = &engine.saving;
    let child = saving.child.as_ref();
    let snapshot = saving.child_for(ChildWork::Snapshot);
    let now_s = engine.clock.now_ms / 1000;
    let (done, total) = child.map_or((0, 0), |child| (child.keys_done, child.keys_total));
    let share = if total == 0 { 0.0 } else { done as f64 * 100.0 / total as f64 };
    let _ = write!(
        out,
        "loading:{}\r\nasync_loading:0\r\ncurrent_cow_peak:{}\r\ncurrent_cow_size:{}\r\ncurrent_cow_size_age:{}\r\n\
         current_fork_perc:{share:.2}\r\ncurrent_save_keys_processed:{done}\r\ncurrent_save_keys_total:{total}\r\n",
        u8::from(engine.server.loading),
        child.map_or(0, |child| child.cow_peak_bytes),
        child.map_or(0, |child| child.cow_bytes),
        saving.cow_age_s(engine.clock.now_ms),
    );
    let _ = write!(
        out,
        "rdb_changes_since_last_save:{}\r\nrdb_bgsave_in_progress:{}\r\nrdb_last_save_time:{}\r\n\
         rdb_last_bgsave_status:{}\r\nrdb_last_bgsave_time_sec:{}\r\nrdb_current_bgsave_time_sec:{}\r\n\
         rdb_saves:{}\r\nrdb_last_cow_size:{}\r\nrdb_last_load_keys_expired:{}\r\nrdb_last_load_keys_loaded:{}\r\n",
        engine.dirty_since_save,
        u8::from(snapshot.is_some()),
        saving.last_save_s,
        if saving.last_ok { "ok" } else { "err" },
        saving.last_seconds.unwrap_or(-1),
        snapshot.map_or(-1, |child| now_s - child.started_s),
        saving.saves,
        saving.last_cow_bytes,
        saving.expired_keys,
        saving.loaded_keys,
    );
    log(engine, out, now_s);
    if let Some(loading) = &engine.loading {
        let progress = &loading.progress;
        let _ = write!(
            out,
            "loading_start_time:{}\r\nloading_total_bytes:{}\r\nloading_rdb_used_mem:{}\r\n\
             loading_loaded_bytes:{}\r\nloading_loaded_perc:{:.2}\r\nloading_eta_seconds:{}\r\n",
            progress.started_s,
            progress.total_bytes,
            progress.used_memory_bytes,
            progress.loaded_bytes,
            progress.percent(),
            progress.eta_s(now_s),
        );
    }
}

fn log(engine: &Engine, out: &mut String, now_s: i64) {
    let (aof, counters) = (&engine.aof, &engine.stats.counters);
    let child = engine.rewrite_child();
    let word = |fine: bool| if fine { "ok" } else { "err" };
    let _ = write!(
        out,
        "aof_enabled:{}\r\naof_rewrite_in_progress:{}\r\naof_rewrite_scheduled:{}\r\naof_last_rewrite_time_sec:{}\r\n\
         aof_current_rewrite_time_sec:{}\r\naof_last_bgrewrite_status:{}\r\naof_rewrites:{}\r\n\
         aof_rewrites_consecutive_failures:{}\r\naof_last_write_status:{}\r\naof_last_cow_size:{}\r\n\
         module_fork_in_progress:0\r\nmodule_fork_last_cow_size:0\r\n",
        u8::from(aof.state != AofState::Off),
        u8::from(child.is_some()),
        u8::from(aof.rewrite.scheduled),
        aof.rewrite.last_seconds.unwrap_or(-1),
        child.map_or(-1, |child| now_s - child.started_s),
        word(aof.rewrite.last_ok),
        counters.aof_rewrites,
        counters.aof_rewrites_consecutive_failures,
        word(aof.write_error().is_none()),
        aof.rewrite.last_cow_bytes,
    );
    if engine.config.appendonly {
        let _ = write!(
            out,
            "aof_current_size:{}\r\naof_base_size:{}\r\naof_pending_rewrite:{}\r\naof_buffer_length:{}\r\n\
             aof_pending_bio_fsync:{}\r\naof_delayed_fsync:{}\r\n",
            aof.bytes(),
            aof.base_bytes,
            u8::from(aof.rewrite.scheduled),
            engine.feed.as_ref().map_or(0, |feed| feed.offset.saturating_sub(aof.written())),
            aof.pending_syncs(),
            counters.aof_delayed_fsync,
        );
    }
}
