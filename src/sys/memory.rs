//! The process' memory as the system sees it: resident pages, the machine's total, the limit of its control group.
//! What the heap has handed out is told by `heap`.

use std::fs;
use std::sync::OnceLock;

pub use super::heap::{
    CountingAllocator, HeapStats, allocator_name, heap_stats, malloc_stats, purge, set_background_thread,
    usable_size, used_memory,
};

/// The system's page size in bytes.
pub fn page_size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        // SAFETY: sysconf reads a constant of the system.
        usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
    })
}

/// Resident bytes of this process; 0 where the system does not tell. Three system calls and no allocation: some 5 us.
pub fn rss_bytes() -> usize {
    let mut buf = [0u8; 128];
    let text = read_small(c"/proc/self/statm", &mut buf);
    resident_pages(text).unwrap_or(0).saturating_mul(page_size())
}

fn resident_pages(statm: &[u8]) -> Option<usize> {
    let field = statm.split(|&b| b == b' ').nth(1)?;
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// The beginning of a small file, as much as fits; empty when it cannot be read.
fn read_small<'a>(path: &std::ffi::CStr, buf: &'a mut [u8]) -> &'a [u8] {
    // SAFETY: the path is a C string; the buffer's pointer and length are those of one live slice; the descriptor is
    // closed by whom it was opened.
    let got = unsafe {
        let fd = libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if fd < 0 {
            return &[];
        }
        let got = libc::read(fd, buf.as_mut_ptr().cast(), buf.len());
        libc::close(fd);
        got
    };
    &buf[..usize::try_from(got).unwrap_or(0)]
}

/// The machine's memory in bytes; 0 where the system does not tell.
pub fn total_bytes() -> u64 {
    fs::read_to_string("/proc/meminfo").ok().and_then(|text| kb_field(&text, "MemTotal:")).unwrap_or(0)
}

/// Bytes of this process that no other shares and that were written since they were mapped: what a forked child's
/// copies cost. Walks all mappings: about 1 ms a GB.
pub fn private_dirty_bytes() -> u64 {
    let text = fs::read_to_string("/proc/self/smaps_rollup")
        .or_else(|_| fs::read_to_string("/proc/self/smaps"))
        .unwrap_or_default();
    kb_field(&text, "Private_Dirty:").unwrap_or(0)
}

/// The sum in bytes of a field given in kB; `None` when it is nowhere.
fn kb_field(text: &str, name: &str) -> Option<u64> {
    let mut sum = None;
    for line in text.lines() {
        let Some(rest) = line.strip_prefix(name) else { continue };
        let kb: u64 = rest.trim().trim_end_matches("kB").trim().parse().ok()?;
        sum = Some(sum.unwrap_or(0u64).saturating_add(kb.saturating_mul(1024)));
    }
    sum
}

/// The memory limit in bytes that this process' control group sets, `None` if there is none. The strictest of the
/// group and those above it counts.
pub fn cgroup_limit_bytes() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    cgroup_files(&groups)
        .iter()
        .filter_map(|path| parse_limit(&fs::read_to_string(path).ok()?))
        .min()
        .filter(|&limit| limit > 0)
}

/// The files that may hold a limit, by the text of `/proc/self/cgroup`: version 2 has a line `0::/path`, version 1 one
/// line for each controller. Inside a container the path is often that of the host and not to be found; the mount's
/// own top holds the limit then.
fn cgroup_files(groups: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (root, name) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|c| c == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        let mut path = path.trim_end_matches('/');
        loop {
            files.push(format!("{root}{path}/{name}"));
            match path.rfind('/') {
                Some(at) => path = &path[..at],
                None => break,
            }
        }
    }
    files
}

/// Version 1 says "no limit" by a number near 2^63, version 2 by the word `max`.
fn parse_limit(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|&limit: &u64| limit < 1 << 62)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_grows_with_what_is_touched() {
        let before = rss_bytes();
        assert!(before > 0);
        let block = vec![1u8; 32 << 20];
        assert!(rss_bytes() >= before + (16 << 20));
        assert_eq!(block.iter().map(|&b| usize::from(b)).sum::<usize>(), 32 << 20);
        assert!(total_bytes() > rss_bytes() as u64);
    }

    #[test]
    fn fields_are_parsed_and_garbage_is_not() {
        assert_eq!(resident_pages(b"3 17 2 1 0 5 0\n"), Some(17));
        assert_eq!(resident_pages(b""), None);
        assert_eq!(resident_pages(b"3 x"), None);
        assert_eq!(kb_field("A: 1 kB\nMemTotal:   24 kB\n", "MemTotal:"), Some(24 * 1024));
        assert_eq!(kb_field("Private_Dirty: 1 kB\nPrivate_Dirty: 2 kB", "Private_Dirty:"), Some(3072));
        assert_eq!(kb_field("MemTotal: x kB", "MemTotal:"), None);
        assert_eq!(kb_field("", "MemTotal:"), None);
        assert_eq!(parse_limit("max\n"), None);
        assert_eq!(parse_limit("104857600\n"), Some(104_857_600));
        assert_eq!(parse_limit("9223372036854771712\n"), None);
    }

    #[test]
    fn cgroup_paths_go_up_to_the_root() {
        assert_eq!(
            cgroup_files("0::/a/b\n"),
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup/memory.max"]
        );
        assert_eq!(cgroup_files("0::/\n"), ["/sys/fs/cgroup/memory.max"]);
        assert_eq!(
            cgroup_files("5:cpu,memory:/x\n4:pids:/x\nbad"),
            ["/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        );
    }
}
