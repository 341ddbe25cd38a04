//! The manifest of the append-only file: what can be read is written and read again as the same, with room for the
//! files to come.

use super::mutator::{Rng, mutate, rounds};
use crate::meter::peak_bytes;
use spinel::persist::aof::Manifest;

const LINES: [&str; 6] = [
    "file appendonly.aof.1.base.rdb seq 1 type b\n",
    "file appendonly.aof.1.incr.aof seq 1 type i\n",
    "file \"a name\\n\\x00\" seq 7 type i\n",
    "file old seq 3 type h\n",
    "# a comment\n",
    "file a.8.incr.aof seq 8 type i later words\n",
];
const TOKENS: &[&[u8]] =
    &[b"file ", b" seq ", b" type b\n", b" type i\n", b"\"", b"\\x", b"/", b"\n", b"# ", b"\0", b"-"];

#[test]
fn what_can_be_read_is_written_and_read_again() {
    let (mut read, mut refused) = (0, 0);
    for seed in 0..rounds(8_000) {
        let mut rng = Rng::new(seed);
        let mut text: Vec<u8> =
            LINES.iter().filter(|_| !rng.one_in(3)).flat_map(|line| line.bytes()).collect();
        if !rng.one_in(10) {
            mutate(&mut rng, &mut text, TOKENS);
        }
        let (parsed, peak) = peak_bytes(|| Manifest::parse(&text));
        assert!(peak < 4096 + 64 * text.len(), "seed {seed}: {peak} bytes");
        let Ok(mut manifest) = parsed else {
            refused += 1;
            continue;
        };
        read += 1;
        let written = manifest.format();
        if !written.is_empty() {
            assert_eq!(Manifest::parse(&written).as_ref(), Ok(&manifest), "seed {seed}");
        }
        // Each file that follows has a number of its own, or it would take the place of another.
        let seqs = |manifest: &Manifest| (manifest.base.clone(), manifest.increments.last().cloned());
        let (base, increment) = seqs(&manifest);
        manifest.next_base(b"x", true);
        manifest.next_increment(b"x");
        let (new_base, new_increment) = seqs(&manifest);
        assert_eq!(Manifest::parse(&manifest.format()).map(|m| seqs(&m)), Ok(seqs(&manifest)), "seed {seed}");
        let rises = |old: Option<i64>, new: Option<i64>| new.is_some() && old < new;
        assert!(rises(base.map(|part| part.seq), new_base.map(|part| part.seq)), "seed {seed}");
        assert!(rises(increment.map(|part| part.seq), new_increment.map(|part| part.seq)), "seed {seed}");
    }
    assert!(read > 1_500 && refused > 1_500, "{read} {refused}");
}
