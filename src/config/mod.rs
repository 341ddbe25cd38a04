//! Every directive of redis.conf as one table row: type, range, default, parsing, rewriting.

mod access;
mod argv;
mod checks;
mod choices;
mod compound;
mod directive;
mod docs;
mod file;
mod load;
mod parse;
mod rewrite;
mod rows;
mod special;
mod table;

pub use access::{Asker, Change, SetError, find, is_sensitive};
pub use argv::{Invocation, Sources};
pub use checks::expand_title;
pub use choices::{
    Allowed, AppendFsync, Choice, DisklessLoad, EndpointType, EvictionPolicy, LogFormat, LogLevel,
    LogTimestamp, OomScoreAdj, PropagationErrors, PubsubDefault, RdbCompat, RdbVersionCheck, SanitizePayload,
    Supervised, SyslogFacility, TlsAuthClients,
};
pub use compound::{EventClasses, OutputClass, OutputLimit, PrimaryAddress, SavePoint, ShutdownFlags};
pub use directive::{Directive, Effect, Flags, Kind, Origin, Reason, Support, Text, Unit};
pub use docs::render as render_docs;
pub use file::{Disk, reason, replace};
pub use load::{Declaration, Files, LoadError, Loaded, load};
pub use rewrite::{debug_lines, rewrite};
pub use special::show_percentile;
pub use table::{Config, DIRECTIVES};
