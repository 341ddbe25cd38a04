//! Settings that take effect: what the machine does itself when a directive changes.

use super::machine::Engine;
use crate::config::{Asker, Config, Effect, EvictionPolicy, PrimaryAddress, SetError};
use crate::ids::ClientId;
use crate::keyspace::{AccessPolicy, ExpiryMode};

impl Engine {
    /// CONFIG SET: all pairs or none.
    pub fn set_config(&mut self, id: ClientId, pairs: &[(&[u8], &[u8])]) -> Result<(), SetError> {
        let client = &self.clients[id];
        let local = client.unix_socket || client.addr.starts_with("127.") || client.addr.starts_with("[::1]");
        let asker = Asker { loading: self.server.loading, local };
        let mut config = self.config.clone();
        let host = &mut self.host;
        let effects = config.set_many(pairs, asker, |config: &mut Config, effect| {
            if effect == Effect::Dir {
                config.dir = host.change_dir(&config.dir)?;
            }
            host.apply(effect, config).map_err(Into::into)
        })?;
        let before = std::mem::replace(&mut self.config, config);
        if effects.contains(&Effect::AppendOnly) && !self.switch_log() {
            self.config = before;
            let reason = "Unable to turn on AOF. Check server logs.".into();
            return Err(SetError::Refused { argument: b"appendonly".to_vec(), reason });
        }
        for effect in effects {
            self.take_effect(effect);
        }
        self.take_effect(Effect::Nothing);
        Ok(())
    }

    /// Brings the machine in line with a setting that changed.
    fn take_effect(&mut self, effect: Effect) {
        match effect {
            Effect::NotifyEvents => self.renew_interest(),
            Effect::Eviction => self.renew_access(),
            Effect::AppendFsync => self.renew_sync_policy(),
            Effect::ReadOnly => self.renew_expiry_mode(),
            Effect::AofAutoGc => self.remove_log_history(),
            Effect::ClientMemory => self.recount_clients(),
            Effect::MaxMemory => {
                let used = self.used_memory();
                if self.config.maxmemory > 0 && used as u64 > self.config.maxmemory {
                    tracing::warn!(
                        "WARNING: the new maxmemory value set via CONFIG SET ({}) is smaller than the current memory \
                         usage ({used}). This will result in key eviction and/or the inability to accept new write \
                         commands depending on the maxmemory-policy.",
                        self.config.maxmemory
                    );
                    // By the end of the turn, when the running command or transaction is over.
                    self.evicting = true;
                }
            }
            _ => {
                self.stats.slowlog.trim(self.config.slowlog_max_len);
                self.renew_access();
            }
        }
    }

    /// Follows another server, or nobody; false if that is the case already.
    pub fn follow(&mut self, primary: Option<PrimaryAddress>) -> bool {
        if self.config.replicaof == primary {
            return false;
        }
        self.config.replicaof = primary;
        self.keyspace.forget_own_times();
        self.renew_expiry_mode();
        true
    }

    /// A replica hides keys whose time has come, and leaves it to its primary to delete them, all but those that its
    /// own clients gave a time; a pause hides them as well, and they are deleted later. What is loaded is history: a
    /// key was there as long as its log says.
    pub(super) fn renew_expiry_mode(&mut self) {
        let follows = self.config.replicaof.is_some();
        self.keyspace.expiry_mode = match (self.server.loading, self.pause.until_ms != 0) {
            (true, _) => ExpiryMode::Ignored,
            (_, true) => ExpiryMode::HiddenOnly,
            _ if follows && self.config.replica_read_only => ExpiryMode::HiddenOnly,
            _ if follows => ExpiryMode::OwnOnly,
            _ => ExpiryMode::Active,
        };
    }

    /// Tells the keyspace how accesses are to be marked.
    pub(super) fn renew_access(&mut self) {
        let access = &mut self.keyspace.access;
        access.policy = match self.config.maxmemory_policy {
            EvictionPolicy::AllkeysLfu | EvictionPolicy::VolatileLfu => AccessPolicy::Lfu,
            _ => AccessPolicy::Lru,
        };
        access.lfu_log_factor = self.config.lfu_log_factor;
        access.lfu_decay_minutes = self.config.lfu_decay_time;
    }
}
