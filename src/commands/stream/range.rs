//! XLEN, XRANGE, XREVRANGE.

use super::{ids, replies};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::stream::Stream;

pub static XLEN: Spec = Spec::read("xlen", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO)])
    .flags(Flags::FAST)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Counts the entries of a stream.")
    .syntax("key")
    .run(|ctx, args| {
        let stream = ctx.keys.read_as::<Stream>(args.key(1))?;
        ctx.reply.int(stream.map_or(0, |stream| stream.entries.len() as i64));
        done()
    });

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const HISTORY: &[(&str, &str)] = &[("6.2.0", "Added exclusive ranges.")];

pub static XRANGE: Spec = Spec::read("xrange", -4)
    .keys(READ)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity(
        "O(N) with N being the number of elements being returned. If N is constant (e.g. always asking for the first \
         10 elements with COUNT), you can consider it O(1).",
    )
    .summary("Returns the entries of a stream between two IDs.")
    .syntax("key start:string end:string [COUNT count]")
    .history(HISTORY)
    .run(|ctx, args| range(ctx, args, false));

pub static XREVRANGE: Spec = Spec::read("xrevrange", -4)
    .keys(READ)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity(
        "O(N) with N being the number of elements returned. If N is constant (e.g. always asking for the first 10 \
         elements with COUNT), you can consider it O(1).",
    )
    .summary("Returns the entries of a stream between two IDs, the last first.")
    .syntax("key end:string start:string [COUNT count]")
    .history(HISTORY)
    .run(|ctx, args| range(ctx, args, true));

fn range(ctx: &mut Ctx<'_>, args: &Args<'_>, reverse: bool) -> CmdResult {
    let (start_at, end_at) = if reverse { (3, 2) } else { (2, 3) };
    let start = ids::start(args, start_at)?;
    let end = ids::end(args, end_at)?;
    let mut count = None;
    for i in (4..args.len()).step_by(2) {
        if !args.is(i, "count") || i + 1 == args.len() {
            return Err(Error::Syntax);
        }
        count = Some(u64::try_from(args.int(i + 1)?).unwrap_or(0));
    }
    match ctx.keys.read_as::<Stream>(args.key(1))? {
        None => ctx.reply.array(0),
        // COMPAT: no array at all, where an empty one would do.
        Some(_) if count == Some(0) => ctx.reply.null_array(),
        Some(stream) => {
            let found = stream.entries.range(start, end, reverse);
            replies::entries(&mut ctx.reply, found, count.unwrap_or(0));
        }
    }
    done()
}
