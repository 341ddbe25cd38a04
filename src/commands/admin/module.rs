//! MODULE on a server that has none, and the words of cluster clients.

use crate::engine::help::{help, help_spec};
use crate::engine::{Acl, CmdResult, Error, Flags, Group, Spec, done};

pub static MODULE: Spec = Spec::plain("module", -2)
    .group(Group::Server)
    .since("4.0.0")
    .complexity("Depends on subcommand.")
    .summary("A container for module commands.")
    .subcommands(&[&MODULE_HELP, &LIST, &LOAD, &LOADEX, &UNLOAD]);

static LIST: Spec = Spec::plain("list", 2)
    .flags(Flags::ADMIN.with(Flags::NOSCRIPT))
    .group(Group::Server)
    .since("4.0.0")
    .complexity("O(N) where N is the number of loaded modules.")
    .summary("Lists the loaded modules: there are none.")
    .tips(&["nondeterministic_output_order"])
    .run(|ctx, _| {
        ctx.reply.array(0);
        done()
    });

const LOADING: Flags =
    Flags::ADMIN.with(Flags::NOSCRIPT).with(Flags::NO_ASYNC_LOADING).with(Flags::PROTECTED);

fn refuse_load(path: &[u8]) -> CmdResult {
    tracing::warn!("Module {} failed to load: this server takes no modules", String::from_utf8_lossy(path));
    Err(Error::Plain("Error loading the extension. Please check the server logs."))
}

static LOAD: Spec = Spec::plain("load", -3)
    .flags(LOADING)
    .group(Group::Server)
    .since("4.0.0")
    .summary("Would load a module: refused, there are none for this server.")
    .syntax("path [arg [arg ...]]")
    .run(|_, args| refuse_load(args.get(2)));

static LOADEX: Spec = Spec::plain("loadex", -3)
    .flags(LOADING)
    .group(Group::Server)
    .since("7.0.0")
    .summary("Would load a module with settings: refused, there are none for this server.")
    .syntax("path [CONFIG name value [CONFIG name value ...]] [ARGS args [args ...]]")
    .run(|_, args| refuse_load(args.get(2)));

static UNLOAD: Spec = Spec::plain("unload", 3)
    .flags(LOADING)
    .group(Group::Server)
    .since("4.0.0")
    .summary("Would unload a module: there is none to unload.")
    .syntax("name")
    .run(|_, _| Err(Error::Plain("Error unloading module: no such module with that name")));

static MODULE_HELP: Spec = help_spec("5.0.0")
    .group(Group::Server)
    .run(|ctx, _| help(&mut ctx.reply, "module", &["LIST", "    Return a list of loaded modules."]));

pub static ASKING: Spec = Spec::plain("asking", 1)
    .flags(Flags::FAST)
    .acl(Acl::CONNECTION)
    .group(Group::Cluster)
    .since("3.0.0")
    .summary("Lets the next command follow a redirection.")
    .run(|_, _| Err(Error::ClusterDisabled));

pub static READONLY: Spec = Spec::plain("readonly", 1)
    .flags(Flags::LOADING.with(Flags::STALE).with(Flags::FAST))
    .acl(Acl::CONNECTION)
    .group(Group::Cluster)
    .since("3.0.0")
    .summary("Lets the connection read from a replica.")
    .run(|ctx, _| {
        ctx.session.readonly = true;
        ctx.reply.ok();
        done()
    });

pub static READWRITE: Spec = Spec::plain("readwrite", 1)
    .flags(Flags::LOADING.with(Flags::STALE).with(Flags::FAST))
    .acl(Acl::CONNECTION)
    .group(Group::Cluster)
    .since("3.0.0")
    .summary("Ends READONLY.")
    .run(|ctx, _| {
        ctx.session.readonly = false;
        ctx.reply.ok();
        done()
    });
