//! MGET, MSET, MSETNX.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Key, Kind, StrView, Ttl};

pub static MGET: Spec = Spec::read("mget", -2)
    .keys(&[KeySpec::range(1, -1, 1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::FAST)
    .acl(Acl::STRING)
    .group(Group::String)
    .complexity("O(N) where N is the number of keys to retrieve.")
    .summary("Reads the strings at several keys.")
    .syntax("key [key ...]")
    .tips(&["request_policy:multi_shard"])
    .run(mget);

/// Keys looked up at a time: their table lines and entries are asked for ahead.
const AHEAD: usize = 16;

fn mget(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    let keys = args.rest(1);
    ctx.reply.array(keys.len());
    for chunk in keys.chunks(AHEAD) {
        let mut hashed = [Key::new(b""); AHEAD];
        ctx.keys.prefetch(chunk.iter().copied(), &mut hashed);
        for key in &hashed[..chunk.len()] {
            match ctx.keys.read(*key).filter(|view| view.kind() == Kind::String).map(|view| view.str()) {
                Some(StrView::Bytes(bytes)) => ctx.reply.bulk(bytes),
                Some(StrView::Int(n)) => ctx.reply.bulk_int(n),
                None => ctx.reply.null(),
            }
        }
    }
    done()
}

pub static MSET: Spec = Spec::write("mset", -3)
    .keys(&[KeySpec::range(1, -1, 2, KeyFlags::OW.with(KeyFlags::UPDATE))])
    .flags(Flags::DENYOOM)
    .acl(Acl::STRING)
    .group(Group::String)
    .since("1.0.1")
    .complexity("O(N) where N is the number of keys to set.")
    .summary("Sets several keys to strings, at once.")
    .syntax("key value [key value ...]")
    .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"])
    .run(|ctx, args| {
        check_pairs(args, "mset")?;
        set_pairs(ctx, args);
        ctx.reply.ok();
        done()
    });

pub static MSETNX: Spec = Spec::write("msetnx", -3)
    .keys(&[KeySpec::range(1, -1, 2, KeyFlags::OW.with(KeyFlags::INSERT))])
    .flags(Flags::DENYOOM)
    .acl(Acl::STRING)
    .group(Group::String)
    .since("1.0.1")
    .complexity("O(N) where N is the number of keys to set.")
    .summary("Sets several keys to strings, at once, unless one of them is there.")
    .syntax("key value [key value ...]")
    .run(msetnx);

fn check_pairs(args: &Args<'_>, name: &str) -> Result<(), Error> {
    if args.len() % 2 == 1 { Ok(()) } else { Err(Error::Arity(Box::new(name.to_string()))) }
}

fn set_pairs(ctx: &mut Ctx<'_>, args: &Args<'_>) {
    for chunk in args.rest(1).chunks(AHEAD * 2) {
        let mut hashed = [Key::new(b""); AHEAD];
        ctx.keys.prefetch(chunk.iter().step_by(2).copied(), &mut hashed);
        for (pair, key) in chunk.chunks_exact(2).zip(&hashed) {
            ctx.keys.set_str(*key, pair[1], Ttl::Clear);
            ctx.keys.notify(EventClass::STRING, "set", key.bytes);
        }
    }
    ctx.keys.dirty(args.len() as u64 / 2);
}

fn msetnx(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    check_pairs(args, "msetnx")?;
    let taken = args.rest(1).iter().step_by(2).any(|key| ctx.keys.look(*key).is_some());
    if !taken {
        set_pairs(ctx, args);
    }
    ctx.reply.int(i64::from(!taken));
    done()
}
