//! XTRIM, and the options by which XADD trims as well.

use super::ids;
use crate::config::Config;
use crate::engine::client::Session;
use crate::engine::ctx::Env;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Keys};
use crate::types::stream::{AddId, IdText, Keep, Log, Stream, Trim};

pub static XTRIM: Spec = Spec::write("xtrim", -4)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))])
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity(
        "O(N), with N being the number of evicted entries. Constant times are very small however, since entries are \
         organized in macro nodes containing multiple entries that can be released with a single deallocation.",
    )
    .summary("Removes entries from the beginning of a stream.")
    .syntax("key <<MAXLEN | MINID> [= | ~] threshold [LIMIT count]>")
    .history(&[("6.2.0", "Added the `MINID` trimming strategy and the `LIMIT` option.")])
    .tips(&["nondeterministic_output"])
    .run(xtrim);

/// What XADD and XTRIM ask for besides entry and key.
#[derive(Debug, Default)]
pub struct Options {
    pub trim: Option<Trim>,
    /// The argument that says how far to trim.
    threshold_at: usize,
    /// XADD: leave a missing key missing.
    pub no_create: bool,
    /// XADD: the ID, and its argument.
    pub id: Option<(AddId, usize)>,
    limit: Option<u64>,
}

impl Options {
    /// Reads the arguments from 2 on; those of XADD end with the ID.
    pub fn parse(args: &Args<'_>, adding: bool, env: &Env<'_>, session: &Session) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut i = 2;
        while i < args.len() {
            let more = i + 1 < args.len();
            if adding && args.get(i) == b"*" {
                options.id = Some((AddId::Auto, i));
                break;
            } else if more && (args.is(i, "maxlen") || args.is(i, "minid")) {
                i = options.threshold(args, i)?;
            } else if more && args.is(i, "limit") {
                i += 1;
                let limit = args.int(i)?;
                let limit = u64::try_from(limit);
                options.limit = Some(limit.map_err(|_| Error::Plain("The LIMIT argument must be >= 0."))?);
            } else if adding && args.is(i, "nomkstream") {
                options.no_create = true;
            } else if adding {
                options.id = Some((AddId::parse(args.get(i)).ok_or_else(ids::invalid)?, i));
                break;
            } else {
                return Err(Error::Syntax);
            }
            i += 1;
        }
        options.check(adding)?;
        if !session.obeyed {
            options.limit(env.config)?;
        }
        Ok(options)
    }

    /// Reads `MAXLEN [=|~] n` or `MINID [=|~] id` at `i`; gives the argument it ends with.
    fn threshold(&mut self, args: &Args<'_>, i: usize) -> Result<usize, Error> {
        if self.trim.is_some() {
            return Err(Error::Plain(
                "syntax error, MAXLEN and MINID options at the same time are not compatible",
            ));
        }
        let mut at = i + 1;
        let approximate = at + 1 < args.len() && args.get(at) == b"~";
        if approximate || (at + 1 < args.len() && args.get(at) == b"=") {
            at += 1;
        }
        let keep = if args.is(i, "maxlen") {
            let len = u64::try_from(args.int(at)?);
            Keep::MaxLen(len.map_err(|_| Error::Plain("The MAXLEN argument must be >= 0."))?)
        } else {
            Keep::MinId(ids::strict(args, at)?)
        };
        self.trim = Some(Trim { keep, approximate, limit: 0 });
        self.threshold_at = at;
        Ok(at)
    }

    /// Whether there is something to trim by.
    fn check(&self, adding: bool) -> Result<(), Error> {
        if self.limit.unwrap_or(0) > 0 && self.trim.is_none() {
            return Err(Error::Plain(
                "syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ));
        }
        if !adding && self.trim.is_none() {
            return Err(Error::Plain("syntax error, XTRIM must be called with a trimming strategy"));
        }
        Ok(())
    }

    /// Settles how much may be trimmed at most. What was logged is not limited again: it is the outcome of a limit.
    fn limit(&mut self, config: &Config) -> Result<(), Error> {
        let approximate = self.trim.is_some_and(|trim| trim.approximate);
        if self.limit.is_some() && !approximate {
            return Err(Error::Plain("syntax error, LIMIT cannot be used without the special ~ option"));
        }
        if let Some(trim) = &mut self.trim
            && approximate
        {
            trim.limit = self.limit.unwrap_or_else(|| Trim::default_limit(config.stream_node_max_entries));
        }
        Ok(())
    }

    /// What an approximate trim came to, as the exact threshold that has the same outcome.
    pub fn outcome(&self, entries: &Log) -> Option<Threshold> {
        let trim = self.trim.filter(|trim| trim.approximate)?;
        Some(match trim.keep {
            Keep::MaxLen(_) => Threshold::Len(entries.len()),
            Keep::MinId(_) => Threshold::Id(entries.first_stored_id().text()),
        })
    }

    /// Logs the command as it came, but with what was decided while it ran: the outcome of an approximate trim, and
    /// the ID that was given out.
    pub fn log(&self, keys: &mut Keys<'_>, args: &Args<'_>, outcome: Option<Threshold>, id: Option<IdText>) {
        let mut digits = itoa::Buffer::new();
        let mut command = args.rest(0).to_vec();
        if let Some(outcome) = &outcome {
            command[self.threshold_at - 1] = b"=";
            command[self.threshold_at] = match outcome {
                Threshold::Len(len) => digits.format(*len).as_bytes(),
                Threshold::Id(id) => id,
            };
        }
        if let (Some(id), Some((_, at))) = (&id, self.id) {
            command[at] = id;
        }
        if outcome.is_some() || id.is_some() {
            keys.log_instead(&command);
        }
    }
}

/// An exact threshold.
pub enum Threshold {
    Len(u64),
    Id(IdText),
}

fn xtrim(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let options = Options::parse(args, false, &ctx.env, ctx.session)?;
    let mut edit = ctx.keys.edit::<Stream>(args.key(1))?;
    let (Some(stream), Some(trim)) = (edit.value(), options.trim) else {
        edit.unchanged();
        ctx.reply.int(0);
        return done();
    };
    let removed = stream.entries.trim(trim);
    let outcome = options.outcome(&stream.entries);
    edit.done(removed, EventClass::STREAM, "xtrim");
    if removed > 0 && ctx.keys.space.effects.wants_log {
        options.log(&mut ctx.keys, args, outcome, None);
    }
    ctx.reply.int(removed as i64);
    done()
}
