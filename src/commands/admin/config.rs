//! CONFIG: reading, changing and rewriting the settings. What a change does is the engine's part.

use crate::engine::help::{help, help_spec};
use crate::engine::{Acl, Args, CmdResult, Engine, Error, Flags, Group, Spec, done};
use crate::ids::ClientId;

pub static CONFIG: Spec = Spec::plain("config", -2)
    .group(Group::Server)
    .since("2.0.0")
    .complexity("Depends on subcommand.")
    .summary("A container for server configuration commands.")
    .subcommands(&[&GET, &HELP, &RESETSTAT, &REWRITE, &SET]);

const FLAGS: Flags = Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::LOADING).with(Flags::STALE);

static GET: Spec = Spec::plain("get", -3)
    .flags(FLAGS)
    .acl(Acl::NONE)
    .group(Group::Server)
    .since("2.0.0")
    .complexity("O(N) when N is the number of configuration parameters provided")
    .summary("Tells the values of settings whose names match.")
    .syntax("parameter [parameter ...]")
    .history(&[("7.0.0", "Added the ability to pass multiple pattern parameters in one call")])
    .run_engine(|engine, id, args| {
        let found = engine.config.get(args.rest(2));
        let mut reply = engine.reply(id);
        reply.map(found.len());
        for (name, value) in found {
            reply.bulk(&name);
            reply.bulk(&value);
        }
        done()
    });

static SET: Spec = Spec::plain("set", -4)
    .flags(FLAGS)
    .acl(Acl::NONE)
    .group(Group::Server)
    .since("2.0.0")
    .complexity("O(N) when N is the number of configuration parameters provided")
    .summary("Changes settings, all of them or none.")
    .syntax("parameter value [parameter value ...]")
    .history(&[("7.0.0", "Added the ability to set multiple parameters in one call.")])
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .run_engine(set);

fn set(engine: &mut Engine, id: ClientId, args: &Args<'_>) -> CmdResult {
    let words = args.rest(2);
    if words.len() % 2 == 1 {
        return Err(Error::Syntax);
    }
    let pairs: Vec<(&[u8], &[u8])> = words.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    if let Err(error) = engine.set_config(id, &pairs) {
        return Err(Error::coded(String::from_utf8_lossy(&error.render()).into_owned()));
    }
    engine.reply(id).ok();
    done()
}

static REWRITE: Spec = Spec::plain("rewrite", 2)
    .flags(FLAGS)
    .group(Group::Server)
    .since("2.8.0")
    .summary("Writes the settings in effect to the configuration file.")
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .run_engine(|engine, id, _| {
        engine.host.rewrite_config(&engine.config, false).map_err(Error::text)?;
        engine.reply(id).ok();
        done()
    });

static RESETSTAT: Spec = Spec::plain("resetstat", 2)
    .flags(FLAGS)
    .group(Group::Server)
    .since("2.0.0")
    .summary("Sets the statistics back to zero.")
    .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"])
    .run_engine(|engine, id, _| {
        let now_us = engine.clock.monotonic_us;
        engine.stats.counters.reset(now_us);
        engine.stats.errors.reset();
        engine.stats.rates = Default::default();
        engine.stats.commands.reset();
        engine.keyspace.counters = Default::default();
        engine.reply(id).ok();
        done()
    });

static HELP: Spec = help_spec("5.0.0").group(Group::Server).run(|ctx, _| {
    help(
        &mut ctx.reply,
        "config",
        &[
            "GET <pattern>",
            "    Return the settings whose names match the glob-style <pattern>, with their values.",
            "SET <directive> <value>",
            "    Set the configuration <directive> to <value>.",
            "RESETSTAT",
            "    Set the statistics reported by the INFO command back to zero.",
            "REWRITE",
            "    Write the settings in effect to the configuration file.",
        ],
    )
});
