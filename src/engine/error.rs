//! Every error a client can be told, with its exact text. Handlers return these; nobody else writes error replies.

use crate::keyspace::WrongType;
use std::borrow::Cow;

/// A client-visible error. Small, so that a `Result` of it stays in registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    WrongType,
    Syntax,
    NotInteger,
    NotFloat,
    NanOrInfinity,
    NoSuchKey,
    SameObject,
    IndexOutOfRange,
    /// "value is out of range"
    OutOfRange,
    /// "value is out of range, must be positive"
    MustBePositive,
    /// "value is not an integer or out of range" of another argument's name: "%s is not an integer or out of range".
    NotIntegerNamed(&'static str),
    DbIndexOutOfRange,
    Overflow,
    StringTooLong,
    InvalidExpire(&'static str),
    InvalidCursor,
    NoAuth,
    WrongPass,
    NoPermission(Box<String>),
    Oom,
    ExecAbort,
    Loading,
    Busy,
    BusyKey,
    NoReplicas,
    ReadOnlyReplica,
    MasterDown,
    MisconfSnapshot,
    MisconfAof(Box<String>),
    NoScript,
    UnknownCommand(Box<String>),
    /// "wrong number of arguments for '%s' command"
    Arity(Box<String>),
    /// "unknown subcommand '%s'. Try %s HELP."
    UnknownSubcommand(Box<(String, String)>),
    /// "unknown subcommand or wrong number of arguments for '%s'. Try %s HELP."
    Subcommand(Box<(String, &'static str)>),
    ClusterDisabled,
    /// A text of one place only, without the code: shown as `-ERR text`.
    Plain(&'static str),
    /// The same, put together at run time.
    Text(Box<String>),
    /// A text with its own code.
    Coded(&'static str),
    /// The same, put together at run time.
    CodedText(Box<String>),
}

impl Error {
    pub fn text(message: impl Into<String>) -> Self {
        Error::Text(Box::new(message.into()))
    }

    pub fn coded(message: impl Into<String>) -> Self {
        Error::CodedText(Box::new(message.into()))
    }

    /// What a container says that takes its sub-commands' arguments apart itself.
    pub fn subcommand(container: &'static str, name: &[u8]) -> Self {
        let shown = name.get(..128).unwrap_or(name);
        Error::Subcommand(Box::new((String::from_utf8_lossy(shown).into_owned(), container)))
    }

    /// The whole line as the client sees it, without the leading minus and the line end.
    pub fn render(&self) -> Cow<'_, str> {
        match self {
            Error::NotIntegerNamed(what) => format!("ERR {what} is not an integer or out of range").into(),
            Error::InvalidExpire(command) => format!("ERR invalid expire time in '{command}' command").into(),
            Error::NoPermission(what) => format!("NOPERM {what}").into(),
            Error::MisconfAof(why) => format!("MISCONF Errors writing to the AOF file: {why}").into(),
            Error::UnknownCommand(what) => format!("ERR unknown command {what}").into(),
            Error::Arity(name) => format!("ERR wrong number of arguments for '{name}' command").into(),
            Error::UnknownSubcommand(pair) => {
                format!("ERR unknown subcommand '{}'. Try {} HELP.", pair.0, pair.1).into()
            }
            Error::Subcommand(pair) => {
                let (name, container) = &**pair;
                format!(
                    "ERR unknown subcommand or wrong number of arguments for '{name}'. Try {container} HELP."
                )
                .into()
            }
            Error::Plain(text) => format!("ERR {text}").into(),
            Error::Text(text) => format!("ERR {text}").into(),
            Error::Coded(text) => (*text).into(),
            Error::CodedText(text) => text.as_str().into(),
            fixed => fixed.fixed().into(),
        }
    }

    /// The texts without a variable part.
    fn fixed(&self) -> &'static str {
        match self {
            Error::WrongType => "WRONGTYPE Operation against a key holding the wrong kind of value",
            Error::Syntax => "ERR syntax error",
            Error::NotInteger => "ERR value is not an integer or out of range",
            Error::NotFloat => "ERR value is not a valid float",
            Error::NanOrInfinity => "ERR increment would produce NaN or Infinity",
            Error::NoSuchKey => "ERR no such key",
            Error::SameObject => "ERR source and destination objects are the same",
            Error::IndexOutOfRange => "ERR index out of range",
            Error::OutOfRange => "ERR value is out of range",
            Error::MustBePositive => "ERR value is out of range, must be positive",
            Error::DbIndexOutOfRange => "ERR DB index is out of range",
            Error::Overflow => "ERR increment or decrement would overflow",
            Error::StringTooLong => "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
            Error::InvalidCursor => "ERR invalid cursor",
            Error::NoAuth => "NOAUTH Authentication required.",
            Error::WrongPass => "WRONGPASS invalid username-password pair or user is disabled.",
            Error::Oom => "OOM command not allowed when used memory > 'maxmemory'.",
            Error::ExecAbort => "EXECABORT Transaction discarded because of previous errors.",
            Error::Loading => "LOADING Redis is loading the dataset in memory",
            Error::Busy => {
                "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."
            }
            Error::BusyKey => "BUSYKEY Target key name already exists.",
            Error::NoReplicas => "NOREPLICAS Not enough good replicas to write.",
            Error::ReadOnlyReplica => "READONLY You can't write against a read only replica.",
            Error::MasterDown => {
                "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
            }
            Error::MisconfSnapshot => {
                "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
                 Commands that may modify the data set are disabled, because this instance is configured to report \
                 errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check \
                 the Redis logs for details about the RDB error."
            }
            Error::NoScript => "NOSCRIPT No matching script.",
            Error::ClusterDisabled => "ERR This instance has cluster support disabled",
            _ => "ERR",
        }
    }
}

impl From<WrongType> for Error {
    fn from(_: WrongType) -> Self {
        Error::WrongType
    }
}

const _: () = assert!(std::mem::size_of::<Error>() <= 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_carry_their_code() {
        assert_eq!(Error::Plain("x").render(), "ERR x");
        assert_eq!(Error::InvalidExpire("set").render(), "ERR invalid expire time in 'set' command");
        assert!(Error::WrongType.render().starts_with("WRONGTYPE "));
        assert!(Error::MisconfSnapshot.render().ends_with("about the RDB error."));
    }
}
