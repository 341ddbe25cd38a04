//! HSCAN: a walk over the fields of a hash, by the rules that all scans share.

use crate::commands::generic::scan::{Found, ScanOptions, scan_cursor};
use crate::engine::{Acl, Args, CmdResult, Ctx, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::Kind;
use crate::types::hash::Hash;

pub static HSCAN: Spec = Spec::read("hscan", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::HASH)
    .group(Group::Hash)
    .since("2.8.0")
    .complexity(
        "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to return \
         back to 0. N is the number of elements inside the collection.",
    )
    .summary("Walks over the fields of a hash, a few a call; one that is there throughout comes exactly once.")
    .syntax("key cursor [MATCH pattern] [COUNT count] [NOVALUES]")
    .tips(&["nondeterministic_output"])
    .run(hscan);

fn hscan(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let cursor = scan_cursor(args, 2)?;
    let hash = ctx.keys.read_as::<Hash>(args.key(1))?;
    let Some(hash) = hash else {
        Found::new(&mut ctx.reply).finish(0);
        return done();
    };
    let options = ScanOptions::parse(args, 3, Some(Kind::Hash))?;
    let mut found = Found::new(&mut ctx.reply);
    let next = hash.scan(cursor, options.count, |field, value| {
        if options.wants_value(field) {
            found.tell_value(field);
            if !options.names_only {
                found.tell_value(value);
            }
        }
    });
    found.finish(next);
    done()
}
