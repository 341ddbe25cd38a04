//! What XREAD and XREADGROUP have in common: their options, the shape of their reply, and their waiting.

use crate::engine::flow::{BlockOn, BlockReason};
use crate::engine::spec::Find;
use crate::engine::{
    Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, OwnedArgs, Spec, done,
};
use crate::ids::UnixMs;
use crate::resp::reply::{Deferred, Proto, Reply};

/// The streams behind STREAMS, looked for from argument `from` on.
pub const fn streams(from: i16) -> KeySpec {
    let half = Find::Range { last: -1, step: 1, limit: 2 };
    KeySpec::after_word("STREAMS", from, half, KeyFlags::RO.with(KeyFlags::ACCESS))
}

/// What both declare alike.
pub const fn reading_spec(spec: Spec) -> Spec {
    spec.flags(Flags::BLOCKING.with(Flags::MOVABLE_KEYS)).acl(Acl::STREAM).group(Group::Stream).since("5.0.0")
}

/// The options of XREAD and XREADGROUP.
#[derive(Debug)]
pub struct Reading<'a> {
    pub keys: &'a [&'a [u8]],
    /// The argument with the first key.
    keys_at: usize,
    /// Entries of each stream at most; 0 is no limit.
    pub count: u64,
    /// Name of the group and of the consumer.
    pub group: Option<(&'a [u8], &'a [u8])>,
    pub no_ack: bool,
    /// Whether to wait, and until when.
    wait: Option<Option<UnixMs>>,
}

impl<'a> Reading<'a> {
    /// Reads all arguments; `grouped` are those of XREADGROUP.
    pub fn parse(args: &Args<'a>, grouped: bool, now_ms: UnixMs) -> Result<Self, Error> {
        let mut reading = Reading { keys: &[], keys_at: 0, count: 0, group: None, no_ack: false, wait: None };
        let mut i = 1;
        while i < args.len() {
            let more = args.len() - i - 1;
            if more > 0 && args.is(i, "block") {
                i += 1;
                reading.wait = Some(args.deadline_ms(i, now_ms)?);
            } else if more > 0 && args.is(i, "count") {
                i += 1;
                reading.count = u64::try_from(args.int(i)?).unwrap_or(0);
            } else if more > 0 && args.is(i, "streams") {
                reading.keys_at = i + 1;
                if !more.is_multiple_of(2) {
                    return Err(unbalanced(grouped));
                }
                reading.keys = args.rest(i + 1).get(..more / 2).unwrap_or_default();
                break;
            } else if more > 1 && args.is(i, "group") {
                only_grouped(
                    grouped,
                    "The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
                )?;
                reading.group = Some((args.get(i + 1), args.get(i + 2)));
                i += 2;
            } else if args.is(i, "noack") {
                only_grouped(
                    grouped,
                    "The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
                )?;
                reading.no_ack = true;
            } else {
                return Err(Error::Syntax);
            }
            i += 1;
        }
        if reading.keys_at == 0 {
            return Err(Error::Syntax);
        }
        if grouped && reading.group.is_none() {
            return Err(Error::Plain("Missing GROUP option for XREADGROUP"));
        }
        Ok(reading)
    }

    /// The argument with the ID for key number `i`.
    pub fn id_at(&self, i: usize) -> usize {
        self.keys_at + self.keys.len() + i
    }

    /// Ends a command that found nothing: it waits, or says so. `instead` are the arguments to wait with, if not
    /// those that came.
    pub fn nothing(self, ctx: &mut Ctx<'_>, instead: Option<OwnedArgs>) -> CmdResult {
        let Some(deadline) = self.wait else {
            ctx.reply.null_array();
            return done();
        };
        let reason = if self.group.is_some() { BlockReason::Group } else { BlockReason::Stream };
        BlockOn { instead, ..BlockOn::keys(self.keys, deadline, reason) }.wait(ctx, Reply::null_array)
    }
}

fn only_grouped(grouped: bool, text: &'static str) -> Result<(), Error> {
    if grouped { Ok(()) } else { Err(Error::Plain(text)) }
}

fn unbalanced(grouped: bool) -> Error {
    let (name, symbol) = if grouped { ("xreadgroup", '>') } else { ("xread", '$') };
    Error::text(format!(
        "Unbalanced '{name}' list of streams: for each stream key an ID or '{symbol}' must be specified."
    ))
}

/// The streams of a reply: pairs of key and entries.
#[derive(Default)]
pub struct Served {
    header: Option<Deferred>,
    streams: usize,
}

impl Served {
    /// Begins the next stream; its entries follow.
    pub fn begin(&mut self, reply: &mut Reply<'_>, key: &[u8]) {
        if self.header.is_none() {
            self.header = Some(reply.defer());
        }
        self.streams += 1;
        if reply.proto == Proto::Resp2 {
            reply.array(2);
        }
        reply.bulk(key);
    }

    /// Ends the reply; says whether there is one.
    pub fn end(self, reply: &mut Reply<'_>) -> bool {
        let Some(header) = self.header else { return false };
        match reply.proto {
            Proto::Resp2 => reply.set_deferred_array(header, self.streams),
            Proto::Resp3 => reply.set_deferred_map(header, self.streams),
        }
        true
    }
}
