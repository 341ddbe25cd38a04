//! A test of the memory that the process has, which leaves its contents as they were: part of a crash report, because
//! broken memory looks like any other bug. Allocates nothing. All other threads must stand still.

use std::ffi::c_void;

use super::clock::monotonic_ns;
use super::memory::page_size;

/// What a test found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tested {
    pub bytes: usize,
    /// Words that did not give back what was written.
    pub errors: usize,
    /// Time ran out before everything was tested.
    pub cut_short: bool,
}

const MAX_REGIONS: usize = 256;
const WORDS: usize = 512;
/// Pages that are looked up at a time.
const BATCH: usize = 256;

/// A stretch of memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Region {
    start: usize,
    end: usize,
}

/// Writes patterns to every resident page of this process' anonymous memory, reads them back and restores what was
/// there; about 3 s a GB. Stops after `budget_ms`. `before_region` is told each region's start and size.
///
/// Only for a process that is about to end and in which no other thread runs.
pub fn test_own_memory(budget_ms: u64, mut before_region: impl FnMut(usize, usize)) -> Tested {
    let deadline = monotonic_ns().saturating_add(budget_ms.saturating_mul(1_000_000));
    let mut regions = [Region::default(); MAX_REGIONS];
    let found = read_regions(&mut regions);
    let marker = 0u8;
    let stack = (&raw const marker).addr();
    let mut tested = Tested::default();
    for region in regions.iter().take(found).filter(|region| !(region.start..region.end).contains(&stack)) {
        before_region(region.start, region.end - region.start);
        test_region(*region, deadline, &mut tested);
        if tested.cut_short {
            break;
        }
    }
    tested
}

fn test_region(region: Region, deadline: u64, tested: &mut Tested) {
    let page = page_size();
    let mut resident = [0u8; BATCH];
    let mut at = region.start;
    while at < region.end {
        let pages = ((region.end - at) / page).min(BATCH);
        if pages == 0 {
            return;
        }
        let start = std::ptr::with_exposed_provenance_mut::<c_void>(at);
        // SAFETY: one byte for each page asked about is there to be written; unmapped pages are an error answer.
        if unsafe { libc::mincore(start, pages * page, resident.as_mut_ptr()) } == 0 {
            for (index, _) in resident.iter().take(pages).enumerate().filter(|(_, state)| **state & 1 != 0) {
                tested.errors += test_page(at + index * page, page);
                tested.bytes += page;
            }
        }
        if monotonic_ns() > deadline {
            tested.cut_short = true;
            return;
        }
        at += pages * page;
    }
}

fn test_page(at: usize, page: usize) -> usize {
    let size = WORDS * size_of::<u64>();
    (0..page / size).map(|block| test_block(at + block * size)).sum()
}

/// Tests 4 KB at a mapped, writable address.
fn test_block(at: usize) -> usize {
    let block = std::ptr::with_exposed_provenance_mut::<u64>(at);
    let mut kept = [0u64; WORDS];
    let mut errors = 0;
    // SAFETY: the block lies in a page that is mapped readable and writable, aligned to a page; no other thread runs,
    // and this one reads nothing else while the block holds a pattern: `kept` is on the stack, which is not tested.
    unsafe {
        for (index, word) in kept.iter_mut().enumerate() {
            *word = block.add(index).read_volatile();
        }
        for pattern in [0x5555_5555_5555_5555u64, !0x5555_5555_5555_5555, at as u64] {
            for index in 0..WORDS {
                block.add(index).write_volatile(pattern ^ index as u64);
            }
            leave_cache(block);
            for index in 0..WORDS {
                errors += usize::from(block.add(index).read_volatile() != pattern ^ index as u64);
            }
        }
        for (index, word) in kept.iter().enumerate() {
            block.add(index).write_volatile(*word);
        }
    }
    errors
}

/// Makes the next reads of a block come from memory, where the processor lets us.
///
/// # Safety
/// The block must be mapped.
unsafe fn leave_cache(block: *mut u64) {
    #[cfg(target_arch = "x86_64")]
    for line in (0..WORDS).step_by(8) {
        // SAFETY: every x86-64 processor has the instruction, and the line is mapped.
        unsafe { core::arch::x86_64::_mm_clflush(block.add(line).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = block;
}

/// The private, writable, anonymous mappings but for stacks: how many were found.
fn read_regions(regions: &mut [Region]) -> usize {
    let mut found = 0;
    let mut line = [0u8; 256];
    let (mut len, mut chunk) = (0, [0u8; 1024]);
    // SAFETY: the path is a C string; the kernel writes at most the buffer's length; the descriptor is closed by whom
    // it was opened.
    unsafe {
        let fd = libc::open(c"/proc/self/maps".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        while let Ok(got @ 1..) = usize::try_from(libc::read(fd, chunk.as_mut_ptr().cast(), chunk.len())) {
            for &byte in chunk.get(..got).unwrap_or_default() {
                if byte != b'\n' {
                    // What is too long to be kept is a path, and no file's mapping is wanted.
                    if let Some(slot) = line.get_mut(len) {
                        (*slot, len) = (byte, len + 1);
                    }
                    continue;
                }
                if let (Some(region), Some(slot)) = (anonymous(&line[..len]), regions.get_mut(found)) {
                    (*slot, found) = (region, found + 1);
                }
                len = 0;
            }
        }
        if fd >= 0 {
            libc::close(fd);
        }
    }
    found
}

/// Reads a line of `/proc/self/maps`: `start-end rights offset device inode name`.
fn anonymous(line: &[u8]) -> Option<Region> {
    let mut fields = std::str::from_utf8(line).ok()?.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let rights = fields.next()?;
    let (_, device) = (fields.next()?, fields.next()?);
    let name = fields.nth(1).unwrap_or_default();
    let wanted = rights.starts_with("rw") && rights.ends_with('p') && device == "00:00";
    let special = ["stack", "vdso", "vvar", "vsyscall"].iter().any(|word| name.contains(word));
    let region =
        Region { start: usize::from_str_radix(start, 16).ok()?, end: usize::from_str_radix(end, 16).ok()? };
    (wanted && !special && region.start < region.end).then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_and_stacks_left_out() {
        let of = |line: &str| anonymous(line.as_bytes());
        let region = Some(Region { start: 0x1000, end: 0x3000 });
        assert_eq!(of("1000-3000 rw-p 00000000 00:00 0"), region);
        assert_eq!(of("1000-3000 rw-p 00000000 00:00 0                          [heap]"), region);
        for other in [
            "1000-3000 rw-p 00000000 00:00 0 [stack]",
            "1000-3000 r--p 00000000 00:00 0",
            "1000-3000 rw-s 00000000 00:00 0",
            "1000-3000 rw-p 00000000 08:01 77 /lib/x.so",
            "3000-1000 rw-p 00000000 00:00 0",
            "1000 rw-p",
            "",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn contents_survive_the_test() {
        let mut block = vec![0u8; 4 << 20];
        for (index, byte) in block.iter_mut().enumerate() {
            *byte = (index * 7) as u8;
        }
        let page = page_size();
        let start = block.as_ptr().expose_provenance().next_multiple_of(page);
        let region = Region { start, end: start + (3 << 20) };
        let mut tested = Tested::default();
        test_region(region, u64::MAX, &mut tested);
        assert_eq!(tested, Tested { bytes: 3 << 20, errors: 0, cut_short: false });
        assert!(std::hint::black_box(&block).iter().enumerate().all(|(i, &b)| b == (i * 7) as u8));
        let mut regions = [Region::default(); MAX_REGIONS];
        let found = read_regions(&mut regions);
        assert!(regions[..found].iter().any(|r| (r.start..r.end).contains(&start)));
    }

    #[test]
    fn time_runs_out() {
        let page = page_size();
        let block = vec![1u8; 4 << 20];
        let start = block.as_ptr().expose_provenance().next_multiple_of(page);
        let mut tested = Tested::default();
        test_region(Region { start, end: start + (3 << 20) }, 0, &mut tested);
        assert!(tested.cut_short && tested.bytes <= BATCH * page);
        assert_eq!(block[0], 1);
    }
}
