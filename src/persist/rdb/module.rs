//! What modules left in a file: no module is here, so their data is passed over where that is possible. Knows their
//! outer form only.

use super::error::Cause;
use super::source::{Result, Source};

const END: u64 = 0;
const SIGNED: u64 = 1;
const UNSIGNED: u64 = 2;
const FLOAT: u64 = 3;
const DOUBLE: u64 = 4;
const STRING: u64 = 5;

/// What the characters of a module's name stand for, six bits each.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The name in a module type's number: nine characters above ten bits of version.
pub fn name(id: u64) -> String {
    let letter = |i: u32| LETTERS.get((id >> (10 + 6 * i) & 0x3f) as usize).map_or('?', |c| char::from(*c));
    (0..9).rev().map(letter).collect()
}

/// Passes over what a module saved beside the keys.
pub fn skip_aux(source: &mut Source<'_>) -> Result<()> {
    source.length()?;
    if source.length()? != UNSIGNED {
        return Err(source.corrupt("bad when_opcode"));
    }
    source.length()?;
    skip_pieces(source)
}

/// Refuses a module's value, by the name of its type.
pub fn refuse_value<T>(source: &mut Source<'_>) -> Result<T> {
    let id = source.length()?;
    Err(source.error(Cause::Module(name(id))))
}

fn skip_pieces(source: &mut Source<'_>) -> Result<()> {
    loop {
        match source.length()? {
            END => return Ok(()),
            SIGNED | UNSIGNED => {
                source.length()?;
            }
            FLOAT => source.skip(4)?,
            DOUBLE => source.skip(8)?,
            STRING => source.skip_text()?,
            _ => return Err(source.corrupt("Unknown piece of module data")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sink::Sink;
    use super::*;

    #[test]
    fn names_and_aux_data() {
        let id = b"hellotype"
            .iter()
            .fold(0u64, |id, c| id << 6 | LETTERS.iter().position(|l| l == c).expect("a letter") as u64);
        assert_eq!(name(id << 10 | 3), "hellotype");
        let mut sink = Sink::to_memory(false);
        for n in [id << 10, UNSIGNED, 1, SIGNED, 7, STRING] {
            sink.length(n);
        }
        sink.text(b"some text");
        sink.length(DOUBLE);
        sink.double(1.0);
        sink.length(END);
        let bytes = sink.into_bytes();
        let mut source = Source::from_slice(&bytes);
        assert!(skip_aux(&mut source).is_ok() && source.is_at_end());
        for cut in 0..bytes.len() {
            assert!(skip_aux(&mut Source::from_slice(&bytes[..cut])).is_err());
        }
    }
}
