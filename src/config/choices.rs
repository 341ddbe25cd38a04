//! The enumerations a directive may be set to, with the words redis.conf uses for them.
//! Knows no other room: whoever acts on a choice maps it to its own terms.

/// A setting that takes one of a few words. `WORDS` and `VALUES` run in parallel; a value with two spellings
/// appears twice and is shown by its first.
pub trait Choice: Copy + PartialEq + 'static {
    const WORDS: &'static [&'static str];
    const VALUES: &'static [Self];

    /// The value a word stands for, in any case.
    fn from_word(word: &[u8]) -> Option<Self> {
        let at = Self::WORDS.iter().position(|known| known.as_bytes().eq_ignore_ascii_case(word))?;
        Self::VALUES.get(at).copied()
    }

    /// The word `CONFIG GET` shows.
    fn word(self) -> &'static str {
        let at = Self::VALUES.iter().position(|value| *value == self);
        at.and_then(|at| Self::WORDS.get(at)).copied().unwrap_or("unknown")
    }
}

macro_rules! choices {
    ($($(#[$meta:meta])* $name:ident { $($value:ident = $($word:literal)|+,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($value,)+ }

        impl Choice for $name {
            const WORDS: &'static [&'static str] = &[$($($word,)+)+];
            const VALUES: &'static [Self] = &[$($(choices!(@one $word Self::$value),)+)+];
        }
    )+};
    (@one $word:literal $value:expr) => { $value };
}

choices! {
    /// What `maxmemory` does once it is reached.
    EvictionPolicy {
        VolatileLru = "volatile-lru",
        VolatileLfu = "volatile-lfu",
        VolatileRandom = "volatile-random",
        VolatileTtl = "volatile-ttl",
        AllkeysLru = "allkeys-lru",
        AllkeysLfu = "allkeys-lfu",
        AllkeysRandom = "allkeys-random",
        NoEviction = "noeviction",
    }

    /// When the append-only file is forced to disk.
    AppendFsync {
        EverySec = "everysec",
        Always = "always",
        No = "no",
    }

    /// The least severe line that is logged.
    LogLevel {
        Debug = "debug",
        Verbose = "verbose",
        Notice = "notice",
        Warning = "warning",
        Nothing = "nothing",
    }

    /// The shape of a log line.
    LogFormat {
        Legacy = "legacy",
        Logfmt = "logfmt",
    }

    /// How a log line tells the time.
    LogTimestamp {
        Legacy = "legacy",
        Iso8601 = "iso8601",
        Milliseconds = "milliseconds",
    }

    SyslogFacility {
        User = "user",
        Local0 = "local0",
        Local1 = "local1",
        Local2 = "local2",
        Local3 = "local3",
        Local4 = "local4",
        Local5 = "local5",
        Local6 = "local6",
        Local7 = "local7",
    }

    /// The process supervisor to tell when the server is ready.
    Supervised {
        Upstart = "upstart",
        Systemd = "systemd",
        Auto = "auto",
        No = "no",
    }

    /// Where a replica puts the data set it receives.
    DisklessLoad {
        Disabled = "disabled",
        OnEmptyDb = "on-empty-db",
        SwapDb = "swapdb",
        FlushBeforeLoad = "flush-before-load",
    }

    /// Whether TLS clients must, need not or may show a certificate.
    TlsAuthClients {
        No = "no",
        Yes = "yes",
        Optional = "optional",
    }

    OomScoreAdj {
        No = "no",
        Relative = "yes" | "relative",
        Absolute = "absolute",
    }

    /// Which channels a new ACL user may use.
    PubsubDefault {
        AllChannels = "allchannels",
        ResetChannels = "resetchannels",
    }

    /// Whose payloads are checked in depth when they are loaded.
    SanitizePayload {
        No = "no",
        Yes = "yes",
        Clients = "clients",
    }

    /// Who may use a guarded command or directive.
    Allowed {
        No = "no",
        Yes = "yes",
        Local = "local",
    }

    /// How a cluster node names itself to clients.
    EndpointType {
        Ip = "ip",
        Hostname = "hostname",
        UnknownEndpoint = "unknown-endpoint",
    }

    /// What an error in a propagated command does.
    PropagationErrors {
        Ignore = "ignore",
        Panic = "panic",
        PanicOnReplicas = "panic-on-replicas",
    }

    /// For which readers values are written.
    RdbCompat {
        Redis70 = "10",
        Redis = "11",
        Valkey = "80",
    }

    /// Whether data files of a later version are refused.
    RdbVersionCheck {
        Strict = "strict",
        Relaxed = "relaxed",
    }
}

impl EvictionPolicy {
    /// Only keys that have a time to live are candidates.
    pub const fn only_volatile(self) -> bool {
        use EvictionPolicy::*;
        matches!(self, VolatileLru | VolatileLfu | VolatileRandom | VolatileTtl)
    }

    /// Candidates are ranked by how often they are used.
    pub const fn is_lfu(self) -> bool {
        matches!(self, EvictionPolicy::VolatileLfu | EvictionPolicy::AllkeysLfu)
    }

    /// Candidates are ranked by when they were last used.
    pub const fn is_lru(self) -> bool {
        matches!(self, EvictionPolicy::VolatileLru | EvictionPolicy::AllkeysLru)
    }
}

impl Allowed {
    /// Whether a client may, given that it came over loopback or a Unix socket.
    pub const fn permits(self, local: bool) -> bool {
        match self {
            Allowed::No => false,
            Allowed::Yes => true,
            Allowed::Local => local,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_values_pair_up() {
        assert_eq!(EvictionPolicy::from_word(b"ALLKEYS-lru"), Some(EvictionPolicy::AllkeysLru));
        assert_eq!(EvictionPolicy::from_word(b"allkeys"), None);
        assert_eq!(LogLevel::Nothing.word(), "nothing");
        assert_eq!(LogLevel::WORDS.join(", "), "debug, verbose, notice, warning, nothing");
    }

    #[test]
    fn a_second_spelling_shows_as_the_first() {
        assert_eq!(OomScoreAdj::from_word(b"relative"), Some(OomScoreAdj::Relative));
        assert_eq!(OomScoreAdj::Relative.word(), "yes");
        assert_eq!(OomScoreAdj::WORDS.len(), OomScoreAdj::VALUES.len());
    }

    #[test]
    fn local_permission_depends_on_the_client() {
        assert!(Allowed::Local.permits(true) && !Allowed::Local.permits(false));
        assert!(Allowed::Yes.permits(false) && !Allowed::No.permits(true));
    }
}
