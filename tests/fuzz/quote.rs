//! Quoting and splitting undo each other, and inline requests split as configuration lines do.

use spinel::resp::parse::{ArgBuf, Limits, Outcome, Parser, ProtocolError};
use spinel::util::quote::{needs_quoting, split_args, write_quoted};

use super::mutator::{Rng, mutate, rounds};

const TOKENS: &[&[u8]] = &[b"\"", b"'", b"\\x41", b"\\'", b"\\\"", b"\\", b" ", b"\t", b"\x0b", b"\0"];

#[test]
fn quoted_arguments_come_back() {
    for seed in 0..rounds(20_000) {
        let mut rng = Rng::new(seed);
        let args: Vec<Vec<u8>> = (0..rng.below(5)).map(|_| rng.bytes(30)).collect();
        let mut line = Vec::new();
        for arg in &args {
            if needs_quoting(arg) || rng.one_in(2) {
                write_quoted(&mut line, arg);
            } else {
                line.extend_from_slice(arg);
            }
            line.extend_from_slice(rng.pick::<&[u8]>(&[b" ", b"  ", b"\t", b"\r\n"]));
        }
        assert_eq!(split_args(&line), Some(args), "seed {seed}: {line:?}");
        assert!(line.iter().all(|byte| byte.is_ascii()), "seed {seed}");
    }
}

#[test]
fn inline_requests_split_as_lines_do() {
    let limits = Limits { max_bulk_len: 1 << 20, authenticated: true, primary: false };
    let (mut args, mut balanced) = (ArgBuf::default(), 0);
    for seed in 0..rounds(20_000) {
        let mut rng = Rng::new(seed);
        let mut line = b"set 'a b' \"c\\n\" d".to_vec();
        for _ in 0..3 {
            mutate(&mut rng, &mut line, TOKENS);
        }
        line.retain(|byte| !matches!(byte, b'\n' | 0));
        line.insert(0, b' ');
        let expected = split_args(&line);
        line.push(b'\n');
        args.clear();
        let outcome = Parser::default().parse(&line, 0, &limits, &mut args);
        let found: Vec<_> = args.ranges().iter().map(|&arg| args.bytes(arg, &line, &[]).to_vec()).collect();
        match expected {
            None => assert_eq!(outcome, Outcome::Error(ProtocolError::UnbalancedQuotes), "seed {seed}"),
            Some(expected) if expected.is_empty() => {
                assert_eq!(outcome, Outcome::Empty { consumed: line.len() }, "seed {seed}");
            }
            Some(expected) => {
                balanced += 1;
                assert_eq!(found, expected, "seed {seed}: {line:?}");
            }
        }
    }
    assert!(balanced > 1_000, "both kinds of line must come up: {balanced}");
}
