//! XADD: appends an entry, and trims when asked to.

use super::trim::Options;
use crate::config::Config;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::stream::{AddError, AddId, NodeLimits, Stream, StreamId};

pub static XADD: Spec = Spec::write("xadd", -5)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))
        .notes("UPDATE instead of INSERT because of the optional trimming feature")])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity(
        "O(1) when adding a new entry, O(N) when trimming where N being the number of entries evicted.",
    )
    .summary("Appends an entry to a stream, which is made if it is not there.")
    .syntax(
        "key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value \
         [field value ...]",
    )
    .history(&[
        ("6.2.0", "Added the `NOMKSTREAM` option, `MINID` trimming strategy and the `LIMIT` option."),
        ("7.0.0", "Added support for the `<ms>-*` explicit ID form."),
    ])
    .tips(&["nondeterministic_output"])
    .run(xadd);

/// When a node of a stream is full, by the configuration.
fn node_limits(config: &Config) -> NodeLimits {
    NodeLimits {
        max_bytes: usize::try_from(config.stream_node_max_bytes).unwrap_or(usize::MAX),
        max_entries: config.stream_node_max_entries,
    }
}

fn refused(error: AddError) -> Error {
    Error::text(error.to_string())
}

fn xadd(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let options = Options::parse(args, true, &ctx.env, ctx.session)?;
    let (id, id_at) = options.id.unwrap_or((AddId::Auto, args.len()));
    let fields = args.rest(id_at + 1);
    if fields.is_empty() || fields.len() % 2 == 1 {
        return Err(Error::Arity(Box::new("xadd".to_string())));
    }
    if id == AddId::Given(StreamId::MIN) {
        return Err(refused(AddError::ZeroId));
    }
    let mut edit = ctx.keys.edit::<Stream>(args.key(1))?;
    if options.no_create && !edit.exists() {
        edit.unchanged();
        ctx.reply.null();
        return done();
    }
    let entries = &mut edit.or_default().entries;
    let pairs = fields.chunks_exact(2).map(|pair| (pair[0], pair[1]));
    let now_ms = u64::try_from(ctx.env.now_ms).unwrap_or(0);
    let added = entries.add(id, now_ms, pairs, node_limits(ctx.env.config)).map_err(refused)?;
    let trimmed = options.trim.map_or(0, |trim| entries.trim(trim));
    let outcome = options.outcome(entries);
    edit.done(1, EventClass::STREAM, "xadd");
    if trimmed > 0 {
        ctx.keys.notify(EventClass::STREAM, "xtrim", args.get(1));
    }
    let text = added.text();
    if ctx.keys.space.effects.wants_log {
        let made_up = !matches!(id, AddId::Given(_));
        options.log(&mut ctx.keys, args, outcome, made_up.then_some(text));
    }
    ctx.reply.bulk(&text);
    done()
}
