//! The HELP sub-command of containers: how it is declared and what it answers. Knows no container.

use super::flow::done;
use super::spec::{CmdResult, Flags, Spec};
use crate::resp::reply::Reply;

/// The declaration, but for group and categories.
pub const fn help_spec(since: &'static str) -> Spec {
    Spec::plain("help", 2)
        .flags(Flags::LOADING.with(Flags::STALE))
        .since(since)
        .summary("Explains the subcommands.")
}

/// Answers with the usage of a container's sub-commands.
pub fn help(reply: &mut Reply<'_>, command: &str, lines: &[&str]) -> CmdResult {
    reply.array(lines.len() + 3);
    let upper = command.to_uppercase();
    reply.simple(format!("{upper} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for line in lines {
        reply.simple(line);
    }
    reply.simple("HELP");
    reply.simple("    Print this help.");
    done()
}
