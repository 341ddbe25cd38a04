//! INFO: the command. The sections and their fields are the engine's part.

use crate::engine::{Acl, Flags, Group, Spec, done, info};

pub static INFO: Spec = Spec::plain("info", -1)
    .flags(Flags::LOADING.with(Flags::STALE))
    .acl(Acl::DANGEROUS)
    .group(Group::Server)
    .summary("Describes the server and its statistics.")
    .syntax("[section [section ...]]")
    .history(&[("7.0.0", "Added support for taking multiple section arguments.")])
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
    .run_engine(|engine, id, args| {
        let text = info::render(engine, args.rest(1));
        engine.reply(id).verbatim("txt", text.as_bytes());
        done()
    });
