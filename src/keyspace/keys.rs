//! The keys of one database as a command sees them. Reading, creating, deleting; [`super::edit`] changes values.

use super::access;
use super::edit::{Packed, Value};
use super::effects::EventClass;
use super::entry::{EntryRef, Meta, NewValue, Stored, View, earlier, entry_size};
use super::key::{Key, WrongType};
use super::space::{ExpiryMode, Keyspace};
use super::strings::Str;
use super::value::{Kind, Object};
use crate::ids::{DbIndex, UnixMs};
use std::sync::Arc;

/// A string value, borrowed.
#[derive(Clone, Copy, Debug)]
pub enum StrView<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

impl<'a> StrView<'a> {
    /// The bytes; an integer is written into `digits`.
    pub fn bytes<'b>(&self, digits: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            StrView::Int(n) => digits.format(*n).as_bytes(),
            StrView::Bytes(bytes) => bytes,
        }
    }

    pub fn byte_len(&self) -> usize {
        match self {
            StrView::Int(n) => itoa::Buffer::new().format(*n).len(),
            StrView::Bytes(bytes) => bytes.len(),
        }
    }

    pub fn to_vec(&self) -> Vec<u8> {
        self.bytes(&mut itoa::Buffer::new()).to_vec()
    }
}

/// What happens to a key's time to live when its value is replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ttl {
    Clear,
    Keep,
    At(UnixMs),
}

/// The keys of one database, with the rights of one command.
pub struct Keys<'a> {
    pub space: &'a mut Keyspace,
    pub db: DbIndex,
    /// Accesses leave no mark (CLIENT NO-TOUCH, and commands that only look).
    pub no_touch: bool,
}

impl<'a> Keys<'a> {
    pub fn new(space: &'a mut Keyspace, db: DbIndex) -> Self {
        Keys { space, db, no_touch: false }
    }

    /// The same rights in another database.
    pub fn in_db(&mut self, db: DbIndex) -> Keys<'_> {
        Keys { space: self.space, db, no_touch: self.no_touch }
    }

    pub fn now_ms(&self) -> UnixMs {
        self.space.now_ms
    }

    /// Keys here, due ones included, as DBSIZE counts them.
    pub fn len(&self) -> usize {
        self.space.len(self.db)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[inline]
    fn mark(&mut self, entry: EntryRef) {
        if !self.no_touch && !self.space.access.frozen {
            access::mark(self.space, entry);
        }
    }

    /// Ties a view to the borrow of the keyspace: nothing changes an entry through a shared one but its access bits,
    /// which no view hands out by reference.
    fn view(&self, entry: EntryRef) -> View<'_> {
        entry.view()
    }

    /// Looks a key up for a reading command: counts a hit or a miss, marks the access.
    #[inline]
    pub fn read<'k>(&mut self, key: impl Into<Key<'k>>) -> Option<View<'_>> {
        let key = key.into();
        match self.space.find(self.db, &key) {
            Some(entry) => {
                self.space.counters.hits += 1;
                self.mark(entry);
                Some(self.view(entry))
            }
            None => {
                self.space.counters.misses += 1;
                self.space.effects.notify(self.db, EventClass::KEY_MISS, "keymiss", key.bytes);
                None
            }
        }
    }

    /// Counts a hit or a miss of a command that marks no access.
    pub fn count(&mut self, hit: bool) {
        let counters = &mut self.space.counters;
        let counter = if hit { &mut counters.hits } else { &mut counters.misses };
        *counter += 1;
    }

    /// Hashes keys and asks for their table lines, then for their entries: ahead of a command that looks them all up.
    /// `hashed` takes as many keys as it has room for.
    pub fn prefetch<'k>(&self, keys: impl Iterator<Item = &'k [u8]>, hashed: &mut [Key<'k>]) {
        let mut count = 0;
        for (bytes, slot) in keys.zip(hashed.iter_mut()) {
            let hash = self.space.hash(bytes);
            self.space.prefetch_line(self.db, hash);
            *slot = Key::with_hash(bytes, hash);
            count += 1;
        }
        for key in &hashed[..count] {
            self.space.prefetch_entry(self.db, key.hash(&self.space.hasher));
        }
    }

    /// Looks a key up for a writing command: marks the access, counts nothing.
    pub fn look<'k>(&mut self, key: impl Into<Key<'k>>) -> Option<View<'_>> {
        let entry = self.space.find(self.db, &key.into())?;
        self.mark(entry);
        Some(self.view(entry))
    }

    /// Looks without leaving any trace: no count, no mark; a due key is hidden, not deleted. For commands that hold
    /// several keys at once: [`Keys::expire_due`] them first.
    pub fn peek<'k>(&self, key: impl Into<Key<'k>>) -> Option<View<'_>> {
        let entry = self.space.find_raw(self.db, &key.into())?;
        (!self.space.is_due(entry)).then(|| self.view(entry))
    }

    /// Deletes the key if its time has come, as any access would.
    pub fn expire_due<'k>(&mut self, key: impl Into<Key<'k>>) {
        let _ = self.space.find(self.db, &key.into());
    }

    pub fn exists<'k>(&mut self, key: impl Into<Key<'k>>) -> bool {
        self.space.find(self.db, &key.into()).is_some()
    }

    /// The value of one type at a key, for a reading command.
    #[inline]
    pub fn read_as<'k, T: Value>(
        &mut self,
        key: impl Into<Key<'k>>,
    ) -> Result<Option<T::Ref<'_>>, WrongType> {
        let now_ms = self.space.parts_seen_ms();
        self.read(key).map(|view| view_as::<T>(view, now_ms)).transpose()
    }

    /// The value of one type at a key, for a writing command.
    pub fn look_as<'k, T: Value>(
        &mut self,
        key: impl Into<Key<'k>>,
    ) -> Result<Option<T::Ref<'_>>, WrongType> {
        let now_ms = self.space.parts_seen_ms();
        self.look(key).map(|view| view_as::<T>(view, now_ms)).transpose()
    }

    /// The value of one type at a key, leaving no trace, as [`Keys::peek`].
    pub fn peek_as<'k, T: Value>(&self, key: impl Into<Key<'k>>) -> Result<Option<T::Ref<'_>>, WrongType> {
        let now_ms = self.space.parts_seen_ms();
        self.peek(key).map(|view| view_as::<T>(view, now_ms)).transpose()
    }

    /// The string at a key, for a reading command.
    #[inline]
    pub fn read_str<'k>(&mut self, key: impl Into<Key<'k>>) -> Result<Option<StrView<'_>>, WrongType> {
        self.read_as::<Str>(key)
    }

    /// The string at a key, for a writing command.
    pub fn look_str<'k>(&mut self, key: impl Into<Key<'k>>) -> Result<Option<StrView<'_>>, WrongType> {
        self.look_as::<Str>(key)
    }

    /// When the key's time comes: `None` without a key, `Some(None)` without a time.
    pub fn expiry<'k>(&mut self, key: impl Into<Key<'k>>) -> Option<Option<UnixMs>> {
        Some(self.space.find(self.db, &key.into())?.expiry())
    }

    /// Sets a key to a string, whatever it held. Integers in canonical form are stored as such. Notes the key as
    /// touched; dirty count and event are the caller's, who knows the command.
    pub fn set_str<'k>(&mut self, key: impl Into<Key<'k>>, bytes: &[u8], ttl: Ttl) {
        let key = key.into();
        let value = match crate::util::numbers::parse_i64(bytes) {
            Some(n) => NewValue::Int(n),
            None => return self.put_bytes(&key, bytes, ttl),
        };
        self.put(&key, Kind::String, value, ttl);
    }

    /// Sets a key to an integer.
    pub fn set_int<'k>(&mut self, key: impl Into<Key<'k>>, n: i64, ttl: Ttl) {
        self.put(&key.into(), Kind::String, NewValue::Int(n), ttl);
    }

    /// Sets a key to bytes as they are, even if they read as an integer.
    pub fn set_text<'k>(&mut self, key: impl Into<Key<'k>>, bytes: &[u8], ttl: Ttl) {
        self.put_bytes(&key.into(), bytes, ttl);
    }

    fn put_bytes(&mut self, key: &Key<'_>, bytes: &[u8], ttl: Ttl) {
        let inline = NewValue::Inline(bytes, false);
        let expiry = !matches!(ttl, Ttl::Clear);
        if entry_size(key.bytes.len(), expiry, &inline) <= super::entry::INLINE_MAX {
            self.put(key, Kind::String, inline, ttl);
        } else {
            self.put(key, Kind::String, NewValue::Heap(Box::new(Object::string(bytes.to_vec()))), ttl);
        }
    }

    /// Puts what a STORE form came to under a key, in place of whatever that held: `n` changes, told as `event`. If it
    /// is empty the key goes, which is one change if it was there.
    pub fn store<'k, T: Value>(
        &mut self,
        key: impl Into<Key<'k>>,
        outcome: T,
        n: u64,
        class: EventClass,
        event: &'static str,
    ) {
        let key = key.into();
        if self.put_value(key, outcome) {
            self.notify(class, event, key.bytes);
            self.dirty(n);
        } else if self.delete(key) {
            self.notify(EventClass::GENERIC, "del", key.bytes);
            self.dirty(1);
        }
    }

    /// Puts a whole collection under a key, freeing what was there: it has no time to live. An empty one is not put;
    /// says whether it was. Event and dirty count are the caller's.
    pub fn put_value<'k, T: Value>(&mut self, key: impl Into<Key<'k>>, value: T) -> bool {
        let key = key.into();
        if value.vanishes() {
            return false;
        }
        match value.pack(super::edit::inline_room(key.bytes)) {
            Packed::Bytes(bytes, variant) => {
                self.put(&key, T::KIND, NewValue::Inline(&bytes, variant), Ttl::Clear);
            }
            Packed::Object(object) => self.put(&key, T::KIND, NewValue::Heap(Box::new(object)), Ttl::Clear),
        }
        true
    }

    /// Puts a value of any kind, freeing what was there.
    pub fn put(&mut self, key: &Key<'_>, kind: Kind, value: NewValue<'_>, ttl: Ttl) {
        let space = &mut *self.space;
        let old = match ttl {
            Ttl::Keep => space.find(self.db, key),
            // Whatever is there goes; whether its time had come makes no difference to the result.
            _ => space.find_raw(self.db, key),
        };
        let mut meta = space.fresh_meta();
        match ttl {
            Ttl::Clear => {}
            Ttl::Keep => meta.expiry = old.and_then(EntryRef::expiry),
            Ttl::At(ms) => meta.expiry = Some(ms),
        }
        match old {
            None => {
                self.arm(key, &mut meta, value.part_due(), None);
                self.space.insert(self.db, key, kind, value, meta);
            }
            Some(old) => self.replace(key, old, kind, value, meta),
        }
        self.space.effects.touch(self.db, key.bytes);
    }

    fn replace(&mut self, key: &Key<'_>, old: EntryRef, kind: Kind, value: NewValue<'_>, mut meta: Meta) {
        if self.space.access.policy == super::space::AccessPolicy::Lfu {
            meta.access = old.access();
        }
        self.arm(key, &mut meta, value.part_due(), Some(old));
        let same_head = old.expiry().is_some() == meta.expiry.is_some();
        if same_head {
            let in_place = match &value {
                NewValue::Int(n) => old.kind() == kind && old.replace_int(*n),
                NewValue::Inline(bytes, variant) => old.replace_inline(kind, bytes, *variant),
                NewValue::Heap(_) => false,
            };
            if in_place {
                if let Some(ms) = meta.expiry {
                    old.replace_expiry(ms);
                }
                old.set_generation(meta.generation);
                old.set_access(meta.access);
                return;
            }
        }
        self.space.overwrite(self.db, key, old, kind, value, meta);
    }

    /// Sees to it that the expiry index knows a key whose time is `meta.expiry`, and a part of whose value goes at
    /// `part_due`. A record that fires earlier is kept: it is armed again when it fires. An earlier time than the
    /// record's needs a record of its own.
    fn arm(&mut self, key: &Key<'_>, meta: &mut Meta, part_due: Option<UnixMs>, old: Option<EntryRef>) {
        let Some(ms) = earlier(meta.expiry, part_due) else { return };
        if let Some(ms) = meta.expiry {
            self.space.note_own_time(self.db, key.bytes, ms);
        }
        if let Some(old) = old
            && old.deadline().is_some_and(|old_ms| old_ms <= ms)
        {
            meta.generation = old.generation();
            return;
        }
        let hash = key.hash(&self.space.hasher);
        meta.generation = self.space.expiry.arm(self.db, hash, ms);
    }

    /// Gives a key a time to live; says whether the key is there. A time that has passed already is the caller's to
    /// see to.
    pub fn set_expiry<'k>(&mut self, key: impl Into<Key<'k>>, ms: UnixMs) -> bool {
        let key = key.into();
        let Some(entry) = self.space.find(self.db, &key) else { return false };
        let mut meta = Meta { expiry: Some(ms), ..entry.meta() };
        self.arm(&key, &mut meta, entry.part_due(), Some(entry));
        self.space.set_meta(self.db, &key, entry, meta);
        self.space.effects.touch(self.db, key.bytes);
        true
    }

    /// Takes a key's time to live away; says whether it had one.
    pub fn persist<'k>(&mut self, key: impl Into<Key<'k>>) -> bool {
        let key = key.into();
        let Some(entry) = self.space.find(self.db, &key) else { return false };
        if entry.expiry().is_none() {
            return false;
        }
        let meta = Meta { expiry: None, ..entry.meta() };
        self.space.set_meta(self.db, &key, entry, meta);
        self.space.effects.touch(self.db, key.bytes);
        true
    }

    /// Deletes a key and notes it as touched; says whether it was there and alive. Event and dirty count are the
    /// caller's.
    pub fn delete<'k>(&mut self, key: impl Into<Key<'k>>) -> bool {
        let key = key.into();
        if self.space.find(self.db, &key).is_none() {
            return false;
        }
        self.space.unlink(self.db, &key);
        self.space.effects.touch(self.db, key.bytes);
        true
    }

    /// Notes `n` changes of the data set.
    pub fn dirty(&mut self, n: u64) {
        self.space.effects.dirty += n;
    }

    /// Notes a key as changed, where the change itself does not.
    pub fn touch(&mut self, key: &[u8]) {
        self.space.effects.touch(self.db, key);
    }

    /// Notes a keyspace event.
    #[inline]
    pub fn notify(&mut self, class: EventClass, name: &'static str, key: &[u8]) {
        self.space.effects.notify(self.db, class, name, key);
    }

    /// The running command goes into the log as this one.
    pub fn log_instead(&mut self, command: &[&[u8]]) {
        let db = self.db;
        self.space.effects.instead(db, command);
    }

    /// Deletes a key whose time a command set to a moment that is over: it expires there and then.
    pub fn delete_expired(&mut self, key: Key<'_>) {
        if self.delete(key) {
            self.log_instead(&[b"UNLINK", key.bytes]);
            self.notify(EventClass::EXPIRED, "expired", key.bytes);
            self.space.counters.expired += 1;
            self.dirty(1);
        }
    }

    /// Whether a key that gets this time is gone at once.
    pub fn is_past(&self, ms: UnixMs) -> bool {
        ms <= self.space.now_ms && self.expires_actively()
    }

    /// Whether deleting by time happens here (and not on a primary elsewhere).
    pub fn expires_actively(&self) -> bool {
        self.space.expiry_mode == ExpiryMode::Active
    }
}

#[inline]
fn view_as<T: Value>(view: View<'_>, now_ms: UnixMs) -> Result<T::Ref<'_>, WrongType> {
    if view.kind() == T::KIND { Ok(T::view(view, now_ms)) } else { Err(WrongType) }
}

impl<'a> View<'a> {
    /// The string here, if it is one that can be shared.
    #[inline]
    pub fn shared_str(&self) -> Option<&'a Arc<Vec<u8>>> {
        if let Stored::Heap(Object::Shared(bytes)) = self.stored() { Some(bytes) } else { None }
    }

    /// The string here; the kind was checked.
    #[inline]
    pub fn str(&self) -> StrView<'a> {
        match self.stored() {
            Stored::Int(n) => StrView::Int(n),
            Stored::Inline(bytes) => StrView::Bytes(bytes),
            Stored::Heap(Object::Str(Str(bytes))) => StrView::Bytes(bytes),
            Stored::Heap(Object::Shared(bytes)) => StrView::Bytes(bytes),
            Stored::Heap(_) => unreachable!("a string's object is a string"),
        }
    }
}
