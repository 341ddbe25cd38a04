//! SCAN, KEYS, RANDOMKEY, DBSIZE.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, Spec, done};
use crate::keyspace::Kind;
use crate::util::glob::Glob;
use crate::util::numbers::parse_u64;

pub static SCAN: Spec = Spec::read("scan", -2)
    .flags(Flags::UNNAMED_KEYS)
    .acl(Acl::KEYSPACE)
    .since("2.8.0")
    .complexity("O(1) for every call. O(N) for a complete iteration, where N is the number of keys.")
    .summary("Walks over the keys of the database, a few a call; a key that is there throughout comes exactly once.")
    .syntax("cursor [MATCH pattern] [COUNT count] [TYPE type]")
    .history(&[("6.0.0", "Added the TYPE subcommand.")])
    .tips(&["nondeterministic_output", "request_policy:special", "response_policy:special"])
    .run(scan);

/// The options of SCAN.
struct Options<'a> {
    pattern: Option<Glob<'a>>,
    count: usize,
    kind: Option<Kind>,
}

impl<'a> Options<'a> {
    fn parse(args: &Args<'a>) -> Result<Self, Error> {
        let mut options = Options { pattern: None, count: 10, kind: None };
        let mut i = 2;
        while i < args.len() {
            if i + 1 == args.len() {
                return Err(Error::Syntax);
            }
            if args.is(i, "count") {
                let count = args.int(i + 1)?;
                options.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(Error::Syntax)?;
            } else if args.is(i, "match") {
                options.pattern = (args.get(i + 1) != b"*").then(|| Glob::new(args.get(i + 1)));
            } else if args.is(i, "type") {
                let name = args.get(i + 1);
                let known = |kind: &Kind| name.eq_ignore_ascii_case(kind.name().as_bytes());
                options.kind = Kind::ALL.into_iter().find(known);
                if options.kind.is_none() {
                    let name = String::from_utf8_lossy(name);
                    return Err(Error::text(format!("unknown type name '{name}'")));
                }
            } else {
                return Err(Error::Syntax);
            }
            i += 2;
        }
        Ok(options)
    }

    fn take(&self, key: &[u8], kind: Kind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind) && self.pattern.is_none_or(|p| p.matches(key))
    }
}

fn scan(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let cursor = parse_u64(args.get(1)).ok_or(Error::InvalidCursor)?;
    let options = Options::parse(args)?;
    let mut found: Vec<u8> = Vec::new();
    let mut ends: Vec<usize> = Vec::new();
    let next = ctx.keys.scan(cursor, options.count, |key, kind| {
        if options.take(key, kind) {
            found.extend_from_slice(key);
            ends.push(found.len());
        }
    });
    ctx.reply.array(2);
    ctx.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    ctx.reply.array(ends.len());
    let mut start = 0;
    for end in ends {
        ctx.reply.bulk(&found[start..end]);
        start = end;
    }
    done()
}

pub static KEYS: Spec = Spec::read("keys", 2)
    .flags(Flags::UNNAMED_KEYS)
    .acl(Acl::KEYSPACE.with(Acl::DANGEROUS))
    .complexity(
        "O(N) where N is the number of keys in the database, given keys and pattern of limited length.",
    )
    .summary("Lists every key that matches a pattern.")
    .syntax("pattern")
    .tips(&["request_policy:all_shards", "nondeterministic_output_order"])
    .run(keys);

fn keys(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let pattern = Glob::new(args.get(1));
    let Ctx { keys, reply, .. } = ctx;
    let at = reply.defer();
    let mut count = 0;
    if let Some(name) = pattern.literal() {
        if keys.exists(name) {
            reply.bulk(name);
            count = 1;
        }
    } else {
        keys.for_each(|key, _| {
            if pattern.matches(key) {
                reply.bulk(key);
                count += 1;
            }
        });
    }
    reply.set_deferred_array(at, count);
    done()
}

pub static RANDOMKEY: Spec = Spec::read("randomkey", 1)
    .flags(Flags::UNNAMED_KEYS)
    .acl(Acl::KEYSPACE)
    .summary("Names a key chosen by chance.")
    .tips(&["request_policy:all_shards", "response_policy:special", "nondeterministic_output"])
    .run(random_key);

fn random_key(ctx: &mut Ctx<'_>, _args: &Args<'_>) -> CmdResult {
    match ctx.keys.random_key() {
        Some(key) => ctx.reply.bulk(&key),
        None => ctx.reply.null(),
    }
    done()
}

pub static DBSIZE: Spec = Spec::read("dbsize", 1)
    .flags(Flags::FAST.with(Flags::UNNAMED_KEYS))
    .acl(Acl::KEYSPACE)
    .group(Group::Server)
    .summary("Counts the keys of the database.")
    .tips(&["request_policy:all_shards", "response_policy:agg_sum"])
    .run(dbsize);

fn dbsize(ctx: &mut Ctx<'_>, _args: &Args<'_>) -> CmdResult {
    ctx.reply.int(ctx.keys.len() as i64);
    done()
}
