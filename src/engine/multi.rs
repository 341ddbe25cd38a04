//! Transactions: queueing, and running what was queued.

use super::args::Args;
use super::client::Multi;
use super::machine::Engine;
use super::table::CommandId;
use crate::ids::ClientId;

impl Engine {
    /// Keeps a command for EXEC.
    pub(super) fn queue(&mut self, id: ClientId, command: CommandId, args: &Args<'_>) {
        let flags = self.commands.get(command).spec.flags;
        let client = &mut self.clients[id];
        let Some(multi) = &mut client.multi else { return };
        // What is queued after an error will never run; its memory is not taken.
        if !multi.broken {
            let owned = args.to_owned();
            multi.arg_bytes += owned.heap_bytes();
            multi.flags |= flags.0;
            multi.needs_fresh |= !flags.has(super::spec::Flags::STALE);
            multi.needs_data |= !flags.has(super::spec::Flags::LOADING);
            multi.queue.push((command, owned));
        }
        self.reply(id).simple("QUEUED");
    }

    /// Opens a transaction.
    pub fn begin_transaction(&mut self, id: ClientId) {
        self.clients[id].multi = Some(Box::<Multi>::default());
    }

    /// Drops what was queued and what was watched.
    pub fn discard_transaction(&mut self, id: ClientId) {
        self.clients[id].multi = None;
        self.unwatch(id);
    }

    /// Runs the queued commands one after the other, as parts of the running unit.
    pub fn run_transaction(&mut self, id: ClientId, multi: Multi) {
        let exec = self.clients[id].last_command;
        self.reply(id).array(multi.queue.len());
        for (command, owned) in &multi.queue {
            let slices = owned.slices();
            self.call(id, *command, &Args::new(&slices));
        }
        self.clients[id].last_command = exec;
        if let Some(after) = self.slept.take() {
            self.set_clock(after.now_us, after.monotonic_us);
        }
    }
}
