//! Commands out of a damaged log: the same however its bytes arrive, up to an offset behind which nothing was taken.

use super::mutator::{Rng, mutate, rounds};
use crate::meter::peak_bytes;
use spinel::persist::aof::{LogReader, ReadError};
use std::io::{self, Read};

const TOKENS: &[&[u8]] = &[
    b"*",
    b"$",
    b"\r\n",
    b"*0\r\n",
    b"*-1\r\n",
    b"$-1\r\n",
    b"*2147483647\r\n",
    b"$9223372036854775807\r\n",
    b"$18446744073709551616\r\n",
    b"#TS:1700000000\r\n",
    b"*1\r\n$5\r\nMULTI\r\n",
    b"\0\0\0\0\0\0\0\0",
];
/// The reader's own buffer, which it takes whatever there is to read.
const BUFFER: usize = 1 << 20;

/// Gives up to so many bytes at a time.
struct Dripping<'a>(&'a [u8], usize);

impl Read for Dripping<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let len = self.0.len().min(out.len()).min(self.1);
        out[..len].copy_from_slice(&self.0[..len]);
        self.0 = &self.0[len..];
        Ok(len)
    }
}

#[derive(PartialEq, Eq, Debug)]
enum End {
    Whole,
    Truncated,
    Zeroes,
    Format,
}

/// All commands, the offset behind the last, and why there are no more.
fn read(log: &[u8], step: usize) -> (Vec<Vec<Vec<u8>>>, usize, End) {
    let mut reader = LogReader::new(Dripping(log, step), 0);
    let (mut commands, mut last) = (Vec::new(), 0);
    let end = loop {
        match reader.advance() {
            Ok(true) => commands.push(reader.args().map(<[u8]>::to_vec).collect()),
            Ok(false) => break End::Whole,
            Err(ReadError::Truncated) => break End::Truncated,
            Err(ReadError::Zeroes) => break End::Zeroes,
            Err(ReadError::Format) => break End::Format,
            Err(ReadError::Io(error)) => panic!("{error}"),
        }
        assert!(reader.offset() > last, "a command takes bytes");
        last = reader.offset();
    };
    (commands, reader.offset() as usize, end)
}

fn log(rng: &mut Rng) -> Vec<u8> {
    let mut log = Vec::new();
    for _ in 0..=rng.below(6) {
        if rng.one_in(4) {
            log.extend_from_slice(format!("#TS:{}\r\n", rng.below(1 << 31)).as_bytes());
        }
        let count = 1 + rng.below(4);
        log.extend_from_slice(format!("*{count}\r\n").as_bytes());
        for _ in 0..count {
            let word = rng.bytes(20);
            log.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            log.extend_from_slice(&word);
            log.extend_from_slice(b"\r\n");
        }
    }
    log
}

#[test]
fn damaged_logs_read_the_same_however_they_come() {
    let (mut whole, mut stopped) = (0, 0);
    for seed in 0..rounds(4_000) {
        let mut rng = Rng::new(seed);
        let mut bytes = log(&mut rng);
        if !rng.one_in(10) {
            mutate(&mut rng, &mut bytes, TOKENS);
        }
        let ((commands, offset, end), peak) = peak_bytes(|| read(&bytes, usize::MAX));
        assert!(peak < BUFFER + 64 * bytes.len(), "seed {seed}: {peak} bytes");
        assert!(offset <= bytes.len(), "seed {seed}");
        assert_eq!(end == End::Whole, offset == bytes.len(), "seed {seed}: {end:?} at {offset}");
        let step = 1 + rng.below(30);
        assert_eq!(read(&bytes, step), (commands.clone(), offset, end), "seed {seed}, step {step}");
        // What is kept when the rest is cut off.
        assert_eq!(read(&bytes[..offset], step), (commands, offset, End::Whole), "seed {seed}");
        if offset == bytes.len() { whole += 1 } else { stopped += 1 }
    }
    assert!(whole > 250 && stopped > 1_000, "{whole} {stopped}");
}
