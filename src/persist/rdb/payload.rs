//! The payloads of DUMP and RESTORE: one value without its key, a version and a checksum.

use super::error::LoadError;
use super::format::{Version, is_readable};
use super::hash::is_timed;
use super::save_value::{kind_of, save_value};
use super::sink::Sink;
use super::source::Source;
use super::value::{ValueLimits, load_value};
use crate::keyspace::{Object, View};
use crate::util::crc64::crc64;
use std::fmt;

/// Bytes of the checksum at the end, and of the version before it.
const SUM: usize = 8;
const VERSION: usize = 2;

/// Why a payload was refused.
#[derive(Debug)]
pub enum PayloadError {
    /// "DUMP payload version or checksum are wrong"
    Envelope,
    /// An empty collection.
    Empty,
    Value(LoadError),
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PayloadError::Envelope => f.write_str("Wrong version or checksum"),
            PayloadError::Empty => f.write_str("Empty collection"),
            PayloadError::Value(error) => error.fmt(f),
        }
    }
}

/// How a payload is read.
#[derive(Clone, Copy, Debug)]
pub struct RestoreOptions {
    pub limits: ValueLimits,
    /// Try versions that are newer than any known.
    pub relaxed_version: bool,
    /// Believe the payload without its checksum (DEBUG SET-SKIP-CHECKSUM-VALIDATION).
    pub skip_checksum: bool,
}

/// A value as a payload.
pub fn dump(view: View<'_>, version: Version, compress: bool) -> Vec<u8> {
    let mut sink = Sink::to_memory(compress);
    sink.byte(kind_of(view, version));
    save_value(&mut sink, view, version);
    sink.put(&version.number(is_timed(view)).to_le_bytes());
    let mut payload = sink.into_bytes();
    let sum = crc64(&payload);
    payload.extend_from_slice(&sum.to_le_bytes());
    payload
}

/// A payload's value.
///
/// # Errors
/// See [`PayloadError`].
pub fn restore(payload: &[u8], options: &RestoreOptions) -> Result<Object, PayloadError> {
    let (summed, sum) = payload.split_last_chunk::<SUM>().ok_or(PayloadError::Envelope)?;
    let (body, version) = summed.split_last_chunk::<VERSION>().ok_or(PayloadError::Envelope)?;
    let version = u32::from(u16::from_le_bytes(*version));
    let sound = options.skip_checksum || u64::from_le_bytes(*sum) == crc64(summed);
    if !is_readable(version, options.relaxed_version) || !sound {
        return Err(PayloadError::Envelope);
    }
    let limits = ValueLimits { version, ..options.limits };
    let mut source = Source::from_slice(body);
    let value = source.byte().and_then(|form| load_value(&mut source, form, &limits));
    value.map_err(PayloadError::Value)?.ok_or(PayloadError::Empty)
}
