//! How values and whole data sets are saved and loaded, as the configuration has it.

use crate::config::{Config, EvictionPolicy, RdbCompat, RdbVersionCheck, SanitizePayload};
use crate::persist::rdb::{Uses, ValueLimits, Version};
use crate::table::Hasher;
use crate::types::hash::HashLimits;
use crate::types::list::ListLimits;
use crate::types::set::SetLimits;
use crate::types::zset::ZsetLimits;

/// What decides which encoding a loaded value gets. Payloads of clients are looked at more closely than files, if
/// `sanitize-dump-payload` says so.
pub fn value_limits(config: &Config, hasher: Hasher, from_client: bool) -> ValueLimits {
    let deep = match config.sanitize_dump_payload {
        SanitizePayload::No => false,
        SanitizePayload::Yes => true,
        SanitizePayload::Clients => from_client,
    };
    ValueLimits {
        list: ListLimits {
            fill: config.list_max_listpack_size,
            compress: config.list_compress_depth,
            packed_threshold: 0,
        },
        set: SetLimits {
            intset_entries: bound(config.set_max_intset_entries),
            listpack_entries: bound(config.set_max_listpack_entries),
            listpack_value: bound(config.set_max_listpack_value),
            hasher,
        },
        zset: ZsetLimits {
            listpack_entries: bound(config.zset_max_listpack_entries),
            listpack_value: bound(config.zset_max_listpack_value),
            hasher,
        },
        hash: HashLimits {
            listpack_entries: bound(config.hash_max_listpack_entries),
            listpack_value: bound(config.hash_max_listpack_value),
            hasher,
        },
        deep,
        version: 0,
    }
}

fn bound(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

/// The version that files and payloads are written in.
pub fn rdb_version(config: &Config) -> Version {
    match config.rdb_compat {
        RdbCompat::Redis70 => Version::V10,
        RdbCompat::Redis => Version::V11,
        RdbCompat::Valkey => Version::Valkey,
    }
}

/// Whether files and payloads of unknown later versions are tried.
pub fn is_relaxed(config: &Config) -> bool {
    config.rdb_version_check == RdbVersionCheck::Relaxed
}

/// What files keep of how keys were used: what the eviction policy goes by.
pub fn saved_uses(config: &Config) -> Uses {
    match config.maxmemory_policy {
        EvictionPolicy::AllkeysLru | EvictionPolicy::VolatileLru => Uses::Idle,
        EvictionPolicy::AllkeysLfu | EvictionPolicy::VolatileLfu => Uses::Counter,
        _ => Uses::None,
    }
}
