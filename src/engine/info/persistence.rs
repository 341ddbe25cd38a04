//! The section Persistence.

use super::super::machine::Engine;
use std::fmt::Write;

/// Snapshots as they are; AOF is off whatever the configuration asks for.
pub fn persistence(engine: &Engine, out: &mut String) {
    let saving = &engine.saving;
    let child = saving.child.as_ref();
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
        u8::from(child.is_some()),
        saving.last_save_s,
        if saving.last_ok { "ok" } else { "err" },
        saving.last_seconds.unwrap_or(-1),
        child.map_or(-1, |child| now_s - child.started_s),
        saving.saves,
        saving.last_cow_bytes,
        saving.expired_keys,
        saving.loaded_keys,
    );
    out.push_str(
        "aof_enabled:0\r\naof_rewrite_in_progress:0\r\naof_rewrite_scheduled:0\r\naof_last_rewrite_time_sec:-1\r\n\
         aof_current_rewrite_time_sec:-1\r\naof_last_bgrewrite_status:ok\r\naof_rewrites:0\r\n\
         aof_rewrites_consecutive_failures:0\r\naof_last_write_status:ok\r\naof_last_cow_size:0\r\n\
         module_fork_in_progress:0\r\nmodule_fork_last_cow_size:0\r\n",
    );
}
