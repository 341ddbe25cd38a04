//! BITOP: several strings combined bit by bit into another.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Str, StrView};
use crate::types::bits::{Operation, combine};
use std::borrow::Cow;

pub static BITOP: Spec = Spec::write("bitop", -4)
    .keys(&[
        KeySpec::at(2, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::range(3, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM)
    .acl(Acl::BITMAP)
    .group(Group::Bitmap)
    .since("2.6.0")
    .complexity("O(N)")
    .summary("Combines the bits of several strings and stores the outcome.")
    .syntax("<AND | OR | XOR | NOT> destkey key [key ...]")
    .run(bitop);

fn operation(args: &Args<'_>) -> Result<Operation, Error> {
    const WORDS: [(&str, Operation); 4] =
        [("and", Operation::And), ("or", Operation::Or), ("xor", Operation::Xor), ("not", Operation::Not)];
    let found = WORDS.into_iter().find(|(word, _)| args.is(1, word));
    let (_, operation) = found.ok_or(Error::Syntax)?;
    if operation == Operation::Not && args.len() != 4 {
        return Err(Error::Plain("BITOP NOT must be called with a single source key."));
    }
    Ok(operation)
}

fn bitop(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let operation = operation(args)?;
    let (destination, sources) = (args.get(2), args.rest(3));
    for source in sources {
        ctx.keys.read_str(*source)?;
    }
    let mut inputs: Vec<Cow<'_, [u8]>> = Vec::with_capacity(sources.len());
    for source in sources {
        inputs.push(match ctx.keys.peek_as::<Str>(*source)? {
            None => Cow::Borrowed(b""),
            Some(StrView::Bytes(bytes)) => Cow::Borrowed(bytes),
            Some(view @ StrView::Int(_)) => Cow::Owned(view.to_vec()),
        });
    }
    let slices: Vec<&[u8]> = inputs.iter().map(|input| &**input).collect();
    let outcome = combine(operation, &slices);
    let len = outcome.len();
    if len > 0 {
        ctx.keys.put_value(destination, Str(outcome));
        ctx.keys.notify(EventClass::STRING, "set", destination);
        ctx.keys.dirty(1);
    } else if ctx.keys.delete(destination) {
        ctx.keys.notify(EventClass::GENERIC, "del", destination);
        ctx.keys.dirty(1);
    }
    ctx.reply.int(len as i64);
    done()
}
