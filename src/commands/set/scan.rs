//! SSCAN: the members of a set, a few a call. Cursor and options are those of SCAN.

use crate::commands::generic::scan::{Found, ScanOptions, scan_cursor};
use crate::engine::{Acl, Args, CmdResult, Ctx, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::Kind;
use crate::types::set::Set;

pub static SSCAN: Spec = Spec::read("sscan", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::SET)
    .group(Group::Set)
    .since("2.8.0")
    .complexity(
        "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return \
         back to 0. N is the number of elements inside the collection.",
    )
    .summary("Walks over the members of a set, a few a call; one that is there throughout comes exactly once.")
    .syntax("key cursor [MATCH pattern] [COUNT count]")
    .tips(&["nondeterministic_output"])
    .run(sscan);

fn sscan(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let cursor = scan_cursor(args, 2)?;
    let set = ctx.keys.read_as::<Set>(args.key(1))?;
    let Some(set) = set else {
        Found::new(&mut ctx.reply).finish(0);
        return done();
    };
    let options = ScanOptions::parse(args, 3, Some(Kind::Set))?;
    let mut found = Found::new(&mut ctx.reply);
    let next = set.scan(cursor, options.count, |member| {
        if options.wants_value(member) {
            found.tell_value(member);
        }
    });
    found.finish(next);
    done()
}
