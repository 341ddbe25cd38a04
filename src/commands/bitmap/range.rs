//! BITCOUNT, BITPOS.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::bits::{self, Range, Unit};

pub static BITCOUNT: Spec = Spec::read("bitcount", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::BITMAP)
    .group(Group::Bitmap)
    .since("2.6.0")
    .complexity("O(N)")
    .summary("Counts the set bits of the string at a key, or of a part of it.")
    .syntax("key [start [end [BYTE | BIT]]]")
    .history(&[
        ("7.0.0", "Added the `BYTE|BIT` option."),
        ("8.0.0", "`end` made optional; when called without argument the command reports the last BYTE."),
    ])
    .run(bitcount);

pub static BITPOS: Spec = Spec::read("bitpos", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::BITMAP)
    .group(Group::Bitmap)
    .since("2.8.7")
    .complexity("O(N)")
    .summary("Finds the first set or the first clear bit of the string at a key, or of a part of it.")
    .syntax("key bit [start [end [BYTE | BIT]]]")
    .history(&[("7.0.0", "Added the `BYTE|BIT` option.")])
    .run(bitpos);

/// The range from argument `from` to the end of the arguments.
fn range(args: &Args<'_>, from: usize) -> Result<Range, Error> {
    let given = args.rest(from).len();
    if given > 3 {
        return Err(Error::Syntax);
    }
    let mut range = Range::ALL;
    if given > 0 {
        range.start = args.int(from)?;
    }
    if given > 2 {
        range.unit = match () {
            () if args.is(from + 2, "bit") => Unit::Bit,
            () if args.is(from + 2, "byte") => Unit::Byte,
            () => return Err(Error::Syntax),
        };
    }
    if given > 1 {
        range.end = Some(args.int(from + 1)?);
    }
    Ok(range)
}

fn bitcount(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let range = range(args, 2)?;
    let count = match ctx.keys.read_str(args.key(1))? {
        None => 0,
        Some(view) => bits::count(view.bytes(&mut itoa::Buffer::new()), range),
    };
    ctx.reply.int(count as i64);
    done()
}

fn bitpos(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let bit = match args.int(2)? {
        0 => false,
        1 => true,
        _ => return Err(Error::Plain("The bit argument must be 1 or 0.")),
    };
    let range = range(args, 3)?;
    let position = match ctx.keys.read_str(args.key(1))? {
        // No key is a string of zeros without end.
        None => -i64::from(bit),
        Some(view) => bits::position(view.bytes(&mut itoa::Buffer::new()), bit, range),
    };
    ctx.reply.int(position);
    done()
}
