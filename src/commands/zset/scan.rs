//! ZSCAN: walking over the members of a sorted set. Cursor, options and reply are those of every scan.

use crate::commands::generic::scan::{Found, ScanOptions, scan_cursor, scan_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Group, Spec, done};
use crate::keyspace::Kind;
use crate::types::zset::{Zset, ZsetRef};
use crate::util::float::{write_f64, write_g17};

pub static ZSCAN: Spec = scan_spec("zscan")
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .summary("Walks over the members of a sorted set, a few a call; one that is there throughout comes exactly once.")
    .syntax("key cursor [MATCH pattern] [COUNT count] [NOSCORES]")
    .history(&[("8.0.0", "Added noscores option.")])
    .run(zscan);

fn zscan(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let cursor = scan_cursor(args, 2)?;
    let Some(set) = ctx.keys.read_as::<Zset>(args.key(1))? else {
        Found::new(&mut ctx.reply).finish(0);
        return done();
    };
    let options = ScanOptions::parse(args, 3, Some(Kind::Zset))?;
    // COMPAT: scores of a big set are printed with 17 digits, those of a small one as everywhere else.
    let write_score = if matches!(set, ZsetRef::Big(_)) { write_g17 } else { write_f64 };
    let mut text = Vec::new();
    let mut found = Found::new(&mut ctx.reply);
    let next = set.scan(cursor, options.count, |member, score| {
        if options.wants_value(member) {
            found.tell_value(member);
            if !options.names_only {
                text.clear();
                write_score(&mut text, score);
                found.tell(&text);
            }
        }
    });
    found.finish(next);
    done()
}
