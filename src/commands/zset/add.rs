//! ZADD and ZINCRBY, and the adding that GEOADD shares with them.

use super::limits::zset_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Key};
use crate::types::zset::{AddFlags, Added, Zset};
use crate::util::float::parse_f64;
use smallvec::SmallVec;

pub static ZADD: Spec = Spec::write("zadd", -4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("1.2.0")
    .complexity("O(log(N)) for each item added, where N is the number of elements in the sorted set.")
    .summary("Adds members to a sorted set, or gives those that are there new scores.")
    .syntax("key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]")
    .history(&[
        ("2.4.0", "Accepts multiple elements."),
        ("3.0.2", "Added the `XX`, `NX`, `CH` and `INCR` options."),
        ("6.2.0", "Added the `GT` and `LT` options."),
    ])
    .run(|ctx, args| zadd(ctx, args, Options::default()));

pub static ZINCRBY: Spec = Spec::write("zincrby", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::SORTEDSET)
    .group(Group::SortedSet)
    .since("1.2.0")
    .complexity("O(log(N)) where N is the number of elements in the sorted set.")
    .summary("Adds a number to the score of a member of a sorted set.")
    .syntax("key increment member")
    .run(|ctx, args| {
        let flags = AddFlags { incr: true, ..AddFlags::default() };
        zadd(ctx, args, Options { flags, changed: false })
    });

/// Scores and members to be added.
pub type Pairs<'a> = SmallVec<[(f64, &'a [u8]); 4]>;

/// What ZADD is told before the scores.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    pub flags: AddFlags,
    /// CH: changed members count as well as new ones.
    pub changed: bool,
}

impl Options {
    /// Takes the word in if it is an option.
    fn take(&mut self, word: &[u8]) -> bool {
        // Most first words are scores.
        if !word.first().is_some_and(u8::is_ascii_alphabetic) {
            return false;
        }
        let flags = &mut self.flags;
        let known = [
            ("nx", &mut flags.nx),
            ("xx", &mut flags.xx),
            ("ch", &mut self.changed),
            ("incr", &mut flags.incr),
            ("gt", &mut flags.gt),
            ("lt", &mut flags.lt),
        ];
        match known.into_iter().find(|(name, _)| word.eq_ignore_ascii_case(name.as_bytes())) {
            Some((_, flag)) => {
                *flag = true;
                true
            }
            None => false,
        }
    }

    fn check(&self, pairs: usize) -> Result<(), Error> {
        let AddFlags { incr, nx, xx, gt, lt } = self.flags;
        if nx && xx {
            return Err(Error::Plain("XX and NX options at the same time are not compatible"));
        }
        if nx && (gt || lt) || gt && lt {
            return Err(Error::Plain("GT, LT, and/or NX options at the same time are not compatible"));
        }
        if incr && pairs > 1 {
            return Err(Error::Plain("INCR option supports a single increment-element pair"));
        }
        Ok(())
    }
}

fn zadd(ctx: &mut Ctx<'_>, args: &Args<'_>, mut options: Options) -> CmdResult {
    let mut first = 2;
    while args.opt(first).is_some_and(|word| options.take(word)) {
        first += 1;
    }
    let rest = args.rest(first);
    if rest.is_empty() || !rest.len().is_multiple_of(2) {
        return Err(Error::Syntax);
    }
    options.check(rest.len() / 2)?;
    let mut pairs = Pairs::new();
    for pair in rest.chunks_exact(2) {
        pairs.push((parse_f64(pair[0]).ok_or(Error::NotFloat)?, pair[1]));
    }
    add_pairs(ctx, args.key(1), &pairs, options)
}

/// Adds the pairs as the options say, and answers as ZADD does.
pub fn add_pairs(ctx: &mut Ctx<'_>, key: Key<'_>, pairs: &[(f64, &[u8])], options: Options) -> CmdResult {
    let limits = zset_limits(ctx);
    let Options { flags, changed } = options;
    let mut edit = ctx.keys.edit::<Zset>(key)?;
    let (mut new, mut updated, mut last) = (0u64, 0u64, Added::Skipped);
    if flags.xx && !edit.exists() {
        edit.unchanged();
    } else {
        let set = edit.or_default();
        let longest = pairs.iter().map(|(_, member)| member.len()).max().unwrap_or(0);
        set.expect(pairs.len(), longest, &limits);
        for (score, member) in pairs {
            last = set.add(member, *score, flags, &limits);
            match last {
                Added::New(_) => new += 1,
                Added::Changed(_) => updated += 1,
                Added::NotANumber => {
                    // Only INCR comes to this, and it adds to one member.
                    edit.unchanged();
                    return Err(Error::Plain("resulting score is not a number (NaN)"));
                }
                Added::Same(_) | Added::Skipped => {}
            }
        }
        edit.done(new + updated, EventClass::ZSET, if flags.incr { "zincr" } else { "zadd" });
    }
    match last {
        Added::New(score) | Added::Changed(score) | Added::Same(score) if flags.incr => {
            ctx.reply.double(score);
        }
        _ if flags.incr => ctx.reply.null(),
        _ => ctx.reply.int((new + if changed { updated } else { 0 }) as i64),
    }
    done()
}
