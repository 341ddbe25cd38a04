//! The sparse form: runs of equal registers in one or two bytes (ZERO up to 64, XZERO up to 16384, VAL up to four
//! registers of 1..=32). Edits leave exactly the opcodes Redis would leave. Knows the opcodes only, not the header.

use super::REGISTERS;

/// The largest register value an opcode can say.
pub(super) const VAL_MAX: u8 = 32;
const VAL_MAX_RUN: usize = 4;
const ZERO_MAX_RUN: usize = 64;
const XZERO_BIT: u8 = 0x40;
const VAL_BIT: u8 = 0x80;
/// How many opcodes an edit looks at for neighbours to join.
const JOIN_WINDOW: usize = 5;

/// One run of registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Run {
    /// Registers it covers, 1..=16384.
    pub len: usize,
    /// What they hold; 0 for ZERO and XZERO.
    pub value: u8,
    /// Whether two bytes spell it.
    pub wide: bool,
}

impl Run {
    pub(super) fn bytes(self) -> usize {
        1 + usize::from(self.wide)
    }
}

/// The opcode at `at`; `None` at the end or when it is cut short.
pub(super) fn run_at(code: &[u8], at: usize) -> Option<Run> {
    let first = *code.get(at)?;
    Some(match first & 0xc0 {
        0 => Run { len: usize::from(first & 0x3f) + 1, value: 0, wide: false },
        XZERO_BIT => {
            let low = *code.get(at + 1)?;
            Run { len: (usize::from(first & 0x3f) << 8 | usize::from(low)) + 1, value: 0, wide: true }
        }
        _ => Run { len: usize::from(first & 3) + 1, value: (first >> 2 & 0x1f) + 1, wide: false },
    })
}

/// The runs of `code` in order, until its end or the first opcode that is cut short.
pub(super) fn runs(code: &[u8]) -> impl Iterator<Item = Run> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let run = run_at(code, at)?;
        at += run.bytes();
        Some(run)
    })
}

/// Calls `visit` with the first register and the run, for each run. False when the runs do not cover exactly all
/// registers; what was visited before stays visited.
pub(super) fn visit(code: &[u8], mut visit: impl FnMut(usize, Run)) -> bool {
    let (mut at, mut register) = (0, 0);
    while at < code.len() {
        let Some(run) = run_at(code, at) else { return false };
        if register + run.len > REGISTERS {
            return false;
        }
        visit(register, run);
        register += run.len;
        at += run.bytes();
    }
    register == REGISTERS
}

/// Opcodes for `len` zero registers, at most 16384 of them.
pub(super) fn push_zeros(out: &mut impl Extend<u8>, len: usize) {
    let last = len - 1;
    if len > ZERO_MAX_RUN {
        out.extend([XZERO_BIT | (last >> 8) as u8, last as u8]);
    } else {
        out.extend([last as u8]);
    }
}

fn val(value: u8, len: usize) -> u8 {
    VAL_BIT | (value - 1) << 2 | (len - 1) as u8
}

/// What became of an edit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edit {
    /// The register already was as high.
    Kept,
    Raised,
    /// The result would be longer than allowed: go dense first. Nothing was changed.
    TooLong,
    /// The opcodes do not reach the register.
    Corrupt,
}

/// An opcode to begin a search at, and the first register it covers. Edits in ascending order hand it on, so that a
/// merge is one pass over the opcodes and not one for each register.
#[derive(Clone, Copy)]
pub(super) struct Cursor {
    at: usize,
    first: usize,
}

impl Cursor {
    /// The front of the opcodes, which follow `header` other bytes.
    pub(super) fn front(header: usize) -> Self {
        Cursor { at: header, first: 0 }
    }
}

/// Raises register `index` to `value` (1..=32), searching from `cursor`, which is then left two opcodes before the
/// edit: what lies there no later edit of a higher register touches. The whole may grow to `max_bytes`.
pub(super) fn raise(
    bytes: &mut Vec<u8>,
    cursor: &mut Cursor,
    index: usize,
    value: u8,
    max_bytes: usize,
) -> Edit {
    let (mut previous, mut here) = (*cursor, *cursor);
    let run = loop {
        let Some(run) = run_at(bytes, here.at) else { return Edit::Corrupt };
        if index < here.first + run.len {
            break run;
        }
        *cursor = previous;
        previous = here;
        here = Cursor { at: here.at + run.bytes(), first: here.first + run.len };
    };
    let Cursor { at, first } = here;
    if run.value >= value {
        return Edit::Kept;
    }
    if run.len == 1 {
        bytes[at] = val(value, 1);
    } else {
        let mut split = Split::default();
        split.push_run(run.value, index - first);
        split.extend([val(value, 1)]);
        split.push_run(run.value, first + run.len - 1 - index);
        let new = split.as_slice();
        if new.len() > run.bytes() && bytes.len() + new.len() - run.bytes() > max_bytes {
            return Edit::TooLong;
        }
        bytes.splice(at..at + run.bytes(), new.iter().copied());
    }
    join_neighbours(bytes, previous.at);
    Edit::Raised
}

/// Joins equal neighbouring VALs from `at` on, within a window of a few opcodes.
fn join_neighbours(bytes: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOIN_WINDOW {
        let Some(run) = run_at(bytes, at) else { return };
        if run.value != 0
            && let Some(next) = run_at(bytes, at + 1)
            && next.value == run.value
            && next.len + run.len <= VAL_MAX_RUN
        {
            bytes[at + 1] = val(run.value, next.len + run.len);
            bytes.remove(at);
        } else {
            at += run.bytes();
        }
    }
}

/// The opcodes one run is split into: at most XZERO VAL XZERO.
#[derive(Default)]
struct Split {
    bytes: [u8; 5],
    len: usize,
}

impl Split {
    fn push_run(&mut self, value: u8, len: usize) {
        match (value, len) {
            (_, 0) => {}
            (0, len) => push_zeros(self, len),
            (value, len) => self.extend([val(value, len)]),
        }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Extend<u8> for Split {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, bytes: T) {
        for byte in bytes {
            self.bytes[self.len] = byte;
            self.len += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh() -> Vec<u8> {
        let mut code = Vec::new();
        push_zeros(&mut code, REGISTERS);
        code
    }

    fn listing(code: &[u8]) -> Vec<(u8, usize)> {
        runs(code).map(|r| (r.value, r.len)).collect()
    }

    #[test]
    fn splits_and_joins() {
        let mut code = fresh();
        assert_eq!(raise(&mut code, &mut Cursor::front(0), 100, 3, 3000), Edit::Raised);
        assert_eq!(listing(&code), [(0, 100), (3, 1), (0, 16283)]);
        assert_eq!(raise(&mut code, &mut Cursor::front(0), 100, 2, 3000), Edit::Kept);
        raise(&mut code, &mut Cursor::front(0), 101, 3, 3000);
        raise(&mut code, &mut Cursor::front(0), 99, 3, 3000);
        assert_eq!(listing(&code), [(0, 99), (3, 3), (0, 16282)]);
        raise(&mut code, &mut Cursor::front(0), 100, 9, 3000);
        assert_eq!(listing(&code), [(0, 99), (3, 1), (9, 1), (3, 1), (0, 16282)]);
        assert!(visit(&code, |_, _| {}));
    }

    #[test]
    fn limits_and_cut_opcodes() {
        let mut code = fresh();
        assert_eq!(raise(&mut code, &mut Cursor::front(0), 100, 3, 4), Edit::TooLong);
        assert_eq!(listing(&code), [(0, REGISTERS)]);
        let mut cut = vec![XZERO_BIT];
        assert_eq!(raise(&mut cut, &mut Cursor::front(0), 5, 1, 3000), Edit::Corrupt);
        assert!(!visit(&cut, |_, _| {}) && !visit(&[0x3f], |_, _| {}) && !visit(&[], |_, _| {}));
        code.push(0);
        assert!(!visit(&code, |_, _| {}));
    }
}
