//! GEORADIUS and GEORADIUSBYMEMBER, older than GEOSEARCH, and their forms that only read.

use super::area::area;
use super::area_options::{Command, Form};
use crate::engine::spec::Find;
use crate::engine::{Acl, Args, CmdResult, Ctx, Flags, Group, KeyFlags, KeySpec, Spec};

const COMPLEXITY: &str = "O(N+log(M)) where N is the number of elements inside the bounding box of the circular area \
                          delimited by center and radius and M is the number of items inside the index.";
const HISTORY: &[(&str, &str)] =
    &[("6.2.0", "Added the `ANY` option for `COUNT`."), ("7.0.0", "Added support for uppercase unit names.")];
const READ: KeySpec = KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS));

const fn stored(word: &'static str, from: i16) -> KeySpec {
    let one = Find::Range { last: 0, step: 1, limit: 0 };
    KeySpec::after_word(word, from, one, KeyFlags::OW.with(KeyFlags::UPDATE))
}

const fn radius_spec(spec: Spec) -> Spec {
    spec.acl(Acl::GEO).group(Group::Geo).complexity(COMPLEXITY).history(HISTORY)
}

pub static GEORADIUS: Spec = radius_spec(Spec::write("georadius", -6))
    .keys(&[READ, stored("STORE", 6), stored("STOREDIST", 6)])
    .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS))
    .since("3.2.0")
    .summary("Finds the members within a distance of a position, and may store them.")
    .syntax(
        "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] \
         [ASC | DESC] [STORE key | STOREDIST key]",
    )
    .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument")
    .run(|ctx, args| radius(ctx, args, Command { form: Form::Radius, stores: true }));

pub static GEORADIUS_RO: Spec = radius_spec(Spec::read("georadius_ro", -6))
    .keys(&[READ])
    .since("3.2.10")
    .summary("Finds the members within a distance of a position.")
    .syntax(
        "key longitude latitude radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] \
         [ASC | DESC]",
    )
    .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument")
    .run(|ctx, args| radius(ctx, args, Command { form: Form::Radius, stores: false }));

pub static GEORADIUSBYMEMBER: Spec = radius_spec(Spec::write("georadiusbymember", -5))
    .keys(&[READ, stored("STORE", 5), stored("STOREDIST", 5)])
    .flags(Flags::DENYOOM.with(Flags::MOVABLE_KEYS))
    .since("3.2.0")
    .summary("Finds the members within a distance of another one, and may store them.")
    .syntax(
        "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC] \
         [STORE key | STOREDIST key]",
    )
    .deprecated("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments")
    .run(|ctx, args| radius(ctx, args, Command { form: Form::RadiusByMember, stores: true }));

pub static GEORADIUSBYMEMBER_RO: Spec = radius_spec(Spec::read("georadiusbymember_ro", -5))
    .keys(&[READ])
    .since("3.2.10")
    .summary("Finds the members within a distance of another one.")
    .syntax(
        "key member radius <M | KM | FT | MI> [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC | DESC]",
    )
    .deprecated("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments")
    .run(|ctx, args| radius(ctx, args, Command { form: Form::RadiusByMember, stores: false }));

fn radius(ctx: &mut Ctx<'_>, args: &Args<'_>, command: Command) -> CmdResult {
    area(ctx, args, 1, command, "georadiusstore")
}
