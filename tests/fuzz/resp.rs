//! Requests and replies: however a client's bytes are cut, they mean the same; whatever they are, memory and
//! time stay in proportion to them.

use spinel::resp::parse::{ArgBuf, Limits, Outcome, Parser, ProtocolError};
use spinel::resp::reply::{Proto, Reply};
use spinel::resp::value::{ReplyEnd, Value, read_value};

use super::mutator::{Rng, mutate, rounds};

const TOKENS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"*",
    b"$",
    b"*1\r\n",
    b"$0\r\n\r\n",
    b"*-1\r\n",
    b"$-1\r\n",
    b"\"",
    b"'",
    b"\\x4",
    b"\0",
    b"PING\r\n",
];

fn pipeline(rng: &mut Rng) -> Vec<u8> {
    let mut out = Vec::new();
    for _ in 0..rng.below(6) {
        match rng.below(8) {
            0 => out.extend_from_slice(b"SET key \"a \\x00\\n\" 'b'\r\n"),
            1 => out.extend_from_slice(b"\r\n"),
            2 => out.extend_from_slice(b"*0\r\n"),
            _ => {
                let args = rng.below(5) + 1;
                out.extend_from_slice(format!("*{args}\r\n").as_bytes());
                for _ in 0..args {
                    let size = if rng.one_in(50) { 70_000 } else { 20 };
                    let arg = rng.bytes(size);
                    out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
                    out.extend_from_slice(&arg);
                    out.extend_from_slice(b"\r\n");
                }
            }
        }
    }
    out
}

/// Everything a stream of requests said: its commands, and how it ended.
#[derive(Debug, Default, PartialEq)]
struct Told {
    commands: Vec<Vec<Vec<u8>>>,
    consumed: usize,
    error: Option<ProtocolError>,
}

/// Feeds `input` in pieces of up to `most` bytes, as a connection would: consumed bytes leave the buffer.
fn feed(rng: &mut Rng, input: &[u8], most: usize, limits: &Limits, detach: bool) -> Told {
    let (mut parser, mut args, mut told) = (Parser::default(), ArgBuf::default(), Told::default());
    let (mut buf, mut rest, mut detached) = (Vec::new(), input, Vec::new());
    loop {
        let (piece, later) = rest.split_at(rest.len().min(1 + rng.below(most)));
        buf.extend_from_slice(piece);
        rest = later;
        let mut from = 0;
        loop {
            match parser.parse(&buf, from, limits, &mut args) {
                Outcome::Command { args: range, consumed } => {
                    let ranges = &args.ranges()[range];
                    assert!(!ranges.is_empty());
                    told.commands
                        .push(ranges.iter().map(|&a| args.bytes(a, &buf, &detached).to_vec()).collect());
                    from += consumed;
                    detached.clear();
                }
                Outcome::Empty { consumed } => from += consumed,
                Outcome::Incomplete { need } => {
                    assert!(need > 0);
                    break;
                }
                Outcome::Error(error) => {
                    told.error = Some(error);
                    told.consumed += from;
                    return told;
                }
            }
        }
        told.consumed += from;
        buf.drain(..from);
        assert!(parser.memory_bytes() <= 1024 + 16 * buf.len() + 64 * detached.len());
        if detach && let Some(bulk) = parser.detach_bulk() {
            let mut body = buf.split_off(bulk.at);
            let missing = (bulk.len + 2 - body.len()).min(rest.len());
            let (more, later) = rest.split_at(missing);
            body.extend_from_slice(more);
            rest = later;
            if body.len() < bulk.len + 2 {
                return told;
            }
            body.truncate(bulk.len);
            detached.push(body);
        } else if rest.is_empty() {
            return told;
        }
    }
}

#[test]
fn requests_mean_the_same_however_they_arrive() {
    let mut commands = 0;
    for seed in 0..rounds(4_000) {
        let mut rng = Rng::new(seed);
        let mut input = pipeline(&mut rng);
        if !rng.one_in(4) {
            mutate(&mut rng, &mut input, TOKENS);
        }
        let limits = Limits { max_bulk_len: 1 << 20, authenticated: !rng.one_in(4), primary: rng.one_in(8) };
        let whole = feed(&mut rng, &input, usize::MAX, &limits, false);
        for most in [1, 7, 20_000] {
            if most == 1 && input.len() > 2_000 {
                continue;
            }
            assert_eq!(feed(&mut rng, &input, most, &limits, false), whole, "seed {seed}, pieces of {most}");
            let apart = feed(&mut rng, &input, most, &limits, true);
            assert_eq!(
                (&apart.commands, apart.error),
                (&whole.commands, whole.error),
                "seed {seed}, detached"
            );
        }
        commands += whole.commands.len();
    }
    assert!(commands > 1_000, "the mutator must leave some commands whole: {commands}");
}

fn reply(rng: &mut Rng, out: &mut Reply<'_>, depth: usize) {
    match rng.below(if depth == 0 { 9 } else { 14 }) {
        0 => out.ok(),
        1 => out.error(rng.bytes(20)),
        2 => out.int(rng.word() as i64 >> rng.below(64)),
        3 => out.bulk(&rng.bytes(120)),
        4 => out.null(),
        5 => out.null_array(),
        6 => out.double((rng.word() as i64 >> rng.below(64)) as f64 / 1000.0),
        7 => out.bool(rng.one_in(2)),
        8 => out.verbatim("txt", &rng.bytes(20)),
        kind => {
            let count = rng.below(4);
            let deferred = (kind > 11).then(|| out.defer());
            match kind {
                9 => out.array(count),
                10 => out.map(count),
                11 => out.push(count),
                _ => {}
            }
            for _ in 0..if matches!(kind, 10 | 13) { count * 2 } else { count } {
                reply(rng, out, depth - 1);
            }
            match deferred {
                Some(place) if kind == 12 => out.set_deferred_set(place, count),
                Some(place) => out.set_deferred_map(place, count),
                None => {}
            }
        }
    }
}

#[test]
fn replies_read_back_at_any_cut_and_bad_ones_are_refused() {
    for seed in 0..rounds(4_000) {
        let mut rng = Rng::new(seed);
        let mut out = Vec::new();
        let proto = *rng.pick(&[Proto::Resp2, Proto::Resp3]);
        reply(&mut rng, &mut Reply::new(&mut out, proto), 3);
        let whole = read_value(&out).expect("our own reply");
        assert_eq!(whole.as_ref().map(|(_, len)| *len), Some(out.len()), "seed {seed}: {out:?}");
        let mut end = ReplyEnd::default();
        for cut in 0..out.len().min(400) {
            assert_eq!(read_value(&out[..cut]), Ok(None), "seed {seed}, cut at {cut}");
            assert_eq!(end.find(&out[..cut]), Ok(None), "seed {seed}, cut at {cut}");
        }
        assert_eq!(end.find(&out), Ok(Some(out.len())), "seed {seed}");

        mutate(&mut rng, &mut out, TOKENS);
        if let (Ok(Some((_, len))), Ok(found)) = (read_value(&out), ReplyEnd::default().find(&out)) {
            assert_eq!(found, Some(len), "seed {seed}");
        }
    }
}

#[test]
fn a_command_of_many_parts_costs_linear_time() {
    // Quadratic work would be 200,000 x 200,000 / 2 arguments looked at again: minutes, not milliseconds.
    const ARGS: usize = 200_000;
    let input = [format!("*{ARGS}\r\n").into_bytes(), b"$1\r\nx\r\n".repeat(ARGS)].concat();
    let limits = Limits { max_bulk_len: 1 << 20, authenticated: true, primary: false };
    let (mut parser, mut args) = (Parser::default(), ArgBuf::default());
    for end in (0..input.len()).step_by(7) {
        assert!(matches!(parser.parse(&input[..end], 0, &limits, &mut args), Outcome::Incomplete { .. }));
    }
    let outcome = parser.parse(&input, 0, &limits, &mut args);
    assert_eq!(outcome, Outcome::Command { args: 0..ARGS, consumed: input.len() });
    assert!(parser.memory_bytes() < 4096, "given back");

    let reply = [format!("*{ARGS}\r\n").into_bytes(), b"$1\r\nx\r\n".repeat(ARGS)].concat();
    let mut end = ReplyEnd::default();
    for cut in (0..reply.len()).step_by(7) {
        assert_eq!(end.find(&reply[..cut]), Ok(None));
    }
    assert_eq!(end.find(&reply), Ok(Some(reply.len())));
    assert!(matches!(read_value(&reply), Ok(Some((Value::Array(items), _))) if items.len() == ARGS));
}
