//! XGROUP: creates, sets back and destroys groups and their consumers.

use super::group_edit::{consumer_made, no_group_at};
use super::ids;
use crate::engine::help::{help, help_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::stream::Group as ConsumerGroup;
use crate::types::stream::{Stream, StreamId};

pub static XGROUP: Spec = Spec::plain("xgroup", -2)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity("Depends on subcommand.")
    .summary("A container for commands on consumer groups.")
    .subcommands(&[&CREATE, &CREATECONSUMER, &DELCONSUMER, &DESTROY, &HELP, &SETID]);

const INSERT: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RW.with(KeyFlags::INSERT))];
const UPDATE: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RW.with(KeyFlags::UPDATE))];
const DELETE: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RW.with(KeyFlags::DELETE))];

const NO_KEY: Error = Error::Plain(
    "The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option \
     to create an empty stream automatically.",
);

static CREATE: Spec = Spec::write("create", -5)
    .keys(INSERT)
    .flags(Flags::DENYOOM)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Creates a consumer group.")
    .syntax("key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read:integer]")
    .history(&[("7.0.0", "Added the `entries_read` named argument.")])
    .run(create);

/// The options of CREATE and SETID.
#[derive(Default)]
struct Options {
    make_stream: bool,
    entries_read: Option<i64>,
}

impl Options {
    fn parse(args: &Args<'_>, creating: bool) -> Result<Options, Error> {
        let mut options = Options::default();
        let mut i = 5;
        while i < args.len() {
            if creating && args.is(i, "mkstream") {
                options.make_stream = true;
            } else if args.is(i, "entriesread") && i + 1 < args.len() {
                i += 1;
                let count = args.int(i)?;
                if count < -1 {
                    return Err(Error::Plain("value for ENTRIESREAD must be positive or -1"));
                }
                options.entries_read = Some(count).filter(|count| *count >= 0);
            } else {
                return Err(wrong(args));
            }
            i += 1;
        }
        Ok(options)
    }
}

fn wrong(args: &Args<'_>) -> Error {
    Error::subcommand("XGROUP", args.get(1))
}

fn create(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let options = Options::parse(args, true)?;
    let last = ctx.keys.look_as::<Stream>(args.key(2))?.map(|stream| stream.entries.marks().last_id);
    if last.is_none() && !options.make_stream {
        return Err(NO_KEY);
    }
    if args.len() > 8 {
        return Err(wrong(args));
    }
    let id = match args.get(4) {
        b"$" => last.unwrap_or(StreamId::MIN),
        _ => ids::strict(args, 4)?,
    };
    let mut edit = ctx.keys.edit::<Stream>(args.key(2))?;
    if !edit.or_default().create_group(args.get(3), id, options.entries_read) {
        return Err(Error::Coded("BUSYGROUP Consumer Group name already exists"));
    }
    if last.is_none() {
        edit.done(1, EventClass::STREAM, "xgroup-create");
    } else {
        // COMPAT: WATCH does not see what happens to groups.
        edit.unchanged();
        ctx.keys.dirty(1);
        ctx.keys.notify(EventClass::STREAM, "xgroup-create", args.get(2));
    }
    ctx.reply.ok();
    done()
}

/// Runs `f` on the stream at argument 2, which has to be there.
fn with_stream<R>(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    f: impl FnOnce(&mut Stream) -> Result<R, Error>,
) -> Result<R, Error> {
    let mut edit = ctx.keys.edit::<Stream>(args.key(2))?;
    let result = edit.value().ok_or(NO_KEY).and_then(f);
    edit.unchanged();
    result
}

/// The same with the group at argument 3.
fn with_group<R>(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    f: impl FnOnce(&mut ConsumerGroup) -> R,
) -> Result<R, Error> {
    with_stream(ctx, args, |stream| {
        let group = stream.groups.get_mut(args.get(3)).ok_or_else(|| no_group_at(args))?;
        Ok(f(group))
    })
}

static SETID: Spec = Spec::write("setid", -5)
    .keys(UPDATE)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Sets the ID up to which a consumer group has read.")
    .syntax("key group <id | $> [ENTRIESREAD entries-read:integer]")
    .history(&[("7.0.0", "Added the optional `entries_read` argument.")])
    .run(set_id);

fn set_id(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let options = Options::parse(args, false)?;
    with_stream(ctx, args, |stream| {
        let last = stream.entries.marks().last_id;
        let group = stream.groups.get_mut(args.get(3)).ok_or_else(|| no_group_at(args))?;
        if !matches!(args.len(), 5 | 7) {
            return Err(wrong(args));
        }
        group.last_id = match args.get(4) {
            b"$" => last,
            text => StreamId::parse(text, 0).ok_or_else(ids::invalid)?,
        };
        group.entries_read = options.entries_read;
        Ok(())
    })?;
    ctx.keys.dirty(1);
    ctx.keys.notify(EventClass::STREAM, "xgroup-setid", args.get(2));
    ctx.reply.ok();
    done()
}

static DESTROY: Spec = Spec::write("destroy", 4)
    .keys(DELETE)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity("O(N) where N is the number of entries in the group's pending entries list (PEL).")
    .summary("Destroys a consumer group.")
    .syntax("key group")
    .run(|ctx, args| {
        let gone = with_stream(ctx, args, |stream| Ok(stream.groups.remove(args.get(3)).is_some()))?;
        if gone {
            ctx.keys.dirty(1);
            ctx.keys.notify(EventClass::STREAM, "xgroup-destroy", args.get(2));
            // Who waits for the group hears that it is gone.
            let db = ctx.keys.db;
            ctx.keys.space.effects.stir(db, args.get(2));
        }
        ctx.reply.int(i64::from(gone));
        done()
    });

static CREATECONSUMER: Spec = Spec::write("createconsumer", 5)
    .keys(INSERT)
    .flags(Flags::DENYOOM)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("6.2.0")
    .summary("Creates a consumer in a consumer group.")
    .syntax("key group consumer")
    .run(|ctx, args| {
        let now_ms = ctx.env.now_ms;
        let made = with_group(ctx, args, |group| group.create_consumer(args.get(4), now_ms).is_some())?;
        if made {
            consumer_made(&mut ctx.keys, args.get(2));
        }
        ctx.reply.int(i64::from(made));
        done()
    });

static DELCONSUMER: Spec = Spec::write("delconsumer", 5)
    .keys(DELETE)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Deletes a consumer from a consumer group, with what it has pending.")
    .syntax("key group consumer")
    .run(|ctx, args| {
        let pending = with_group(ctx, args, |group| group.delete_consumer(args.get(4)))?;
        if pending.is_some() {
            ctx.keys.dirty(1);
            ctx.keys.notify(EventClass::STREAM, "xgroup-delconsumer", args.get(2));
        }
        ctx.reply.int(pending.unwrap_or(0) as i64);
        done()
    });

static HELP: Spec = help_spec("5.0.0").acl(Acl::STREAM).group(Group::Stream).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "xgroup",
        &[
            "CREATE <key> <groupname> <id|$> [option]",
            "    Create a consumer group that reads on from <id>. Options are:",
            "    * MKSTREAM",
            "      Make an empty stream if there is none.",
            "    * ENTRIESREAD entries_read",
            "      Set how many entries the group has read (made for replication).",
            "CREATECONSUMER <key> <groupname> <consumer>",
            "    Create a consumer in the group.",
            "DELCONSUMER <key> <groupname> <consumer>",
            "    Delete a consumer of the group.",
            "DESTROY <key> <groupname>",
            "    Delete the group.",
            "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
            "    Set the ID up to which the group has read.",
        ],
    )
});
