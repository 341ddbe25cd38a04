//! GEOSEARCH and GEOSEARCHSTORE, which are told everything by options.

use super::area::area;
use super::area_options::{Command, Form};
use crate::engine::{Acl, Flags, Group, KeyFlags, KeySpec, Spec};

const COMPLEXITY: &str = "O(N+log(M)) where N is the number of elements in the grid-aligned bounding box area around \
                          the shape provided as the filter and M is the number of items inside the shape";
const HISTORY: &[(&str, &str)] = &[("7.0.0", "Added support for uppercase unit names.")];

pub static GEOSEARCH: Spec = Spec::read("geosearch", -7)
    .keys(&[KeySpec::at(1, KeyFlags::RO.with(KeyFlags::ACCESS))])
    .acl(Acl::GEO)
    .group(Group::Geo)
    .since("6.2.0")
    .complexity(COMPLEXITY)
    .summary("Finds the members in a circle or a rectangle.")
    .syntax(
        "key <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | \
         BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]",
    )
    .history(HISTORY)
    .run(|ctx, args| area(ctx, args, 1, Command { form: Form::Search, stores: false }, ""));

pub static GEOSEARCHSTORE: Spec = Spec::write("geosearchstore", -8)
    .keys(&[
        KeySpec::at(1, KeyFlags::OW.with(KeyFlags::UPDATE)),
        KeySpec::at(2, KeyFlags::RO.with(KeyFlags::ACCESS)),
    ])
    .flags(Flags::DENYOOM)
    .acl(Acl::GEO)
    .group(Group::Geo)
    .since("6.2.0")
    .complexity(COMPLEXITY)
    .summary("Stores the members in a circle or a rectangle.")
    .syntax(
        "destination source <FROMMEMBER member | FROMLONLAT longitude latitude> <BYRADIUS radius <M | KM | FT | MI> | \
         BYBOX width height <M | KM | FT | MI>> [ASC | DESC] [COUNT count [ANY]] [STOREDIST]",
    )
    .history(HISTORY)
    .run(|ctx, args| area(ctx, args, 2, Command { form: Form::Search, stores: true }, "geosearchstore"));
