//! Reading and writing hashes: the forms without times, and the two families' forms with times of fields.

use super::error::Cause;
use super::filling::{Begun, Part};
use super::format::{Version, kind};
use super::sink::Sink;
use super::source::{Result, Source};
use super::value::{ValueLimits, listpack, pairs};
use super::zipmap;
use crate::ids::UnixMs;
use crate::keyspace::{Kind, Object, Value as _, View};
use crate::types::hash::{FieldExpiry, Hash, HashRef, Put, TimedHash};
use crate::types::packed::{Listpack, has_twice};

/// Valkey's time of a field that has none.
const NO_TIME: i64 = -1;
const LISTPACK: &str = "Hash listpack integrity check failed.";
const ZIPLIST: &str = "Hash ziplist integrity check failed.";
const TWINS: &str = "Hash listpack with dup elements";
const DUPLICATE: &str = "Duplicate hash fields detected";

/// The byte that tells a hash's form.
pub fn kind_of_hash(hash: HashRef<'_>, version: Version) -> u8 {
    match (hash, version) {
        (HashRef::Packed(_), _) => kind::HASH_LISTPACK,
        (HashRef::Table(_), _) => kind::HASH,
        (HashRef::Timed(..), Version::Valkey) => kind::HASH_2_VALKEY,
        (HashRef::Timed(..), _) => kind::HASH_TIMED,
    }
}

/// Whether a value is a hash with times of fields.
pub fn is_timed(view: View<'_>) -> bool {
    view.kind() == Kind::Hash && matches!(Hash::view(view, UnixMs::MIN), HashRef::Timed(..))
}

/// Writes a hash with all its fields, due ones as well.
pub fn save_hash(sink: &mut Sink<'_>, hash: HashRef<'_>, version: Version) {
    match hash {
        HashRef::Packed(lp) => sink.text(lp.bytes()),
        HashRef::Table(map) => {
            sink.length(map.len() as u64);
            for (field, value) in map.iter() {
                sink.text(field);
                sink.text(value);
            }
        }
        HashRef::Timed(timed, _) if version == Version::Valkey => save_valkeys(sink, timed),
        HashRef::Timed(timed, _) => save_timed(sink, timed),
    }
}

fn save_valkeys(sink: &mut Sink<'_>, timed: &TimedHash) {
    sink.length(timed.map().len() as u64);
    for (field, value) in timed.map().iter() {
        sink.text(field);
        sink.text(value);
        sink.time(timed.times().get(field).unwrap_or(NO_TIME));
    }
}

/// Times are counted from the earliest, one up: 0 is no time.
fn save_timed(sink: &mut Sink<'_>, timed: &TimedHash) {
    let earliest = timed.times().first().unwrap_or(0);
    sink.time(earliest);
    sink.length(timed.map().len() as u64);
    for (field, value) in timed.map().iter() {
        let ms = timed.times().get(field);
        sink.length(ms.map_or(0, |ms| ms.abs_diff(earliest).saturating_add(1)));
        sink.text(field);
        sink.text(value);
    }
}

/// Reads what follows the key of a hash of this kind, of a file or payload of `limits.version`, as far as it is read
/// quickly.
pub fn begin_hash(source: &mut Source<'_>, form: u8, limits: &ValueLimits) -> Result<Begun> {
    let hash = match form {
        kind::HASH => return Begun::read(source, limits, |len| Fields::new(len, limits)),
        kind::HASH_ZIPMAP => zipmap_hash(source, limits)?,
        kind::HASH_ZIPLIST | kind::HASH_LISTPACK => {
            let old = form == kind::HASH_ZIPLIST;
            let broken = if old { ZIPLIST } else { LISTPACK };
            let Some(lp) = pairs(source, old, broken, limits)? else { return Ok(Begun::Whole(None)) };
            let len = lp.len() / 2;
            let hash = packed(lp, limits);
            // A table has each field once.
            if hash.len() != len {
                return Err(source.corrupt(TWINS));
            }
            Some(hash)
        }
        kind::HASH_2_VALKEY if limits.is_valkeys() => {
            return Begun::read(source, limits, |_| ValkeysFields(Hash::default()));
        }
        _ if limits.is_valkeys() => return Err(source.error(Cause::UnknownType(form))),
        kind::HASH_TIMED | kind::HASH_TIMED_PRE_GA => {
            // Before the release times were not counted from the earliest.
            let before = if form == kind::HASH_TIMED { source.time()?.checked_sub(1) } else { Some(0) };
            return Begun::read(source, limits, |_| TimedFields { hash: Hash::default(), before });
        }
        kind::HASH_LISTPACK_TIMED | kind::HASH_LISTPACK_TIMED_PRE_GA => {
            timed_listpack(source, form == kind::HASH_LISTPACK_TIMED, limits)?
        }
        _ => return Err(source.error(Cause::UnknownType(form))),
    };
    Ok(Begun::Whole(hash.map(Object::Hash)))
}

fn packed(lp: Listpack, limits: &ValueLimits) -> Hash {
    let many = lp.len() / 2 > limits.hash.listpack_entries;
    let mut hash = Hash::Packed(lp);
    if many {
        hash.make_table(limits.hash.hasher);
    }
    hash
}

fn settled(hash: Hash) -> Option<Hash> {
    (!hash.is_empty()).then_some(hash)
}

/// A hash without times, field by field.
struct Fields {
    hash: Hash,
    field: Vec<u8>,
    value: Vec<u8>,
    read: u64,
}

impl Fields {
    fn new(len: u64, limits: &ValueLimits) -> Fields {
        let mut hash = Hash::default();
        if len > limits.hash.listpack_entries as u64 {
            hash.make_table(limits.hash.hasher);
        }
        Fields { hash, field: Vec::new(), value: Vec::new(), read: 0 }
    }
}

impl Part for Fields {
    fn element(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<()> {
        let Fields { hash, field, value, read } = self;
        source.text_into(field)?;
        source.text_into(value)?;
        *read += 1;
        let longest = field.len().max(value.len());
        hash.expect(0, longest, field.len().saturating_add(value.len()), &limits.hash);
        match hash {
            // Twins in a listpack are looked for once, at the end.
            Hash::Packed(lp) => {
                lp.append_text(field);
                lp.append_text(value);
            }
            hash => {
                hash.put(field, value, FieldExpiry::Clear, UnixMs::MIN, &limits.hash);
                if hash.len() as u64 != *read {
                    return Err(source.corrupt(DUPLICATE));
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, source: &mut Source<'_>, _limits: &ValueLimits) -> Result<Option<Object>> {
        if let Hash::Packed(lp) = &mut self.hash {
            lp.shrink();
            if has_twice(lp.as_ref(), 2) {
                return Err(source.corrupt(DUPLICATE));
            }
        }
        Ok(taken(&mut self.hash))
    }
}

fn taken(hash: &mut Hash) -> Option<Object> {
    settled(std::mem::take(hash)).map(Object::Hash)
}

fn zipmap_hash(source: &mut Source<'_>, limits: &ValueLimits) -> Result<Option<Hash>> {
    let bytes = source.text()?;
    let mut lp = Listpack::with_capacity(bytes.len());
    let mut longest = 0;
    let read = zipmap::for_each(&bytes, |field, value| {
        longest = longest.max(field.len()).max(value.len());
        lp.append_text(field);
        lp.append_text(value);
    });
    if read.is_err() || has_twice(lp.as_ref(), 2) {
        return Err(source.corrupt("Zipmap integrity check failed."));
    }
    let mut hash = packed(lp, limits);
    hash.expect(0, longest, 0, &limits.hash);
    Ok(settled(hash))
}

fn put(
    source: &Source<'_>,
    hash: &mut Hash,
    (field, value): (&[u8], &[u8]),
    ms: Option<UnixMs>,
    limits: &ValueLimits,
) -> Result<()> {
    let expiry = ms.map_or(FieldExpiry::Clear, FieldExpiry::At);
    match hash.put(field, value, expiry, UnixMs::MIN, &limits.hash) {
        Put::New => Ok(()),
        _ => Err(source.corrupt(DUPLICATE)),
    }
}

/// A hash with times in Valkey's form, field by field.
struct ValkeysFields(Hash);

impl Part for ValkeysFields {
    fn element(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<()> {
        let (field, value) = (source.text()?, source.text()?);
        let ms = Some(source.time()?).filter(|ms| *ms != NO_TIME);
        put(source, &mut self.0, (&field, &value), ms, limits)
    }

    fn end(&mut self, _source: &mut Source<'_>, _limits: &ValueLimits) -> Result<Option<Object>> {
        Ok(taken(&mut self.0))
    }
}

/// A hash with times in Redis' form, field by field.
struct TimedFields {
    hash: Hash,
    /// What times are counted from; none if that is no time.
    before: Option<UnixMs>,
}

impl Part for TimedFields {
    fn element(&mut self, source: &mut Source<'_>, limits: &ValueLimits) -> Result<()> {
        let ms = match (source.length()?, self.before) {
            (0, _) => None,
            (ms, Some(before)) => before.checked_add_unsigned(ms),
            (_, None) => None,
        };
        let (field, value) = (source.text()?, source.text()?);
        put(source, &mut self.hash, (&field, &value), ms, limits)
    }

    fn end(&mut self, _source: &mut Source<'_>, _limits: &ValueLimits) -> Result<Option<Object>> {
        Ok(taken(&mut self.hash))
    }
}

/// Redis' form of small hashes: field, value and time by turns.
fn timed_listpack(source: &mut Source<'_>, released: bool, limits: &ValueLimits) -> Result<Option<Hash>> {
    if released {
        source.time()?;
    }
    let lp = listpack(source)?;
    let mut hash = Hash::default();
    let mut values = lp.as_ref().iter();
    let (mut first, mut second) = (itoa::Buffer::new(), itoa::Buffer::new());
    while let Some(field) = values.next() {
        let (Some(value), Some(ms)) = (values.next(), values.next().and_then(|ms| ms.as_int())) else {
            return Err(source.corrupt(LISTPACK));
        };
        let pair = (field.bytes(&mut first), value.bytes(&mut second));
        put(source, &mut hash, pair, Some(ms).filter(|ms| *ms != 0), limits)?;
    }
    Ok(settled(hash))
}
