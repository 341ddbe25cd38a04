//! Arguments that neither the slow log nor MONITOR shows: passwords, and what ACL rules say.

use super::args::{ArgSlices, Args};
use super::table::{CommandId, CommandTable};
use crate::config::is_sensitive;

/// What is shown instead.
const REDACTED: &[u8] = b"(redacted)";

impl CommandTable {
    /// The arguments as logs may show them.
    pub fn shown<'a>(&self, command: CommandId, args: &Args<'a>) -> ArgSlices<'a> {
        let mut shown: ArgSlices<'a> = args.rest(0).into();
        let mut hide = |from: usize, count: usize| {
            shown.iter_mut().skip(from).take(count).for_each(|arg| *arg = REDACTED);
        };
        match self.get(command).full_name.as_str() {
            "auth" => hide(1, usize::MAX),
            "acl|setuser" | "acl|deluser" | "acl|getuser" => hide(2, usize::MAX),
            "config|set" => {
                for i in (2..args.len()).step_by(2).filter(|i| is_sensitive(args.get(*i))) {
                    hide(i + 1, 1);
                }
            }
            "hello" => {
                if let Some(at) = (2..args.len()).find(|i| args.is(*i, "auth")) {
                    hide(at + 1, 2);
                }
            }
            "migrate" => {
                let mut i = 6;
                while i < args.len() && !args.is(i, "keys") {
                    let secrets = match () {
                        () if args.is(i, "auth") => 1,
                        () if args.is(i, "auth2") => 2,
                        () => 0,
                    };
                    hide(i + 1, secrets);
                    i += 1 + secrets;
                }
            }
            _ => {}
        }
        shown
    }
}
