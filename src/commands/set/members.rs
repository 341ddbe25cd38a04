//! Members one by one: SADD, SREM, SMOVE, SISMEMBER, SMISMEMBER, SCARD, SMEMBERS.

use super::limits::set_limits;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Kind};
use crate::types::set::Set;

pub static SADD: Spec = Spec::write("sadd", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::INSERT))])
    .flags(Flags::DENYOOM.with(Flags::FAST))
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity(
        "O(1) for each element added, so O(N) to add N elements when the command is called with multiple arguments.",
    )
    .summary("Adds members to a set, or makes it.")
    .syntax("key member [member ...]")
    .history(&[("2.4.0", "Accepts multiple `member` arguments.")])
    .run(sadd);

fn sadd(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let limits = set_limits(ctx);
    let members = args.rest(2);
    let mut edit = ctx.keys.edit::<Set>(args.key(1))?;
    let set = edit.or_make(|| Set::for_member(args.get(2), members.len(), &limits));
    if members.len() > 1 {
        set.expect(members.len(), &limits);
    }
    let added = members.iter().filter(|member| set.insert(member, &limits)).count();
    edit.done(added as u64, EventClass::SET, "sadd");
    ctx.reply.int(added as i64);
    done()
}

pub static SREM: Spec = Spec::write("srem", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RW.with(KeyFlags::DELETE))])
    .flags(Flags::FAST)
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity("O(N) where N is the number of members to be removed.")
    .summary("Removes members from a set; the key goes with the last one.")
    .syntax("key member [member ...]")
    .history(&[("2.4.0", "Accepts multiple `member` arguments.")])
    .run(srem);

fn srem(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let mut edit = ctx.keys.edit::<Set>(args.key(1))?;
    let removed = match edit.value() {
        None => 0,
        Some(set) => args.rest(2).iter().filter(|member| set.remove(member)).count(),
    };
    edit.done(removed as u64, EventClass::SET, "srem");
    ctx.reply.int(removed as i64);
    done()
}

pub static SMOVE: Spec = Spec::write("smove", 4)
    .keys(&[
        KeySpec::at(1, KeyFlags::RW.with(KeyFlags::ACCESS).with(KeyFlags::DELETE)),
        KeySpec::at(2, KeyFlags::RW.with(KeyFlags::INSERT)),
    ])
    .flags(Flags::FAST)
    .acl(Acl::SET)
    .group(Group::Set)
    .summary("Moves a member from one set to another.")
    .syntax("source destination member")
    .run(smove);

fn smove(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let moved = move_member(ctx, args)?;
    ctx.reply.int(i64::from(moved));
    done()
}

/// Says whether the member was in the source.
fn move_member(ctx: &mut Ctx<'_>, args: &Args<'_>) -> Result<bool, Error> {
    let (from, to, member) = (args.get(1), args.get(2), args.get(3));
    let Some(source) = ctx.keys.look(args.key(1)) else { return Ok(false) };
    if source.kind() != Kind::Set {
        return Err(Error::WrongType);
    }
    ctx.keys.look_as::<Set>(to)?;
    if from == to {
        return Ok(ctx.keys.look_as::<Set>(from)?.is_some_and(|set| set.contains(member)));
    }
    let mut source = ctx.keys.edit::<Set>(args.key(1))?;
    if !source.value().is_some_and(|set| set.remove(member)) {
        source.unchanged();
        return Ok(false);
    }
    source.done(1, EventClass::SET, "srem");
    let limits = set_limits(ctx);
    let mut target = ctx.keys.edit::<Set>(to)?;
    let added = target.or_make(|| Set::for_member(member, 1, &limits)).insert(member, &limits);
    target.done(u64::from(added), EventClass::SET, "sadd");
    Ok(true)
}

pub static SISMEMBER: Spec = Spec::read("sismember", 3)
    .keys(&[KeySpec::at(1, KeyFlags::RO)])
    .flags(Flags::FAST)
    .acl(Acl::SET)
    .group(Group::Set)
    .summary("Tells whether a set has a member.")
    .syntax("key member")
    .run(|ctx, args| {
        let member = ctx.keys.read_as::<Set>(args.key(1))?.is_some_and(|set| set.contains(args.get(2)));
        ctx.reply.int(i64::from(member));
        done()
    });

pub static SMISMEMBER: Spec = Spec::read("smismember", -3)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::FAST)
    .acl(Acl::SET)
    .group(Group::Set)
    .since("6.2.0")
    .complexity("O(N) where N is the number of elements being checked for membership")
    .summary("Tells of each of several members whether a set has it.")
    .syntax("key member [member ...]")
    .run(smismember);

fn smismember(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let set = ctx.keys.read_as::<Set>(args.key(1))?;
    let members = args.rest(2);
    ctx.reply.array(members.len());
    for member in members {
        ctx.reply.int(i64::from(set.is_some_and(|set| set.contains(member))));
    }
    done()
}

pub static SCARD: Spec = Spec::read("scard", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO)])
    .flags(Flags::FAST)
    .acl(Acl::SET)
    .group(Group::Set)
    .summary("Counts the members of a set.")
    .syntax("key")
    .run(|ctx, args| {
        let count = ctx.keys.read_as::<Set>(args.key(1))?.map_or(0, |set| set.len());
        ctx.reply.int(count as i64);
        done()
    });

pub static SMEMBERS: Spec = Spec::read("smembers", 2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::SET)
    .group(Group::Set)
    .complexity("O(N) where N is the set cardinality.")
    .summary("Lists the members of a set.")
    .syntax("key")
    .tips(&["nondeterministic_output_order"])
    .run(smembers);

fn smembers(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    match ctx.keys.read_as::<Set>(args.key(1))? {
        None => ctx.reply.set(0),
        Some(set) => {
            ctx.reply.set(set.len());
            set.iter().for_each(|member| ctx.reply.bulk_value(member));
        }
    }
    done()
}
