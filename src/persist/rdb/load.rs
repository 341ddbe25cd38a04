//! Reading a whole file into a keyspace, of any version, key by key.

use super::arrivals::{Arrival, Arrivals, Content};
use super::error::{Cause, LoadError};
use super::filling::{Begun, Filling};
use super::format::{is_readable, kind, opcode};
use super::module;
use super::source::{Result, Source};
use super::value::{ValueLimits, begin_value};
use crate::ids::{DbIndex, UnixMs};
use crate::keyspace::{Keyspace, Object, PastUse, Str};
use std::ops::Range;

/// Strings of more bytes are not gathered with others: they get an allocation of their own in any case.
const SHORT: u64 = 1024;

/// Bytes of a file in which a key is expected to be: more than one takes in the table.
const EXPECTED_BYTES: u64 = 16;

/// The first version whose files end in a checksum.
const FIRST_SUMMED: u32 = 5;

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub struct LoadOptions {
    pub limits: ValueLimits,
    /// Try versions that are newer than any known (`rdb-version-check relaxed`).
    pub relaxed_version: bool,
    /// Leave out keys whose time has come: not on a replica, and not in the base of an AOF.
    pub drop_expired: bool,
    /// A key that is there already is replaced instead of refused.
    pub replace: bool,
}

/// Who is told what is found on the way.
pub trait LoadEvents {
    /// A field of information about the file.
    fn aux(&mut self, _name: &[u8], _value: &[u8]) {}
    /// The code of a library of functions.
    ///
    /// # Errors
    /// Why it is refused, which ends the load.
    fn function(&mut self, code: &[u8]) -> std::result::Result<(), String>;
    /// Reading is at this offset and about to do this, in Redis' words.
    fn at(&mut self, _offset: u64, _doing: &'static str) {}
    /// What follows is of this database.
    fn selected(&mut self, _db: DbIndex) {}
    /// A key was read, and its value, of the form with this number, comes next.
    fn key(&mut self, _key: &[u8], _form: u8, _expiry: Option<UnixMs>) {}
    /// A key with an empty collection was left out.
    fn skipped_empty(&mut self, _key: &[u8]) {}
    /// Whether each key must be in its place before the next is read. It takes longer.
    fn one_by_one(&self) -> bool {
        false
    }
    /// So many keys and bytes were read. False ends the load.
    fn progress(&mut self, _keys: u64, _bytes: u64) -> bool {
        true
    }
}

/// The fields of information that matter to the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuxFields {
    pub used_memory: Option<u64>,
    pub aof_base: bool,
    pub replication_db: Option<i64>,
    pub replication_id: Option<String>,
    pub replication_offset: Option<i64>,
}

impl AuxFields {
    fn note(&mut self, name: &[u8], value: &[u8]) {
        let number = crate::util::numbers::parse_i64(value);
        match name {
            b"used-mem" => self.used_memory = number.and_then(|n| u64::try_from(n).ok()),
            b"aof-base" => self.aof_base = number.is_some_and(|n| n != 0),
            b"repl-stream-db" => self.replication_db = number,
            b"repl-offset" => self.replication_offset = number,
            b"repl-id" if value.len() == 40 => {
                self.replication_id = String::from_utf8(value.to_vec()).ok();
            }
            _ => {}
        }
    }
}

/// What became of the checksum at a file's end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Checked {
    /// The file is of a version without one, or the source kept none.
    #[default]
    No,
    /// The file was written without one.
    Absent,
    Right,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    pub version: u32,
    pub keys_loaded: u64,
    pub keys_expired: u64,
    pub empty_keys_skipped: u64,
    pub aux: AuxFields,
    pub checked: Checked,
    /// Bytes up to the end of the RDB part; an AOF may follow.
    pub bytes: u64,
}

/// What stands before a key and goes with it.
#[derive(Default)]
struct Attributes {
    expiry: Option<UnixMs>,
    past: Option<PastUse>,
}

/// Where one step of reading led.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Behind a key.
    Key,
    /// Within the value of a key.
    Within,
    /// To the end: [`Loader::loaded`] says what there was.
    End,
}

/// Reads a file key by key, so that a server can look after its clients in between.
pub struct Loader {
    options: LoadOptions,
    begun: bool,
    db: DbIndex,
    attributes: Attributes,
    arrivals: Arrivals,
    /// The key whose value is not all there.
    open: Option<Box<Open>>,
    loaded: Loaded,
}

/// A key whose value is being read.
struct Open {
    key: Range<usize>,
    attributes: Attributes,
    filling: Filling,
}

/// Reads a file into a keyspace. What was read before an error stays there.
///
/// # Errors
/// Where and why reading stopped.
pub fn load_keyspace(
    source: &mut Source<'_>,
    space: &mut Keyspace,
    options: &LoadOptions,
    events: &mut dyn LoadEvents,
) -> std::result::Result<Loaded, LoadError> {
    let mut loader = Loader::new(options);
    while loader.step(source, space, events)? != Step::End {}
    Ok(loader.loaded)
}

fn read_header(source: &mut Source<'_>, relaxed: bool) -> Result<u32> {
    let magic: [u8; 9] = source.array()?;
    let digits = match &magic {
        [b'R', b'E', b'D', b'I', b'S', digits @ ..] => &digits[..],
        [b'V', b'A', b'L', b'K', b'E', b'Y', digits @ ..] => &digits[..],
        _ => return Err(source.error(Cause::Signature)),
    };
    let version = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    let version: u32 = version.ok_or_else(|| source.error(Cause::Signature))?;
    if is_readable(version, relaxed) { Ok(version) } else { Err(source.error(Cause::Version(version))) }
}

impl Loader {
    pub fn new(options: &LoadOptions) -> Loader {
        Loader {
            options: *options,
            begun: false,
            db: 0,
            attributes: Attributes::default(),
            arrivals: Arrivals::default(),
            open: None,
            loaded: Loaded::default(),
        }
    }

    /// What was read so far.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Reads on to the end of a key, or some way into its value, or to the end of the file. All steps are given the
    /// same source and keyspace. The last few keys may not be in the keyspace before the end, or an error, is reached.
    ///
    /// # Errors
    /// Where and why reading stopped. There is no going on then.
    pub fn step(
        &mut self,
        source: &mut Source<'_>,
        space: &mut Keyspace,
        events: &mut dyn LoadEvents,
    ) -> Result<Step> {
        let led = self.advance(source, space, events);
        if !matches!(led, Ok(Step::Key | Step::Within)) {
            // Whatever is wrong with them comes before an error further on.
            space.expect_no_more_keys();
            self.arrivals.settle(space, self.options.replace)?;
        }
        led
    }

    fn advance(
        &mut self,
        source: &mut Source<'_>,
        space: &mut Keyspace,
        events: &mut dyn LoadEvents,
    ) -> Result<Step> {
        if !self.begun {
            self.begun = true;
            let version = read_header(source, self.options.relaxed_version)?;
            (self.options.limits.version, self.loaded.version) = (version, version);
        }
        if let Some(open) = self.open.take() {
            let Open { key, attributes, filling } = *open;
            let begun = filling.go_on(source, &self.options.limits)?;
            return self.go_on(key, attributes, begun, source, space, events);
        }
        loop {
            match source.byte()? {
                opcode::EOF => break,
                code @ opcode::SLOT_INFO.. => self.between_keys(code, source, space, events)?,
                form => return self.key(form, source, space, events),
            }
        }
        self.check_sum(source, events)?;
        self.loaded.bytes = source.offset();
        Ok(Step::End)
    }

    fn between_keys(
        &mut self,
        code: u8,
        source: &mut Source<'_>,
        space: &mut Keyspace,
        events: &mut dyn LoadEvents,
    ) -> Result<()> {
        let attributes = &mut self.attributes;
        match code {
            opcode::EXPIRE_SECONDS => {
                let seconds = i32::from_le_bytes(source.array()?);
                attributes.expiry = Some(i64::from(seconds) * 1000);
            }
            opcode::EXPIRE_MS => attributes.expiry = Some(source.time()?),
            opcode::FREQ => attributes.past = Some(PastUse::Counter(source.byte()?)),
            opcode::IDLE => attributes.past = Some(PastUse::IdleSeconds(source.length()?)),
            opcode::SELECT_DB => self.select(source, space, events)?,
            opcode::RESIZE_DB => {
                let keys = source.length()?;
                source.length()?;
                // What is announced takes no more memory than the rest of the file, should it not come.
                let keys = keys.min(source.left().unwrap_or(0) / EXPECTED_BYTES);
                space.expect_keys(self.db, usize::try_from(keys).unwrap_or(0));
            }
            opcode::SLOT_INFO => {
                for _ in 0..3 {
                    source.length()?;
                }
            }
            opcode::AUX => {
                events.at(source.offset(), "read-aux");
                let (name, value) = (source.text()?, source.text()?);
                events.at(source.offset(), "read-aux");
                self.loaded.aux.note(&name, &value);
                events.aux(&name, &value);
            }
            opcode::MODULE_AUX => module::skip_aux(source)?,
            opcode::FUNCTION => {
                let code = source.text()?;
                events.function(&code).map_err(|why| source.error(Cause::Function(why)))?;
            }
            opcode::FUNCTION_PRE_GA => {
                return Err(source.corrupt("Pre-release function format not supported."));
            }
            _ => return Err(source.error(Cause::UnknownType(code))),
        }
        Ok(())
    }

    fn select(
        &mut self,
        source: &mut Source<'_>,
        space: &Keyspace,
        events: &mut dyn LoadEvents,
    ) -> Result<()> {
        let index = source.length()?;
        let databases = space.databases();
        let known = DbIndex::try_from(index).ok().filter(|db| usize::from(*db) < databases);
        self.db = known.ok_or_else(|| source.error(Cause::Database { index, databases }))?;
        events.at(source.offset(), "read-len");
        events.selected(self.db);
        Ok(())
    }

    fn key(
        &mut self,
        form: u8,
        source: &mut Source<'_>,
        space: &mut Keyspace,
        events: &mut dyn LoadEvents,
    ) -> Result<Step> {
        let attributes = std::mem::take(&mut self.attributes);
        let start = self.arrivals.bytes.len();
        events.at(source.offset(), "read-key");
        source.append_text(&mut self.arrivals.bytes)?;
        let key = start..self.arrivals.bytes.len();
        events.at(source.offset(), "read-object-value");
        events.key(self.arrivals.slice(&key), form, attributes.expiry);
        if form != kind::STRING {
            let begun = begin_value(source, form, &self.options.limits)?;
            return self.go_on(key, attributes, begun, source, space, events);
        }
        let bytes = &mut self.arrivals.bytes;
        let start = bytes.len();
        let content = match source.append_short_text(SHORT, bytes)? {
            Some(long) => Content::Object(Object::Str(Str(long))),
            None => Content::Text(start..bytes.len()),
        };
        self.arrive(key, &attributes, Some(content), source, space, events)
    }

    /// A value was read, or some of it.
    fn go_on(
        &mut self,
        key: Range<usize>,
        attributes: Attributes,
        begun: Begun,
        source: &Source<'_>,
        space: &mut Keyspace,
        events: &mut dyn LoadEvents,
    ) -> Result<Step> {
        match begun {
            Begun::Whole(object) => {
                self.arrive(key, &attributes, object.map(Content::Object), source, space, events)
            }
            Begun::Open(filling) => {
                self.open = Some(Box::new(Open { key, attributes, filling }));
                Ok(Step::Within)
            }
        }
    }

    /// A key is there with its value; none is an empty collection.
    fn arrive(
        &mut self,
        key: Range<usize>,
        attributes: &Attributes,
        content: Option<Content>,
        source: &Source<'_>,
        space: &mut Keyspace,
        events: &mut dyn LoadEvents,
    ) -> Result<Step> {
        let Attributes { expiry, past } = *attributes;
        let due = expiry.is_some_and(|ms| ms < space.now_ms);
        match content {
            None => {
                self.loaded.empty_keys_skipped += 1;
                events.skipped_empty(self.arrivals.slice(&key));
                self.arrivals.bytes.truncate(key.start);
            }
            Some(_) if due && self.options.drop_expired => {
                self.loaded.keys_expired += 1;
                self.arrivals.bytes.truncate(key.start);
            }
            Some(content) => {
                self.loaded.keys_loaded += 1;
                let arrival = Arrival { db: self.db, key, content, expiry, past, offset: source.offset() };
                if self.arrivals.push(space, arrival) || events.one_by_one() {
                    self.arrivals.settle(space, self.options.replace)?;
                }
            }
        }
        let keys = self.loaded.keys_loaded + self.loaded.keys_expired;
        let goes_on = events.progress(keys, source.offset());
        if goes_on { Ok(Step::Key) } else { Err(source.error(Cause::Stopped)) }
    }

    fn check_sum(&mut self, source: &mut Source<'_>, events: &mut dyn LoadEvents) -> Result<()> {
        if self.loaded.version < FIRST_SUMMED {
            return Ok(());
        }
        events.at(source.offset(), "check-sum");
        let found = source.checksum();
        let expected = u64::from_le_bytes(source.array()?);
        self.loaded.checked = match found {
            None => Checked::No,
            Some(_) if expected == 0 => Checked::Absent,
            Some(found) if found == expected => Checked::Right,
            Some(found) => {
                return Err(source.error(Cause::Checksum { expected: found, found: expected }));
            }
        };
        Ok(())
    }
}
