//! How a command is declared. One `Spec` is the single source of a command's name, arity, flags, keys, categories and
//! documentation: COMMAND INFO, DOCS, GETKEYS and the gates all derive from it.

use super::args::Args;
use super::ctx::Ctx;
use super::error::Error;
use super::flow::Flow;
use super::keys_of::KeyAt;
use super::machine::Engine;
use crate::ids::ClientId;

/// What a handler answers: how the command went on, or the error its client is told.
pub type CmdResult = Result<Flow, Error>;

/// A handler of data commands: sees the keys, its reply, its session and nothing else.
pub type DataFn = fn(&mut Ctx<'_>, &Args<'_>) -> CmdResult;
/// A handler that needs the whole machine: CLIENT, CONFIG, EXEC, SUBSCRIBE and the like.
pub type EngineFn = fn(&mut Engine, ClientId, &Args<'_>) -> CmdResult;

#[derive(Clone, Copy)]
pub enum Run {
    Data(DataFn),
    Engine(EngineFn),
    /// A container of sub-commands; the second argument chooses.
    Container,
}

/// Declares a set of named bits over an integer, with the names Redis shows for them.
macro_rules! bits {
    ($(#[$meta:meta])* $ty:ident : $repr:ty { $($(#[$doc:meta])* $name:ident = $bit:expr, $text:expr;)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $ty(pub $repr);
        impl $ty {
            $($(#[$doc])* pub const $name: $ty = $ty(1 << $bit);)*
            pub const NONE: $ty = $ty(0);
            /// Bit and shown name, in the order Redis lists them. Names that are empty are not shown.
            pub const NAMES: &'static [($ty, &'static str)] = &[$(($ty::$name, $text),)*];
            pub const fn has(self, other: $ty) -> bool { self.0 & other.0 != 0 }
            pub const fn with(self, other: $ty) -> $ty { $ty(self.0 | other.0) }
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::NAMES.iter().filter(move |(b, n)| self.has(*b) && !n.is_empty()).map(|(_, n)| *n)
            }
        }
        impl std::ops::BitOr for $ty {
            type Output = $ty;
            fn bitor(self, other: $ty) -> $ty { self.with(other) }
        }
    };
}

bits! {
    /// Command flags, as COMMAND INFO shows them.
    Flags: u32 {
        WRITE = 0, "write";
        READONLY = 1, "readonly";
        DENYOOM = 2, "denyoom";
        MODULE = 3, "module";
        ADMIN = 4, "admin";
        PUBSUB = 5, "pubsub";
        NOSCRIPT = 6, "noscript";
        BLOCKING = 8, "blocking";
        LOADING = 9, "loading";
        STALE = 10, "stale";
        SKIP_MONITOR = 11, "skip_monitor";
        SKIP_SLOWLOG = 12, "skip_slowlog";
        ASKING = 13, "asking";
        FAST = 14, "fast";
        NO_AUTH = 15, "no_auth";
        /// Changes what replicas hold although it is no write (PUBLISH, PFCOUNT): not shown.
        MAY_REPLICATE = 16, "";
        SENTINEL = 17, "";
        ONLY_SENTINEL = 18, "";
        NO_MANDATORY_KEYS = 19, "no_mandatory_keys";
        PROTECTED = 20, "";
        NO_ASYNC_LOADING = 23, "no_async_loading";
        NO_MULTI = 24, "no_multi";
        ALLOW_BUSY = 26, "allow_busy";
        MOVABLE_KEYS = 27, "movablekeys";
        /// Reads or writes keys that its arguments do not name (KEYS, SCAN, SORT BY): ours, never shown.
        UNNAMED_KEYS = 28, "";
        /// Runs inside MULTI instead of being queued (EXEC, DISCARD, WATCH and the like): ours, never shown.
        NOT_QUEUED = 29, "";
        /// Allowed to a subscribed RESP2 client: ours, never shown.
        IN_PUBSUB = 30, "";
    }
}

bits! {
    /// ACL categories.
    Acl: u32 {
        KEYSPACE = 0, "keyspace";
        READ = 1, "read";
        WRITE = 2, "write";
        SET = 3, "set";
        SORTEDSET = 4, "sortedset";
        LIST = 5, "list";
        HASH = 6, "hash";
        STRING = 7, "string";
        BITMAP = 8, "bitmap";
        HYPERLOGLOG = 9, "hyperloglog";
        GEO = 10, "geo";
        STREAM = 11, "stream";
        PUBSUB = 12, "pubsub";
        ADMIN = 13, "admin";
        FAST = 14, "fast";
        SLOW = 15, "slow";
        BLOCKING = 16, "blocking";
        DANGEROUS = 17, "dangerous";
        CONNECTION = 18, "connection";
        TRANSACTION = 19, "transaction";
        SCRIPTING = 20, "scripting";
    }
}

bits! {
    /// What a command does to the keys of one key spec.
    KeyFlags: u16 {
        RO = 0, "RO";
        RW = 1, "RW";
        OW = 2, "OW";
        RM = 3, "RM";
        ACCESS = 4, "access";
        UPDATE = 5, "update";
        INSERT = 6, "insert";
        DELETE = 7, "delete";
        NOT_KEY = 8, "not_key";
        INCOMPLETE = 9, "incomplete";
        VARIABLE_FLAGS = 10, "variable_flags";
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// The first key is this argument.
    Index(i16),
    /// The keys follow this word, searched from this argument on (negative: from the end, backwards).
    Keyword(&'static str, i16),
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Find {
    /// Up to `last` (relative to the first; negative: from the end), every `step`; with `limit` > 1 only the first
    /// 1/limit of what is left.
    Range {
        last: i16,
        step: i16,
        limit: i16,
    },
    /// The argument at `index` (relative to the begin) tells how many keys follow from `first` on.
    Count {
        index: i16,
        first: i16,
        step: i16,
    },
    Unknown,
}

/// Where one group of keys stands among the arguments, and what happens to them.
#[derive(Clone, Copy, Debug)]
pub struct KeySpec {
    pub begin: Begin,
    pub find: Find,
    pub flags: KeyFlags,
    pub notes: &'static str,
}

impl KeySpec {
    /// One key at argument `index`.
    pub const fn at(index: i16, flags: KeyFlags) -> Self {
        Self::range(index, 0, 1, flags)
    }

    /// Keys from argument `index` up to `last` (relative; negative from the end), every `step`.
    pub const fn range(index: i16, last: i16, step: i16, flags: KeyFlags) -> Self {
        KeySpec { begin: Begin::Index(index), find: Find::Range { last, step, limit: 0 }, flags, notes: "" }
    }

    /// `numkeys` at argument `index`, the keys behind it.
    pub const fn counted(index: i16, flags: KeyFlags) -> Self {
        KeySpec {
            begin: Begin::Index(index),
            find: Find::Count { index: 0, first: 1, step: 1 },
            flags,
            notes: "",
        }
    }

    pub const fn after_word(word: &'static str, from: i16, find: Find, flags: KeyFlags) -> Self {
        KeySpec { begin: Begin::Keyword(word, from), find, flags, notes: "" }
    }

    pub const fn unknown(flags: KeyFlags) -> Self {
        KeySpec { begin: Begin::Unknown, find: Find::Unknown, flags, notes: "" }
    }

    pub const fn notes(mut self, notes: &'static str) -> Self {
        self.notes = notes;
        self
    }
}

/// The groups of COMMAND DOCS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    Generic,
    String,
    List,
    Set,
    SortedSet,
    Hash,
    PubSub,
    Transactions,
    Connection,
    Server,
    Scripting,
    HyperLogLog,
    Cluster,
    Geo,
    Stream,
    Bitmap,
}

impl Group {
    pub const fn name(self) -> &'static str {
        match self {
            Group::Generic => "generic",
            Group::String => "string",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Hash => "hash",
            Group::PubSub => "pubsub",
            Group::Transactions => "transactions",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Scripting => "scripting",
            Group::HyperLogLog => "hyperloglog",
            Group::Cluster => "cluster",
            Group::Geo => "geo",
            Group::Stream => "stream",
            Group::Bitmap => "bitmap",
        }
    }
}

/// A command or sub-command. Build with the `const fn`s below; they read like a sentence at the place of the handler.
pub struct Spec {
    /// Lower case; a sub-command has its own word only ("list" of CLIENT LIST).
    pub name: &'static str,
    /// Number of arguments with the name; negative: at least that many.
    pub arity: i16,
    pub flags: Flags,
    pub acl: Acl,
    pub keys: &'static [KeySpec],
    /// Finds the keys where `keys` cannot tell.
    pub find_keys: Option<fn(&Args<'_>) -> Vec<KeyAt>>,
    pub group: Group,
    pub since: &'static str,
    pub complexity: &'static str,
    pub summary: &'static str,
    /// The arguments in Redis' notation; the argument tree of COMMAND DOCS is parsed from it.
    pub syntax: &'static str,
    /// (version, what changed), oldest first.
    pub history: &'static [(&'static str, &'static str)],
    /// (since, what to use instead).
    pub deprecated: Option<(&'static str, &'static str)>,
    pub tips: &'static [&'static str],
    /// Not for clients: servers say it to one another, or developers to servers.
    pub system: bool,
    pub subcommands: &'static [&'static Spec],
    pub run: Run,
}

impl Spec {
    const fn new(name: &'static str, arity: i16, flags: Flags, acl: Acl) -> Self {
        Spec {
            name,
            arity,
            flags,
            acl,
            keys: &[],
            find_keys: None,
            group: Group::Generic,
            since: "1.0.0",
            complexity: "O(1)",
            summary: "",
            syntax: "",
            history: &[],
            deprecated: None,
            tips: &[],
            system: false,
            subcommands: &[],
            run: Run::Container,
        }
    }

    /// A command that may change keys.
    pub const fn write(name: &'static str, arity: i16) -> Self {
        Self::new(name, arity, Flags::WRITE, Acl::WRITE)
    }

    /// A command that only reads keys.
    pub const fn read(name: &'static str, arity: i16) -> Self {
        Self::new(name, arity, Flags::READONLY, Acl::READ)
    }

    /// A command that touches no keys as data.
    pub const fn plain(name: &'static str, arity: i16) -> Self {
        Self::new(name, arity, Flags::NONE, Acl::NONE)
    }

    pub const fn flags(mut self, flags: Flags) -> Self {
        self.flags = self.flags.with(flags);
        self
    }

    /// Categories beside those that follow from the flags (read, write, fast, slow, admin, dangerous, pubsub,
    /// blocking): see [`Spec::categories`].
    pub const fn acl(mut self, acl: Acl) -> Self {
        self.acl = self.acl.with(acl);
        self
    }

    pub const fn keys(mut self, keys: &'static [KeySpec]) -> Self {
        self.keys = keys;
        self
    }

    /// Where key specs cannot tell: what finds the keys among the arguments.
    pub const fn keys_by(mut self, find: fn(&Args<'_>) -> Vec<KeyAt>) -> Self {
        self.find_keys = Some(find);
        self
    }

    pub const fn group(mut self, group: Group) -> Self {
        self.group = group;
        self
    }

    pub const fn since(mut self, since: &'static str) -> Self {
        self.since = since;
        self
    }

    pub const fn complexity(mut self, complexity: &'static str) -> Self {
        self.complexity = complexity;
        self
    }

    pub const fn summary(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    pub const fn syntax(mut self, syntax: &'static str) -> Self {
        self.syntax = syntax;
        self
    }

    pub const fn history(mut self, history: &'static [(&'static str, &'static str)]) -> Self {
        self.history = history;
        self
    }

    pub const fn deprecated(mut self, since: &'static str, instead: &'static str) -> Self {
        self.deprecated = Some((since, instead));
        self
    }

    pub const fn tips(mut self, tips: &'static [&'static str]) -> Self {
        self.tips = tips;
        self
    }

    pub const fn system(mut self) -> Self {
        self.system = true;
        self
    }

    pub const fn subcommands(mut self, subs: &'static [&'static Spec]) -> Self {
        self.subcommands = subs;
        self
    }

    /// The handler of a data command.
    pub const fn run(mut self, f: DataFn) -> Self {
        self.run = Run::Data(f);
        self
    }

    /// The handler of a command that needs the whole machine.
    pub const fn run_engine(mut self, f: EngineFn) -> Self {
        self.run = Run::Engine(f);
        self
    }

    /// All categories, with those that follow from the flags as Redis derives them.
    pub fn categories(&self) -> Acl {
        let mut acl = self.acl;
        if self.flags.has(Flags::WRITE) {
            acl = acl | Acl::WRITE;
        }
        if self.flags.has(Flags::READONLY) && !acl.has(Acl::SCRIPTING) {
            acl = acl | Acl::READ;
        }
        if self.flags.has(Flags::ADMIN) {
            acl = acl | Acl::ADMIN | Acl::DANGEROUS;
        }
        if self.flags.has(Flags::PUBSUB) {
            acl = acl | Acl::PUBSUB;
        }
        if self.flags.has(Flags::BLOCKING) {
            acl = acl | Acl::BLOCKING;
        }
        if self.flags.has(Flags::FAST) { acl | Acl::FAST } else { acl | Acl::SLOW }
    }

    /// Whether `argc` arguments (with the name) fit.
    pub fn arity_fits(&self, argc: usize) -> bool {
        if self.arity >= 0 {
            argc == self.arity as usize
        } else {
            argc >= usize::from(self.arity.unsigned_abs())
        }
    }
}
