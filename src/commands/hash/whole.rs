//! HGETALL, HKEYS, HVALS.

use crate::engine::{Acl, Args, CmdResult, Ctx, Group, KeyFlags, KeySpec, Spec, done};
use crate::types::hash::{Hash, HashRef};

const READ: &[KeySpec] = &[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))];
const COMPLEXITY: &str = "O(N) where N is the size of the hash.";
const TIPS: &[&str] = &["nondeterministic_output_order"];

const fn whole_spec(name: &'static str) -> Spec {
    Spec::read(name, 2)
        .keys(READ)
        .acl(Acl::HASH)
        .group(Group::Hash)
        .since("2.0.0")
        .complexity(COMPLEXITY)
        .syntax("key")
        .tips(TIPS)
}

pub static HGETALL: Spec = whole_spec("hgetall")
    .summary("Lists the fields of a hash with their values.")
    .run(|ctx, args| tell(ctx, args, Part::Both));

pub static HKEYS: Spec =
    whole_spec("hkeys").summary("Lists the fields of a hash.").run(|ctx, args| tell(ctx, args, Part::Fields));

pub static HVALS: Spec =
    whole_spec("hvals").summary("Lists the values of a hash.").run(|ctx, args| tell(ctx, args, Part::Values));

/// What of each field is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Fields,
    Values,
    Both,
}

fn tell(ctx: &mut Ctx<'_>, args: &Args<'_>, part: Part) -> CmdResult {
    let Ctx { keys, reply, .. } = ctx;
    let Some(hash) = keys.read_as::<Hash>(args.key(1))? else {
        if part == Part::Both {
            reply.map(0);
        } else {
            reply.array(0);
        }
        return done();
    };
    // Of a hash some of whose fields may be due the number is known only at the end.
    let start = match hash {
        HashRef::Timed(..) => Some(reply.defer()),
        _ if part == Part::Both => {
            reply.map(hash.len());
            None
        }
        _ => {
            reply.array(hash.len());
            None
        }
    };
    let mut count = 0;
    for (field, value) in hash.iter() {
        if part != Part::Values {
            reply.bulk_value(field);
        }
        if part != Part::Fields {
            reply.bulk_value(value);
        }
        count += 1;
    }
    match start {
        Some(start) if part == Part::Both => reply.set_deferred_map(start, count),
        Some(start) => reply.set_deferred_array(start, count),
        None => {}
    }
    done()
}
