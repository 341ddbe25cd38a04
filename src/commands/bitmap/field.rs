//! BITFIELD, BITFIELD_RO.

use super::offset::bit_offset;
use crate::engine::{Acl, Args, CmdResult, Ctx, Error, Flags, Group, KeyFlags, KeySpec, Spec, done};
use crate::keyspace::{EventClass, Str};
use crate::types::bits::{Field, Overflow};
use smallvec::SmallVec;

const COMPLEXITY: &str = "O(1) for each subcommand specified";

pub static BITFIELD: Spec = Spec::write("bitfield", -2)
    .keys(&[KeySpec::at(
        1,
        KeyFlags::RW.with(KeyFlags::UPDATE).with(KeyFlags::ACCESS).with(KeyFlags::VARIABLE_FLAGS),
    )
    .notes("This command allows both access and modification of the key")])
    .flags(Flags::DENYOOM)
    .acl(Acl::BITMAP)
    .group(Group::Bitmap)
    .since("3.2.0")
    .complexity(COMPLEXITY)
    .summary("Reads, sets and adds to integers of any width within the string at a key.")
    .syntax(
        "key [<GET encoding:string offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding:string offset value:integer | \
         INCRBY encoding:string offset increment>> ...]",
    )
    .run(|ctx, args| bitfield(ctx, args, false));

pub static BITFIELD_RO: Spec = Spec::read("bitfield_ro", -2)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .flags(Flags::FAST)
    .acl(Acl::BITMAP)
    .group(Group::Bitmap)
    .since("6.0.0")
    .complexity(COMPLEXITY)
    .summary("Reads integers of any width within the string at a key.")
    .syntax("key [GET encoding:string offset [GET encoding:string offset ...]]")
    .run(|ctx, args| bitfield(ctx, args, true));

#[derive(Clone, Copy)]
enum What {
    Get,
    Set(i64),
    Add(i64),
}

#[derive(Clone, Copy)]
struct Step {
    field: Field,
    offset: u64,
    what: What,
    overflow: Overflow,
}

impl Step {
    fn writes(&self) -> bool {
        !matches!(self.what, What::Get)
    }
}

type Steps = SmallVec<[Step; 4]>;

fn parse(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Steps, Error> {
    let mut steps = Steps::new();
    let mut overflow = Overflow::Wrap;
    let mut i = 2;
    while i < args.len() {
        let left = args.len() - i - 1;
        if args.is(i, "overflow") && left >= 1 {
            overflow = overflow_of(args, i + 1)?;
            i += 2;
            continue;
        }
        let takes = match () {
            () if args.is(i, "get") => 2,
            () if args.is(i, "set") || args.is(i, "incrby") => 3,
            () => return Err(Error::Syntax),
        };
        if left < takes {
            return Err(Error::Syntax);
        }
        let bad_type =
            "Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
        let field = Field::parse(args.get(i + 1)).ok_or(Error::Plain(bad_type))?;
        let offset = bit_offset(ctx, args.get(i + 2), Some(field.bits()))?;
        let what = match () {
            () if takes == 2 => What::Get,
            () if args.is(i, "set") => What::Set(args.int(i + 3)?),
            () => What::Add(args.int(i + 3)?),
        };
        steps.push(Step { field, offset, what, overflow });
        i += takes + 1;
    }
    Ok(steps)
}

fn overflow_of(args: &Args<'_>, i: usize) -> Result<Overflow, Error> {
    match () {
        () if args.is(i, "wrap") => Ok(Overflow::Wrap),
        () if args.is(i, "sat") => Ok(Overflow::Saturate),
        () if args.is(i, "fail") => Ok(Overflow::Fail),
        () => Err(Error::Plain("Invalid OVERFLOW type specified")),
    }
}

fn bitfield(ctx: &mut Ctx<'_>, args: &Args<'_>, reads_only: bool) -> CmdResult {
    let steps = parse(ctx, args)?;
    if steps.iter().any(Step::writes) {
        if reads_only {
            return Err(Error::Plain("BITFIELD_RO only supports the GET subcommand"));
        }
        return write(ctx, args, &steps);
    }
    let view = ctx.keys.read_str(args.key(1))?;
    let mut digits = itoa::Buffer::new();
    let bytes = view.as_ref().map_or(&b""[..], |view| view.bytes(&mut digits));
    ctx.reply.array(steps.len());
    for step in &steps {
        ctx.reply.int(step.field.get(bytes, step.offset));
    }
    done()
}

fn write(ctx: &mut Ctx<'_>, args: &Args<'_>, steps: &Steps) -> CmdResult {
    let mut edit = ctx.keys.edit::<Str>(args.key(1))?;
    let bytes = &mut edit.or_default().0;
    // Room for the farthest write comes first, even if all writes then fail.
    let mut grown = false;
    for step in steps.iter().filter(|step| step.writes()) {
        grown |= step.field.reserve(bytes, step.offset);
    }
    let mut changes = 0;
    ctx.reply.array(steps.len());
    for Step { field, offset, what, overflow } in steps.iter().copied() {
        let stored = match what {
            What::Get => {
                ctx.reply.int(field.get(bytes, offset));
                continue;
            }
            What::Set(value) => field.set(bytes, offset, value, overflow),
            What::Add(by) => field.increment(bytes, offset, by, overflow),
        };
        match stored.reply {
            Some(n) => {
                ctx.reply.int(n);
                changes += u64::from(grown || stored.changed);
            }
            None => ctx.reply.null(),
        }
    }
    edit.done(changes, EventClass::STRING, "setbit");
    done()
}
