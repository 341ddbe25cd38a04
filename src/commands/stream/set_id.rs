//! XSETID: sets a stream's last identifier and its counters.

use super::ids;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::EventClass;
use crate::types::stream::{SetIdError, Stream};

pub static XSETID: Spec = Spec::write("xsetid", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::STREAM)
    .group(Group::Stream)
    .since("5.0.0")
    .summary("Sets what a stream remembers of IDs and counts; made for replication.")
    .syntax("key last-id [ENTRIESADDED entries-added:integer] [MAXDELETEDID max-deleted-id]")
    .history(&[("7.0.0", "Added the `entries_added` and `max_deleted_entry_id` arguments.")])
    .run(xsetid);

fn refused(error: SetIdError) -> Error {
    Error::text(error.to_string())
}

fn xsetid(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let id = ids::strict(args, 2)?;
    let (mut added, mut deleted) = (None, None);
    let mut i = 3;
    while i < args.len() {
        let more = i + 1 < args.len();
        if more && args.is(i, "entriesadded") {
            let count = u64::try_from(args.int(i + 1)?);
            added = Some(count.map_err(|_| Error::Plain("entries_added must be positive"))?);
        } else if more && args.is(i, "maxdeletedid") {
            let given = ids::strict(args, i + 1)?;
            if id < given {
                return Err(refused(SetIdError::BelowGivenDeleted));
            }
            deleted = Some(given);
        } else {
            return Err(Error::Syntax);
        }
        i += 2;
    }
    let mut edit = ctx.keys.edit::<Stream>(args.key(1))?;
    let Some(stream) = edit.value() else {
        edit.unchanged();
        return Err(Error::NoSuchKey);
    };
    stream.entries.set_id(id, added, deleted).map_err(refused)?;
    // COMPAT: WATCH does not see it.
    edit.unchanged();
    ctx.keys.dirty(1);
    ctx.keys.notify(EventClass::STREAM, "xsetid", args.get(1));
    ctx.reply.ok();
    done()
}
