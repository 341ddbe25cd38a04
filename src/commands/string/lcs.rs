//! LCS: the longest common subsequence of two strings.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};

pub static LCS: Spec = Spec::read("lcs", -3)
    .keys(&[KeySpec::range(1, 1, 1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::STRING)
    .group(Group::String)
    .since("7.0.0")
    .complexity("O(N*M) where N and M are the lengths of s1 and s2, respectively")
    .summary("Finds the longest common subsequence of two strings.")
    .syntax("key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]")
    .run(lcs);

#[derive(Default)]
struct Options {
    len: bool,
    idx: bool,
    with_len: bool,
    min_len: u64,
}

impl Options {
    fn parse(args: &Args<'_>) -> Result<Self, Error> {
        let mut o = Options::default();
        let mut i = 3;
        while i < args.len() {
            if args.is(i, "idx") {
                o.idx = true;
            } else if args.is(i, "len") {
                o.len = true;
            } else if args.is(i, "withmatchlen") {
                o.with_len = true;
            } else if args.is(i, "minmatchlen") && i + 1 < args.len() {
                i += 1;
                o.min_len = args.int(i)?.max(0).unsigned_abs();
            } else {
                return Err(Error::Syntax);
            }
            i += 1;
        }
        if o.idx && o.len {
            return Err(Error::Plain("If you want both the length and indexes, please just use IDX."));
        }
        Ok(o)
    }
}

/// More bytes than this are compared with what the machine has.
const WORTH_A_LOOK: u64 = 1 << 28;
const NO_MEMORY: &str = "Insufficient memory, failed allocating transient memory for LCS";

/// Lengths of common subsequences of all prefixes, row by row.
struct Lengths {
    cells: Vec<u32>,
    width: usize,
}

impl Lengths {
    /// The table of N times M cells is asked for politely: a client must not be able to bring the server down.
    fn of(a: &[u8], b: &[u8]) -> Result<Self, Error> {
        let too_long = || Error::Plain("String too long for LCS");
        if a.len() >= u32::MAX as usize - 1 || b.len() >= u32::MAX as usize - 1 {
            return Err(too_long());
        }
        let width = b.len() + 1;
        let count = (a.len() + 1).checked_mul(width).ok_or_else(too_long)?;
        let failed = |_| Error::Plain(NO_MEMORY);
        // Where memory is promised freely, only its use would fail, and take the server with it.
        let bytes = (count as u64).saturating_mul(4);
        if bytes > WORTH_A_LOOK && bytes > crate::sys::memory::total_bytes().max(WORTH_A_LOOK) {
            return Err(Error::Plain(NO_MEMORY));
        }
        let mut cells: Vec<u32> = Vec::new();
        cells.try_reserve_exact(count).map_err(failed)?;
        cells.resize(count, 0);
        for (i, x) in a.iter().enumerate() {
            let (above, row) = cells[i * width..].split_at_mut(width);
            for (j, y) in b.iter().enumerate() {
                row[j + 1] = if x == y { above[j] + 1 } else { row[j].max(above[j + 1]) };
            }
        }
        Ok(Lengths { cells, width })
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * self.width + j]
    }
}

/// A stretch that both strings share: first and last index in each.
struct Match {
    a: (usize, usize),
    b: (usize, usize),
}

fn lcs(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let options = Options::parse(args)?;
    let wrong = |_| Error::Plain("The specified keys must contain string values");
    let a = ctx.keys.read_str(args.key(1)).map_err(wrong)?.map_or(Vec::new(), |view| view.to_vec());
    let b = ctx.keys.read_str(args.key(2)).map_err(wrong)?.map_or(Vec::new(), |view| view.to_vec());
    let lengths = Lengths::of(&a, &b)?;
    let length = lengths.at(a.len(), b.len());
    if options.len {
        ctx.reply.int(i64::from(length));
        return done();
    }
    let (text, matches) = walk_back(&lengths, &a, &b);
    if !options.idx {
        ctx.reply.bulk(&text);
        return done();
    }
    let shown: Vec<&Match> =
        matches.iter().filter(|m| (m.a.1 - m.a.0 + 1) as u64 >= options.min_len.max(1)).collect();
    ctx.reply.map(2);
    ctx.reply.bulk(b"matches");
    ctx.reply.array(shown.len());
    for m in shown {
        ctx.reply.array(2 + usize::from(options.with_len));
        for (first, last) in [m.a, m.b] {
            ctx.reply.array(2);
            ctx.reply.int(first as i64);
            ctx.reply.int(last as i64);
        }
        if options.with_len {
            ctx.reply.int((m.a.1 - m.a.0 + 1) as i64);
        }
    }
    ctx.reply.bulk(b"len");
    ctx.reply.int(i64::from(length));
    done()
}

/// Reads the subsequence and its stretches off the lengths, from the end.
fn walk_back(lengths: &Lengths, a: &[u8], b: &[u8]) -> (Vec<u8>, Vec<Match>) {
    let mut text = Vec::new();
    let mut matches: Vec<Match> = Vec::new();
    let (mut i, mut j) = (a.len(), b.len());
    while i > 0 && j > 0 {
        if a[i - 1] == b[j - 1] {
            text.push(a[i - 1]);
            match matches.last_mut() {
                Some(m) if m.a.0 == i && m.b.0 == j => (m.a.0, m.b.0) = (i - 1, j - 1),
                _ => matches.push(Match { a: (i - 1, i - 1), b: (j - 1, j - 1) }),
            }
            (i, j) = (i - 1, j - 1);
        } else if lengths.at(i - 1, j) > lengths.at(i, j - 1) {
            i -= 1;
        } else {
            j -= 1;
        }
    }
    text.reverse();
    (text, matches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_published_example() {
        let (a, b) = (b"ohmytext", b"mynewtext");
        let lengths = Lengths::of(a, b).expect("short strings");
        assert_eq!(lengths.at(a.len(), b.len()), 6);
        let (text, matches) = walk_back(&lengths, a, b);
        assert_eq!(text, b"mytext");
        assert_eq!(
            matches.iter().map(|m| (m.a, m.b)).collect::<Vec<_>>(),
            [((4, 7), (5, 8)), ((2, 3), (0, 1))]
        );
    }
}
