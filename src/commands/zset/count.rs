//! Counting members in a range: ZCOUNT, ZLEXCOUNT.

use super::query::{lex_range, score_range};
use crate::engine::{Acl, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::zset::Zset;

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const COMPLEXITY: &str = "O(log(N)) with N being the number of elements in the sorted set.";

pub static ZCOUNT: Spec = Spec::read("zcount", 4)
    .keys(READ)
    .flags(Flags::FAST)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("2.0.0")
    .complexity(COMPLEXITY)
    .summary("Counts the members of a sorted set whose scores lie in a range.")
    .syntax("key min:double max:double")
    .run(|ctx, args| {
        let range = score_range(args.get(2), args.get(3))?;
        let set = ctx.keys.read_as::<Zset>(args.key(1))?;
        ctx.reply.int(set.map_or(0, |set| set.score_span(&range).1) as i64);
        done()
    });

pub static ZLEXCOUNT: Spec = Spec::read("zlexcount", 4)
    .keys(READ)
    .flags(Flags::FAST)
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("2.8.9")
    .complexity(COMPLEXITY)
    .summary("Counts the members of a sorted set that lie in a range of bytes.")
    .syntax("key min max")
    .run(|ctx, args| {
        let range = lex_range(args.get(2), args.get(3))?;
        let set = ctx.keys.read_as::<Zset>(args.key(1))?;
        ctx.reply.int(set.map_or(0, |set| set.lex_span(&range, false).1) as i64);
        done()
    });
