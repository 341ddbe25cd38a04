//! Every directive of redis.conf, one row each (pure table). What a row means is in `rows`, what its parts are in
//! `directive`. Knows no subsystem: `Effect` names whom a change concerns.

use super::checks;
use super::choices::{
    Allowed, AppendFsync, Choice, DisklessLoad, EndpointType, EvictionPolicy, LogFormat, LogLevel,
    LogTimestamp, OomScoreAdj, PropagationErrors, PubsubDefault, RdbCompat, RdbVersionCheck, SanitizePayload,
    Supervised, SyslogFacility, TlsAuthClients,
};
use super::compound::{
    DEFAULT_OUTPUT_LIMITS, EventClasses, OutputLimit, PrimaryAddress, SavePoint, ShutdownFlags,
    default_save_points,
};
use super::directive::{Directive, Effect, Flags, Kind, Support, Text, Unit};
use super::rows::directives;
use super::special::{self, DEFAULT_OOM_SCORES, DEFAULT_PERCENTILES};

const NONE: Flags = Flags::NONE;
const IMMUTABLE: Flags = Flags::IMMUTABLE;
const SENSITIVE: Flags = Flags::SENSITIVE;
const HIDDEN: Flags = Flags::HIDDEN;
const MULTI_ARG: Flags = Flags::MULTI_ARG;
const DEBUG: Flags = Flags::DEBUG;
const VOLATILE: Flags = Flags::VOLATILE;
const PROTECTED: Flags = Flags::PROTECTED;
const DENY_LOADING: Flags = Flags::DENY_LOADING;

const INT: i32 = i32::MAX;
const LONG: i64 = i64::MAX;

fn text(value: &str) -> Text {
    value.into()
}

directives! {
section "Network" {
    /// The addresses to listen on. A leading `-` lets one be missing; `*` is every address.
    bind: Vec<String> = special::default_bind(), "bind", special(special::BIND), MULTI_ARG, Bind, Live;
    /// The TCP port; 0 listens on none.
    port: u16 = 6379, "port", int(0, 65535), NONE, Port, Live;
    /// Without a password the server answers clients on the same machine only.
    protected_mode: bool = true, "protected-mode", flag, NONE, Nothing, Live;
    /// How many connections may wait to be accepted.
    tcp_backlog: u32 = 511, "tcp-backlog", int(0, INT), IMMUTABLE, Nothing, Live;
    /// Seconds between probes of an idle connection; 0 sends none.
    tcp_keepalive: u32 = 300, "tcp-keepalive", int(0, INT), NONE, Nothing, Live;
    /// Seconds after which an idle client is disconnected; 0 never.
    timeout: u32 = 0, "timeout", int(0, INT), NONE, Nothing, Live;
    /// The path of a Unix socket to listen on.
    unixsocket: Text = Text::new(), "unixsocket", optional(checks::anything), IMMUTABLE, Nothing, Live;
    /// The group that owns the Unix socket.
    unixsocketgroup: Text = Text::new(), "unixsocketgroup", optional(checks::anything), IMMUTABLE, Nothing, Inert;
    /// The permissions of the Unix socket; 0 leaves them to the umask.
    unixsocketperm: u32 = 0, "unixsocketperm", octal(0, 0o777), IMMUTABLE, Nothing, Live;
    /// The address that outgoing connections come from.
    bind_source_addr: Text = Text::new(), "bind-source-addr", optional(checks::anything), NONE, Nothing, Inert;
    /// A mark for the packets of the listening sockets, for routing and filtering.
    socket_mark_id: u32 = 0, "socket-mark-id", int(0, u32::MAX), IMMUTABLE, Nothing, Inert;
    /// How many connections are accepted in a turn of the loop.
    max_new_connections_per_cycle: u32 = 10, "max-new-connections-per-cycle", int(1, 1000), NONE, Nothing, Live;
    /// How many TLS connections are accepted in a turn of the loop.
    max_new_tls_connections_per_cycle: u32 = 1, "max-new-tls-connections-per-cycle", int(1, 1000), NONE, Nothing, Inert;
}

section "Clients" {
    /// How many clients may be connected. The limit of open files is raised for them, or this is lowered.
    maxclients: u32 = 10_000, "maxclients", int(1, u32::MAX), NONE, MaxClients, Live;
    /// Memory that all clients together may take before the largest are disconnected; 0 is no limit.
    maxmemory_clients: i64 = 0, "maxmemory-clients", memory_or_percent(-100, LONG), NONE, ClientMemory, Live;
    /// When a client that does not read its replies is disconnected, for each class of clients.
    client_output_buffer_limit: [OutputLimit; 3] = DEFAULT_OUTPUT_LIMITS, "client-output-buffer-limit",
        special(special::OUTPUT_LIMITS), MULTI_ARG, OutputLimits, Live;
    /// How many bytes of one client may wait to become a command.
    client_query_buffer_limit: u64 = 1 << 30, "client-query-buffer-limit", memory(1 << 20, LONG), DEBUG,
        QueryLimits, Live;
    /// The longest single argument.
    proto_max_bulk_len: u64 = 512 << 20, "proto-max-bulk-len", memory(1 << 20, LONG), DEBUG, QueryLimits, Live;
    /// How many keys may be remembered on behalf of clients that cache them.
    tracking_table_max_keys: u64 = 1_000_000, "tracking-table-max-keys", int(0, LONG), NONE, Nothing, Live;
}

section "TLS" {
    /// The port for TLS; 0 listens on none.
    tls_port: u16 = 0, "tls-port", int(0, 65535), NONE, TlsPort, Owed;
    /// The server's certificate, a PEM file.
    tls_cert_file: Text = Text::new(), "tls-cert-file", optional(checks::anything), VOLATILE, Tls, Inert;
    /// The private key of the certificate.
    tls_key_file: Text = Text::new(), "tls-key-file", optional(checks::anything), VOLATILE, Tls, Inert;
    /// The password of the private key.
    tls_key_file_pass: Text = Text::new(), "tls-key-file-pass", optional(checks::anything), SENSITIVE, Tls, Inert;
    /// The certificate shown when this server is the client.
    tls_client_cert_file: Text = Text::new(), "tls-client-cert-file", optional(checks::anything), VOLATILE, Tls, Inert;
    /// The private key of the client certificate.
    tls_client_key_file: Text = Text::new(), "tls-client-key-file", optional(checks::anything), VOLATILE, Tls, Inert;
    /// The password of the client certificate's key.
    tls_client_key_file_pass: Text = Text::new(), "tls-client-key-file-pass", optional(checks::anything), SENSITIVE,
        Tls, Inert;
    /// Diffie-Hellman parameters for old clients.
    tls_dh_params_file: Text = Text::new(), "tls-dh-params-file", optional(checks::anything), VOLATILE, Tls, Inert;
    /// The certificates of the authorities that are trusted.
    tls_ca_cert_file: Text = Text::new(), "tls-ca-cert-file", optional(checks::anything), VOLATILE, Tls, Inert;
    /// A directory of such certificates.
    tls_ca_cert_dir: Text = Text::new(), "tls-ca-cert-dir", optional(checks::anything), VOLATILE, Tls, Inert;
    /// Whether clients must show a certificate.
    tls_auth_clients: TlsAuthClients = TlsAuthClients::Yes, "tls-auth-clients", choice, NONE, Nothing, Inert;
    /// Replication speaks TLS.
    tls_replication: bool = false, "tls-replication", flag, NONE, Tls, Owed;
    /// The cluster bus speaks TLS.
    tls_cluster: bool = false, "tls-cluster", flag, NONE, Tls, Owed;
    /// The protocol versions to offer.
    tls_protocols: Text = Text::new(), "tls-protocols", optional(checks::anything), NONE, Tls, Inert;
    /// The ciphers of TLS 1.2.
    tls_ciphers: Text = Text::new(), "tls-ciphers", optional(checks::anything), NONE, Tls, Inert;
    /// The cipher suites of TLS 1.3.
    tls_ciphersuites: Text = Text::new(), "tls-ciphersuites", optional(checks::anything), NONE, Tls, Inert;
    /// The server's order of ciphers counts, not the client's.
    tls_prefer_server_ciphers: bool = false, "tls-prefer-server-ciphers", flag, NONE, Tls, Inert;
    /// Clients may resume sessions.
    tls_session_caching: bool = true, "tls-session-caching", flag, NONE, Tls, Inert;
    /// How many sessions are kept.
    tls_session_cache_size: u32 = 20 * 1024, "tls-session-cache-size", int(0, INT), NONE, Tls, Inert;
    /// Seconds that a session is kept.
    tls_session_cache_timeout: u32 = 300, "tls-session-cache-timeout", int(0, INT), NONE, Tls, Inert;
}

section "General" {
    /// Go to the background after the start.
    daemonize: bool = false, "daemonize", flag, IMMUTABLE, Nothing, Live;
    /// The process supervisor to tell when the server is ready.
    supervised: Supervised = Supervised::No, "supervised", choice, IMMUTABLE, Nothing, Live;
    /// A file for the process id. A server in the background writes `/var/run/redis.pid` if none is named.
    pidfile: Text = Text::new(), "pidfile", optional(checks::anything), IMMUTABLE, Nothing, Live;
    /// The working directory, where data files go.
    dir: Text = Text::new(), "dir", special(special::DIR), PROTECTED.or(DENY_LOADING), Dir, Live;
    /// How many databases SELECT knows.
    databases: u32 = 16, "databases", int(1, INT), IMMUTABLE, Nothing, Live;
    /// How often a second the background duties run; moved into 1 to 500.
    hz: u32 = 10, "hz", clamped(Unit::Plain, 0, INT, 1, 500), NONE, Hz, Live;
    /// Accepted for old files: the duties that grow with the number of clients have their own time budget.
    dynamic_hz: bool = true, "dynamic-hz", flag, NONE, Nothing, Inert;
    /// Draw the logo at the start even when nobody is looking.
    always_show_logo: bool = false, "always-show-logo", flag, IMMUTABLE, Nothing, Live;
    /// Show the server's address and mode as the process title.
    set_proc_title: bool = true, "set-proc-title", flag, IMMUTABLE, Nothing, Live;
    /// What the process title says: `{title}`, `{listen-addr}`, `{server-mode}`, `{port}`, `{tls-port}`,
    /// `{unixsocket}`, `{config-file}`.
    proc_title_template: Text = text("{title} {listen-addr} {server-mode}"), "proc-title-template",
        text(checks::proc_title_template), NONE, ProcTitle, Live;
    /// The locale that SORT ALPHA compares by.
    locale_collate: Text = Text::new(), "locale-collate", text(checks::anything), NONE, LocaleCollate, Inert;
    /// What SIGINT does.
    shutdown_on_sigint: ShutdownFlags = ShutdownFlags(0), "shutdown-on-sigint", special(special::SHUTDOWN_ON_SIGINT),
        MULTI_ARG, Nothing, Live;
    /// What SIGTERM does.
    shutdown_on_sigterm: ShutdownFlags = ShutdownFlags(0), "shutdown-on-sigterm",
        special(special::SHUTDOWN_ON_SIGTERM), MULTI_ARG, Nothing, Live;
    /// Seconds that a shutdown waits for replicas to catch up.
    shutdown_timeout: u32 = 10, "shutdown-timeout", int(0, INT), NONE, Nothing, Inert;
    /// The zone this server runs in, shown by HELLO and INFO to clients that prefer a near one.
    availability_zone: Text = Text::new(), "availability-zone", text(checks::anything), NONE, Nothing, Live;
    /// Answer as Redis does where Valkey, whose behaviour is followed, names itself.
    extended_redis_compatibility: bool = false, "extended-redis-compatibility", flag, NONE, CompatMode, Inert;
    /// Which start-up checks only warn, by their names.
    ignore_warnings: Text = Text::new(), "ignore-warnings", text(checks::anything), NONE, Nothing, Live;
}

section "Logs" {
    /// The least severe line that is logged.
    loglevel: LogLevel = LogLevel::Notice, "loglevel", choice, NONE, Logging, Live;
    /// The file to log to; empty is the standard output.
    logfile: Text = Text::new(), "logfile", text(checks::anything), IMMUTABLE, Nothing, Live;
    /// The shape of a log line.
    log_format: LogFormat = LogFormat::Legacy, "log-format", choice, NONE, Logging, Live;
    /// How a log line tells the time.
    log_timestamp_format: LogTimestamp = LogTimestamp::Legacy, "log-timestamp-format", choice, NONE, Logging, Live;
    /// Log to syslog too.
    syslog_enabled: bool = false, "syslog-enabled", flag, IMMUTABLE, Nothing, Live;
    /// The name in syslog.
    syslog_ident: Text = text("redis"), "syslog-ident", text(checks::anything), IMMUTABLE, Nothing, Live;
    /// The facility in syslog.
    syslog_facility: SyslogFacility = SyslogFacility::Local0, "syslog-facility", choice, IMMUTABLE, Nothing, Live;
    /// Keep keys, values and names of clients out of the log.
    hide_user_data_from_log: bool = true, "hide-user-data-from-log", flag, NONE, Logging, Live;
    /// Leave a report in the log when the server crashes.
    crash_log_enabled: bool = true, "crash-log-enabled", flag, NONE, CrashLog, Live;
    /// Test the memory after a crash.
    crash_memcheck_enabled: bool = true, "crash-memcheck-enabled", flag, NONE, CrashLog, Live;
}

section "Security" {
    /// The password of the default user.
    requirepass: Text = Text::new(), "requirepass", optional(checks::anything), SENSITIVE, RequirePass, Live;
    /// A file of ACL users.
    aclfile: Text = Text::new(), "aclfile", text(checks::anything), IMMUTABLE, Nothing, Owed;
    /// Which channels a new ACL user may use.
    acl_pubsub_default: PubsubDefault = PubsubDefault::ResetChannels, "acl-pubsub-default", choice, NONE, Nothing, Inert;
    /// How many refusals ACL LOG keeps.
    acllog_max_len: u64 = 128, "acllog-max-len", int(0, LONG), NONE, Nothing, Inert;
    /// Who may set protected directives.
    enable_protected_configs: Allowed = Allowed::No, "enable-protected-configs", choice, IMMUTABLE, Nothing, Live;
    /// Who may use DEBUG.
    enable_debug_command: Allowed = Allowed::No, "enable-debug-command", choice, IMMUTABLE, Nothing, Live;
    /// Who may use MODULE.
    enable_module_command: Allowed = Allowed::No, "enable-module-command", choice, IMMUTABLE, Nothing, Inert;
    /// Whose payloads are checked in depth when they are loaded.
    sanitize_dump_payload: SanitizePayload = SanitizePayload::No, "sanitize-dump-payload", choice, DEBUG, Nothing, Live;
}

section "Memory" {
    /// How many bytes the data may take; 0 is no limit.
    maxmemory: u64 = 0, "maxmemory", memory(0, u64::MAX), NONE, MaxMemory, Live;
    /// Which keys go when `maxmemory` is reached.
    maxmemory_policy: EvictionPolicy = EvictionPolicy::NoEviction, "maxmemory-policy", choice, NONE, Eviction, Live;
    /// How many keys are compared to find one to evict.
    maxmemory_samples: u32 = 5, "maxmemory-samples", int(1, 64), NONE, Eviction, Live;
    /// How long eviction may hold up clients, from 0 (least) to 100 (until enough is free).
    maxmemory_eviction_tenacity: u32 = 10, "maxmemory-eviction-tenacity", int(0, 100), NONE, Eviction, Live;
    /// Replicas leave eviction to their primary.
    replica_ignore_maxmemory: bool = true, "replica-ignore-maxmemory" | "slave-ignore-maxmemory", flag, NONE,
        Nothing, Inert;
    /// How slowly the use counter of a key saturates.
    lfu_log_factor: u32 = 10, "lfu-log-factor", int(0, INT), NONE, Eviction, Live;
    /// Minutes in which the use counter of an idle key falls by one.
    lfu_decay_time: u32 = 1, "lfu-decay-time", int(0, INT), NONE, Eviction, Live;
    /// Ask for no huge pages behind keys and tables.
    disable_thp: bool = false, "disable-thp", flag, IMMUTABLE, Nothing, Live;
    /// Accepted for old files: expiry here is exact and costs no search.
    active_expire_effort: u32 = 1, "active-expire-effort", int(1, 10), NONE, Nothing, Inert;
    /// Accepted for old files: tables here grow without rehashing.
    activerehashing: bool = true, "activerehashing", flag, NONE, Nothing, Inert;
    /// Give unused memory back from a thread of the allocator's own.
    jemalloc_bg_thread: bool = true, "jemalloc-bg-thread", flag, NONE, JemallocThread, Live;
    /// Whether the kernel's killer should pick this process first when memory runs out.
    oom_score_adj: OomScoreAdj = OomScoreAdj::No, "oom-score-adj", choice, NONE, OomScoreAdj, Live;
    /// The scores of a primary, a replica and a child that saves.
    oom_score_adj_values: [i32; 3] = DEFAULT_OOM_SCORES, "oom-score-adj-values", special(special::OOM_SCORES),
        MULTI_ARG, OomScoreAdj, Live;
}

section "Freeing" {
    /// Evicted values are freed in the background. Here whatever is large always is.
    lazyfree_lazy_eviction: bool = false, "lazyfree-lazy-eviction", flag, DEBUG, Nothing, Live;
    /// Expired values are freed in the background. Here whatever is large always is.
    lazyfree_lazy_expire: bool = false, "lazyfree-lazy-expire", flag, DEBUG, Nothing, Live;
    /// Overwritten values are freed in the background. Here whatever is large always is.
    lazyfree_lazy_server_del: bool = false, "lazyfree-lazy-server-del", flag, DEBUG, Nothing, Live;
    /// DEL frees in the background. Here whatever is large always is.
    lazyfree_lazy_user_del: bool = false, "lazyfree-lazy-user-del", flag, DEBUG, Nothing, Live;
    /// FLUSHALL and FLUSHDB free in the background unless they say SYNC.
    lazyfree_lazy_user_flush: bool = false, "lazyfree-lazy-user-flush", flag, DEBUG, Nothing, Live;
    /// A replica frees its old data in the background before it loads.
    replica_lazy_flush: bool = false, "replica-lazy-flush" | "slave-lazy-flush", flag, NONE, Nothing, Inert;
}

section "Events" {
    /// Which keyspace events are published: `K` and `E` choose the channels, the other letters the events.
    notify_keyspace_events: EventClasses = EventClasses(0), "notify-keyspace-events", special(special::NOTIFY), NONE,
        NotifyEvents, Live;
    /// Keep expired keys while data is brought in from another server, whose deletions are then followed.
    import_mode: bool = false, "import-mode", flag, DEBUG, Nothing, Inert;
}

section "Data types" {
    /// Up to how many fields a hash stays packed.
    hash_max_listpack_entries: u64 = 512, "hash-max-listpack-entries" | "hash-max-ziplist-entries", int(0, LONG), NONE,
        TypeLimits, Live;
    /// The longest field or value of a packed hash, in bytes.
    hash_max_listpack_value: u64 = 64, "hash-max-listpack-value" | "hash-max-ziplist-value", memory(0, LONG), NONE,
        TypeLimits, Live;
    /// The size of a list's nodes: so many elements, or, below zero, 4, 8, 16, 32 or 64 KB.
    list_max_listpack_size: i32 = -2, "list-max-listpack-size" | "list-max-ziplist-size", int(i32::MIN, INT), NONE,
        TypeLimits, Live;
    /// How many nodes at either end of a list are left uncompressed; 0 compresses none.
    list_compress_depth: u32 = 0, "list-compress-depth", int(0, INT), DEBUG, TypeLimits, Live;
    /// Up to how many integers a set of integers stays packed.
    set_max_intset_entries: u64 = 512, "set-max-intset-entries", int(0, LONG), NONE, TypeLimits, Live;
    /// Up to how many members another set stays packed.
    set_max_listpack_entries: u64 = 128, "set-max-listpack-entries", int(0, LONG), NONE, TypeLimits, Live;
    /// The longest member of a packed set, in bytes.
    set_max_listpack_value: u64 = 64, "set-max-listpack-value", int(0, LONG), NONE, TypeLimits, Live;
    /// Up to how many members a sorted set stays packed.
    zset_max_listpack_entries: u64 = 128, "zset-max-listpack-entries" | "zset-max-ziplist-entries", int(0, LONG), NONE,
        TypeLimits, Live;
    /// The longest member of a packed sorted set, in bytes.
    zset_max_listpack_value: u64 = 64, "zset-max-listpack-value" | "zset-max-ziplist-value", memory(0, LONG), NONE,
        TypeLimits, Live;
    /// Up to how many bytes a HyperLogLog stays sparse.
    hll_sparse_max_bytes: u64 = 3000, "hll-sparse-max-bytes", memory(0, LONG), NONE, TypeLimits, Live;
    /// The bytes of a stream's node; 0 is no limit.
    stream_node_max_bytes: u64 = 4096, "stream-node-max-bytes", memory(0, LONG), NONE, TypeLimits, Live;
    /// The entries of a stream's node; 0 is no limit.
    stream_node_max_entries: u64 = 100, "stream-node-max-entries", int(0, LONG), NONE, TypeLimits, Live;
}

section "Scripts" {
    /// Milliseconds after which a running script lets other clients be told -BUSY.
    busy_reply_threshold: u64 = 5000, "busy-reply-threshold" | "lua-time-limit", int(0, LONG), NONE, Nothing, Inert;
    /// Scripts may use old functions of Lua that reach outside of them.
    lua_enable_insecure_api: bool = false, "lua-enable-insecure-api" | "lua-enable-deprecated-api", flag,
        HIDDEN.or(PROTECTED), ScriptApi, Inert;
}

section "Slow log and latency" {
    /// Microseconds after which a command is logged as slow; 0 logs all, -1 none.
    slowlog_log_slower_than: i64 = 10_000, "slowlog-log-slower-than" | "commandlog-execution-slower-than",
        int(-1, LONG), NONE, Nothing, Live;
    /// How many slow commands are kept.
    slowlog_max_len: u64 = 128, "slowlog-max-len" | "commandlog-slow-execution-max-len", int(0, LONG), NONE, Nothing,
        Live;
    /// The bytes from which a request is logged as large; -1 logs none.
    commandlog_request_larger_than: i64 = 1 << 20, "commandlog-request-larger-than", int(-1, LONG), NONE, Nothing, Inert;
    /// How many large requests are kept.
    commandlog_large_request_max_len: u64 = 128, "commandlog-large-request-max-len", int(0, LONG), NONE, Nothing, Inert;
    /// The bytes from which a reply is logged as large; -1 logs none.
    commandlog_reply_larger_than: i64 = 1 << 20, "commandlog-reply-larger-than", int(-1, LONG), NONE, Nothing, Inert;
    /// How many large replies are kept.
    commandlog_large_reply_max_len: u64 = 128, "commandlog-large-reply-max-len", int(0, LONG), NONE, Nothing, Inert;
    /// Milliseconds from which LATENCY records an event; 0 records none.
    latency_monitor_threshold: u64 = 0, "latency-monitor-threshold", int(0, LONG), NONE, Nothing, Live;
    /// Keep a distribution of each command's time.
    latency_tracking: bool = true, "latency-tracking", flag, NONE, LatencyTracking, Live;
    /// Which percentiles INFO shows of it.
    latency_tracking_info_percentiles: Vec<f64> = DEFAULT_PERCENTILES.to_vec(), "latency-tracking-info-percentiles",
        special(special::PERCENTILES), MULTI_ARG, Nothing, Live;
}

section "Snapshots" {
    /// When the data set is saved by itself: after so many seconds if at least so many keys changed.
    save: Vec<SavePoint> = default_save_points(), "save", special(special::SAVE), MULTI_ARG, Nothing, Live;
    /// The name of the data file.
    dbfilename: Text = text("dump.rdb"), "dbfilename", text(checks::dbfilename), PROTECTED, Nothing, Live;
    /// Refuse writes while the last save failed.
    stop_writes_on_bgsave_error: bool = true, "stop-writes-on-bgsave-error", flag, NONE, Nothing, Live;
    /// Compress strings in the data file.
    rdbcompression: bool = true, "rdbcompression", flag, NONE, Nothing, Live;
    /// End the data file with a checksum.
    rdbchecksum: bool = true, "rdbchecksum", flag, IMMUTABLE, Nothing, Live;
    /// Whether data files of a later version are refused.
    rdb_version_check: RdbVersionCheck = RdbVersionCheck::Strict, "rdb-version-check", choice, NONE, Nothing, Live;
    /// For whom values are written: 10 for Redis 7.0, 11 for later Redis, 80 for Valkey 9 (as 11, but for hashes some
    /// of whose fields have a time to live).
    rdb_compat: RdbCompat = RdbCompat::Redis, "rdb-compat", choice, NONE, Nothing, Live;
    /// Delete data files that only served replication. A server without replicas makes none.
    rdb_del_sync_files: bool = false, "rdb-del-sync-files", flag, NONE, Nothing, Inert;
    /// Flush the data file piece by piece while it is written.
    rdb_save_incremental_fsync: bool = true, "rdb-save-incremental-fsync", flag, NONE, Nothing, Live;
}

section "Append-only file" {
    /// Log every write.
    appendonly: bool = false, "appendonly", flag, DENY_LOADING, AppendOnly, Live;
    /// What the log's files are called.
    appendfilename: Text = text("appendonly.aof"), "appendfilename", text(checks::appendfilename), IMMUTABLE, Nothing,
        Live;
    /// The directory of the log, inside `dir`.
    appenddirname: Text = text("appendonlydir"), "appenddirname", text(checks::appenddirname), IMMUTABLE, Nothing, Live;
    /// When the log is forced to disk.
    appendfsync: AppendFsync = AppendFsync::EverySec, "appendfsync", choice, NONE, AppendFsync, Live;
    /// Do not force the log to disk while a child writes.
    no_appendfsync_on_rewrite: bool = false, "no-appendfsync-on-rewrite", flag, NONE, Nothing, Live;
    /// By how many percent the log must have grown to be rewritten; 0 never.
    auto_aof_rewrite_percentage: u32 = 100, "auto-aof-rewrite-percentage", int(0, INT), NONE, Nothing, Live;
    /// The smallest log that is rewritten.
    auto_aof_rewrite_min_size: u64 = 64 << 20, "auto-aof-rewrite-min-size", memory(0, LONG), NONE, Nothing, Live;
    /// A log that ends in the middle of a command is cut there and loaded.
    aof_load_truncated: bool = true, "aof-load-truncated", flag, NONE, Nothing, Live;
    /// The base of the log is written as a data file.
    aof_use_rdb_preamble: bool = true, "aof-use-rdb-preamble", flag, NONE, Nothing, Live;
    /// Put the time into the log, for a restore as of then.
    aof_timestamp_enabled: bool = false, "aof-timestamp-enabled", flag, NONE, Nothing, Live;
    /// Flush a rewritten log piece by piece while it is written.
    aof_rewrite_incremental_fsync: bool = true, "aof-rewrite-incremental-fsync", flag, NONE, Nothing, Live;
    /// Leave old files of the log where they are.
    aof_disable_auto_gc: bool = false, "aof-disable-auto-gc", flag, HIDDEN, AofAutoGc, Live;
}

section "Replication" {
    /// The primary to replicate.
    replicaof: Option<PrimaryAddress> = None, "replicaof" | "slaveof", special(special::REPLICAOF),
        IMMUTABLE.or(MULTI_ARG), Nothing, Owed;
    /// The password for the primary.
    masterauth: Text = Text::new(), "masterauth" | "primaryauth", optional(checks::anything), SENSITIVE, Nothing, Inert;
    /// The user to log in to the primary as.
    masteruser: Text = Text::new(), "masteruser" | "primaryuser", optional(checks::anything), SENSITIVE, Nothing, Inert;
    /// A replica that lost its primary goes on answering.
    replica_serve_stale_data: bool = true, "replica-serve-stale-data" | "slave-serve-stale-data", flag, NONE, Nothing,
        Inert;
    /// A replica refuses writes of clients.
    replica_read_only: bool = true, "replica-read-only" | "slave-read-only", flag, DEBUG, ReadOnly, Live;
    /// Which replica Sentinel prefers, the lowest first; 0 is never promoted.
    replica_priority: u32 = 100, "replica-priority" | "slave-priority", int(0, INT), NONE, Nothing, Inert;
    /// Show this replica to Sentinel.
    replica_announced: bool = true, "replica-announced", flag, NONE, Nothing, Inert;
    /// The address a replica says it has.
    replica_announce_ip: Text = Text::new(), "replica-announce-ip" | "slave-announce-ip", optional(checks::anything),
        NONE, Nothing, Inert;
    /// The port a replica says it has; 0 is its own.
    replica_announce_port: u16 = 0, "replica-announce-port" | "slave-announce-port", int(0, 65535), NONE, Nothing, Inert;
    /// A replica that cannot write its disk goes on.
    replica_ignore_disk_write_errors: bool = false, "replica-ignore-disk-write-errors", flag, NONE, Nothing, Inert;
    /// How many replicas must be in touch for writes to be accepted; 0 asks for none.
    min_replicas_to_write: u32 = 0, "min-replicas-to-write" | "min-slaves-to-write", int(0, INT), NONE, GoodReplicas,
        Live;
    /// Seconds of silence after which a replica does not count.
    min_replicas_max_lag: u32 = 10, "min-replicas-max-lag" | "min-slaves-max-lag", int(0, INT), NONE, GoodReplicas, Inert;
    /// Seconds of silence after which the other side is given up.
    repl_timeout: u32 = 60, "repl-timeout", int(1, INT), NONE, Nothing, Inert;
    /// Seconds between a primary's PINGs.
    repl_ping_replica_period: u32 = 10, "repl-ping-replica-period" | "repl-ping-slave-period", int(1, INT), NONE,
        Nothing, Inert;
    /// How much of the stream is kept for replicas that come back, at least 16 KB.
    repl_backlog_size: u64 = 1 << 20, "repl-backlog-size", clamped(Unit::Memory, 1, LONG, 16 << 10, LONG), NONE,
        ReplBacklog, Inert;
    /// Seconds without replicas after which the backlog goes; 0 never.
    repl_backlog_ttl: u64 = 3600, "repl-backlog-ttl", int(0, LONG), NONE, Nothing, Inert;
    /// Send to replicas in fewer, larger packets.
    repl_disable_tcp_nodelay: bool = false, "repl-disable-tcp-nodelay", flag, NONE, Nothing, Inert;
    /// Send the data set to replicas without a file.
    repl_diskless_sync: bool = true, "repl-diskless-sync", flag, DEBUG, Nothing, Inert;
    /// Seconds to wait for more replicas before that starts.
    repl_diskless_sync_delay: u32 = 5, "repl-diskless-sync-delay", int(0, INT), NONE, Nothing, Inert;
    /// How many replicas end that wait; 0 waits it out.
    repl_diskless_sync_max_replicas: u32 = 0, "repl-diskless-sync-max-replicas", int(0, INT), NONE, Nothing, Inert;
    /// Where a replica puts the data set it receives.
    repl_diskless_load: DisklessLoad = DisklessLoad::Disabled, "repl-diskless-load", choice, DEBUG.or(DENY_LOADING),
        Nothing, Inert;
    /// Send the data set and the stream over two connections.
    dual_channel_replication_enabled: bool = false, "dual-channel-replication-enabled", flag, DEBUG, Nothing, Inert;
    /// What an error in a propagated command does.
    propagation_error_behavior: PropagationErrors = PropagationErrors::Ignore, "propagation-error-behavior", choice,
        NONE, Nothing, Inert;
}

section "Cluster" {
    /// Be a node of a cluster.
    cluster_enabled: bool = false, "cluster-enabled", flag, IMMUTABLE, Nothing, Owed;
    /// The file in which the node keeps what it knows.
    cluster_config_file: Text = text("nodes.conf"), "cluster-config-file", text(checks::cluster_config_file), IMMUTABLE,
        Nothing, Inert;
    /// The port of the cluster bus; 0 is `port` and 10000.
    cluster_port: u16 = 0, "cluster-port", int(0, 65535), IMMUTABLE, Nothing, Inert;
    /// Milliseconds after which a silent node is thought to have failed.
    cluster_node_timeout: u64 = 15_000, "cluster-node-timeout", int(0, LONG), NONE, Nothing, Inert;
    /// Milliseconds between pings of a node; 0 follows from the timeout.
    cluster_ping_interval: u64 = 0, "cluster-ping-interval", int(0, LONG), HIDDEN, Nothing, Inert;
    /// How stale a replica may be and still take over, in timeouts; 0 is however stale.
    cluster_replica_validity_factor: u32 = 10, "cluster-replica-validity-factor" | "cluster-slave-validity-factor",
        int(0, INT), NONE, Nothing, Inert;
    /// A replica does not take over by itself.
    cluster_replica_no_failover: bool = false, "cluster-replica-no-failover" | "cluster-slave-no-failover", flag, NONE,
        ClusterFlags, Inert;
    /// Milliseconds that a failover by hand may take.
    cluster_manual_failover_timeout: u64 = 5000, "cluster-manual-failover-timeout", int(1, INT), NONE, Nothing, Inert;
    /// How many replicas a primary keeps when one moves to another that has none.
    cluster_migration_barrier: u32 = 1, "cluster-migration-barrier", int(0, INT), NONE, Nothing, Inert;
    /// Replicas may move to primaries that have none.
    cluster_allow_replica_migration: bool = true, "cluster-allow-replica-migration", flag, NONE, Nothing, Inert;
    /// Answer only while every slot is served.
    cluster_require_full_coverage: bool = true, "cluster-require-full-coverage", flag, NONE, Nothing, Inert;
    /// Answer reads while the cluster is down.
    cluster_allow_reads_when_down: bool = false, "cluster-allow-reads-when-down", flag, NONE, Nothing, Inert;
    /// Serve sharded channels while the cluster is down.
    cluster_allow_pubsubshard_when_down: bool = true, "cluster-allow-pubsubshard-when-down", flag, NONE, Nothing, Inert;
    /// How much may wait on a link to another node; 0 is no limit.
    cluster_link_sendbuf_limit: u64 = 0, "cluster-link-sendbuf-limit", memory(0, u64::MAX), NONE, Nothing, Inert;
    /// Seconds that a forgotten node is not let in again.
    cluster_blacklist_ttl: u64 = 60, "cluster-blacklist-ttl", int(0, u64::MAX), NONE, Nothing, Inert;
    /// Count what each slot does.
    cluster_slot_stats_enabled: bool = false, "cluster-slot-stats-enabled", flag, NONE, Nothing, Inert;
    /// How this node is named to clients.
    cluster_preferred_endpoint_type: EndpointType = EndpointType::Ip, "cluster-preferred-endpoint-type", choice, NONE,
        ClusterSlotsReply, Inert;
    /// The address this node says it has.
    cluster_announce_ip: Text = Text::new(), "cluster-announce-ip", optional(checks::anything), NONE, ClusterAddress,
        Inert;
    /// The IPv4 address this node tells clients.
    cluster_announce_client_ipv4: Text = Text::new(), "cluster-announce-client-ipv4", optional(checks::ipv4), NONE,
        ClusterAddress, Inert;
    /// The IPv6 address this node tells clients.
    cluster_announce_client_ipv6: Text = Text::new(), "cluster-announce-client-ipv6", optional(checks::ipv6), NONE,
        ClusterAddress, Inert;
    /// The port this node says it has; 0 is its own.
    cluster_announce_port: u16 = 0, "cluster-announce-port", int(0, 65535), NONE, ClusterPorts, Inert;
    /// The TLS port this node says it has; 0 is its own.
    cluster_announce_tls_port: u16 = 0, "cluster-announce-tls-port", int(0, 65535), NONE, ClusterPorts, Inert;
    /// The bus port this node says it has; 0 is its own.
    cluster_announce_bus_port: u16 = 0, "cluster-announce-bus-port", int(0, 65535), NONE, ClusterPorts, Inert;
    /// The host name this node says it has.
    cluster_announce_hostname: Text = Text::new(), "cluster-announce-hostname", optional(checks::hostname), NONE,
        ClusterHostname, Inert;
    /// A name for people, in logs.
    cluster_announce_human_nodename: Text = Text::new(), "cluster-announce-human-nodename", optional(checks::node_name),
        NONE, ClusterNodeName, Inert;
}

section "Threads and processors" {
    /// Accepted for old files: one thread owns the data and its connections, and needs no other for them.
    io_threads: u32 = 1, "io-threads", int(1, 128), DEBUG.or(IMMUTABLE), Nothing, Inert;
    /// Accepted for old files; see `io-threads`.
    io_threads_do_reads: bool = false, "io-threads-do-reads", flag, DEBUG.or(IMMUTABLE), Nothing, Inert;
    /// Accepted for old files; see `io-threads`.
    events_per_io_thread: u32 = 2, "events-per-io-thread", int(0, INT), HIDDEN, Nothing, Inert;
    /// For how many commands at once memory is prefetched.
    prefetch_batch_max_size: u32 = 16, "prefetch-batch-max-size", int(0, 128), NONE, Nothing, Inert;
    /// The processors the server runs on, as in `0-7:2,9`; none leaves it to the system.
    server_cpulist: Text = Text::new(), "server-cpulist" | "server_cpulist", optional(checks::anything), IMMUTABLE,
        Nothing, Live;
    /// The processors its helper threads run on.
    bio_cpulist: Text = Text::new(), "bio-cpulist" | "bio_cpulist", optional(checks::anything), IMMUTABLE, Nothing, Live;
    /// The processors a child that rewrites the log runs on.
    aof_rewrite_cpulist: Text = Text::new(), "aof-rewrite-cpulist" | "aof_rewrite_cpulist", optional(checks::anything),
        IMMUTABLE, Nothing, Live;
    /// The processors a child that saves runs on.
    bgsave_cpulist: Text = Text::new(), "bgsave-cpulist" | "bgsave_cpulist", optional(checks::anything), IMMUTABLE,
        Nothing, Live;
}

section "Defragmentation" {
    /// Move values together to free memory between them. The slab here needs no such moves.
    activedefrag: bool = false, "activedefrag", special(special::ACTIVE_DEFRAG), DEBUG, Nothing, Inert;
    /// The wasted bytes from which it starts.
    active_defrag_ignore_bytes: u64 = 100 << 20, "active-defrag-ignore-bytes", memory(1, LONG), NONE, Nothing, Inert;
    /// The wasted percentage from which it starts.
    active_defrag_threshold_lower: u32 = 10, "active-defrag-threshold-lower", int(0, 1000), NONE, Nothing, Inert;
    /// The wasted percentage at which it does most.
    active_defrag_threshold_upper: u32 = 100, "active-defrag-threshold-upper", int(0, 1000), NONE, Nothing, Inert;
    /// The least share of a processor, in percent.
    active_defrag_cycle_min: u32 = 1, "active-defrag-cycle-min", int(1, 99), NONE, Nothing, Inert;
    /// The largest share of a processor, in percent.
    active_defrag_cycle_max: u32 = 25, "active-defrag-cycle-max", int(1, 99), NONE, Nothing, Inert;
    /// Microseconds at a stretch.
    active_defrag_cycle_us: u32 = 500, "active-defrag-cycle-us", int(0, 100_000), NONE, Nothing, Inert;
    /// The elements from which a collection is done in steps.
    active_defrag_max_scan_fields: u64 = 1000, "active-defrag-max-scan-fields", int(1, LONG), NONE, Nothing, Inert;
}

section "Testing" {
    /// Microseconds to wait after each key that is saved.
    rdb_key_save_delay: i32 = 0, "rdb-key-save-delay", int(i32::MIN, INT), HIDDEN, Nothing, Live;
    /// Microseconds to wait after each key that is loaded.
    key_load_delay: i32 = 0, "key-load-delay", int(i32::MIN, INT), HIDDEN, Nothing, Live;
    /// After how many bytes of loading clients are looked after at the latest; mostly it is sooner, every millisecond.
    loading_process_events_interval_bytes: u64 = 2 << 20, "loading-process-events-interval-bytes", int(1024, INT), HIDDEN,
        Nothing, Live;
    /// Milliseconds after which a stuck loop reports itself; 0 never.
    watchdog_period: u32 = 0, "watchdog-period", int(0, INT), HIDDEN, Watchdog, Inert;
    /// Exit after a panic instead of aborting.
    use_exit_on_panic: bool = false, "use-exit-on-panic", flag, HIDDEN, CrashLog, Live;
    /// Check invariants that cost time.
    enable_debug_assert: bool = false, "enable-debug-assert", flag, IMMUTABLE.or(HIDDEN), Nothing, Inert;
    /// A note for crash reports.
    debug_context: Text = Text::new(), "debug-context", text(checks::anything), DEBUG.or(HIDDEN), Nothing, Inert;
    /// A file for requests and replies.
    req_res_logfile: Text = Text::new(), "req-res-logfile", optional(checks::anything), IMMUTABLE.or(HIDDEN), Nothing,
        Inert;
    /// The protocol of new connections.
    client_default_resp: u32 = 2, "client-default-resp", int(2, 3), IMMUTABLE.or(HIDDEN), Nothing, Inert;
}
}
