//! What of the system's set-up hurts a server: the checks of `--check-system` and of the warnings at the start.

use std::fs;

use super::clock::monotonic_ns;
use super::cpu::{Who, cpu_times};

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    Fine,
    /// The system does not tell.
    Skipped,
    /// What is wrong, why it matters and what to do.
    Warning(String),
}

/// A check by its name in `--check-system`.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub name: &'static str,
    pub run: fn() -> Finding,
}

/// All checks, in the order of the report.
pub const CHECKS: [Check; 4] = [
    Check { name: "slow-clocksource", run: slow_clocksource },
    Check { name: "xen-clocksource", run: xen_clocksource },
    Check { name: "overcommit", run: overcommit },
    Check { name: "THP", run: transparent_huge_pages },
];

/// Runs all checks: the report, and whether nothing is wrong. Takes 50 ms.
pub fn check_system() -> (String, bool) {
    report(CHECKS.iter().map(|check| (check.name, (check.run)())))
}

fn report(findings: impl Iterator<Item = (&'static str, Finding)>) -> (String, bool) {
    let (mut text, mut fine) = (String::new(), true);
    for (name, finding) in findings {
        let result = match finding {
            Finding::Fine => "OK".to_string(),
            Finding::Skipped => "skipped".to_string(),
            Finding::Warning(why) => {
                fine = false;
                format!("WARNING:\n{why}")
            }
        };
        text.push_str(&format!("[{name}]...{result}\n"));
    }
    (text, fine)
}

const CLOCKSOURCE: &str = "/sys/devices/system/clocksource/clocksource0";

fn clocksource(file: &str) -> Option<String> {
    let text = fs::read_to_string(format!("{CLOCKSOURCE}/{file}")).ok()?;
    Some(text.lines().next().unwrap_or_default().trim().to_string())
}

/// Whether reading the clock enters the kernel: then a busy loop that reads it spends its time there.
fn slow_clocksource() -> Finding {
    let (before, start) = (cpu_times(Who::Process), monotonic_ns());
    // Several times the unit in which the kernel accounts processor time.
    while monotonic_ns().wrapping_sub(start) < 50_000_000 {}
    let after = cpu_times(Who::Process);
    let system = after.system_us.saturating_sub(before.system_us);
    let all = system + after.user_us.saturating_sub(before.user_us);
    if system * 10 <= all {
        return Finding::Fine;
    }
    Finding::Warning(format!(
        "Slow system clocksource detected. This can result in degraded performance. Consider changing the system's \
         clocksource. Current clocksource: {}. Available clocksources: {}. For example: run the command 'echo tsc > \
         {CLOCKSOURCE}/current_clocksource' as root. To permanently change the system's clocksource you'll need to \
         set the 'clocksource=' kernel command line parameter.",
        clocksource("current_clocksource").unwrap_or_default(),
        clocksource("available_clocksource").unwrap_or_default(),
    ))
}

/// Whether the clock is that of the Xen hypervisor, the slowest of all.
pub fn xen_clocksource() -> Finding {
    match clocksource("current_clocksource").as_deref() {
        None => Finding::Skipped,
        Some("xen") => Finding::Warning(
            "Your system is configured to use the 'xen' clocksource which might lead to degraded performance. Check \
             the result of the [slow-clocksource] system check: run 'redis-server --check-system' to check if the \
             system's clocksource isn't degrading performance."
                .to_string(),
        ),
        Some(_) => Finding::Fine,
    }
}

/// Whether the kernel would refuse a fork for memory that the child never takes.
pub fn overcommit() -> Finding {
    let Ok(text) = fs::read_to_string("/proc/sys/vm/overcommit_memory") else { return Finding::Skipped };
    if text.trim() == "1" {
        return Finding::Fine;
    }
    Finding::Warning(
        "Memory overcommit must be enabled! Without it, a background save or replication may fail under low memory \
         condition. Being disabled, it can also cause failures without low memory condition, see \
         https://github.com/jemalloc/jemalloc/issues/1328. To fix this issue add 'vm.overcommit_memory = 1' to \
         /etc/sysctl.conf and then reboot or run the command 'sysctl vm.overcommit_memory=1' for this to take effect."
            .to_string(),
    )
}

/// Whether the kernel backs everything with huge pages: a write after a fork then copies 2 MB instead of 4 KB.
pub fn transparent_huge_pages() -> Finding {
    let Ok(text) = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled") else {
        return Finding::Skipped;
    };
    if !text.contains("[always]") {
        return Finding::Fine;
    }
    Finding::Warning(
        "You have Transparent Huge Pages (THP) support enabled in your kernel. This will create latency and memory \
         usage issues with Redis. To fix this issue run the command 'echo madvise > \
         /sys/kernel/mm/transparent_hugepage/enabled' as root, and add it to your /etc/rc.local in order to retain \
         the setting after a reboot. Redis must be restarted after THP is disabled (set to 'madvise' or 'never')."
            .to_string(),
    )
}

/// The longest queue of connections that the kernel allows a listener; `None` where it does not tell.
pub fn max_listen_backlog() -> Option<u32> {
    fs::read_to_string("/proc/sys/net/core/somaxconn").ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_has_a_line_for_each() {
        let findings = [("a", Finding::Fine), ("b", Finding::Skipped)];
        assert_eq!(report(findings.into_iter()), ("[a]...OK\n[b]...skipped\n".to_string(), true));
        let findings = [("c", Finding::Warning("why".to_string())), ("d", Finding::Fine)];
        assert_eq!(report(findings.into_iter()), ("[c]...WARNING:\nwhy\n[d]...OK\n".to_string(), false));
    }

    #[test]
    fn the_real_system_is_judged() {
        let (text, _) = check_system();
        for check in CHECKS {
            assert_eq!(text.matches(&format!("[{}]...", check.name)).count(), 1, "{text}");
        }
        assert!(max_listen_backlog().is_none_or(|n| n > 0));
    }
}
