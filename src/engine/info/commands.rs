//! The sections Commandstats, Errorstats and Latencystats.

use super::super::machine::Engine;
use super::super::table::CommandId;
use std::fmt::Write;

pub fn commandstats(engine: &Engine, out: &mut String) {
    for (id, stats) in engine.stats.commands.used() {
        let _ = write!(out, "cmdstat_{}:", engine.commands.get(CommandId(id)).full_name);
        stats.write_line(out);
        out.push_str("\r\n");
    }
}

pub fn errorstats(engine: &Engine, out: &mut String) {
    for (code, count) in engine.stats.errors.iter() {
        let _ = write!(out, "errorstat_{}:count={count}\r\n", String::from_utf8_lossy(code));
    }
}

pub fn latencystats(engine: &Engine, out: &mut String) {
    let percentiles = &engine.config.latency_tracking_info_percentiles;
    for (id, stats) in engine.stats.commands.used() {
        let Some(latency) = stats.latency().filter(|_| !percentiles.is_empty()) else { continue };
        let _ = write!(out, "latency_percentiles_usec_{}:", engine.commands.get(CommandId(id)).full_name);
        latency.write_percentiles(percentiles, out);
        out.push_str("\r\n");
    }
}
