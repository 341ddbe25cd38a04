//! The log of commands that were slow (SLOWLOG), or whose request or reply was large (COMMANDLOG). Does not measure and
//! does not know who may not be logged.

use std::collections::VecDeque;

/// Arguments kept of a command. When it had more, the last one kept says how many are missing.
const MAX_ARGS: usize = 32;
/// Bytes kept of an argument.
const MAX_ARG_BYTES: usize = 128;

/// One command that was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Counts from 0 over the life of the server; RESET does not turn it back.
    pub id: u64,
    pub time_s: i64,
    /// Microseconds for the slow log, bytes for the logs of large requests and replies.
    pub value: i64,
    pub args: Vec<Box<[u8]>>,
    pub addr: Box<[u8]>,
    pub name: Box<[u8]>,
}

/// What there is to log of a command: `value` is microseconds or bytes, `addr` and `name` are the client's.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub time_s: i64,
    pub value: i64,
    pub addr: &'a [u8],
    pub name: &'a [u8],
}

/// Entries, newest first.
#[derive(Debug, Default)]
pub struct SlowLog {
    entries: VecDeque<Entry>,
    next_id: u64,
}

/// Whether a command with that value is to be logged. A negative threshold or a length of 0 turns the log off.
#[inline]
pub fn wanted(value: i64, threshold: i64, max_len: u64) -> bool {
    threshold >= 0 && value >= threshold && max_len > 0
}

impl SlowLog {
    /// Logs a command. The caller asked `wanted` first, and has put something else in place of secrets.
    pub fn record<'a>(
        &mut self,
        record: Record<'_>,
        args: impl ExactSizeIterator<Item = &'a [u8]>,
        max_len: u64,
    ) {
        self.entries.push_front(Entry {
            id: self.next_id,
            time_s: record.time_s,
            value: record.value,
            args: shorten(args),
            addr: record.addr.into(),
            name: record.name.into(),
        });
        self.next_id += 1;
        self.trim(max_len);
    }

    /// Drops the oldest entries beyond that length: for CONFIG SET of the length.
    pub fn trim(&mut self, max_len: u64) {
        self.entries.truncate(usize::try_from(max_len).unwrap_or(usize::MAX));
    }

    /// Entries, newest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets the entries; ids go on.
    pub fn reset(&mut self) {
        self.entries = VecDeque::new();
    }
}

fn shorten<'a>(args: impl ExactSizeIterator<Item = &'a [u8]>) -> Vec<Box<[u8]>> {
    let count = args.len();
    let kept = if count > MAX_ARGS { MAX_ARGS - 1 } else { count };
    let mut out: Vec<Box<[u8]>> = Vec::with_capacity(count.min(MAX_ARGS));
    out.extend(args.take(kept).map(shorten_arg));
    if kept < count {
        out.push(format!("... ({} more arguments)", count - kept).into_bytes().into());
    }
    out
}

fn shorten_arg(arg: &[u8]) -> Box<[u8]> {
    let Some((head, rest)) = arg.split_at_checked(MAX_ARG_BYTES).filter(|(_, rest)| !rest.is_empty()) else {
        return arg.into();
    };
    [head, format!("... ({} more bytes)", rest.len()).as_bytes()].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(args: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut log = SlowLog::default();
        let record = Record { time_s: 7, value: 20_000, addr: b"127.0.0.1:5", name: b"worker" };
        log.record(record, args.iter().copied(), 10);
        log.entries().next().map(|e| e.args.iter().map(|a| a.to_vec()).collect()).unwrap_or_default()
    }

    #[test]
    fn threshold_and_length_turn_it_off() {
        assert!(wanted(10_000, 10_000, 128) && wanted(0, 0, 1));
        assert!(!wanted(9_999, 10_000, 128) && !wanted(5, -1, 128) && !wanted(5, 0, 0));
    }

    #[test]
    fn long_arguments_are_cut() {
        let args = log(&[b"set", &[b'A'; 128], &[b'A'; 129]]);
        assert_eq!(args[1], [b'A'; 128]);
        assert_eq!(args[2], [&[b'A'; 128][..], b"... (1 more bytes)"].concat());
    }

    #[test]
    fn many_arguments_are_counted() {
        assert_eq!(log(&[b"x".as_slice(); 32]).len(), 32);
        let args = log(&[b"x".as_slice(); 33]);
        assert_eq!((args.len(), args[31].as_slice()), (32, b"... (2 more arguments)".as_slice()));
    }

    #[test]
    fn newest_first_and_bounded() {
        let mut log = SlowLog::default();
        for value in 0..5 {
            let record = Record { time_s: 0, value, addr: b"", name: b"" };
            log.record(record, [b"ping".as_slice()].into_iter(), 3);
        }
        let ids = |log: &SlowLog| log.entries().map(|e| (e.id, e.value)).collect::<Vec<_>>();
        assert_eq!(ids(&log), [(4, 4), (3, 3), (2, 2)]);
        log.trim(1);
        assert_eq!(ids(&log), [(4, 4)]);
        log.reset();
        assert!(log.is_empty());
        log.record(Record { time_s: 0, value: 9, addr: b"", name: b"" }, [].into_iter(), 3);
        assert_eq!(ids(&log), [(5, 9)]);
    }
}
