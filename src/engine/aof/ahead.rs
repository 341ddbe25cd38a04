//! What is known of logged commands before they run: which they are, and their keys' hashes, for which the table's
//! lines and the entries are asked of memory. Runs nothing.

use super::super::args::Args;
use super::super::machine::Engine;
use super::super::table::CommandId;
use crate::ids::DbIndex;
use crate::persist::aof::LogReader;

/// A command whose name alone tells what it is.
#[derive(Clone, Copy)]
struct Known {
    command: CommandId,
    /// The argument that is its first key, 0 if that is not fixed; and the hash.
    first_key: usize,
    hash: u64,
}

/// The batch of commands that is run.
#[derive(Default)]
pub struct Ahead {
    batch: Vec<Option<Known>>,
    next: usize,
}

impl Ahead {
    /// What is known of the command that the reader has just gone to.
    pub fn of_this<'a>(&mut self, args: Args<'a>) -> (Option<CommandId>, Args<'a>) {
        let known = self.batch.get(self.next).copied().flatten();
        self.next += 1;
        match known {
            Some(Known { command, first_key, hash }) => (Some(command), args.with_hash(first_key, hash)),
            None => (None, args),
        }
    }
}

impl Engine {
    /// Looks at the batch that begins with the command the reader has just gone to, if one does.
    pub(super) fn look_ahead(&self, db: DbIndex, log: &LogReader<'_>, ahead: &mut Ahead) {
        let mut fresh = log.fresh_batch().peekable();
        if fresh.peek().is_none() {
            return;
        }
        ahead.batch.clear();
        ahead.next = 0;
        for mut args in fresh {
            let count = args.len();
            let known = args.next().and_then(|name| self.commands.simple(name, count)).map(|command| {
                let first_key = usize::from(command.prefetch_arg);
                let key = first_key.checked_sub(1).and_then(|before| args.nth(before));
                let hash = key.map_or(0, |key| self.keyspace.hash(key));
                if key.is_some() {
                    self.keyspace.prefetch_room(db, hash);
                }
                Known { command: command.id, first_key, hash }
            });
            ahead.batch.push(known);
        }
        for known in ahead.batch.iter().flatten().filter(|known| known.hash != 0) {
            self.keyspace.prefetch_entry(db, known.hash);
        }
    }
}
