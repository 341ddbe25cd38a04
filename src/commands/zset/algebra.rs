//! What ZUNION, ZINTER and ZDIFF share: how they and their STORE forms are declared, and how an outcome is told or
//! stored. Does not know what the operations do with members and scores.

use super::gather::{Members, collect, reply_members};
use super::limits::zset_limits;
use super::operands::{Request, Takes};
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Keys};

const READ: KeyFlags = KeyFlags::RO.with(KeyFlags::ACCESS);
const OPERANDS: &[KeySpec] = &[KeySpec::counted(1, READ)];
const STORE: &[KeySpec] = &[KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)), KeySpec::counted(2, READ)];

/// A command that answers with what comes of several sorted sets, or counts it.
pub const fn read_spec(name: &'static str) -> Spec {
    Spec::read(name, -3)
        .keys(OPERANDS)
        .flags(Flags::MOVABLE_KEYS)
        .acl(Acl::SORTEDSET)
        .group(Group::SortedSet)
        .since("6.2.0")
}

/// A STORE form.
pub const fn store_spec(name: &'static str) -> Spec {
    Spec::write(name, -4)
        .keys(STORE)
        .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS))
        .acl(Acl::SORTEDSET)
        .group(Group::SortedSet)
}

/// The options of the operations that put scores together.
pub const WEIGHED: &str = "numkeys key [key ...] [WEIGHTS weight:integer [weight:integer ...]] \
                           [AGGREGATE <SUM | MIN | MAX>] [WITHSCORES]";
pub const WEIGHED_STORE: &str = "destination numkeys key [key ...] \
                                 [WEIGHTS weight:integer [weight:integer ...]] [AGGREGATE <SUM | MIN | MAX>]";

/// One of the operations.
pub struct Operation {
    /// Whether it takes WEIGHTS and AGGREGATE.
    pub weights: bool,
    /// What it makes of the operands, in any order.
    pub members: for<'a> fn(&Request<'_>, &'a Keys<'_>) -> Members<'a>,
}

impl Operation {
    /// The form that answers; `name` is the command's for errors.
    pub fn answer(&self, ctx: &mut Ctx<'_>, args: &Args<'_>, name: &'static str) -> CmdResult {
        let takes = Takes { weights: self.weights, scores: true, limit: false };
        let request = Request::read(ctx, args, 1, takes, name)?;
        let members = (self.members)(&request, &ctx.keys);
        reply_members(&mut ctx.reply, members, request.options.with_scores);
        done()
    }

    /// The STORE form; its event is named as the command is.
    pub fn store(&self, ctx: &mut Ctx<'_>, args: &Args<'_>, name: &'static str) -> CmdResult {
        let takes = Takes { weights: self.weights, scores: false, limit: false };
        let request = Request::read(ctx, args, 2, takes, name)?;
        let outcome = collect((self.members)(&request, &ctx.keys), &zset_limits(ctx));
        let len = outcome.len();
        ctx.keys.store(args.key(1), outcome, 1, EventClass::ZSET, name);
        ctx.reply.int(len as i64);
        done()
    }
}
