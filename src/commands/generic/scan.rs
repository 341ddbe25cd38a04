//! SCAN, KEYS, RANDOMKEY, DBSIZE; and what the scans of collections share with SCAN: options, cursor, reply.

use crate::engine::flow::{BlockOn, BlockReason};
use crate::engine::walks::WALK_AT_ONCE;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Flow, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::Kind;
use crate::resp::reply::{Deferred, Reply};
use crate::types::packed::Value;
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

const KEY: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];

/// A scan of a collection, but for its category, group and words.
pub const fn scan_spec(name: &'static str) -> Spec {
    Spec::read(name, -3)
        .keys(KEY)
        .since("2.8.0")
        .complexity(
            "O(1) for every call. O(N) for a complete iteration, including enough command calls for the cursor to \
             return back to 0. N is the number of elements inside the collection.",
        )
        .tips(&["nondeterministic_output"])
}

/// The options of SCAN and of the scans of collections.
#[derive(Debug)]
pub struct ScanOptions<'a> {
    pattern: Option<Glob<'a>>,
    /// About how many elements a call tells, at least 1.
    pub count: usize,
    kind: Option<Kind>,
    /// HSCAN NOVALUES, ZSCAN NOSCORES: names are told without what belongs to them.
    pub names_only: bool,
}

impl<'a> ScanOptions<'a> {
    /// Reads the options from argument `from` on, of a scan over a collection of this kind, or over the keys.
    pub fn parse(args: &Args<'a>, from: usize, of: Option<Kind>) -> Result<Self, Error> {
        let mut options = ScanOptions { pattern: None, count: 10, kind: None, names_only: false };
        let mut i = from;
        while i < args.len() {
            let value = args.opt(i + 1);
            match value {
                Some(_) if args.is(i, "count") => {
                    let count = args.int(i + 1)?;
                    options.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(Error::Syntax)?;
                }
                Some(pattern) if args.is(i, "match") => {
                    options.pattern = (pattern != b"*").then(|| Glob::new(pattern));
                }
                Some(name) if args.is(i, "type") && of.is_none() => options.kind = Some(kind_named(name)?),
                _ => {
                    options.flag(args, i, of)?;
                    i += 1;
                    continue;
                }
            }
            i += 2;
        }
        Ok(options)
    }

    /// An option of one word.
    fn flag(&mut self, args: &Args<'_>, i: usize, of: Option<Kind>) -> Result<(), Error> {
        if args.is(i, "novalues") {
            if of != Some(Kind::Hash) {
                return Err(Error::Plain("NOVALUES option can only be used in HSCAN"));
            }
        } else if args.is(i, "noscores") {
            if of != Some(Kind::Zset) {
                return Err(Error::Plain("NOSCORES option can only be used in ZSCAN"));
            }
        } else {
            return Err(Error::Syntax);
        }
        self.names_only = true;
        Ok(())
    }

    /// Whether the pattern lets this name through.
    #[inline]
    pub fn wants(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| pattern.matches(name))
    }

    /// The same of a name as a packed collection has it.
    pub fn wants_value(&self, name: Value<'_>) -> bool {
        self.pattern.is_none() || self.wants(name.bytes(&mut itoa::Buffer::new()))
    }

    fn wants_key(&self, key: &[u8], kind: Kind) -> bool {
        self.kind.is_none_or(|wanted| wanted == kind) && self.wants(key)
    }
}

fn kind_named(name: &[u8]) -> Result<Kind, Error> {
    let found = Kind::ALL.into_iter().find(|kind| name.eq_ignore_ascii_case(kind.name().as_bytes()));
    found.ok_or_else(|| Error::text(format!("unknown type name '{}'", String::from_utf8_lossy(name))))
}

/// The cursor at argument `i`.
pub fn scan_cursor(args: &Args<'_>, i: usize) -> Result<u64, Error> {
    parse_u64(args.get(i)).ok_or(Error::InvalidCursor)
}

/// The elements that a scan tells, written as they are found; the cursor goes before them at the end.
#[must_use = "without its cursor a scan is no reply"]
pub struct Found<'r, 'o> {
    reply: &'r mut Reply<'o>,
    start: Deferred,
    count: usize,
}

impl<'r, 'o> Found<'r, 'o> {
    pub fn new(reply: &'r mut Reply<'o>) -> Self {
        let start = reply.defer();
        Found { reply, start, count: 0 }
    }

    /// Tells a name, a field, a value or a score.
    #[inline]
    pub fn tell(&mut self, element: &[u8]) {
        self.reply.bulk(element);
        self.count += 1;
    }

    /// The same of an element of a packed collection.
    #[inline]
    pub fn tell_value(&mut self, element: Value<'_>) {
        self.reply.bulk_value(element);
        self.count += 1;
    }

    /// Ends the reply with the cursor to go on with; 0 for a scan that is over.
    pub fn finish(self, cursor: u64) {
        let Found { reply, start, count } = self;
        reply.set_deferred_with(start, |reply| {
            reply.array(2);
            reply.bulk(itoa::Buffer::new().format(cursor).as_bytes());
            reply.array(count);
        });
    }
}

fn scan(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let cursor = scan_cursor(args, 1)?;
    let options = ScanOptions::parse(args, 2, None)?;
    let mut found = Found::new(&mut ctx.reply);
    let wants = |key: &[u8], kind| options.wants_key(key, kind);
    let next = ctx.keys.scan(cursor, options.count, wants, |key| found.tell(key));
    found.finish(next);
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
    // COMPAT: a lone star means every key, the empty one as well, which no other pattern of stars matches.
    let all = args.get(1) == b"*";
    if ctx.keys.len() > WALK_AT_ONCE && !ctx.env.must_not_block && pattern.literal().is_none() {
        return Ok(Flow::Block(Box::new(BlockOn::keys(&[], None, BlockReason::Walk))));
    }
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
            if all || pattern.matches(key) {
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
