//! XINFO. Its longest form, STREAM FULL, has a file of its own.

use super::group_edit::no_group_at;
use super::info_full;
use super::replies;
use crate::engine::help::{help, help_spec};
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Group, KeyFlags, KeySpec, Spec, done};
use crate::resp::reply::Reply;
use crate::types::stream::{Stream, StreamId};

pub static XINFO: Spec = Spec::plain("xinfo", -2)
    .group(Group::Stream)
    .since("5.0.0")
    .complexity("Depends on subcommand.")
    .summary("A container for commands that look into streams.")
    .subcommands(&[&CONSUMERS, &GROUPS, &HELP, &STREAM]);

const KEY: &[KeySpec] = &[KeySpec::at(2, KeyFlags::RO.with(KeyFlags::ACCESS))];

static CONSUMERS: Spec = Spec::read("consumers", 4)
    .keys(KEY)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Lists the consumers of a consumer group.")
    .syntax("key group")
    .history(&[("7.2.0", "Added the `inactive` field, and changed the meaning of `idle`.")])
    .tips(&["nondeterministic_output"])
    .run(consumers);

fn consumers(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let stream = ctx.keys.read_as::<Stream>(args.key(2))?.ok_or(Error::NoSuchKey)?;
    let group = stream.groups.get(args.get(3)).ok_or_else(|| no_group_at(args))?;
    let (reply, now_ms) = (&mut ctx.reply, ctx.env.now_ms);
    reply.array(group.consumer_count());
    for (_, consumer) in group.consumers() {
        let active = consumer.active_time;
        reply.map(4);
        reply.bulk(b"name");
        reply.bulk(consumer.name());
        reply.bulk(b"pending");
        reply.int(consumer.pending_len() as i64);
        reply.bulk(b"idle");
        reply.int(now_ms.saturating_sub(consumer.seen_time).max(0));
        reply.bulk(b"inactive");
        reply.int(if active == -1 { -1 } else { now_ms.saturating_sub(active) });
    }
    done()
}

static GROUPS: Spec = Spec::read("groups", 3)
    .keys(KEY)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Lists the consumer groups of a stream.")
    .syntax("key")
    .history(&[("7.0.0", "Added the `entries-read` and `lag` fields")])
    .run(groups);

fn groups(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let stream = ctx.keys.read_as::<Stream>(args.key(2))?.ok_or(Error::NoSuchKey)?;
    let reply = &mut ctx.reply;
    reply.array(stream.groups.len());
    for (name, group) in &stream.groups {
        reply.map(6);
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"consumers");
        reply.int(group.consumer_count() as i64);
        reply.bulk(b"pending");
        reply.int(group.pending_len() as i64);
        reply.bulk(b"last-delivered-id");
        replies::id(reply, group.last_id);
        reply.bulk(b"entries-read");
        replies::known(reply, group.entries_read);
        reply.bulk(b"lag");
        replies::known(reply, group.lag(&stream.entries));
    }
    done()
}

static STREAM: Spec = Spec::read("stream", -3)
    .keys(KEY)
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Tells what is to be known of a stream.")
    .syntax("key [FULL [COUNT count]]")
    .history(&[
        ("6.0.0", "Added the `FULL` modifier."),
        (
            "7.0.0",
            "Added the `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag` \
             fields",
        ),
        ("7.2.0", "Added the `active-time` field, and changed the meaning of `seen-time`."),
    ])
    .run(stream);

fn stream(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let stream = ctx.keys.read_as::<Stream>(args.key(2))?.ok_or(Error::NoSuchKey)?;
    let full = match args.len() {
        3 => None,
        4 if args.is(3, "full") => Some(info_full::DEFAULT_COUNT),
        6 if args.is(3, "full") && args.is(4, "count") => {
            Some(u64::try_from(args.int(5)?).unwrap_or(info_full::DEFAULT_COUNT))
        }
        _ => return Err(Error::subcommand("XINFO", args.get(1))),
    };
    let reply = &mut ctx.reply;
    reply.map(if full.is_some() { 9 } else { 10 });
    marks(reply, stream);
    match full {
        Some(count) => info_full::write(reply, stream, count),
        None => edges(reply, stream),
    }
    done()
}

/// What both forms tell.
fn marks(reply: &mut Reply<'_>, stream: &Stream) {
    let marks = stream.entries.marks();
    reply.bulk(b"length");
    reply.int(marks.len as i64);
    reply.bulk(b"radix-tree-keys");
    reply.int(stream.entries.node_count() as i64);
    reply.bulk(b"radix-tree-nodes");
    reply.int(stream.radix_nodes() as i64);
    reply.bulk(b"last-generated-id");
    replies::id(reply, marks.last_id);
    reply.bulk(b"max-deleted-entry-id");
    replies::id(reply, marks.max_deleted_id);
    reply.bulk(b"entries-added");
    reply.int(marks.entries_added as i64);
    reply.bulk(b"recorded-first-entry-id");
    replies::id(reply, marks.first_id);
}

/// What only the short form tells: the first and the last entry.
fn edges(reply: &mut Reply<'_>, stream: &Stream) {
    reply.bulk(b"groups");
    reply.int(stream.groups.len() as i64);
    for (name, reverse) in [(&b"first-entry"[..], false), (b"last-entry", true)] {
        reply.bulk(name);
        match stream.entries.range(StreamId::MIN, StreamId::MAX, reverse).next() {
            Some(entry) => replies::entry(reply, &entry),
            None => reply.null(),
        }
    }
}

static HELP: Spec = help_spec("5.0.0").acl(Acl::STREAM).group(Group::Stream).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "xinfo",
        &[
            "CONSUMERS <key> <groupname>",
            "    List the consumers of <groupname>.",
            "GROUPS <key>",
            "    List the consumer groups of the stream.",
            "STREAM <key> [FULL [COUNT <count>]",
            "    Tell what is to be known of the stream.",
        ],
    )
});
