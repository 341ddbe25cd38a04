//! The report of LATENCY DOCTOR: what was observed, and what may be done about it. Its shape is the one operators know;
//! its advice is about this server. Reads the monitor and a few settings; measures nothing.

use super::latency::{Monitor, Series};
use std::fmt::Write;

/// What the report depends on beside the spikes.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// `latency-monitor-threshold`; 0 is off.
    pub threshold_ms: u64,
    /// `slowlog-log-slower-than`; negative is off.
    pub slowlog_threshold_us: i64,
    pub slowlog_max_len: u64,
    /// Gigabytes a second of the last fork.
    pub fork_rate_gb: f64,
    pub fsync_always: bool,
    /// Anonymous huge pages that the kernel gave without being asked.
    pub stray_huge_pages: bool,
}

/// Kinds of advice, in the order in which they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Advice {
    FasterFork,
    EnableSlowlog,
    TuneSlowlog,
    ReadSlowlog,
    Scheduler,
    LocalDisk,
    FastDisk,
    Contention,
    NoFsyncOnRewrite,
    RelaxFsync,
    WriteLoad,
    ExpireInSteps,
    LargeValues,
    MassEviction,
    HugePages,
}

use Advice::*;

/// Which advice follows from an event whatever the settings.
const BY_EVENT: &[(&str, &[Advice])] = &[
    ("command", &[ReadSlowlog, LargeValues]),
    ("fast-command", &[Scheduler]),
    ("command-unblocking", &[ReadSlowlog]),
    ("aof-write-pending-fsync", &[LocalDisk, Contention, FastDisk]),
    ("aof-write-active-child", &[NoFsyncOnRewrite, FastDisk]),
    ("aof-write-alone", &[LocalDisk, FastDisk]),
    ("aof-fsync-always", &[RelaxFsync]),
    ("aof-fstat", &[Contention, LocalDisk]),
    ("rdb-unlink-temp-file", &[Contention, LocalDisk]),
    ("aof-rewrite-diff-write", &[WriteLoad, FastDisk, LocalDisk]),
    ("aof-rename", &[WriteLoad, FastDisk, LocalDisk]),
    ("expire-cycle", &[ExpireInSteps, LargeValues]),
    ("eviction-del", &[LargeValues]),
    ("eviction-cycle", &[MassEviction]),
];

/// Average, mean deviation and seconds covered by the samples of a series.
struct Summary {
    samples: u64,
    average_ms: u64,
    deviation_ms: u64,
    period_s: i64,
}

fn summarize(series: &Series, now_s: i64) -> Summary {
    let samples = series.samples().len().max(1) as u64;
    let average_ms = series.samples().map(|s| u64::from(s.latency_ms)).sum::<u64>() / samples;
    let deviations = series.samples().map(|s| u64::from(s.latency_ms).abs_diff(average_ms));
    let oldest_s = series.samples().map(|s| s.time_s).min().unwrap_or(now_s);
    Summary {
        samples,
        average_ms,
        deviation_ms: deviations.sum::<u64>() / samples,
        period_s: now_s.saturating_sub(oldest_s).max(1),
    }
}

fn fork_quality(rate_gb: f64) -> (&'static str, bool) {
    match rate_gb {
        ..10.0 => ("terrible", true),
        10.0..25.0 => ("poor", true),
        25.0..100.0 => ("good", false),
        _ => ("excellent", false),
    }
}

/// The whole report.
pub fn report(monitor: &Monitor, setting: &Setting, now_s: i64) -> String {
    if monitor.series().is_empty() && setting.threshold_ms == 0 {
        return "Nothing to examine: the latency monitor is switched off. \
                CONFIG SET latency-monitor-threshold <milliseconds> switches it on.\n"
            .to_string();
    }
    let mut out = String::new();
    let mut advice = Vec::new();
    for (i, series) in monitor.series().iter().enumerate() {
        if i == 0 {
            out.push_str("Latency spikes were observed in this server.\n\n");
        }
        describe(&mut out, i + 1, series, now_s);
        if series.event() == "fork" {
            let (quality, poor) = fork_quality(setting.fork_rate_gb);
            let _ = write!(out, " Fork rate is {:.2} GB/sec ({quality}).", setting.fork_rate_gb);
            advice.extend(poor.then_some(FasterFork));
        }
        out.push('\n');
        advice_for(series.event(), setting, &mut advice);
    }
    advice.extend(setting.stray_huge_pages.then_some(HugePages));
    advice.sort();
    advice.dedup();
    conclude(&mut out, monitor.series().is_empty(), &advice, setting);
    out
}

fn describe(out: &mut String, number: usize, series: &Series, now_s: i64) {
    let summary = summarize(series, now_s);
    let _ = write!(
        out,
        "{number}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2} sec). \
         Worst all time event {}ms.",
        series.event(),
        summary.samples,
        summary.average_ms,
        summary.deviation_ms,
        summary.period_s as f64 / summary.samples as f64,
        series.max_ms(),
    );
}

fn advice_for(event: &str, setting: &Setting, advice: &mut Vec<Advice>) {
    if event == "command" {
        let threshold_ms = i64::try_from(setting.threshold_ms).unwrap_or(i64::MAX);
        if setting.slowlog_threshold_us < 0 || setting.slowlog_max_len == 0 {
            advice.push(EnableSlowlog);
        } else if setting.slowlog_threshold_us / 1000 > threshold_ms {
            advice.push(TuneSlowlog);
        }
    }
    let known = BY_EVENT.iter().find(|(name, _)| *name == event);
    let wanted = known.into_iter().flat_map(|(_, advice)| advice.iter().copied());
    advice.extend(wanted.filter(|advice| *advice != RelaxFsync || setting.fsync_always));
}

fn conclude(out: &mut String, quiet: bool, advice: &[Advice], setting: &Setting) {
    if advice.is_empty() {
        out.push_str(if quiet {
            "No latency spike has been observed since this server started.\n"
        } else {
            "\nNone of these events has an easy remedy. The report above is what to show when asking for help.\n"
        });
        return;
    }
    out.push_str("\nWhat may help:\n\n");
    for advice in advice {
        out.push_str("- ");
        text(out, *advice, setting.threshold_ms.saturating_mul(1000));
        out.push('\n');
    }
}

fn text(out: &mut String, advice: Advice, slowlog_us: u64) {
    out.push_str(match advice {
        FasterFork => {
            "fork() is slow on this machine, as it is on some virtual machines. Another instance type or \
             hypervisor may do better; transparent huge pages set to madvise make page tables smaller."
        }
        EnableSlowlog => {
            let _ = write!(
                out,
                "The slow log is off, so slow commands leave no trace. \
                 'CONFIG SET slowlog-log-slower-than {slowlog_us}' logs what the latency monitor notices."
            );
            return;
        }
        TuneSlowlog => {
            let _ = write!(
                out,
                "The slow log starts later than the latency monitor and misses some of these commands. \
                 'CONFIG SET slowlog-log-slower-than {slowlog_us}' makes them agree."
            );
            return;
        }
        ReadSlowlog => "SLOWLOG GET names the commands that took long.",
        Scheduler => {
            "Commands that only touch memory were slow, so the server did not get the processor when it needed \
             it:\n  1) Take other load off this machine, or give the server a machine of its own.\n  \
             2) Look for other virtual machines that compete for the same cores (steal time).\n  \
             3) 'redis-cli --intrinsic-latency 100' measures what the machine alone is responsible for."
        }
        LocalDisk => "Keep the append only file on a local disk: network storage answers late and unevenly.",
        FastDisk => "A solid state drive shortens fsync and rewrites. Do this last: it costs money.",
        Contention => "Other processes use the disk heavily. Move them, or other servers, to another one.",
        NoFsyncOnRewrite => {
            "'no-appendfsync-on-rewrite yes' leaves out fsync while a child writes to the disk. Up to half a \
             minute of writes can then be lost when the machine stops."
        }
        RelaxFsync => {
            "'appendfsync always' makes every write wait for the disk. 'everysec' risks a second of writes and \
             waits for nothing."
        }
        WriteLoad => {
            "Much was written while the append only file was being rewritten. Fewer, larger commands or scripts \
             make less of it."
        }
        ExpireInSteps => {
            "Many keys expired at the same moment. Spread their times to live over some seconds."
        }
        LargeValues => {
            "Commands over large values take time in proportion to their size: split the values, or read them \
             in parts with SCAN, HSCAN, SSCAN, ZSCAN and ranges."
        }
        MassEviction => {
            "Much memory had to be freed at once: lower 'maxmemory' in small steps, and see to large results of \
             SORT or of set operations with STORE."
        }
        HugePages => {
            "The kernel uses transparent huge pages that the server did not ask for; while it saves, each write \
             then copies 2 MB. 'echo madvise > /sys/kernel/mm/transparent_hugepage/enabled' and a restart leave \
             it to the server."
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTING: Setting = Setting {
        threshold_ms: 100,
        slowlog_threshold_us: 10_000,
        slowlog_max_len: 128,
        fork_rate_gb: 60.0,
        fsync_always: false,
        stray_huge_pages: false,
    };

    fn monitor(events: &[(&'static str, u64, i64)]) -> Monitor {
        let mut monitor = Monitor::default();
        for (event, latency_ms, now_s) in events {
            monitor.add(event, *latency_ms, *now_s);
        }
        monitor
    }

    #[test]
    fn off_quiet_and_helpless() {
        let off = Setting { threshold_ms: 0, ..SETTING };
        assert!(report(&monitor(&[]), &off, 10).contains("latency-monitor-threshold"));
        assert!(report(&monitor(&[]), &SETTING, 10).starts_with("No latency spike"));
        assert!(
            report(&monitor(&[("while-blocked-cron", 200, 1)]), &SETTING, 10).contains("asking for help")
        );
    }

    #[test]
    fn spikes_are_summed_up() {
        let report = report(&monitor(&[("command", 100, 10), ("command", 300, 20)]), &SETTING, 50);
        let line = "1. command: 2 latency spikes (average 200ms, mean deviation 100ms, period 20.00 sec). \
                    Worst all time event 300ms.\n";
        assert!(report.contains(line), "{report}");
        assert!(report.contains("\nWhat may help:\n\n- SLOWLOG GET"), "{report}");
    }

    #[test]
    fn advice_depends_on_settings() {
        let spikes = monitor(&[("command", 200, 1), ("aof-fsync-always", 200, 1), ("fork", 900, 1)]);
        let text = report(&spikes, &SETTING, 10);
        assert!(!text.contains("slower-than") && !text.contains("everysec"));
        assert!(text.contains("Fork rate is 60.00 GB/sec (good)."));
        let off = Setting { slowlog_threshold_us: -1, fsync_always: true, fork_rate_gb: 4.0, ..SETTING };
        let text = report(&spikes, &off, 10);
        assert!(
            text.contains("slower-than 100000'") && text.contains("everysec") && text.contains("(terrible)")
        );
        let late = Setting { slowlog_threshold_us: 500_000, ..SETTING };
        assert!(report(&spikes, &late, 10).contains("starts later"));
    }

    #[test]
    fn advice_comes_once() {
        let spikes = monitor(&[("aof-fstat", 200, 1), ("rdb-unlink-temp-file", 200, 1)]);
        assert_eq!(report(&spikes, &SETTING, 10).matches("local disk").count(), 1);
    }
}
