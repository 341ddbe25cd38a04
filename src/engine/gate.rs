//! May this command run now? One ordered list of gates for everybody; the order is Redis', because a client sees
//! which error comes first.

use super::error::Error;
use super::machine::Engine;
use super::spec::Flags;
use super::table::CommandId;
use crate::config::Allowed;
use crate::ids::ClientId;

/// What the gates say of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gate {
    Run,
    /// Inside MULTI: queued for EXEC.
    Queue,
    /// Waits for the end of CLIENT PAUSE; asked again then.
    Postpone,
    /// The client was closed meanwhile.
    Gone,
}

impl Engine {
    /// Runs a command of a client through the gates.
    #[inline]
    pub(super) fn gate(&mut self, id: ClientId, command: CommandId) -> Result<Gate, Error> {
        let flags = self.commands.get(command).spec.flags;
        let client = &self.clients[id];
        let queued = client.multi.as_ref().map(|multi| Flags(multi.flags));
        // EXEC is judged by what it is going to run.
        let combined = match queued {
            Some(of_queue) if self.is_exec(command) => flags | of_queue,
            _ => flags,
        };
        if flags.has(Flags::PROTECTED) {
            self.gate_protected(id, command)?;
        }
        if !client.session.authenticated && !flags.has(Flags::NO_AUTH) {
            return Err(Error::NoAuth);
        }
        if queued.is_some() && flags.has(Flags::NO_MULTI) {
            return Err(Error::Plain("Command not allowed inside a transaction"));
        }
        if self.config.maxmemory_clients != 0 {
            self.evict_clients();
            if self.is_gone(id) {
                return Ok(Gate::Gone);
            }
        }
        if self.config.maxmemory > 0 && !self.make_room() && combined.has(Flags::DENYOOM) {
            return Err(Error::Oom);
        }
        if !self.saving.last_ok {
            self.gate_saving(command, combined)?;
        }
        if let Some(why) = self.aof.write_error() {
            self.gate_log(command, combined, why)?;
        }
        if self.config.min_replicas_to_write > 0 || self.config.replicaof.is_some() {
            self.gate_replication(combined)?;
        }
        let client = &self.clients[id];
        if client.in_pubsub_context() && !flags.has(Flags::IN_PUBSUB) {
            let name = &self.commands.get(command).full_name;
            return Err(Error::text(format!(
                "Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed \
                 in this context"
            )));
        }
        if self.config.replicaof.is_some() {
            self.gate_stale(id, command)?;
        }
        if self.server.loading {
            self.gate_loading(id, command)?;
        }
        if self.pause.holds(self.clock.now_ms, combined) {
            return Ok(Gate::Postpone);
        }
        Ok(if queued.is_some() && !flags.has(Flags::NOT_QUEUED) { Gate::Queue } else { Gate::Run })
    }

    /// What cannot be logged is not taken.
    #[cold]
    fn gate_log(&self, command: CommandId, combined: Flags, why: &str) -> Result<(), Error> {
        let held = combined.has(Flags::WRITE) || self.commands.get(command).spec.name == "ping";
        if held { Err(Error::MisconfAof(Box::new(why.to_string()))) } else { Ok(()) }
    }

    /// What cannot be saved is not taken, if the data is to be saved at all.
    fn gate_saving(&self, command: CommandId, combined: Flags) -> Result<(), Error> {
        let asked = self.config.stop_writes_on_bgsave_error && !self.config.save.is_empty();
        let held = combined.has(Flags::WRITE) || self.commands.get(command).spec.name == "ping";
        if asked && held && self.config.replicaof.is_none() { Err(Error::MisconfSnapshot) } else { Ok(()) }
    }

    /// Writes may ask for replicas, and a replica itself may take none.
    fn gate_replication(&self, combined: Flags) -> Result<(), Error> {
        // No replica is attached: asked for any, there are not enough.
        let owed = self.config.min_replicas_to_write > 0 && self.config.min_replicas_max_lag > 0;
        if owed && combined.has(Flags::WRITE) {
            return Err(Error::NoReplicas);
        }
        if self.config.replicaof.is_some() && self.config.replica_read_only && combined.has(Flags::WRITE) {
            return Err(Error::ReadOnlyReplica);
        }
        Ok(())
    }

    /// The link to a primary is never up in this version: what a replica holds is stale.
    fn gate_stale(&self, id: ClientId, command: CommandId) -> Result<(), Error> {
        if self.config.replica_serve_stale_data {
            return Ok(());
        }
        let flags = self.commands.get(command).spec.flags;
        let queued_fresh = self.clients[id].multi.as_ref().is_some_and(|multi| multi.needs_fresh);
        if !flags.has(Flags::STALE) || (queued_fresh && self.is_exec(command)) {
            return Err(Error::MasterDown);
        }
        Ok(())
    }

    /// Data that is half loaded is shown to nobody.
    #[cold]
    fn gate_loading(&self, id: ClientId, command: CommandId) -> Result<(), Error> {
        let queued = self.clients[id].multi.as_ref().is_some_and(|multi| multi.needs_data);
        let allowed = self.commands.get(command).spec.flags.has(Flags::LOADING);
        if allowed && !(queued && self.is_exec(command)) { Ok(()) } else { Err(Error::Loading) }
    }

    fn is_exec(&self, command: CommandId) -> bool {
        self.commands.get(command).spec.name == "exec"
    }

    /// DEBUG and MODULE may be kept to local clients, or from everybody.
    fn gate_protected(&self, id: ClientId, command: CommandId) -> Result<(), Error> {
        let debug = self.commands.get(command).full_name.starts_with("debug");
        let (allowed, directive) = if debug {
            (self.config.enable_debug_command, "enable-debug-command")
        } else {
            (self.config.enable_module_command, "enable-module-command")
        };
        let client = &self.clients[id];
        let local = client.unix_socket || client.addr.starts_with("127.") || client.addr.starts_with("[::1]");
        if allowed == Allowed::Yes || (allowed == Allowed::Local && local) {
            return Ok(());
        }
        let name = if debug { "DEBUG" } else { "MODULE" };
        Err(Error::text(format!(
            "{name} command not allowed. If the {directive} option is set to \"local\", you can run it from a local \
             connection, otherwise you need to set this option in the configuration file, and then restart the \
             server."
        )))
    }
}
