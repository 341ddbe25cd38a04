//! The process' title as `ps` shows it: Linux reads it from where the arguments lay when the program started, so a new
//! title is written over them, and over the environment behind them once that has moved away.

use std::ffi::c_char;
use std::sync::Mutex;

/// The memory that holds the title.
struct Area {
    start: usize,
    len: usize,
    /// Bytes that the arguments had: a zero at their end means that they are still as they were.
    arguments_len: usize,
}

static AREA: Mutex<Option<Area>> = Mutex::new(None);

unsafe extern "C" {
    static mut environ: *mut *mut c_char;
}

/// Finds the memory and moves the environment away. Call it once at the start, before other threads are there, and
/// after the arguments were read: `std::env::args` gives the title from the first [`set`] on. Without it, or where the
/// system does not tell, [`set`] does nothing.
pub fn init() {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let Some((arg_start, arg_end, env_start, env_end)) = bounds(&stat) else { return };
    let mut area = AREA.lock().expect("no holder panics");
    if area.is_some() || arg_start == 0 || arg_end <= arg_start {
        return;
    }
    let mut end = arg_end;
    if env_start == arg_end && env_end >= env_start && move_environment() {
        end = env_end;
    }
    *area = Some(Area { start: arg_start, len: end - arg_start, arguments_len: arg_end - arg_start });
}

/// Replaces the title; what does not fit is cut off.
pub fn set(title: &str) {
    let area = AREA.lock().expect("no holder panics");
    let Some(area) = area.as_ref() else { return };
    // SAFETY: the memory lies on the stack of the process' start, is writable and lives as long as the process. The
    // environment does not use it any more, and whoever reads the arguments again gets text that ends in a zero.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(std::ptr::with_exposed_provenance_mut::<u8>(area.start), area.len)
    };
    write_title(bytes, area.arguments_len, title.as_bytes());
}

/// The kernel shows all the arguments' bytes, zeroes included, unless the last of them is not zero: then it takes the
/// text for a title and stops at its first zero, which may lie behind.
fn write_title(area: &mut [u8], arguments_len: usize, title: &[u8]) {
    let Some(room) = area.len().checked_sub(1) else { return };
    let len = title.iter().position(|&b| b == 0).unwrap_or(title.len()).min(room);
    area.fill(0);
    area[..len].copy_from_slice(&title[..len]);
    let Some(last) = arguments_len.checked_sub(1) else { return };
    if len < last {
        area[last] = b'.';
    } else if len == last && last + 1 < area.len() {
        // Exactly as long as the arguments: a blank keeps the last byte from being zero.
        area[last] = b' ';
    }
}

/// Start and end of arguments and environment: fields 48 to 51 of `/proc/self/stat`. The second field is a name in
/// parentheses that may contain anything.
fn bounds(stat: &str) -> Option<(usize, usize, usize, usize)> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_ascii_whitespace().skip(45).map(|field| field.parse().ok());
    Some((fields.next()??, fields.next()??, fields.next()??, fields.next()??))
}

/// Copies the environment's strings to the heap. They are never freed, as the C library may hand them out for ever.
fn move_environment() -> bool {
    // SAFETY: called once, before other threads are there. `environ` is a list of C strings ended by a null; the new
    // one is alike, and lives for ever.
    unsafe {
        let mut moved = Vec::new();
        let mut entry = environ;
        while !entry.is_null() && !(*entry).is_null() {
            let copy = libc::strdup(*entry);
            if copy.is_null() {
                return false;
            }
            moved.push(copy);
            entry = entry.add(1);
        }
        moved.push(std::ptr::null_mut());
        environ = moved.leak().as_mut_ptr();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn titled(area: usize, arguments: usize, title: &str) -> Vec<u8> {
        let mut bytes = vec![b'x'; area];
        write_title(&mut bytes, arguments, title.as_bytes());
        bytes
    }

    #[test]
    fn titles_of_any_length_end_in_a_zero() {
        assert_eq!(titled(8, 4, "a"), b"a\0\0.\0\0\0\0");
        assert_eq!(titled(8, 4, "abc"), b"abc \0\0\0\0");
        assert_eq!(titled(8, 4, "abcde"), b"abcde\0\0\0");
        assert_eq!(titled(8, 4, "abcdefghij"), b"abcdefg\0");
        assert_eq!(titled(4, 4, "abcdef"), b"abc\0");
        assert_eq!(titled(4, 4, "a\0b"), b"a\0\0.");
        assert_eq!(titled(0, 0, "a"), b"");
    }

    #[test]
    fn bounds_are_read_behind_any_name() {
        let numbers: Vec<String> = (3..=52).map(|n| n.to_string()).collect();
        let stat = format!("1 (a) b) S {}", numbers[1..].join(" "));
        assert_eq!(bounds(&stat), Some((48, 49, 50, 51)));
        assert_eq!(bounds("1 (x) S 2"), None);
        assert_eq!(bounds(""), None);
        let real = std::fs::read_to_string("/proc/self/stat").expect("Linux has it");
        let (start, end, ..) = bounds(&real).expect("Linux has the fields");
        assert!(end > start);
    }
}
