//! The HELP sub-command of containers.

use crate::resp::reply::Reply;

/// Answers with the usage of a container's sub-commands.
pub fn help(reply: &mut Reply<'_>, command: &str, lines: &[&str]) {
    reply.array(lines.len() + 3);
    let upper = command.to_uppercase();
    reply.simple(format!("{upper} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for line in lines {
        reply.simple(line);
    }
    reply.simple("HELP");
    reply.simple("    Print this help.");
}
