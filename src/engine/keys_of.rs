//! Which of a command's arguments are keys, by its key specs. Every position is checked: the arguments are a client's.

use super::args::Args;
use super::spec::{Begin, Find, Flags, KeyFlags, KeySpec, Spec};
use crate::util::numbers::parse_i64;

/// A key among the arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyAt {
    pub index: usize,
    pub flags: KeyFlags,
}

/// Why the keys cannot be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoKeys;

/// The keys of a command. `args` starts with the command's name (and its sub-command's, as specs count them).
pub fn keys_of(spec: &Spec, args: &Args<'_>) -> Result<Vec<KeyAt>, NoKeys> {
    if let Some(find) = spec.find_keys {
        return Ok(find(args));
    }
    let mut keys = Vec::new();
    let least = i64::from(!spec.flags.has(Flags::NO_MANDATORY_KEYS));
    for key_spec in spec.keys {
        find(key_spec, args, least, &mut keys)?;
    }
    for key in keys.iter_mut().filter(|key| key.flags.has(KeyFlags::VARIABLE_FLAGS)) {
        key.flags = match spec.name {
            "set" => set_flags(args),
            "bitfield" => bitfield_flags(args),
            _ => key.flags,
        };
    }
    Ok(keys)
}

/// SET reads its key with GET only.
fn set_flags(args: &Args<'_>) -> KeyFlags {
    if (3..args.len()).any(|i| args.is(i, "get")) {
        KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE)
    } else {
        KeyFlags::OW.with(KeyFlags::UPDATE)
    }
}

/// BITFIELD writes its key unless all it does is GET; what is not understood may write.
fn bitfield_flags(args: &Args<'_>) -> KeyFlags {
    let mut at = 2;
    while at < args.len() {
        let left = args.len() - at - 1;
        at += match () {
            () if args.is(at, "get") && left >= 2 => 3,
            () if args.is(at, "overflow") && left >= 1 => 2,
            () => return KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE),
        };
    }
    KeyFlags::RO.with(KeyFlags::ACCESS)
}

/// Adds the keys of one key spec; where they are counted, there have to be `least`.
fn find(spec: &KeySpec, args: &Args<'_>, least: i64, keys: &mut Vec<KeyAt>) -> Result<(), NoKeys> {
    let Some(first) = begin(spec.begin, args) else { return Ok(()) };
    match spec.find {
        Find::Unknown => return Err(NoKeys),
        Find::Range { last, step, limit } => {
            let argc = args.len() as i64;
            let last = match last {
                last if last >= 0 => first + i64::from(last),
                last if limit <= 1 => argc + i64::from(last),
                last => first + (argc - first) / i64::from(limit) + i64::from(last),
            };
            take(spec, args, keys, first, last, step)?;
        }
        Find::Count { index, first: offset, step } => {
            let at = usize::try_from(first + i64::from(index)).map_err(|_| NoKeys)?;
            let count = args.opt(at).and_then(parse_i64).filter(|n| *n >= least).ok_or(NoKeys)?;
            let from = first + i64::from(offset);
            let last = (count - 1).checked_mul(i64::from(step)).and_then(|n| n.checked_add(from));
            take(spec, args, keys, from, last.ok_or(NoKeys)?, step)?;
        }
    }
    Ok(())
}

/// The argument at which a spec's search begins; `None` if its keyword is not there.
fn begin(begin: Begin, args: &Args<'_>) -> Option<i64> {
    match begin {
        Begin::Unknown => Some(0),
        Begin::Index(index) => Some(i64::from(index)),
        Begin::Keyword(word, from) => {
            let is = |i: &usize| args.is(*i, word);
            let argc = args.len();
            let found = match usize::try_from(from) {
                Ok(from) => (from..argc.saturating_sub(1)).find(is),
                Err(_) => {
                    let from = argc.checked_sub(usize::from(from.unsigned_abs()))?;
                    (1..=from).rev().find(is)
                }
            };
            found.map(|i| i as i64 + 1)
        }
    }
}

fn take(
    spec: &KeySpec,
    args: &Args<'_>,
    keys: &mut Vec<KeyAt>,
    first: i64,
    last: i64,
    step: i16,
) -> Result<(), NoKeys> {
    if last >= args.len() as i64 || first < 0 {
        return Err(NoKeys);
    }
    let mut at = first;
    while at <= last {
        keys.push(KeyAt { index: at as usize, flags: spec.flags });
        at += i64::from(step.max(1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexes(key: &'static [KeySpec], words: &[&[u8]]) -> Result<Vec<usize>, NoKeys> {
        let spec = Spec::read("x", -1).keys(key);
        keys_of(&spec, &Args::new(words)).map(|keys| keys.iter().map(|key| key.index).collect())
    }

    #[test]
    fn ranges_count_from_either_end() {
        const ALL: &[KeySpec] = &[KeySpec::range(1, -1, 2, KeyFlags::RO)];
        assert_eq!(indexes(ALL, &[b"mset", b"a", b"1", b"b", b"2"]), Ok(vec![1, 3]));
    }

    #[test]
    fn counts_beyond_the_arguments_are_refused() {
        const COUNTED: &[KeySpec] = &[KeySpec::counted(1, KeyFlags::RO)];
        assert_eq!(indexes(COUNTED, &[b"x", b"2", b"a", b"b", b"opt"]), Ok(vec![2, 3]));
        assert_eq!(indexes(COUNTED, &[b"x", b"9", b"a"]), Err(NoKeys));
        assert_eq!(indexes(COUNTED, &[b"x", b"9223372036854775807", b"a"]), Err(NoKeys));
        assert_eq!(indexes(COUNTED, &[b"x", b"-1", b"a"]), Err(NoKeys));
        assert_eq!(indexes(COUNTED, &[b"x", b"0", b"a"]), Err(NoKeys));
        let keyless = Spec::read("x", -1).keys(COUNTED).flags(Flags::NO_MANDATORY_KEYS);
        assert_eq!(keys_of(&keyless, &Args::new(&[b"x", b"0", b"a"])), Ok(vec![]));
    }

    #[test]
    fn keywords_are_searched_from_both_ends() {
        const STREAMS: &[KeySpec] =
            &[KeySpec::after_word("streams", 1, Find::Range { last: -1, step: 1, limit: 2 }, KeyFlags::RO)];
        assert_eq!(indexes(STREAMS, &[b"xread", b"STREAMS", b"a", b"b", b"0", b"0"]), Ok(vec![2, 3]));
        assert_eq!(indexes(STREAMS, &[b"xread", b"count", b"1"]), Ok(vec![]));
    }
}
