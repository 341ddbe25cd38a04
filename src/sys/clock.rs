//! Clocks: the wall clock, the monotonic clock, and the processor's own tick counter for timing commands. Knows
//! nothing of who caches a reading or what it is compared with.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Milliseconds since the Unix epoch. May step backwards when somebody sets the clock.
pub fn wall_ms() -> i64 {
    wall_us() / 1000
}

/// Microseconds since the Unix epoch. May step backwards when somebody sets the clock.
pub fn wall_us() -> i64 {
    let t = read_clock(libc::CLOCK_REALTIME);
    t.tv_sec.saturating_mul(1_000_000).saturating_add(t.tv_nsec / 1000)
}

/// Nanoseconds of a clock that never goes backwards; its origin means nothing.
pub fn monotonic_ns() -> u64 {
    let t = read_clock(libc::CLOCK_MONOTONIC);
    (t.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(t.tv_nsec as u64)
}

/// Microseconds of a clock that never goes backwards; its origin means nothing.
pub fn monotonic_us() -> u64 {
    monotonic_ns() / 1000
}

/// Nanoseconds that the calling thread has spent on a processor. A system call, some 200 ns: not for hot paths.
pub fn thread_cpu_ns() -> u64 {
    let t = read_clock(libc::CLOCK_THREAD_CPUTIME_ID);
    (t.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(t.tv_nsec as u64)
}

/// Has the calling thread's waits of microseconds end in time: by default the system may end them 50 us late, so that
/// several threads wake at once.
pub fn sharpen_timers() {
    #[cfg(target_os = "linux")]
    // SAFETY: the call takes plain numbers and concerns this thread's timers only; a refusal leaves them as they were.
    unsafe {
        libc::prctl(libc::PR_SET_TIMERSLACK, 1000 as libc::c_ulong);
    }
}

fn read_clock(id: libc::clockid_t) -> libc::timespec {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `t` is a valid timespec that outlives the call. The clocks asked for exist on every supported system,
    // and a failure would leave the zeroes in place.
    unsafe { libc::clock_gettime(id, &mut t) };
    t
}

/// A point in time of the cheapest clock there is, in units of its own. Only differences mean something: give them to
/// [`ticks_to_ns`]. Some 10 to 20 ns on x86-64.
///
/// The counter is not read in program order to the last instruction; a command's duration does not need that.
#[inline(always)]
pub fn ticks() -> u64 {
    if TICKS.source.load(Ordering::Relaxed) == MONOTONIC { monotonic_ns() } else { counter() }
}

/// Nanoseconds in `ticks`, a difference of two readings of [`ticks`].
#[inline]
pub fn ticks_to_ns(ticks: u64) -> u64 {
    let scale = match TICKS.scale.load(Ordering::Relaxed) {
        0 => calibrated_scale(),
        scale => scale,
    };
    ((u128::from(ticks) * u128::from(scale)) >> SCALE_BITS) as u64
}

/// Ticks in `ns` nanoseconds: for thresholds that are compared without converting each reading.
pub fn ns_to_ticks(ns: u64) -> u64 {
    let scale = match TICKS.scale.load(Ordering::Relaxed) {
        0 => calibrated_scale(),
        scale => scale,
    };
    u64::try_from((u128::from(ns) << SCALE_BITS) / u128::from(scale)).unwrap_or(u64::MAX)
}

#[cold]
fn calibrated_scale() -> u64 {
    Ticks::calibrate();
    TICKS.scale.load(Ordering::Relaxed)
}

const SCALE_BITS: u32 = 32;
const COUNTER: u8 = 0;
const MONOTONIC: u8 = 1;

/// The state of the tick source: one for the process.
#[derive(Debug)]
pub struct Ticks {
    source: AtomicU8,
    /// Nanoseconds a tick, times 2^32; 0 until calibrated.
    scale: AtomicU64,
}

static TICKS: Ticks = Ticks { source: AtomicU8::new(COUNTER), scale: AtomicU64::new(0) };

impl Ticks {
    /// Finds out how long a tick is: 5 ms, to about 10 ppm. Call it once, early, while there is one thread: where the
    /// counter cannot be trusted the source changes to the monotonic clock, and differences across that mean nothing.
    pub fn calibrate() {
        if !counter_is_steady() {
            TICKS.source.store(MONOTONIC, Ordering::Relaxed);
            TICKS.scale.store(1 << SCALE_BITS, Ordering::Relaxed);
            return;
        }
        if let Some(hz) = counter_hz() {
            TICKS.scale.store(scale_of(1_000_000_000, hz), Ordering::Relaxed);
            return;
        }
        let (first_tick, first_ns) = Self::pair();
        while monotonic_ns().wrapping_sub(first_ns) < 5_000_000 {
            std::hint::spin_loop();
        }
        let (last_tick, last_ns) = Self::pair();
        let ticks = last_tick.wrapping_sub(first_tick).max(1);
        TICKS.scale.store(scale_of(last_ns.wrapping_sub(first_ns), ticks), Ordering::Relaxed);
    }

    /// What is behind [`ticks`], in the words that INFO's `monotonic_clock` uses.
    pub fn describe() -> String {
        if TICKS.source.load(Ordering::Relaxed) == MONOTONIC {
            return "POSIX clock_gettime".to_string();
        }
        let per_us = ns_to_ticks(1000);
        if cfg!(target_arch = "aarch64") {
            format!("ARM CNTVCT @ {per_us} ticks/us")
        } else {
            format!("X86 TSC @ {per_us} ticks/us")
        }
    }

    /// Both clocks at one moment: of several attempts the one that was disturbed least.
    fn pair() -> (u64, u64) {
        let attempt = || {
            let before = counter();
            let ns = monotonic_ns();
            let after = counter();
            (after.wrapping_sub(before), before.wrapping_add(after.wrapping_sub(before) / 2), ns)
        };
        let mut best = attempt();
        for _ in 0..16 {
            best = best.min(attempt());
        }
        (best.1, best.2)
    }
}

/// Fixed-point nanoseconds a tick, never 0.
fn scale_of(ns: u64, ticks: u64) -> u64 {
    let scale = (u128::from(ns) << SCALE_BITS) / u128::from(ticks.max(1));
    u64::try_from(scale).unwrap_or(u64::MAX).max(1)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn counter() -> u64 {
    // SAFETY: RDTSC exists on every x86-64 processor and touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn counter() -> u64 {
    let count: u64;
    // SAFETY: reading CNTVCT_EL0 is allowed in user mode on Linux and touches no memory.
    unsafe {
        core::arch::asm!("mrs {}, cntvct_el0", out(reg) count, options(nomem, nostack, preserves_flags))
    };
    count
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn counter() -> u64 {
    monotonic_ns()
}

/// Whether the counter runs at one rate whatever the processor does, and alike on all of them.
#[cfg(target_arch = "x86_64")]
fn counter_is_steady() -> bool {
    use core::arch::x86_64::__cpuid;
    let invariant = __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & (1 << 8) != 0;
    // A hypervisor may hide the flag; the kernel's own choice of clock is as good a witness.
    invariant
        || std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource")
            .is_ok_and(|name| matches!(name.trim(), "tsc" | "kvm-clock" | "hyperv_clocksource_tsc_page"))
}

#[cfg(not(target_arch = "x86_64"))]
fn counter_is_steady() -> bool {
    true
}

/// The counter's rate where the processor states it.
#[cfg(target_arch = "x86_64")]
fn counter_hz() -> Option<u64> {
    None
}

/// The counter's rate where the processor states it.
#[cfg(target_arch = "aarch64")]
fn counter_hz() -> Option<u64> {
    let hz: u64;
    // SAFETY: reading CNTFRQ_EL0 is allowed in user mode on Linux and touches no memory.
    unsafe { core::arch::asm!("mrs {}, cntfrq_el0", out(reg) hz, options(nomem, nostack, preserves_flags)) };
    (hz != 0).then_some(hz)
}

/// The counter's rate where the processor states it.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn counter_hz() -> Option<u64> {
    Some(1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_agree_with_the_monotonic_clock() {
        Ticks::calibrate();
        // An interrupt between the two readings can spoil one attempt, not all of them.
        let close = (0..20).any(|_| {
            let (t0, n0) = (ticks(), monotonic_ns());
            while monotonic_ns() - n0 < 2_000_000 {
                std::hint::spin_loop();
            }
            let (t1, n1) = (ticks(), monotonic_ns());
            ticks_to_ns(t1 - t0).abs_diff(n1 - n0) < 20_000
        });
        assert!(close);
    }

    #[test]
    fn conversion_goes_both_ways_and_does_not_overflow() {
        Ticks::calibrate();
        for ns in [0, 1_000, 1_000_000, 3_600_000_000_000] {
            assert!(ticks_to_ns(ns_to_ticks(ns)).abs_diff(ns) <= ns / 100_000 + 2);
        }
        assert!(ticks_to_ns(u64::MAX) > 0);
        assert_eq!(scale_of(u64::MAX, 0), u64::MAX);
        assert_eq!(scale_of(0, 5), 1);
    }

    #[test]
    fn wall_clock_has_one_origin_in_both_units() {
        let (ms, us) = (wall_ms(), wall_us());
        assert!(us / 1000 - ms < 60_000 && us / 1000 >= ms - 1000);
        assert!(ms > 1_600_000_000_000);
        assert!(monotonic_us() > 0 && thread_cpu_ns() > 0);
    }
}
