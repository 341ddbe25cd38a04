//! PFDEBUG, PFSELFTEST.

use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::Str;
use crate::types::hll::{self, REGISTERS};

pub static PFDEBUG: Spec = Spec::write("pfdebug", 3)
    .keys(&[KeySpec::at(2, KeyFlags::RW.with(KeyFlags::ACCESS))])
    .flags(Flags::DENYOOM.with(Flags::ADMIN))
    .acl(Acl::HYPERLOGLOG)
    .group(Group::HyperLogLog)
    .since("2.8.9")
    .complexity("N/A")
    .summary("Looks into a HyperLogLog.")
    .syntax("subcommand key")
    .system()
    .run(pfdebug);

fn pfdebug(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if args.is(1, "simd") {
        return simd(ctx, args);
    }
    let key = args.key(2);
    let mut edit = ctx.keys.edit::<Str>(key)?;
    let Some(Str(value)) = edit.value() else { return Err(Error::Plain("The specified key does not exist")) };
    let encoding = hll::encoding(value)?;
    let mut turned = false;
    match args.get(1).to_ascii_lowercase().as_slice() {
        b"getreg" => {
            turned = hll::to_dense(value)?;
            ctx.reply.array(REGISTERS);
            hll::registers(value)?.for_each(|register| ctx.reply.int(i64::from(register)));
        }
        b"decode" => match hll::decode_sparse(value)? {
            Some(listing) => ctx.reply.bulk(listing.as_bytes()),
            None => return Err(Error::Plain("HLL encoding is not sparse")),
        },
        b"encoding" => ctx.reply.simple(encoding.name()),
        b"todense" => {
            turned = hll::to_dense(value)?;
            ctx.reply.int(i64::from(turned));
        }
        _ => {
            let name = String::from_utf8_lossy(args.get(1));
            return Err(Error::text(format!("Unknown PFDEBUG subcommand '{name}'")));
        }
    }
    edit.unchanged();
    // Another encoding of the same registers: nothing but the log has to know.
    ctx.keys.dirty(u64::from(turned));
    done()
}

/// There is one way of counting here, and it is always on.
fn simd(ctx: &mut Ctx<'_>, args: &Args<'_>) -> CmdResult {
    if !args.is(2, "on") && !args.is(2, "off") {
        return Err(Error::Plain("Argument must be ON or OFF"));
    }
    ctx.reply.simple("enabled");
    done()
}

pub static PFSELFTEST: Spec = Spec::plain("pfselftest", 1)
    .flags(Flags::ADMIN)
    .acl(Acl::HYPERLOGLOG)
    .group(Group::HyperLogLog)
    .since("2.8.9")
    .complexity("N/A")
    .summary("Tests the HyperLogLogs of this build.")
    .system()
    .run(pfselftest);

fn pfselftest(ctx: &mut Ctx<'_>, _args: &Args<'_>) -> CmdResult {
    /// A tenth of what Redis adds: the others need not wait for seconds.
    const ELEMENTS: u64 = 1_000_000;
    const CYCLES: usize = 100;
    let sparse_max = ctx.env.config.hll_sparse_max_bytes as usize;
    let rng = &mut ctx.keys.space.rng;
    hll::self_test(|| rng.next_u64(), ELEMENTS, CYCLES, sparse_max)
        .map_err(|failure| Error::coded(failure.to_string()))?;
    ctx.reply.ok();
    done()
}
