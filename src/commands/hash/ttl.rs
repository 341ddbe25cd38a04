//! HTTL, HPTTL, HEXPIRETIME, HPEXPIRETIME.

use super::fields::fields_first;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::hash::Hash;

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const SYNTAX: &str = "key FIELDS numfields field [field ...]";
const COMPLEXITY: &str = "O(N) where N is the number of specified fields.";

const fn ttl_spec(name: &'static str) -> Spec {
    Spec::read(name, -5)
        .keys(READ)
        .flags(Flags::FAST)
        .acl(Acl::HASH)
        .group(Group::Hash)
        .since("7.4.0")
        .complexity(COMPLEXITY)
        .syntax(SYNTAX)
}

pub static HTTL: Spec = ttl_spec("httl")
    .summary("Tells how many seconds fields of a hash have left.")
    .run(|ctx, args| times(ctx, args, true, 1000));

pub static HPTTL: Spec = ttl_spec("hpttl")
    .summary("Tells how many milliseconds fields of a hash have left.")
    .run(|ctx, args| times(ctx, args, true, 1));

pub static HEXPIRETIME: Spec = ttl_spec("hexpiretime")
    .summary("Tells the Unix times in seconds at which fields of a hash go.")
    .run(|ctx, args| times(ctx, args, false, 1000));

pub static HPEXPIRETIME: Spec = ttl_spec("hpexpiretime")
    .summary("Tells the Unix times in milliseconds at which fields of a hash go.")
    .run(|ctx, args| times(ctx, args, false, 1));

/// -2 for a field that is not there, -1 for one that stays.
fn times(ctx: &mut Ctx<'_>, args: &Args<'_>, relative: bool, unit_ms: i64) -> CmdResult {
    let wanted = fields_first(args, Error::Syntax)?;
    let base_ms = if relative { ctx.env.now_ms } else { 0 };
    let hash = ctx.keys.read_as::<Hash>(args.key(1))?;
    ctx.reply.array(wanted.len());
    for field in wanted {
        let answer = match hash.and_then(|hash| hash.expiry(field)) {
            None => -2,
            Some(None) => -1,
            Some(Some(ms)) => rounded(ms.saturating_sub(base_ms).max(0), unit_ms),
        };
        ctx.reply.int(answer);
    }
    done()
}

fn rounded(ms: i64, unit_ms: i64) -> i64 {
    ms.saturating_add(unit_ms / 2) / unit_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_rounded() {
        assert_eq!([0, 499, 500, 1499, 1500].map(|ms| rounded(ms, 1000)), [0, 0, 1, 1, 2]);
        assert_eq!((rounded(7, 1), rounded(i64::MAX, 1)), (7, i64::MAX));
    }
}
