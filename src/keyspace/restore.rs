//! Values whole, as a file or a payload brings them, and the walk over everything that a file takes. Knows no format.

use super::access::{idle_seconds, lfu_decayed, lfu_minutes};
use super::edit::{Packed, Value, inline_room};
use super::entry::{EntryRef, INLINE_MAX, NewValue, View, entry_size};
use super::key::Key;
use super::keys::Keys;
use super::space::{AccessPolicy, Keyspace};
use super::value::{Kind, Object};
use crate::ids::{DbIndex, UnixMs};
use crate::types::hash::Hash;
use crate::types::list::List;
use crate::types::set::Set;
use crate::types::zset::Zset;

/// How a key was used before, as far as it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PastUse {
    /// Seconds since its last use.
    IdleSeconds(u64),
    /// Its LFU counter.
    Counter(u8),
}

impl Keyspace {
    /// All entries of a database, due ones included.
    pub fn entries(&self, db: DbIndex) -> impl Iterator<Item = View<'_>> {
        self.db(db).dict.iter_ahead().map(EntryRef::view)
    }

    /// Seconds since an entry was last used, of the mark that LRU leaves.
    pub fn idle_seconds(&self, view: View<'_>) -> u64 {
        idle_seconds(view.access(), self.access.lru_clock)
    }

    /// An entry's LFU counter of today.
    pub fn use_counter(&self, view: View<'_>) -> u8 {
        lfu_decayed(view.access(), self.now_ms, self.access.lfu_decay_minutes) as u8
    }

    /// The mark of a key that was used like this; the one of a new key if the policy of today says something else.
    fn past_access(&self, past: Option<PastUse>) -> u32 {
        match (self.access.policy, past) {
            (AccessPolicy::Lru, Some(PastUse::IdleSeconds(idle))) => {
                let idle = u32::try_from(idle).unwrap_or(u32::MAX).min(0xff_ffff);
                self.access.lru_clock.wrapping_sub(idle) & 0xff_ffff
            }
            (AccessPolicy::Lfu, Some(PastUse::Counter(counter))) => {
                lfu_minutes(self.now_ms) << 8 | u32::from(counter)
            }
            _ => self.fresh_meta().access,
        }
    }

    /// Puts a value under a key that a file brings, without any effect. False, and nothing done, if the key is there.
    pub fn load<'k>(
        &mut self,
        db: DbIndex,
        key: impl Into<Key<'k>>,
        object: Object,
        expiry: Option<UnixMs>,
        past: Option<PastUse>,
    ) -> bool {
        self.load_form(db, key.into(), expiry, past, |key| pack(key, expiry.is_some(), object))
    }

    /// The same with a string as value.
    pub fn load_text<'k>(
        &mut self,
        db: DbIndex,
        key: impl Into<Key<'k>>,
        text: &[u8],
        expiry: Option<UnixMs>,
        past: Option<PastUse>,
    ) -> bool {
        let form = |key: &[u8]| (Kind::String, text_form(key, expiry.is_some(), text));
        self.load_form(db, key.into(), expiry, past, form)
    }

    fn load_form<'t>(
        &mut self,
        db: DbIndex,
        key: Key<'_>,
        expiry: Option<UnixMs>,
        past: Option<PastUse>,
        form: impl FnOnce(&[u8]) -> (Kind, Form<'t>),
    ) -> bool {
        let key = Key::with_hash(key.bytes, key.hash(&self.hasher));
        if self.find_raw(db, &key).is_some() {
            return false;
        }
        let wanted = std::mem::take(&mut self.effects.wants_events);
        self.put_new(db, &key, form(key.bytes), expiry, past);
        self.effects.wants_events = wanted;
        true
    }

    /// About so many keys are going to be put into a database, if it is empty.
    pub fn expect_keys(&mut self, db: DbIndex, count: usize) {
        self.db_mut(db).dict.expect(count);
    }

    /// All keys are there that [`Keyspace::expect_keys`] was told of.
    pub fn expect_no_more_keys(&mut self) {
        self.dbs.iter_mut().for_each(|db| db.dict.expect_no_more());
    }

    /// Takes a key out without any effect; says whether it was there.
    pub fn drop_key(&mut self, db: DbIndex, key: &[u8]) -> bool {
        self.unlink(db, &Key::new(key))
    }

    fn put_new(
        &mut self,
        db: DbIndex,
        key: &Key<'_>,
        form: (Kind, Form<'_>),
        expiry: Option<UnixMs>,
        past: Option<PastUse>,
    ) {
        let mut meta = self.fresh_meta();
        meta.access = self.past_access(past);
        meta.expiry = expiry;
        let entry = match form {
            (kind, Form::Int(n)) => self.insert(db, key, kind, NewValue::Int(n), meta),
            (kind, Form::Text(text)) => self.insert(db, key, kind, NewValue::Inline(text, false), meta),
            (kind, Form::Bytes(bytes, variant)) => {
                self.insert(db, key, kind, NewValue::Inline(&bytes, variant), meta)
            }
            (kind, Form::Object(object)) => {
                self.insert(db, key, kind, NewValue::Heap(Box::new(object)), meta)
            }
        };
        self.arm_entry(db, key, entry, None);
    }
}

impl Keys<'_> {
    /// Puts a value under a key, which must not be there, and notes it as touched. Event and dirty count are the
    /// caller's.
    pub fn restore<'k>(
        &mut self,
        key: impl Into<Key<'k>>,
        object: Object,
        expiry: Option<UnixMs>,
        past: Option<PastUse>,
    ) {
        let key = key.into();
        let form = pack(key.bytes, expiry.is_some(), object);
        self.space.put_new(self.db, &key, form, expiry, past);
        if let Some(ms) = expiry {
            self.space.note_own_time(self.db, key.bytes, ms);
        }
        self.space.effects.touch(self.db, key.bytes);
    }

    /// Deletes a key, whether or not its time had come; says whether it was there. Nothing else follows from it.
    pub fn make_way<'k>(&mut self, key: impl Into<Key<'k>>) -> bool {
        self.space.unlink(self.db, &key.into())
    }
}

/// The form in which a value is stored.
enum Form<'t> {
    Int(i64),
    Text(&'t [u8]),
    Bytes(Vec<u8>, bool),
    Object(Object),
}

fn pack(key: &[u8], expiry: bool, object: Object) -> (Kind, Form<'static>) {
    match object {
        Object::Str(text) => (Kind::String, pack_text(key, expiry, text.0)),
        Object::List(list) => pack_value::<List>(key, list),
        Object::Set(set) => pack_value::<Set>(key, set),
        Object::Zset(set) => pack_value::<Zset>(key, set),
        Object::Hash(hash) => pack_value::<Hash>(key, hash),
        Object::Stream(_) => (Kind::Stream, Form::Object(object)),
        Object::Shared(_) => (Kind::String, Form::Object(object)),
    }
}

fn pack_value<T: Value>(key: &[u8], value: T) -> (Kind, Form<'static>) {
    let form = match value.pack(inline_room(key)) {
        Packed::Bytes(bytes, variant) => Form::Bytes(bytes, variant),
        Packed::Object(object) => Form::Object(object),
    };
    (T::KIND, form)
}

fn pack_text(key: &[u8], expiry: bool, text: Vec<u8>) -> Form<'static> {
    if let Some(n) = crate::util::numbers::parse_i64(&text) {
        Form::Int(n)
    } else if fits_inline(key, expiry, &text) {
        Form::Bytes(text, false)
    } else {
        Form::Object(Object::string(text))
    }
}

fn fits_inline(key: &[u8], expiry: bool, text: &[u8]) -> bool {
    entry_size(key.len(), expiry, &NewValue::Inline(text, false)) <= INLINE_MAX
}

fn text_form<'t>(key: &[u8], expiry: bool, text: &'t [u8]) -> Form<'t> {
    if let Some(n) = crate::util::numbers::parse_i64(text) {
        Form::Int(n)
    } else if fits_inline(key, expiry, text) {
        Form::Text(text)
    } else {
        Form::Object(Object::string(text.to_vec()))
    }
}
