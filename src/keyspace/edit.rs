//! The one way to change a value. An edit holds the key's place; what follows from the change leaves through
//! [`super::effects`] when it is done.

use super::effects::EventClass;
use super::entry::{EntryRef, INLINE_MAX, NewValue, Stored, View, earlier};
use super::key::{Key, WrongType};
use super::keys::Keys;
use super::value::{Kind, Object};
use crate::ids::UnixMs;

/// A larger buffer does not become part of a value, which would keep it.
const LARGEST_SCRATCH: usize = 2 * INLINE_MAX;

/// What a value becomes when it is put back.
pub enum Packed {
    /// Bytes that may lie in the entry, with the type's own distinction.
    Bytes(Vec<u8>, bool),
    Object(Object),
}

/// A type of value that can be edited. Small values lie inline and are moved out and back; large ones are edited
/// where they are.
pub trait Value: Sized + Default {
    const KIND: Kind;
    /// The value as it is read, borrowed from its entry.
    type Ref<'a>;
    /// Borrows the value of an entry whose kind was checked, as it is at a moment: parts whose time is before
    /// `now_ms` are hidden.
    fn view(view: View<'_>, now_ms: UnixMs) -> Self::Ref<'_>;
    /// From the inline bytes, which are in a buffer of their own for the time of the edit.
    fn unpack(bytes: Vec<u8>, variant: bool) -> Self;
    /// An empty value; if it is packed, in the memory of `buffer`, which is taken then and whose bytes go.
    fn empty_in(_buffer: &mut Vec<u8>) -> Self {
        Self::default()
    }
    /// From an immediate integer (strings only).
    fn from_int(_n: i64) -> Self {
        unreachable!("only strings are stored as integers")
    }
    /// The form to be stored: bytes if it is packed in at most `room` of them, an object otherwise.
    fn pack(self, room: usize) -> Packed;
    fn of(object: &mut Object) -> Option<&mut Self>;
    /// An empty collection's key is deleted. Strings stay.
    fn vanishes(&self) -> bool;
    /// When a part of the value goes, if parts can have times.
    fn next_due(&self) -> Option<UnixMs> {
        None
    }
}

/// What the largest entry leaves for the value, after header, expiry, the widest lengths and the key.
pub(super) fn inline_room(key: &[u8]) -> usize {
    INLINE_MAX.saturating_sub(key.len() + 4 + 8 + 5 + 3)
}

enum Held<T> {
    Absent,
    /// Taken out of the entry, or new.
    Owned(T),
    /// In the entry's box.
    InPlace,
}

/// A value being edited. Ends in [`Edit::done`] or [`Edit::unchanged`]; dropped on an error's way out, it puts the
/// value back as it is: an owned copy is dropped, the entry still has the original.
#[must_use]
pub struct Edit<'k, 'e, 'a, T: Value> {
    keys: &'e mut Keys<'a>,
    key: Key<'k>,
    entry: Option<EntryRef>,
    held: Held<T>,
    /// When the first part of the value was to go before the edit.
    part_due: Option<UnixMs>,
}

impl<'a> Keys<'a> {
    /// Opens the value at a key for changing.
    pub fn edit<'k, T: Value>(&mut self, key: impl Into<Key<'k>>) -> Result<Edit<'k, '_, 'a, T>, WrongType> {
        let key = key.into();
        let key = Key::with_hash(key.bytes, key.hash(&self.space.hasher));
        let Some(entry) = self.space.find(self.db, &key) else {
            return Ok(Edit { keys: self, key, entry: None, held: Held::Absent, part_due: None });
        };
        if entry.kind() != T::KIND {
            return Err(WrongType);
        }
        if !self.no_touch && !self.space.access.frozen {
            super::access::mark(self.space, entry);
        }
        let view = entry.view();
        let held = match view.stored() {
            Stored::Int(n) => Held::Owned(T::from_int(n)),
            Stored::Inline(bytes) => {
                let mut buffer = std::mem::take(&mut self.space.scratch);
                buffer.clear();
                buffer.extend_from_slice(bytes);
                Held::Owned(T::unpack(buffer, view.variant()))
            }
            Stored::Heap(_) => Held::InPlace,
        };
        let part_due = if T::KIND == Kind::Hash { entry.part_due() } else { None };
        Ok(Edit { keys: self, key, entry: Some(entry), held, part_due })
    }
}

impl<T: Value> Edit<'_, '_, '_, T> {
    pub fn exists(&self) -> bool {
        self.entry.is_some()
    }

    /// The value, if the key is there.
    pub fn value(&mut self) -> Option<&mut T> {
        match &mut self.held {
            Held::Absent => None,
            Held::Owned(value) => Some(value),
            Held::InPlace => {
                let entry = self.entry.expect("only an entry's value is edited in place");
                let object = entry.object_mut().expect("a value edited in place is boxed");
                Some(T::of(object).expect("the kind was checked when the edit was opened"))
            }
        }
    }

    /// The value, made if the key is not there.
    pub fn or_default(&mut self) -> &mut T {
        if matches!(self.held, Held::Absent) {
            let scratch = &mut self.keys.space.scratch;
            if scratch.capacity() > LARGEST_SCRATCH {
                *scratch = Vec::new();
            }
            self.held = Held::Owned(T::empty_in(scratch));
        }
        self.value().expect("an absent value was just made")
    }

    /// The value, made by `make` if the key is not there.
    #[inline]
    pub fn or_make(&mut self, make: impl FnOnce() -> T) -> &mut T {
        if matches!(self.held, Held::Absent) {
            self.held = Held::Owned(make());
        }
        self.value().expect("an absent value was just made")
    }

    /// Ends the edit: `n` changes were made. With none, nothing follows. An empty collection goes with its key,
    /// which its own "del" event tells after `event`.
    #[inline]
    pub fn done(self, n: u64, class: EventClass, event: &'static str) {
        self.done_with(n, class, &[event]);
    }

    /// The same with several events, told in this order.
    pub fn done_with(mut self, n: u64, class: EventClass, events: &[&'static str]) {
        if n == 0 {
            self.put_back();
        } else {
            self.finish(n, class, events);
        }
    }

    /// Ends the edit as [`Edit::done`], but what follows does so even if `n`, the number of changes, is zero.
    pub fn done_anyway(self, n: u64, class: EventClass, event: &'static str) {
        self.finish(n, class, &[event]);
    }

    fn finish(mut self, n: u64, class: EventClass, events: &[&'static str]) {
        let vanished = self.put_back();
        self.keys.dirty(n);
        for event in events {
            self.keys.notify(class, event, self.key.bytes);
        }
        self.keys.space.effects.touch(self.keys.db, self.key.bytes);
        if vanished {
            self.keys.notify(EventClass::GENERIC, "del", self.key.bytes);
        }
    }

    /// Ends an edit whose event and count are the caller's to tell, among those of others; says whether the key went.
    pub fn done_untold(mut self) -> bool {
        let vanished = self.put_back();
        self.keys.space.effects.touch(self.keys.db, self.key.bytes);
        vanished
    }

    /// Notes that `n` fields of a hash were found to be due: they count as expired, and their event goes before the
    /// edit's own.
    pub fn parts_expired(&mut self, n: u64) {
        if n > 0 {
            self.keys.space.counters.expired_fields += n;
            self.keys.notify(EventClass::HASH, "hexpired", self.key.bytes);
        }
    }

    /// Ends the edit without any effect: nothing was changed.
    pub fn unchanged(mut self) {
        self.put_back();
    }

    /// Writes an owned value back; says whether it vanished with its key.
    fn put_back(&mut self) -> bool {
        let gone = self.value().is_some_and(|value| value.vanishes());
        let held = std::mem::replace(&mut self.held, Held::Absent);
        if gone {
            if let Some(entry) = self.entry.take() {
                // Parts that went in this edit are no longer seen in the entry.
                self.keys.space.recount_parts(
                    self.keys.db,
                    self.part_due.is_some(),
                    entry.part_due().is_some(),
                );
                self.keys.space.unlink(self.keys.db, &self.key);
            }
            return true;
        }
        let value = match held {
            Held::Owned(value) => value,
            Held::InPlace => {
                self.note_parts();
                return false;
            }
            Held::Absent => return false,
        };
        match value.pack(inline_room(self.key.bytes)) {
            Packed::Object(object) => self.store(NewValue::Heap(Box::new(object))),
            Packed::Bytes(bytes, variant) => {
                self.store(NewValue::Inline(&bytes, variant));
                self.keys.space.scratch = bytes;
            }
        }
        false
    }

    /// After an edit in place: parts with a time may be there for the first time, or no longer, or go earlier.
    fn note_parts(&mut self) {
        if T::KIND != Kind::Hash {
            return;
        }
        let Some(entry) = self.entry else { return };
        let part_due = entry.part_due();
        self.keys.space.recount_parts(self.keys.db, self.part_due.is_some(), part_due.is_some());
        let before = earlier(entry.expiry(), self.part_due);
        self.keys.space.arm_entry(self.keys.db, &self.key, entry, before);
    }

    fn store(&mut self, value: NewValue<'_>) {
        let key = &self.key;
        let space = &mut *self.keys.space;
        let db = self.keys.db;
        let parts = value.part_due().is_some();
        let mut before = None;
        let new = match self.entry.take() {
            None => {
                let meta = space.fresh_meta();
                space.insert(db, key, T::KIND, value, meta)
            }
            Some(old) => {
                if let NewValue::Inline(bytes, variant) = &value
                    && old.replace_inline(T::KIND, bytes, *variant)
                {
                    return;
                }
                before = old.deadline();
                space.overwrite(db, key, old, T::KIND, value, old.meta())
            }
        };
        if parts {
            space.arm_entry(db, key, new, before);
        }
    }
}
