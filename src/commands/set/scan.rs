//! SSCAN: the members of a set, a few a call. Cursor and options are those of SCAN.

use crate::commands::generic::scan::{Found, ScanOptions, scan_cursor, scan_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Group, Spec, done};
use crate::keyspace::Kind;
use crate::types::set::Set;

pub static SSCAN: Spec = scan_spec("sscan")
    .acl(Acl::SET)
    .group(Group::Set)
    .summary(
        "Walks over the members of a set, a few a call; one that is there throughout comes exactly once.",
    )
    .syntax("key cursor [MATCH pattern] [COUNT count]")
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
