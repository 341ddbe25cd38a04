//! Reading lists: LLEN, LINDEX, LRANGE, LPOS.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::list::List;

pub static LLEN: Spec = Spec::read("llen", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO)])
    .flags(Flags::FAST)
    .acl(Acl::LIST)
    .group(Group::List)
    .summary("Counts the elements of a list.")
    .syntax("key")
    .run(|ctx, args| {
        let len = ctx.keys.read_as::<List>(args.key(1))?.map_or(0, |list| list.len());
        ctx.reply.int(len as i64);
        done()
    });

pub static LINDEX: Spec = Spec::read("lindex", 3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::LIST)
    .group(Group::List)
    .complexity(
        "O(N) where N is the number of elements to traverse to get to the element at index. This makes asking for the \
         first or the last element of the list O(1).",
    )
    .summary("Answers with the element at an index.")
    .syntax("key index")
    .run(lindex);

fn lindex(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let Some(list) = ctx.keys.read_as::<List>(args.key(1))? else {
        ctx.reply.null();
        return done();
    };
    let reply = &mut ctx.reply;
    if list.at(args.int(2)?, |element| reply.bulk_value(element)).is_none() {
        reply.null();
    }
    done()
}

pub static LRANGE: Spec = Spec::read("lrange", 4)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::LIST)
    .group(Group::List)
    .complexity(
        "O(S+N) where S is the distance of start offset from HEAD for small lists, from nearest end (HEAD or TAIL) for \
         large lists; and N is the number of elements in the specified range.",
    )
    .summary("Lists the elements of a range.")
    .syntax("key start stop")
    .run(lrange);

fn lrange(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let (first, last) = (args.int(2)?, args.int(3)?);
    let reply = &mut ctx.reply;
    match ctx.keys.read_as::<List>(args.key(1))? {
        None => reply.array(0),
        Some(list) => {
            let (start, count) = list.range(first, last);
            reply.array(count);
            list.for_each_in(start, count, false, |element| reply.bulk_value(element));
        }
    }
    done()
}

pub static LPOS: Spec = Spec::read("lpos", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::LIST)
    .group(Group::List)
    .since("6.0.6")
    .complexity(
        "O(N) where N is the number of elements in the list, for the average case. When searching for elements near \
         the head or the tail of the list, or when the MAXLEN option is provided, the command may run in constant \
         time.",
    )
    .summary("Finds the indexes of elements that equal one.")
    .syntax("key element [RANK rank] [COUNT num-matches] [MAXLEN len]")
    .run(lpos);

/// What LPOS is asked for.
struct Search {
    rank: i64,
    /// `None` wants one index, not an array.
    count: Option<usize>,
    max_len: usize,
}

impl Search {
    fn parse(args: &Args<'_>) -> Result<Self, Error> {
        let mut search = Search { rank: 1, count: None, max_len: 0 };
        let mut i = 3;
        while i < args.len() {
            let value = i + 1;
            if value == args.len() {
                return Err(Error::Syntax);
            }
            if args.is(i, "rank") {
                search.rank = rank(args, value)?;
            } else if args.is(i, "count") {
                search.count = Some(args.natural(value, Error::Plain("COUNT can't be negative"))?);
            } else if args.is(i, "maxlen") {
                search.max_len = args.natural(value, Error::Plain("MAXLEN can't be negative"))?;
            } else {
                return Err(Error::Syntax);
            }
            i += 2;
        }
        Ok(search)
    }
}

fn rank(args: &Args<'_>, i: usize) -> Result<i64, Error> {
    match args.negatable(i)? {
        0 => Err(Error::Plain(
            "RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start \
             from the end of the list",
        )),
        rank => Ok(rank),
    }
}

fn lpos(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let search = Search::parse(args)?;
    let reply = &mut ctx.reply;
    let list = ctx.keys.read_as::<List>(args.key(1))?;
    let Some(count) = search.count else {
        let mut found = None;
        if let Some(list) = list {
            list.positions(args.get(2), search.rank, 1, search.max_len, |at| found = Some(at));
        }
        match found {
            Some(at) => reply.int(at as i64),
            None => reply.null(),
        }
        return done();
    };
    let start = reply.defer();
    let mut matches = 0;
    if let Some(list) = list {
        list.positions(args.get(2), search.rank, count, search.max_len, |at| {
            reply.int(at as i64);
            matches += 1;
        });
    }
    reply.set_deferred_array(start, matches);
    done()
}
