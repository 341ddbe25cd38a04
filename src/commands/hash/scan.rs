//! HSCAN: a walk over the fields of a hash, by the rules that all scans share.

use crate::commands::generic::scan::{Found, ScanOptions, scan_cursor, scan_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Group, Spec, done};
use crate::keyspace::Kind;
use crate::types::hash::Hash;

pub static HSCAN: Spec = scan_spec("hscan")
    .acl(Acl::HASH)
    .group(Group::Hash)
    .summary(
        "Walks over the fields of a hash, a few a call; one that is there throughout comes exactly once.",
    )
    .syntax("key cursor [MATCH pattern] [COUNT count] [NOVALUES]")
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
