//! The RDB format: snapshots of whole keyspaces, and the payloads of DUMP and RESTORE.

mod arrivals;
mod error;
mod filling;
mod format;
mod hash;
mod load;
mod module;
mod payload;
mod save;
mod save_stream;
mod save_value;
mod sink;
mod source;
mod stream;
mod text;
mod value;
mod ziplist;
mod zipmap;

pub use error::{Cause, LoadError};
pub use format::Version;
pub use load::{AuxFields, Checked, LoadEvents, LoadOptions, Loaded, Loader, Step, load_keyspace};
pub use payload::{PayloadError, RestoreOptions, dump, restore};
pub use save::{SaveInfo, SaveOptions, Uses, prepare, save_keyspace};
pub use source::Source;
pub use value::ValueLimits;
