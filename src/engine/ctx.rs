//! What a data command sees: its keys, its reply, its session, and a few facts about the moment.

use super::client::Session;
use crate::config::{Config, OutputClass};
use crate::keyspace::Keys;
use crate::resp::reply::Reply;

/// The world of one data command.
pub struct Ctx<'a> {
    pub keys: Keys<'a>,
    pub reply: Reply<'a>,
    pub session: &'a mut Session,
    pub env: Env<'a>,
}

/// Facts about the moment a command runs in.
#[derive(Clone, Copy)]
pub struct Env<'a> {
    pub config: &'a Config,
    /// The turn's wall clock, in microseconds.
    pub now_us: i64,
    /// Inside MULTI or a script: a command that would wait answers at once.
    pub must_not_block: bool,
    /// The client listens to channels.
    pub subscribed: bool,
    /// Payloads are believed without their checksum (DEBUG SET-SKIP-CHECKSUM-VALIDATION).
    pub skip_checksum: bool,
    /// Run again for a client that was blocked.
    pub unblocked: bool,
    /// Milliseconds since the epoch at which the running unit is taken to happen: relative expiries count from it.
    pub now_ms: i64,
}

impl Env<'_> {
    /// From how many bytes of pending output on the client is closed; 0 for no limit.
    pub fn hard_output_bytes(&self) -> u64 {
        let class = if self.subscribed { OutputClass::Pubsub } else { OutputClass::Normal };
        self.config.client_output_buffer_limit[class as usize].hard_bytes
    }
}
