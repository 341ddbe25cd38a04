//! OBJECT: how a value is kept.

use crate::config::EvictionPolicy;
use crate::engine::help::{help, help_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::View;

pub static OBJECT: Spec = Spec::plain("object", -2)
    .since("2.2.3")
    .complexity("Depends on subcommand.")
    .summary("A container for commands that look into how values are kept.")
    .subcommands(&[&ENCODING, &FREQ, &HELP, &IDLETIME, &REFCOUNT]);

const KEY: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RO)];

static ENCODING: Spec = Spec::read("encoding", 3)
    .keys(KEY)
    .acl(Acl::KEYSPACE)
    .since("2.2.3")
    .summary("Names the internal encoding of the value at a key.")
    .syntax("key")
    .tips(&["nondeterministic_output"])
    .run(|ctx, args| {
        shown(ctx, args, |ctx, view| {
            ctx.bulk(view.encoding().as_bytes());
            Ok(())
        })
    });

static REFCOUNT: Spec = Spec::read("refcount", 3)
    .keys(KEY)
    .acl(Acl::KEYSPACE)
    .since("2.2.3")
    .summary("Counts the references to the value at a key: always one here.")
    .syntax("key")
    .tips(&["nondeterministic_output"])
    .run(|ctx, args| {
        shown(ctx, args, |reply, _| {
            reply.int(1);
            Ok(())
        })
    });

/// Answers about the value at a key without marking an access.
fn shown(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    tell: impl Fn(&mut crate::resp::reply::Reply<'_>, View<'_>) -> Result<(), Error>,
) -> CmdResult {
    ctx.keys.expire_due(args.get(2));
    let found = ctx.keys.peek(args.get(2)).is_some();
    ctx.keys.count(found);
    match ctx.keys.peek(args.get(2)) {
        None => ctx.reply.null(),
        Some(view) => tell(&mut ctx.reply, view)?,
    }
    done()
}

fn counts_uses(policy: EvictionPolicy) -> bool {
    matches!(policy, EvictionPolicy::AllkeysLfu | EvictionPolicy::VolatileLfu)
}

static IDLETIME: Spec = Spec::read("idletime", 3)
    .keys(KEY)
    .acl(Acl::KEYSPACE)
    .since("2.2.3")
    .summary("Tells how many seconds ago the key was last used.")
    .syntax("key")
    .tips(&["nondeterministic_output"])
    .run(|ctx, args| {
        let Some((seconds, _)) = ctx.keys.idleness(args.get(2)) else {
            ctx.reply.null();
            return done();
        };
        if counts_uses(ctx.env.config.maxmemory_policy) {
            return Err(Error::Plain(
                "An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
                 policies at runtime LRU and LFU data will take some time to adjust.",
            ));
        }
        ctx.reply.int(seconds as i64);
        done()
    });

static FREQ: Spec = Spec::read("freq", 3)
    .keys(KEY)
    .acl(Acl::KEYSPACE)
    .since("4.0.0")
    .summary("Tells the logarithmic counter of uses of a key.")
    .syntax("key")
    .tips(&["nondeterministic_output"])
    .run(|ctx, args| {
        let Some((_, counter)) = ctx.keys.idleness(args.get(2)) else {
            ctx.reply.null();
            return done();
        };
        if !counts_uses(ctx.env.config.maxmemory_policy) {
            return Err(Error::Plain(
                "An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
                 switching between policies at runtime LRU and LFU data will take some time to adjust.",
            ));
        }
        ctx.reply.int(i64::from(counter));
        done()
    });

static HELP: Spec = help_spec("6.2.0").acl(Acl::KEYSPACE).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "object",
        &[
            "ENCODING <key>",
            "    Name the internal representation of the value at <key>.",
            "FREQ <key>",
            "    Return the logarithmic counter of recent uses of <key> (LFU policies only).",
            "IDLETIME <key>",
            "    Return the seconds since <key> was last used (LRU policies only).",
            "REFCOUNT <key>",
            "    Return the number of references to the value at <key>.",
        ],
    )
});
